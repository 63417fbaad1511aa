"""The conversation: state, graph, nodes, checkpoints, language model, runtime; and the interfaces on top."""
