"""What a conversation did against what it should have done: deterministic, one
function a kind of expectation.

A finding names the turn (from 1; 0 is the whole conversation), what was checked, and
what was wanted and found.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent.answers import AUTHORED
from agent.events import CheckpointEvent, ErrorEvent, MessageEvent, ToolCallEvent, ToolResultEvent
from agent.words.figures import Sources, ungrounded
from evals.lines import Line, lines_of
from evals.matching import MISSING, at_path, in_text, same
from evals.play import Conversation, Played
from evals.scenario import Expectations, ToolExpectation
from knowledge.catalogue import traffic_profiles
from tools.registry import TOOLS
from tools.specification import CONSTRAINTS, LOADS

WRITES = frozenset(tool.name for tool in TOOLS.values() if not tool.reads)
INVENTED = frozenset((*LOADS, *CONSTRAINTS))
"""What a model may make up that changes the plan."""


@dataclass(frozen=True)
class Finding:
    turn: int
    check: str
    wanted: str
    found: str


@dataclass
class Grade:
    """How one conversation did. Pairs are (right, wanted, made): calls of tools, and
    fields of the specification.
    """

    conversation: Conversation
    findings: list[Finding] = field(default_factory=list)
    reads: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    ungrounded: int = 0
    unapproved_writes: int = 0
    invented: int = 0
    """Loads and constraints in the specification that the person never stated."""
    lines: list[Line] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.findings


def grade(conversation: Conversation) -> Grade:
    """Every expectation of the scenario, and what must hold in any conversation."""
    made = Grade(conversation)
    if conversation.crashed:
        made.findings.append(
            Finding(len(conversation.turns) + 1, "crash", "a conversation that goes on", conversation.crashed)
        )
    for number, turn in enumerate(conversation.turns, 1):
        made.findings += [Finding(number, *found) for found in _turn(turn)]
        _count(turn, made)
    made.findings += _grounding(conversation, made)
    made.findings += _approvals(conversation, made)
    if not conversation.crashed:
        made.findings += [Finding(0, *found) for found in _end(conversation)]
    made.lines = lines_of(conversation)
    made.findings += [
        Finding(line.turn, f"{line.name}, “{line.must}”", line.wanted, line.found)
        for line in made.lines
        if line.outcome == "fails"
    ]
    made.findings.sort(key=lambda f: f.turn or len(conversation.turns) + 2)
    return made


Found = tuple[str, str, str]


def _turn(played: Played) -> Iterator[Found]:
    expect = played.turn.expect
    errors = [e.text for e in played.events if isinstance(e, ErrorEvent)]
    if expect.error != bool(errors):
        yield "error", "an error" if expect.error else "no error", "; ".join(errors) or "none"
    if expect.state is not None and played.state != expect.state:
        yield "state", expect.state, str(played.state)
    if expect.passes is not None and played.states != expect.passes:
        yield "states", " → ".join(expect.passes), " → ".join(played.states)
    at = played.checkpoint.state if played.checkpoint else "none"
    if expect.checkpoint is not None and at != expect.checkpoint:
        yield "checkpoint", expect.checkpoint, at
    if expect.tools is not None:
        yield from _tools(expect.tools, played.calls)
    if expect.fields is not None and not same(expect.fields, played.fields):
        yield "fields", _json(expect.fields), _json(played.fields)
    yield from _shown(expect, played.checkpoint)
    yield from _said(expect, played)


def _tools(wanted: list[ToolExpectation], calls: list[ToolCallEvent]) -> Iterator[Found]:
    if [w.tool for w in wanted] != [c.tool for c in calls]:
        yield "tools", ", ".join(w.tool for w in wanted) or "none", ", ".join(c.tool for c in calls) or "none"
        return
    for expected, call in zip(wanted, calls, strict=True):
        for path, value in expected.arguments.items():
            found = at_path(call.arguments, path)
            if not same(value, found):
                yield f"{call.tool}, argument {path}", _json(value), _json(found)


def _shown(expect: Expectations, checkpoint: CheckpointEvent | None) -> Iterator[Found]:
    details = _plain(checkpoint) if checkpoint else {}
    for path, value in expect.shows.items():
        found = at_path(details, path)
        if not same(value, found):
            yield f"shown {path}", _json(value), _json(found)


def _plain(event: CheckpointEvent | MessageEvent) -> dict[str, Any]:
    """The facts of an event, as programs get them."""
    return event.details.model_dump(mode="json") if event.details else {}


def _said(expect: Expectations, played: Played) -> Iterator[Found]:
    for part in expect.says:
        if not in_text(part, played.text):
            yield "reply", f"says {part}", played.text[-600:] or "nothing"
    for part in expect.says_not:
        if in_text(part, played.text):
            yield "reply", f"doesn't say {part}", played.text[-600:]


def _end(conversation: Conversation) -> Iterator[Found]:
    end = conversation.scenario.end
    if end.deployments is not None and len(conversation.deployments) != end.deployments:
        yield "deployments", str(end.deployments), ", ".join(conversation.deployments) or "none"
    audit = [entry.event for entry in conversation.audit]
    if end.audit is not None and audit != end.audit:
        yield "audit", ", ".join(end.audit) or "nothing", ", ".join(audit) or "nothing"
    called = {call.tool for turn in conversation.turns for call in turn.calls}
    for tool in end.never:
        if tool in called:
            yield "tools", f"{tool} is never called", "it was called"


def _grounding(conversation: Conversation, made: Grade) -> Iterator[Finding]:
    """Every figure in a reply stems from a tool's result, from what a pause showed or
    from the person; what we wrote ourselves aside.
    """
    sources = Sources()
    for text in (*AUTHORED, *map(str, traffic_profiles())):
        sources.add(text)
    for number, turn in enumerate(conversation.turns, 1):
        sources.add(turn.said)
        if turn.turn.press:
            sources.add(turn.turn.press.arguments)
        sources.add(turn.fields)
        for event in turn.events:  # what a turn finds out may be said before its pause shows it
            if isinstance(event, ToolResultEvent):
                sources.add(event.result)
            elif isinstance(event, ToolCallEvent):
                sources.add(event.arguments)
            elif isinstance(event, CheckpointEvent | MessageEvent):
                sources.add(_plain(event))
        if turn.checkpoint:
            sources.add(_plain(turn.checkpoint))
        for event in turn.events:
            if isinstance(event, MessageEvent):
                for figure in ungrounded(_unquoted(event.text), sources):
                    made.ungrounded += 1
                    yield Finding(
                        number,
                        "grounding",
                        "figures from tools or the person",
                        f"{figure.text!r} in: {event.text[:300]}",
                    )


def _unquoted(text: str) -> str:
    """Without what is quoted: examples of what may be said, and the person's own words."""
    return re.sub(r"“[^”]*”", "“”", text)


def _approvals(conversation: Conversation, made: Grade) -> Iterator[Finding]:
    """A write needs a turn in which the person approved: counted here from what they
    did, whatever the product thinks.
    """
    approved = 0
    for number, turn in enumerate(conversation.turns, 1):
        approved += turn.turn.at_once if turn.approves else 0
        for call in turn.calls:
            if call.tool in WRITES:
                approved -= 1
                if approved < 0:
                    made.unapproved_writes += 1
                    yield Finding(
                        number, "approval", "no write without an approval", f"{call.tool} was called"
                    )
    approvals = {e.approval_id for e in conversation.audit if e.event == "approved"}
    started = [e for e in conversation.audit if e.event == "started" and e.approval_id not in approvals]
    if started:
        made.unapproved_writes += len(started)
        yield Finding(
            0, "approval", "every apply has its approval in the audit log", _json([e.digest for e in started])
        )
    if conversation.deployments and not approvals:
        made.unapproved_writes += 1
        yield Finding(
            0, "approval", "nothing in the cluster without an approval", ", ".join(conversation.deployments)
        )


def _count(played: Played, made: Grade) -> None:
    """Precision and recall of what the turn says it expects; turns that expect nothing of it don't count."""
    expect = played.turn.expect
    if expect.tools is not None:
        wanted, calls = Counter(w.tool for w in expect.tools), Counter(c.tool for c in played.calls)
        for into, mine in ((made.writes, WRITES), (made.reads, None)):
            for tool in wanted | calls:
                if (tool in WRITES) == (mine is not None):
                    into.update(right=min(wanted[tool], calls[tool]), wanted=wanted[tool], made=calls[tool])
    if expect.fields is not None:
        right = sum(
            name in played.fields and same(value, played.fields[name])
            for name, value in expect.fields.items()
        )
        made.fields.update(right=right, wanted=len(expect.fields), made=len(played.fields))
        made.invented += sum(name in INVENTED and name not in expect.fields for name in played.fields)


def _json(value: Any) -> str:
    return "nothing there" if value is MISSING else json.dumps(value, ensure_ascii=False, default=str)[:400]
