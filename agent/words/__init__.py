"""From a person's words to a move, and from a move to words: reading what people say, and holding a chat
model's words to what is so.
"""
