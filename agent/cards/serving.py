"""What runs: how it is, what was measured of it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.cards.facts import RunningFacts
from agent.cards.parts import Action, Cell, Code, Column, Fold, Items, Row, Rows, Sentence, Table, Tone, Words
from tools.get_status import DeploymentStatus
from tools.planning.memory import context_in_words
from tools.serving.monitoring import Live
from tools.serving.validation import Validation
from tools.wording import METRIC_NAMES, age, capital, dollars, latency, percent, rate, short_name

MOST_PODS, MOST_EVENTS, MOST_FIELDS = 8, 5, 6
"""That one card shows, the latest events and the first fields."""
TONES: dict[str, Tone] = {
    **dict.fromkeys(("ready", "pass", "holding"), "good"),
    **dict.fromkeys(("pending", "warn", "unjudged", "idle", "unknown"), "warn"),
    **dict.fromkeys(("failed", "absent", "fail", "missing", "failing"), "bad"),
}
"""Of a phase, an outcome, or a state of the window that was watched."""
ANSWERS = ["another option", "delete it", "done", "send it: hello, who are you?", "scale to 3"]

Parts = list[Sentence | Rows | Table | Fold]


def running_parts(facts: RunningFacts) -> Parts:
    """What an endpoint is, and how it is called."""
    rows = [
        Row(label="Model", text=facts.model_id),
        Row(label="Mode", text=facts.thinking or ""),
        Row(label="Context", text=facts.context or ""),
        Row(label="Endpoint", text=facts.endpoint or "none yet", code=True),
    ]
    body = f'{{"model": "{facts.model_id}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    call = f"curl {facts.endpoint}/v1/chat/completions -H 'Content-Type: application/json' -d '{body}'"
    code = Code(about="OpenAI’s API", text=call)
    return [
        Rows(rows=[row for row in rows if row.text]),
        Fold(summary="Call it from your code", on_demand=True, parts=[code]),
    ]


def running_actions() -> list[Action]:
    return [
        Action(move="Validate", label="Measure it again"),
        Action(move="BackToOptions", label="Another option"),
        Action(move="Delete", label="Delete…", style="danger", says="Delete it"),
        Action(move="Finish", label="Done"),
    ]


def status_parts(status: DeploymentStatus) -> Parts:
    """How a deployment is doing, the most important first."""
    live = status.live
    badges = [Words(text=status.phase, tone=TONES[status.phase])]
    if live:
        badges.append(Words(text=live.state, tone=TONES[live.state]))
    ready = f"{status.replicas_ready:,} of {status.replicas_wanted:,} replicas ready"
    parts: Parts = [Sentence(text=ready, badges=badges)]
    if live:
        parts += _live(live)
    elif status.live_problem:
        parts.append(
            Sentence(text=f"How it holds its targets isn’t known: {status.live_problem}", tone="warn")
        )
    parts.append(Rows(rows=[row for row in _rows(status) if row.text]))
    if status.pods or status.events:
        parts.append(Fold(summary="Pods and events", parts=[Items(items=list(_seen(status)))]))
    return parts


def _live(live: Live) -> Iterator[Sentence | Table]:
    yield Sentence(text=f"{capital(live.verdict)}.", tone="bad" if TONES[live.state] == "bad" else "plain")
    if live.advice:
        yield Sentence(text=live.advice, tone="quiet" if live.state == "holding" else "warn")
    if live.latencies:
        names = ("p50", "p95", "p99", "Target p95", "Headroom", "Predicted p95")
        lines = [
            [
                Cell(text=METRIC_NAMES[each.metric]),
                Cell(text=latency(each.p50_ms)),
                Cell(text=latency(each.p95.value_ms)),
                Cell(text=latency(each.p99_ms)),
                Cell(text=latency(each.target_ms)),
                Cell(text=_share(each.headroom), tone="bad" if (each.headroom or 0) < 0 else "good"),
                Cell(text=latency(each.predicted_ms)),
            ]
            for each in live.latencies
        ]
        yield Table(label="Latencies now", columns=_columns(names, ("p50", "p99")), lines=lines)
    replicas = f"{live.replicas:,} replica{'s' if live.replicas != 1 else ''}"
    held = live.held_share_24h
    day = "" if held is None else f"; within the targets in {percent(held)} of the last 24 hours’ windows"
    yield Sentence(
        text=(
            f"{live.requests:,} requests by {replicas}, {live.failed:,} failed; now {live.running:,} running,"
            f" {live.waiting:,} waiting, KV cache {percent(live.kv_cache_usage)} full{day}"
        ),
        tone="quiet",
    )


def _rows(status: DeploymentStatus) -> Iterator[Row]:
    yield Row(label="Deployment", text=f"{status.name} in {status.namespace} ({status.cluster})")
    yield Row(label="Cut off", text=status.cut or "", tone="bad")
    if status.diagnosis:
        yield Row(label="Cause", text=status.diagnosis.cause, tone="bad")
        yield Row(label="Remedy", text=status.diagnosis.remedy)
    yield Row(label="Age", text="" if status.age_seconds is None else age(status.age_seconds))
    yield Row(label="Endpoint", text=status.endpoint or "none yet", code=True)
    yield Row(label="Mode", text=status.thinking or "")
    tokens = status.context_tokens
    yield Row(label="Context", text="" if tokens is None else context_in_words(tokens, status.model_id or ""))
    cost = status.cost_usd
    yield Row(label="Cost so far", text="" if cost is None else dollars(cost, cents=True))
    if status.drift:
        fields = ", ".join(status.drift[:MOST_FIELDS])
        yield Row(label="Drift", text=f"otherwise than approved: {fields}", tone="warn")
    elif status.drift is not None:
        yield Row(label="Drift", text="none: as approved")


def _seen(status: DeploymentStatus) -> Iterator[Words]:
    for pod in status.pods[:MOST_PODS]:
        restarts = f", {pod.restarts} restarts" if pod.restarts else ""
        text = f"{pod.name} {pod.state}{restarts}, {pod.node or 'no node'}"
        yield Words(text=text, tone="plain" if pod.ready else "warn")
    for event in status.events[-MOST_EVENTS:]:
        yield Words(text=f"{event.reason}: {event.message}", tone="quiet")


def validation_parts(found: Validation) -> Parts:
    """What the probe measured, with how sure that is."""
    at = f"at {rate(found.requests_per_second)} requests/s" if found.requests_per_second else ""
    outcome = Words(text=found.outcome, tone=TONES[found.outcome])
    names = ("p50", "p95", f"{percent(found.confidence)} interval", "Target p95", "Predicted p95", "Outcome")
    lines = [
        [
            Cell(text=METRIC_NAMES[check.metric]),
            Cell(text=latency(check.p50_ms)),
            Cell(text=latency(check.p95_ms)),
            Cell(text=_interval(check.low_ms, check.high_ms)),
            Cell(text=latency(check.target_ms)),
            Cell(text=latency(check.predicted_ms)),
            Cell(text=check.outcome, tone=TONES[check.outcome]),
        ]
        for check in found.checks
    ]
    table = Table(label="What was measured", columns=_columns(names, ("p50", "Predicted p95")), lines=lines)
    return [Sentence(text=at, badges=[outcome]), table]


def _interval(low_ms: float | None, high_ms: float | None) -> str:
    if low_ms is None:
        return "?"
    return f"{latency(low_ms)} or more" if high_ms is None else f"{latency(low_ms)} – {latency(high_ms)}"


def _share(value: float | None) -> str:
    return "?" if value is None else percent(value)


def _columns(names: Sequence[str], may_go: Sequence[str]) -> list[Column]:
    """Of figures, below an empty heading for what they are of; a second word stands below the first."""
    found = [Column(label="", figures=False)]
    for name in names:
        label, _, note = name.partition(" ")
        found.append(Column(label=label, note=note, may_go=name in may_go))
    return found


def deployment_list(found: list[DeploymentStatus]) -> Table:
    """One line for each."""
    columns = [
        Column(label=name, figures=False)
        for name in ("Deployment", "Model", "Phase", "Ready", "Age", "Drift")
    ]
    return Table(label="Deployments", columns=columns, lines=[list(_listed(status)) for status in found])


def _listed(status: DeploymentStatus) -> Iterator[Cell]:
    drift = "?" if status.drift is None else f"{len(status.drift)} fields" if status.drift else "none"
    ready = f"{status.replicas_ready}/{status.replicas_wanted}"
    yield Cell(text=status.name)
    yield Cell(text=short_name(status.model_id) if status.model_id else "?")
    yield Cell(text=f"{status.phase}, cut off" if status.cut else status.phase, tone=TONES[status.phase])
    yield Cell(text=ready)
    yield Cell(text="?" if status.age_seconds is None else age(status.age_seconds))
    yield Cell(text=drift, tone="warn" if status.drift else "plain")
