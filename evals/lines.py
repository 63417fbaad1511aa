"""Whether what must be true of a conversation holds, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from agent.cards.facts import ApprovalFacts
from agent.events import MessageEvent, ToolResultEvent
from evals.matching import MISSING, at_path, in_text, same
from evals.musts import About, Must, Seen, WaitsFor
from evals.play import Conversation, Played, name_of_written
from evals.written import arguments

Outcome = Literal["holds", "fails", "waits"]


@dataclass(frozen=True)
class Line:
    """`turn` is 0 for what isn't seen in a turn; `wanted` and `found` are of what diverges first."""

    name: str
    must: str
    about: About
    outcome: Outcome
    waits_for: WaitsFor | None = None
    holds_by_now: bool = False
    """Of a line that waits: what it is to be seen by is there."""
    turn: int = 0
    wanted: str = ""
    found: str = ""


def lines_of(conversation: Conversation) -> list[Line]:
    """Every line of the scenario; one that waits doesn't fail."""
    scenario = conversation.scenario
    return [
        _line(f"{scenario.case}.{number}", must, conversation)
        for number, must in enumerate(scenario.musts, 1)
    ]


def _line(name: str, must: Must, conversation: Conversation) -> Line:
    first = next((found for seen in must.seen for found in _divergences(seen, conversation)), None)
    if must.waits_for is not None:
        by_now = bool(must.seen) and first is None
        return Line(name, must.must, must.about, "waits", must.waits_for, by_now)
    if first is None:
        return Line(name, must.must, must.about, "holds")
    turn, wanted, found = first
    return Line(name, must.must, must.about, "fails", turn=turn, wanted=wanted, found=found)


def _divergences(seen: Seen, conversation: Conversation) -> Iterator[tuple[int, str, str]]:
    turn, text = seen.turn or 0, ""
    if seen.turn is None:
        shown = conversation.written.get(name_of_written(seen))
    elif len(conversation.turns) < seen.turn:
        shown = None
    else:
        played = conversation.turns[seen.turn - 1]
        shown, text = shown_in(played), played.text
    if shown is None:
        yield turn, "a conversation that gets there", conversation.crashed or "it ended before"
        return
    for path, wanted in seen.shows.items():
        found = at_path(shown, path)
        if not same(wanted, found):
            yield turn, f"{path}: {_json(wanted)}", _json(found)
    for part in seen.says:
        if not in_text(part, text):
            yield turn, f"says {part}", text[-600:] or "nothing"
    for part in seen.says_not:
        if in_text(part, text):
            yield turn, f"doesn't say {part}", text[-600:]


def shown_in(played: Played) -> dict[str, Any]:
    """What a turn shows; see `Seen`."""
    details = played.checkpoint.details if played.checkpoint else None
    plain = details.model_dump(mode="json") if details else {}
    own: dict[str, Any] = {
        "fields": played.fields,
        "state": played.state,
        "tools": [call.tool for call in played.calls],
    }
    own["results"] = {e.tool: e.result for e in played.events if isinstance(e, ToolResultEvent)}
    messages = [e for e in played.events if isinstance(e, MessageEvent)]
    own["told"] = {m.kind: m.details.model_dump(mode="json") for m in messages if m.kind and m.details}
    given = {"arguments": arguments(details.files)} if isinstance(details, ApprovalFacts) else {}
    return plain | own | given


def _json(value: Any) -> str:
    return "nothing there" if value is MISSING else json.dumps(value, ensure_ascii=False, default=str)[:400]
