"""How a plan is made: constraints, sizes, prices, ranks, and what would have to
give. Pure: no database, no chat.

`candidates` are what may be chosen from and never change; `sizing` says how many replicas each needs, and
is the one part that changes; `settling` simulates what is shown until nothing more can come before it.
"""
