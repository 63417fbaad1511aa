"""Choosing what reads people's words: a chat model, or the built-in interpreter."""
