"""The address of a PostgreSQL server, read once: where it leads can be said, what is
secret in it never is.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import quote

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from knowledge.errors import CompassError

SCHEME = re.compile(r"(postgres(?:ql)?)(?:\+\w+)?://", re.IGNORECASE)
"""SQLAlchemy and others name their driver behind a plus sign."""
SECRET = frozenset(
    option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.dispchar == b"*"
)
"""What libpq itself marks as not to be shown: password, sslpassword and their like."""
SHORTEST_SECRET = 4
"""Characters: cutting fewer out of a sentence would spoil it, and say little."""
ENCODED = ", ".join(f"{quote(c, safe='')} for {c}" for c in "@:/?#%")


@dataclass(frozen=True)
class Address:
    """`conninfo` is libpq's own form. `description` tells a person where it leads,
    without user or password.
    """

    conninfo: str
    description: str
    secrets: frozenset[str]

    def without_secrets(self, text: str) -> str:
        """The text of an error, in one line, with stars where a secret stood."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return " ".join(text.split())[:200]


def read_address(text: str, setting: str = "DATABASE_URL") -> Address:
    """From a URL or libpq's key=value form. Raises CompassError, which shows nothing of
    the address, if it can be read in two ways.
    """
    text = text.strip()
    scheme = SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else ""
    # A second @, or one behind a slash: where the password ends, and the host begins, can only be guessed.
    if "@" in rest and (rest.count("@") > 1 or "/" in rest.split("@")[0]):
        raise CompassError(
            f"{_unreadable(setting)} An @ or a / that belongs to a name or a password is to be encoded:"
            f" {ENCODED}."
        )
    try:
        found = conninfo_to_dict(f"{scheme[1].lower()}://{rest}" if scheme else text)
    except (ProgrammingError, UnicodeDecodeError):  # %80 and the like stand for no character
        raise CompassError(
            f"{_unreadable(setting)} What is special in a name or a password is to be encoded: {ENCODED}."
        ) from None
    ports = [port for port in str(found.get("port") or "").split(",") if port]
    if not all(port.isascii() and port.isdecimal() and 0 < int(port) < 65536 for port in ports):
        raise CompassError(
            f"{_unreadable(setting)} Its port is no number from 1 to 65535; is what follows a colon meant as"
            " a password?"
        )
    plain = {key: str(value) for key, value in found.items() if value is not None}
    held = {plain.get(key, "") for key in SECRET} | {os.environ.get(f"PG{key.upper()}", "") for key in SECRET}
    secrets = frozenset(
        form for secret in held for form in (secret, quote(secret, safe="")) if len(secret) >= SHORTEST_SECRET
    )
    return Address(make_conninfo("", **plain), _description(plain), secrets)


def _unreadable(setting: str) -> str:
    return (
        f"{setting} isn't a PostgreSQL address. One looks like postgresql://user:password@host:5432/name"
        " (yours isn't shown here, since there may be a password in it)."
    )


def _description(found: dict[str, str]) -> str:
    if "service" in found:
        return f"PostgreSQL of the service {found['service']!r}"
    hosts = (found.get("host") or found.get("hostaddr") or "localhost").split(",")
    ports = (found.get("port") or "").split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    where = ", ".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=False))
    return f"PostgreSQL at {where}, database {found.get('dbname', '')}"
