"""No part of a password in any output, whatever form the address has; what can be
read in two ways is refused.
"""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.address import read_address
from knowledge.settings import Settings
from tests.soak import examples

PASSWORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=4, max_size=24) | st.text(
    "abc@:/?#%&= '\\[].,;", min_size=4
)
DEAD = "127.0.0.1:9"
"""Nobody listens there."""
FORMS = {
    "encoded": lambda p: f"postgresql://ann:{quote(p, safe='')}@{DEAD}/db",
    "as it is": lambda p: f"postgresql://ann:{p}@{DEAD}/db",
    "with a driver": lambda p: f"postgresql+psycopg://ann:{p}@{DEAD}/db",
    "short scheme": lambda p: f"postgres://ann:{p}@{DEAD}/db?sslmode=disable",
    "several hosts": lambda p: f"postgresql://ann:{p}@{DEAD},127.0.0.1:7/db",
    "in the query": lambda p: f"postgresql://ann@{DEAD}/db?password={quote(p, safe='')}",
    "key of TLS": lambda p: f"postgresql://ann@{DEAD}/db?sslpassword={quote(p, safe='')}",
    "quoted": lambda p: "host=127.0.0.1 port=9 dbname=db user=ann password='{}'".format(
        p.replace("\\", "\\\\").replace("'", "\\'")
    ),
    "quote left open": lambda p: f"host=127.0.0.1 port=9 dbname=db user=ann password='{p}",
    "no host": lambda p: f"postgresql://ann:{p}/db",
    "no user": lambda p: f"postgresql://:{p}@{DEAD}/db",
    "foreign scheme": lambda p: f"mysql://ann:{p}@{DEAD}/db",
}


def said_of(url: str) -> str:
    """All that a person is told when there is no server at the address."""
    try:
        address = read_address(url)
    except CompassError as error:
        return f"{error} {error.__cause__!r}"
    try:
        psycopg.connect(address.conninfo, connect_timeout=2).close()
    except psycopg.Error as error:
        return f"{address.description} {address.without_secrets(str(error))}"
    raise AssertionError("somebody listens there")


OURS = "".join(
    said_of(url)
    for url in (
        "nonsense",
        "postgresql://u:p@q@h/",
        "postgresql://u:p/db",
        f"postgresql://{DEAD},127.0.0.1:7/db",
    )
)


@example(password="A%80A", form="as it is")
@settings(max_examples=examples(100))
@given(password=PASSWORD, form=st.sampled_from(sorted(FORMS)))
@example(password="p@ss/w:rd#1", form="as it is")
@example(password="ss@wxyz/uvw?a=bcde", form="as it is")
@example(password="geheim", form="no host")
def test_no_part_of_a_password_stands_in_what_is_said(password: str, form: str) -> None:
    assume(form != "no host" or not password.isdecimal())  # that is a port
    said = said_of(FORMS[form](password))
    for part in (password[i : i + 4] for i in range(len(password) - 3)):
        assert part not in said or part in OURS


def test_a_password_that_is_encoded_is_read_whole() -> None:
    password = "p@ss/w:rd#1 ä%"
    address = read_address(
        f"postgresql+asyncpg://ann:{quote(password, safe='')}@host.example:5433,other.example/the-db"
    )
    assert psycopg.conninfo.conninfo_to_dict(address.conninfo)["password"] == password
    assert address.description == "PostgreSQL at host.example:5433, other.example:5432, database the-db"
    assert address.without_secrets(f"so: {password}; {quote(password, safe='')}") == "so: ***; ***"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:p@ss/w:rd#1@127.0.0.1/db",
        "postgresql://me@server:word@host/db",
        "postgresql://u:pa/ss@h/db",
        "postgresql://u:pw/db",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused_with_what_would_help(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(CompassError, match="DATABASE_URL isn't a PostgreSQL address") as caught:
        Database(Settings(home=tmp_path, DATABASE_URL=url))
    assert "rd#1" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    with suppress(CompassError):
        assert read_address(text).description.startswith("PostgreSQL")
