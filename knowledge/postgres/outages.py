"""Why a database can't be used, told from the server's error, and what would help."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from knowledge.errors import CompassError
from knowledge.postgres.locks import FULL

UNAVAILABLE = (psycopg.OperationalError, PoolTimeout, errors.ReadOnlySqlTransaction)
"""Errors of the server's state, and not of what was asked of it."""
LEAST_FREE_BYTES = 32_000_000
"""A server that can't write its log any more only says that it went away."""
OWN = "Start it, or unset DATABASE_URL to use the embedded one."
CAUSES = (
    (
        r"No space left on device|\b53100\b",
        "can't write: its disk is full",
        "Make room there; what is stored is kept.",
    ),
    (
        rf"{'|'.join(FULL)}|\b53300\b",
        "takes no more connections",
        (
            "Others hold all it has: try again in a moment; whoever runs it can raise max_connections, or put"
            " a pooler in front."
        ),
    ),
    (
        r"read-only|\b25006\b",
        "can only be read, as a standby can",
        (
            "Lead DATABASE_URL to the primary; where it names several hosts, add"
            " target_session_attrs=read-write."
        ),
    ),
    (
        (
            r"authentication failed|no pg_hba\.conf entry|no password supplied|role \"[^\"]*\" does not"
            r" exist|no such user"
        ),
        "doesn't let us in",
        "Check user and password in DATABASE_URL.",
    ),
    (
        r"database \"[^\"]*\" does not exist|no such database",
        "isn't there",
        "Create it, or name another one in DATABASE_URL.",
    ),
)
OTHERS_TABLES = (
    errors.UndefinedColumn,
    errors.DuplicateTable,
    errors.DuplicateObject,
    errors.DuplicateFunction,
    errors.WrongObjectType,
    errors.DatatypeMismatch,
)


def unreachable(error: Exception, said: str, description: str, embedded_in: Path | None) -> CompassError:
    """For one of UNAVAILABLE; `said` is its text without secrets, `embedded_in` the
    folder of an embedded server.
    """
    told = f"{said} {getattr(error, 'sqlstate', None)}"
    cause = next((cause for cause in CAUSES if re.search(cause[0], told)), None)
    if cause is None and embedded_in is not None and disk_is_full(embedded_in):
        cause = CAUSES[0]
    if cause is not None:
        _, what, remedy = cause
    else:
        what = "doesn't answer"
        remedy = "It is started again with your next message." if embedded_in else OWN
    return CompassError(
        f"The database {what} ({description}): {said}{'' if said.endswith('.') else '.'} {remedy}"
    )


def unusable(error: psycopg.Error, said: str, description: str) -> CompassError:
    """For a server that answers, but where our tables can't be made."""
    if isinstance(error, OTHERS_TABLES):
        remedy = (
            "Another application's tables have the names of ours there. Give Compass a database of its own,"
            " or a schema: ALTER ROLE … SET search_path = compass."
        )
    elif isinstance(error, errors.InsufficientPrivilege):
        remedy = "Its user must own the database or may create tables."
    else:
        remedy = "PostgreSQL 14 or later is needed, and a user who may create tables."
    return CompassError(f"The database can't be set up ({description}): {said}. {remedy}")


def wrong_encoding(encoding: str, description: str) -> CompassError:
    """For a database that can't hold every character."""
    return CompassError(
        f"The database's encoding is {encoding} ({description}), which can't hold all that people write. Make"
        " one with CREATE DATABASE compass ENCODING 'UTF8' TEMPLATE template0, and name it in DATABASE_URL."
    )


def disk_is_full(folder: Path) -> bool:
    """Whether a server under it has hardly room to write."""
    try:
        return shutil.disk_usage(folder).free < LEAST_FREE_BYTES
    except OSError:
        return False
