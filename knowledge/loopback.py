"""What this machine says to itself never goes through a proxy: which addresses these
are is known here alone.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "0.0.0.0",  # noqa: S104 - as a destination it is this machine
    "127.0.0.0/8",
)

PROXIES = tuple(name for base in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (base, base.lower()))


def is_loopback(url: str) -> bool:
    """Whether a URL, or a bare host, leads to this machine: 127.0.0.0/8, ::1, the
    unspecified address, localhost and names below it.
    """
    try:
        host = (urlsplit(url if "://" in url else f"//{url}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def keep_loopback_direct() -> None:
    """For clients that aren't ours, and for processes that we start: add loopback to
    NO_PROXY, in both spellings.
    """
    for spelling in ("NO_PROXY", "no_proxy"):
        known = [
            part.strip()
            for part in (os.environ.get(spelling) or os.environ.get(spelling.swapcase()) or "").split(",")
            if part.strip()
        ]
        os.environ[spelling] = ",".join([*known, *(name for name in NAMES if name not in known)])


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Without these environment variables for a moment."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
