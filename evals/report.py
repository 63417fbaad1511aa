"""What a run of scenarios adds up to: rates by category, precision and recall, what must
be zero, and the difference to a baseline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import comb
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from evals.graders import Finding, Grade
from evals.musts import ABOUT, About, WaitsFor
from evals.scenario import CATEGORIES


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Turned(Strict):
    """One turn of a failed conversation, for reading."""

    said: str
    replied: str
    states: list[str]
    tools: list[str]
    state: str | None


class Failure(Strict):
    """A conversation that failed, up to its first divergence. `turn` 0 is the end."""

    scenario: str
    category: str
    trial: int
    turn: int
    check: str
    wanted: str
    found: str
    more: list[str] = []
    turns: list[Turned] = []


class Rate(Strict):
    """Of some scenarios with `trials` each: the share that passes once, and the share
    that would pass k times in a row.
    """

    scenarios: int
    trials: int
    passed: int
    pass_1: float
    pass_k: float


class Match(Strict):
    """Precision and recall, None where nothing was wanted or made."""

    right: int
    wanted: int
    made: int

    @property
    def precision(self) -> float | None:
        return self.right / self.made if self.made else None

    @property
    def recall(self) -> float | None:
        return self.right / self.wanted if self.wanted else None

    @property
    def f1(self) -> float | None:
        return 2 * self.right / (self.wanted + self.made) if self.wanted + self.made else None


class Lines(Strict):
    """What must be true, about one thing: how many lines hold in every trial, and those that
    wait, by what has to be built for them.
    """

    lines: int
    hold: int
    waiting: dict[WaitsFor, list[str]]
    hold_by_now: list[str]
    """Of those that wait, what could be asserted."""


class Report(Strict):
    """A whole run. Latencies are of turns, as the person waits for them, in seconds."""

    model: str
    trials: int
    total: Rate
    categories: dict[str, Rate]
    read_tools: Match
    write_tools: Match
    specification_fields: Match
    ungrounded_figures: int
    unapproved_writes: int
    invented_values: int
    removed_sentences: int
    turns: int
    turn_p50_s: float
    turn_p95_s: float
    model_calls: int
    input_tokens: int
    output_tokens: int
    model_outcomes: dict[str, int]
    seconds: float
    passed: dict[str, int]
    """How many trials of each scenario passed."""
    failures: list[Failure]
    lines: dict[About, Lines] = {}

    @property
    def clean(self) -> bool:
        return not self.failures and self.unapproved_writes == 0 and self.ungrounded_figures == 0


def report_of(grades: list[Grade], model: str, trials: int, seconds: float) -> Report:
    """Add up a run; a scenario's trials are told apart by their number."""
    passed: Counter[str] = Counter()
    category: dict[str, str] = {}
    for grade in grades:
        scenario = grade.conversation.scenario
        category[scenario.name] = scenario.category
        passed[scenario.name] += grade.passed
    turns = sorted(t.seconds for g in grades for t in g.conversation.turns)
    events = [e for g in grades for t in g.conversation.turns for e in t.model]
    return Report(
        model=model,
        trials=trials,
        total=_rate([passed[name] for name in category], trials),
        categories={
            c: _rate([passed[n] for n in category if category[n] == c], trials)
            for c in CATEGORIES
            if c in category.values()
        },
        read_tools=_match(g.reads for g in grades),
        write_tools=_match(g.writes for g in grades),
        specification_fields=_match(g.fields for g in grades),
        ungrounded_figures=sum(g.ungrounded for g in grades),
        unapproved_writes=sum(g.unapproved_writes for g in grades),
        invented_values=sum(g.invented for g in grades),
        removed_sentences=sum(e.removed for e in events),
        turns=len(turns),
        turn_p50_s=round(median(turns), 3) if turns else 0.0,
        turn_p95_s=round(turns[int(len(turns) * 0.95)], 3) if turns else 0.0,
        model_calls=sum(e.calls for e in events),
        input_tokens=sum(e.input_tokens for e in events),
        output_tokens=sum(e.output_tokens for e in events),
        model_outcomes=dict(Counter(e.outcome for e in events)),
        seconds=round(seconds, 1),
        passed={name: passed[name] for name in sorted(category)},
        failures=[_failure(g) for g in grades if not g.passed],
        lines={about: found for about in ABOUT if (found := _lines(grades, about)).lines},
    )


def _lines(grades: list[Grade], about: About) -> Lines:
    """Of all scenarios."""
    every = [line for g in grades for line in g.lines if line.about == about]
    names = dict.fromkeys(line.name for line in every)
    waiting: dict[WaitsFor, list[str]] = {}
    for line in every:
        if line.waits_for is not None and line.name not in waiting.setdefault(line.waits_for, []):
            waiting[line.waits_for].append(line.name)
    return Lines(
        lines=len(names),
        hold=len(names.keys() - {line.name for line in every if line.outcome != "holds"}),
        waiting=dict(sorted(waiting.items(), key=lambda pair: -len(pair[1]))),
        hold_by_now=list(dict.fromkeys(line.name for line in every if line.holds_by_now)),
    )


def _rate(passed: list[int], trials: int) -> Rate:
    """pass^k, for k = trials: the mean over scenarios of C(passed, k) / C(trials,
    k), which is whether all passed.
    """
    count = max(1, len(passed))
    return Rate(
        scenarios=len(passed),
        trials=trials,
        passed=sum(n == trials for n in passed),
        pass_1=sum(n / trials for n in passed) / count,
        pass_k=sum(comb(n, trials) / comb(trials, trials) for n in passed) / count,
    )


def _match(counts: Iterable[Counter[str]]) -> Match:
    total: Counter[str] = sum(counts, Counter())
    return Match(right=total["right"], wanted=total["wanted"], made=total["made"])


def _failure(grade: Grade) -> Failure:
    """The first divergence with the turns that led to it, and what else was found."""
    conversation, first = grade.conversation, grade.findings[0]
    until = first.turn or len(conversation.turns)
    return Failure(
        scenario=conversation.scenario.name,
        category=conversation.scenario.category,
        trial=conversation.trial,
        turn=first.turn,
        check=first.check,
        wanted=first.wanted,
        found=first.found,
        more=[_line(f) for f in grade.findings[1:9]],
        turns=[
            Turned(
                said=t.said[:500],
                replied=t.text[-1500:],
                states=t.states,
                tools=[c.tool for c in t.calls],
                state=t.state,
            )
            for t in conversation.turns[:until]
        ],
    )


def _line(finding: Finding) -> str:
    return f"turn {finding.turn}, {finding.check}: wanted {finding.wanted}; found {finding.found}"[:300]


class Difference(Strict):
    """Against a baseline: scenarios that got worse or better, that are new or gone,
    and figures that changed.
    """

    worse: list[str]
    better: list[str]
    new: list[str]
    gone: list[str]
    figures: dict[str, tuple[Any, Any]]


def difference(baseline: Report, now: Report) -> Difference:
    """By the share of trials that passed, so that runs with other numbers of trials can be compared."""
    shares = [{name: n / report.trials for name, n in report.passed.items()} for report in (baseline, now)]
    both = shares[0].keys() & shares[1].keys()
    kept = ("ungrounded_figures", "unapproved_writes", "turn_p95_s", "input_tokens", "output_tokens")
    return Difference(
        worse=sorted(n for n in both if shares[1][n] < shares[0][n]),
        better=sorted(n for n in both if shares[1][n] > shares[0][n]),
        new=sorted(shares[1].keys() - both),
        gone=sorted(shares[0].keys() - both),
        figures={
            k: (getattr(baseline, k), getattr(now, k))
            for k in kept
            if getattr(baseline, k) != getattr(now, k)
        },
    )
