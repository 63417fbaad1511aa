"""Scripted conversations. Each file of `scenarios/` holds the turns of one, a line a
turn, for `compass chat --script`.
"""
