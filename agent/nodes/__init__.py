"""The nodes of the state machine, one module for each group of stages."""
