"""How a plan is made: constraints, sizes, prices, ranks, and what would have to
give. Pure: no database, no chat.
"""
