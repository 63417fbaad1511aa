"""Talking to a cluster through the official client: reading, writing, and saying what it refused."""
