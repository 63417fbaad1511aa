"""The built-in interpreter: a chat model without a neural network that reads this
domain's English by rules.
"""
