"""What signs the chat's cookies: one for all servers on a database, so that none of them,
and no restart, logs anybody out.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from knowledge.database import Database
from knowledge.settings import Settings

NAME = "chat"
LEAST = 32
"""Characters that a secret of ours has at least."""


def chat_secret(settings: Settings, database: Database) -> str:
    """The setting's; else the database's, made now if there is none.

    An earlier Compass kept it in a file of its home: that one is taken over by the first server that has one,
    and the file goes. Raises CompassError without a database.
    """
    if settings.chat_secret is not None:
        return settings.chat_secret.get_secret_value()
    path = settings.home_dir / "chat-secret"
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO server_secrets (name, value) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING",
            [NAME, _kept(path) or secrets.token_urlsafe(48)],
        )
        row = connection.execute("SELECT value FROM server_secrets WHERE name = %s", [NAME]).fetchone()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return str(row["value"]) if row else ""


def _kept(path: Path) -> str | None:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError):
        return None
    return text if len(text) >= LEAST else None
