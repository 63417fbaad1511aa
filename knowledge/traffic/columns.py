"""By which names traces call what we need of a request: columns of a CSV, keys of a JSON object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

Role = Literal[
    "time",
    "prompt",
    "output",
    "cached",
    "written",
    "blocks",
    "prefix",
    "prefix_tokens",
    "session",
    "ended",
    "duration",
]
NAMES: dict[Role, str] = {
    "time": (
        "timestamp arrivaltime arrivaltimestamp arrivedat arrival requesttimestamp requesttime starttime"
        " starttimeunixnano startedat receivedat time ts datetime date createdat created start t"
    ),
    "prompt": (
        "prompttokens contexttokens inputtokens inputlength promptlength numprompttokens numinputtokens"
        " requesttokens inputtokenstotal prefilltokens numprefilltokens promptlen inputlen"
        " genaiusageinputtokens usageinput tokensin intokens isl contextlength"
    ),
    "output": (
        "completiontokens generatedtokens outputtokens outputlength answertokens responsetokens"
        " generationtokens numgenerationtokens numoutputtokens numcompletiontokens numgeneratedtokens"
        " decodetokens numdecodetokens completionlength responselength outputlen answerlength"
        " genaiusageoutputtokens usageoutput tokensout outtokens osl"
    ),
    "cached": (
        "cachedtokens numcachedtokens cachedprompttokens cachedinputtokens cachereadinputtokens"
        " cachereadtokens cachehittokens"
    ),
    "written": "cachecreationinputtokens",
    "blocks": "hashids blockhashes blockids prefixhashes hashes",
    "prefix": "prefixhash prefixid systempromptid systemprompthash",
    "prefix_tokens": "prefixtokens prefixlength prefixlen",
    "session": (
        "sessionid session conversationid conversation conversationhash threadid thread chatid dialogueid"
    ),
    "ended": "endtime endtimeunixnano endedat finishedat finishtime completedat endtimestamp completiontime",
    "duration": "duration latency e2e e2elatency responsetime totaltime",
}
"""Letters and digits of each name, the surest first."""
UNITS = {
    "ms": 1e-3,
    "millis": 1e-3,
    "milliseconds": 1e-3,
    "s": 1.0,
    "sec": 1.0,
    "seconds": 1.0,
    "us": 1e-6,
    "ns": 1e-9,
    "unixnano": 1e-9,
}
"""Seconds, by how a name of a time may end."""
TIMES: tuple[Role, ...] = ("time", "ended", "duration")
WANTED: dict[Role, str] = {
    "time": "time (such as timestamp)",
    "prompt": "prompt tokens (such as prompt_tokens, input_length, ContextTokens)",
    "output": "answer tokens (such as completion_tokens, output_length, GeneratedTokens)",
}
Path = tuple[str | int, ...]


class Column(NamedTuple):
    """Where it is: keys from the outside in, or the number of a CSV's column; `unit_s` where its name says
    it.
    """

    path: Path
    unit_s: float | None = None


Columns = dict[Role, Column]


def plain(name: str | int) -> str:
    return re.sub(r"[^a-z0-9]", "", str(name).lower())


def columns_of(paths: Sequence[Path], names: Sequence[Path] | None = None) -> Columns:
    """What of this is what: the surest name, of several the outermost. `names` are those of the paths, if
    they aren't the paths themselves.
    """
    known: dict[str, list[Path]] = {}
    for path, called in sorted(zip(paths, names or paths, strict=True), key=lambda pair: len(pair[0])):
        words = [plain(part) for part in called if isinstance(part, str)]
        for name in {"".join(words[-1:]), "".join(words[-2:])}:
            known.setdefault(name, []).append(path)
    found = {role: column for role in NAMES if (column := _column(role, known))}
    if "prefix" not in found and "prefix_tokens" in found:
        # Without an id of what is shared, a count of tokens is of what was in the cache.
        found.setdefault("cached", found.pop("prefix_tokens"))
    return found


def _column(role: Role, known: dict[str, list[Path]]) -> Column | None:
    endings = UNITS if role in TIMES else {}
    for name in NAMES[role].split():
        if name in known:
            unit = next((s for end, s in endings.items() if end == "unixnano" and name.endswith(end)), None)
            return Column(known[name][0], unit)
        for ending, seconds in endings.items():
            if name + ending in known:
                return Column(known[name + ending][0], seconds)
    return None


def missing(columns: Columns) -> list[str]:
    return [words for role, words in WANTED.items() if role not in columns]
