"""Why a process ended, by its log: what it says first, since what follows only comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools.deploying.causes import LOGS, Known

LEVELS = "TRACE|DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL"
HEAD = re.compile(
    r"^(?:\x1b\[[\d;]*m)*(?:\(\w+[^()]*\bpid=\d+[^()]*\)\s?)?(?:\[[\w\-]+\]\s)?(?:\d{4}-\d\d-\d\d[T"
    r" ][\d:.,]+Z?\s(?:\d+\s)?(?:[\w.]+\s)?)?"
    rf"(?:(?P<level>{LEVELS})(?:[:\s]\s?|$)(?:\d\d-\d\d [\d:.,]+\s)?(?:\[[^\]\n]*:\d+\]\s?)?)?"
)
"""Which process, when and where a line was written: of vLLM's V1 engine, of its workers
and server, and of KServe's initializer.
"""
EXCEPTION = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Failure|Exit|NotFound)(?::\s|:?$)|^[\w./ -]+: error: "
    r"|^(?:Fatal Python error|terminate called|Segmentation fault|Bus error)"
)
FOLLOWS = re.compile(
    r"(?i)root cause|engine core initialization failed|initialization failed due to|enginedead|engine process"
    r" failed"
    r"|systemexit|cancellederror|brokenpipe"
)
"""Failures that come of an earlier one, and say so."""
MORE_LINES = 5


def first_cause(log: str) -> tuple[Known | None, str]:
    """What a log says first of why its process ended: a failure that is known, and the
    words for it; the words alone where none is.
    """
    errors = list(_errors(log))
    for cause in LOGS:
        found = next((words for _, words in errors if re.search(cause.signs, words)), None)
        if found is not None:
            return cause, _told(found)
    roots = [(levelled, words) for levelled, words in errors if not FOLLOWS.search(words.partition("\n")[0])]
    of_engine = next((words for levelled, words in roots if levelled), None)
    if roots:
        return None, _told(of_engine or roots[0][1])
    return None, _last_telling_line(log)


def _errors(log: str) -> Iterator[tuple[bool, str]]:
    """Each exception with the lines that belong to it, and whether it was logged as an
    error: what only warned or informed is left out.
    """
    lines = [
        (found["level"] or "", line[found.end() :].rstrip())
        for line in log.splitlines()
        if (found := HEAD.match(line))
    ]
    for at, (level, text) in enumerate(lines):
        if level in ("", "ERROR", "CRITICAL", "FATAL") and EXCEPTION.match(text):
            yield level != "", "\n".join([text, *_rest(lines[at + 1 :], level)])


def _rest(lines: list[tuple[str, str]], level: str) -> Iterator[str]:
    """Of a message of several lines, those after its first."""
    left = MORE_LINES
    for other, text in lines:
        if (
            other != level
            or not left
            or re.match(r"Traceback|During handling|The above exception|\s+File ", text)
            or EXCEPTION.match(text)
        ):
            return
        if text.strip():
            yield text.strip()
            left -= 1


def _told(words: str) -> str:
    """Pydantic's errors say in their second line what is wrong."""
    first, _, rest = words.partition("\n")
    value = re.search(r"Value error, (.*?)(?: \[type=|$)", rest, re.MULTILINE)
    if value and "ValidationError" in first:
        return value[1]
    return f"{first} {rest.splitlines()[0]}" if rest and first.endswith(":") else first


def _last_telling_line(log: str) -> str:
    """The last line that names an error, else the last one; empty for an empty log."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"Error|error|ERROR|denied|refused|memory", line)]
    return (telling or lines or [""])[-1]
