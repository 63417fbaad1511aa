"""Names of conversations: each user's own, so that no one can reach another's by naming it."""

from __future__ import annotations

import hashlib


def prefix_of(user: str) -> str:
    """What stands before the names of a user's conversations."""
    return hashlib.sha256(user.encode()).hexdigest()[:12]


def runtime_thread(user: str, thread_id: str) -> str:
    """The engine's name of a chat's thread. Neither a terminal's nor the API's conversations are named so."""
    return f"chat:{prefix_of(user)}:{thread_id}"
