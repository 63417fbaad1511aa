"""Who may use Compass: on loopback the one local user, anywhere else whoever proves
who they are; and how fast.

Tokens are given as `NAME:SHA-256 of the token in hex`, so that no setting holds one. The API takes them as
bearer tokens, which a browser never sends by itself, so that a foreign page can't act for somebody (CSRF);
the chat takes a name and a token, the header of a proxy, or OAuth, and then keeps a cookie of its own, which
`guard.py` accepts from its own pages alone.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from dataclasses import dataclass

from fastapi import Request

from agent.api.problems import TITLES, Wrong
from knowledge.errors import CompassError
from knowledge.settings import Settings

MAX_BODY_BYTES = 2_000_000
MAX_TRACE_BYTES = 32_000_000
"""Of an upload that is nothing but a trace of requests."""
BURST, PER_SECOND = 120.0, 20.0
"""Of requests by one user."""
REMEMBERED = 10_000


@dataclass(frozen=True)
class User:
    """`name` stands in approvals and before the names of this user's conversations."""

    name: str


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """Raises CompassError at once for tokens that can't be read, or an address that
    would let everybody in.
    """

    def __init__(self, settings: Settings, host: str) -> None:
        self.actor = settings.actor
        self.tokens = dict(_token(entry) for entry in settings.api_tokens.split(",") if entry.strip())
        """Name of a user by the digest of their token."""
        self.header = settings.auth_header
        self.oauth_users = {name.strip() for name in settings.oauth_users.split(",") if name.strip()}
        self.local = is_loopback(host) and not (self.tokens or self.header or self.oauth_users)
        """Whoever reaches it is the user of this machine."""
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        if not self.local and not (self.tokens or self.header or self.oauth_users):
            raise CompassError(
                f"Compass doesn't listen on {host} without authentication: set COMPASS_API_TOKENS to"
                " NAME:SHA256, COMPASS_AUTH_HEADER behind a proxy, or COMPASS_OAUTH_USERS, or leave --host"
                " out for this machine alone."
            )

    def user(self, request: Request) -> User:
        """Whose request this is. Raises Wrong 401 for nobody's, 429 for too many."""
        user = User(self.actor) if self.local else self._by_token(request)
        if not self.one_more(user.name):
            raise Wrong(
                429,
                TITLES[429],
                f"More than {PER_SECOND:.0f} requests a second; wait a moment.",
                {"Retry-After": "1"},
            )
        return user

    def is_user(self, request: Request) -> bool:
        """Whether a request is a user's, without counting it."""
        return self.local or self._named_by_token(request) is not None

    def knows(self, name: str, token: str) -> bool:
        """Whether this is that user's token."""
        return self._owner_of(token) == name

    def one_more(self, name: str) -> bool:
        """Whether one more request by this user isn't too many."""
        now = time.monotonic()
        left, at = self._buckets.pop(name, (BURST, now))
        left = min(BURST, left + (now - at) * PER_SECOND)
        self._buckets[name] = (max(0.0, left - 1), now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        return left >= 1

    def _by_token(self, request: Request) -> User:
        name = self._named_by_token(request)
        if name is None:
            raise Wrong(
                401,
                TITLES[401],
                "Send a known token as “Authorization: Bearer …”.",
                {"WWW-Authenticate": "Bearer"},
            )
        return User(name)

    def _named_by_token(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self._owner_of(token.strip()) if scheme.lower() == "bearer" else None

    def _owner_of(self, token: str) -> str | None:
        given = hashlib.sha256(token.encode()).hexdigest()
        return next(
            (name for digest, name in self.tokens.items() if hmac.compare_digest(given, digest)), None
        )


def _token(entry: str) -> tuple[str, str]:
    name, _, digest = entry.strip().partition(":")
    if not name or len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise CompassError(
            "COMPASS_API_TOKENS takes NAME:SHA256 with commas between, the SHA-256 of each token in hex"
            " digits."
        )
    return digest, name
