"""The typed tools, each in a file of its name, and the logic behind them. Knows nothing of agent/.

All but one read, and leave everything as it was; `apply_to_cluster` writes, and refuses without an
approval of exactly what it is given. Each says so itself (`tool.py`); `registry.py` lists them.
"""
