"""Choosing a chat model; the built-in interpreter is one of them."""
