"""The chat in a browser: Chainlit, our cards, and what keeps threads. Nothing
outside this folder knows Chainlit.
"""
