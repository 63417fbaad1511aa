"""What Compass knows: the data, and the code that loads and queries it. Knows nothing of tools/ or agent/."""
