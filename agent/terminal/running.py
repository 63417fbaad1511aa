"""What runs, in the terminal: status, validation, lists of deployments, outcomes and the audit log."""

from __future__ import annotations

import textwrap
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from agent.terminal.style import columns, labelled
from tools.deploying.audit import Audited
from tools.get_status import DeploymentStatus
from tools.planning.memory import context_in_words
from tools.serving.report import Outcome
from tools.wording import rate


def status(details: dict[str, Any]) -> RenderableType:
    rows = labelled()
    colour = {"ready": "green", "pending": "yellow"}.get(details["phase"], "red")
    rows.add_row("Deployment", Text(f"{details['name']} in {details['namespace']} ({details['cluster']})"))
    rows.add_row("Phase", Text(details["phase"], style=f"bold {colour}"))
    rows.add_row("Replicas", Text(f"{details['replicas_ready']} of {details['replicas_wanted']} ready"))
    if details.get("cut"):
        rows.add_row("Cut off", Text(details["cut"], style="red"))
    if details["age_seconds"] is not None:
        rows.add_row("Age", Text(_age(details["age_seconds"])))
    rows.add_row("Endpoint", Text(details["endpoint"] or "none yet"))
    if details.get("thinking"):
        rows.add_row("Mode", Text(details["thinking"]))
    if details["context_tokens"] is not None:
        rows.add_row("Context", Text(context_in_words(details["context_tokens"], details["model_id"] or "")))
    if details["diagnosis"]:
        rows.add_row("Cause", Text(details["diagnosis"]["cause"], style="red"))
        rows.add_row("Remedy", Text(details["diagnosis"]["remedy"]))
    if details["drift"]:
        rows.add_row(
            "Drift", Text(f"otherwise than approved: {', '.join(details['drift'][:6])}", style="yellow")
        )
    elif details["drift"] is not None:
        rows.add_row("Drift", Text("none: as approved"))
    if details["cost_usd"] is not None:
        rows.add_row("Cost so far", Text(f"${details['cost_usd']:,.2f}"))
    if details["live"]:
        found = details["live"]
        style = {"holding": "green", "missing": "bold red", "failing": "bold red"}.get(found["state"], "")
        rows.add_row("SLO", Text(found["verdict"], style=style))
        if found["advice"]:
            rows.add_row("", Text(found["advice"], style="yellow" if found["state"] != "holding" else "dim"))
        rows.add_row("", live(found))
    elif details["live_problem"]:
        rows.add_row("SLO", Text(f"not known: {details['live_problem']}", style="yellow"))
    for pod in details["pods"][:8]:
        more = f", {pod['restarts']} restarts" if pod["restarts"] else ""
        rows.add_row(
            "Pod",
            Text(
                f"{pod['name']}  {pod['state']}{more}, {pod['node'] or 'no node'}",
                style="" if pod["ready"] else "yellow",
            ),
        )
    for event in details["events"][-3:]:
        rows.add_row("Event", Text(f"{event['reason']}: {event['message']}", style="dim"))
    return Panel(rows, title="Status", border_style=colour, box=box.ROUNDED)


def live(details: dict[str, Any]) -> RenderableType:
    """Latencies of a window against the targets, and how full the replicas are."""
    table = columns()
    for name in ("", "p50", "p95", "p99", "Target p95", "Headroom", "Predicted p95"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for each in details["latencies"]:
        target, predicted, headroom = each["target_ms"], each["predicted_ms"], each["headroom"]
        table.add_row(
            each["metric"].upper(),
            *(_latency(v) for v in (each["p50_ms"], each["p95"]["value_ms"], each["p99_ms"])),
            "?" if target is None else _latency(target),
            (
                "?"
                if headroom is None
                else Text(f"{headroom:.0%}", style="green" if headroom >= 0 else "bold red")
            ),
            "?" if predicted is None else _latency(predicted),
        )
    load = (
        f"{details['requests']:,} requests by {details['replicas']}"
        f" replica{'s' if details['replicas'] != 1 else ''}, {details['failed']:,} failed; now"
        f" {details['running']} running, {details['waiting']} waiting, KV cache"
        f" {details['kv_cache_usage']:.0%} full"
    )
    held = details["held_share_24h"]
    day = "" if held is None else f"; within the targets in {held:.0%} of the last 24 hours' windows"
    return (
        Group(table, Text(load + day, style="dim")) if details["latencies"] else Text(load + day, style="dim")
    )


def validation(details: dict[str, Any]) -> RenderableType:
    """What the probe measured, with how sure that is."""
    table = columns()
    for name in ("", "p95", f"{details['confidence']:.0%} interval", "Target p95", "Predicted p95", ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    colours = {"pass": "green", "warn": "yellow", "fail": "red", "unjudged": "yellow"}
    for check in details["checks"]:
        low, high = (
            _latency(check[f"{side}_ms"]) if check[f"{side}_ms"] is not None else "?"
            for side in ("low", "high")
        )
        predicted = check["predicted_ms"]
        table.add_row(
            check["metric"].upper(),
            _latency(check["p95_ms"]),
            f"{low} – {high}",
            _latency(check["target_ms"]),
            "?" if predicted is None else _latency(predicted),
            Text(check["outcome"], style=f"bold {colours[check['outcome']]}"),
        )
    colour = colours[details["outcome"]]
    return Panel(
        table, title=f"Validation: {details['outcome']}", border_style=colour, box=box.ROUNDED, expand=False
    )


def _latency(ms: float) -> str:
    return f"{ms:,.1f} ms" if ms < 100 else f"{ms:,.0f} ms"


def deployment_list(found: list[DeploymentStatus]) -> RenderableType:
    table = columns()
    for name in ("Deployment", "Model", "Phase", "Ready", "Age", "Drift"):
        table.add_column(name, overflow="fold", no_wrap=name != "Model")
    for s in found:
        drift = "?" if s.drift is None else f"{len(s.drift)} fields" if s.drift else "none"
        age = _age(s.age_seconds) if s.age_seconds is not None else "?"
        phase = f"{s.phase}, cut off" if s.cut else s.phase
        cells = (s.name, s.model_id or "?", phase, f"{s.replicas_ready}/{s.replicas_wanted}", age, drift)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def outcome_list(found: list[Outcome]) -> RenderableType:
    """Predicted and observed p95s, each on a line of its own, so that it fits."""
    table = columns()
    for name in ("Deployment", "Seen by", "Requests", "p95", "Predicted", "Observed", "Error", "Target"):
        table.add_column(
            name,
            overflow="fold",
            justify="right" if name in ("Predicted", "Observed", "Error", "Target") else "left",
        )
    for o in found:
        load = f"{o.requests:,}" + (f", {o.failed:,} failed" if o.failed else "")
        load += f"\n{rate(o.requests_per_second)}/s" if o.requests_per_second is not None else ""
        figures = (
            [c.metric.upper() for c in o.compared],
            [_latency(c.predicted_ms) if c.predicted_ms else "?" for c in o.compared],
            [_latency(c.observed_ms) for c in o.compared],
            [f"{c.error:+.0%}" if c.error is not None else "?" for c in o.compared],
            [_latency(c.target_ms) for c in o.compared],
        )
        cells = (
            f"{o.name}\n{o.setup}",
            f"{o.kind}: {o.outcome}\n{o.at:%Y-%m-%d %H:%M}",
            load,
            *("\n".join(c) for c in figures),
        )
        table.add_row(*(Text(cell) for cell in cells), end_section=True)
    return table


def audit_list(found: list[Audited]) -> RenderableType:
    table = columns()
    for name in ("When", "What", "Deployment", "Digest"):
        table.add_column(name, no_wrap=True)
    for e in found:
        what = f"{e.event}{' deletion' if e.action == 'delete' else ''}"
        said = f": {e.detail}" if e.detail and e.event not in ("started", "done") else ""
        about = Text("\n".join(textwrap.wrap(f"{e.actor}, {e.cluster}/{e.namespace}{said}", 56)), style="dim")
        when = e.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(Text(when), Text(what), Group(Text(e.name), about), Text(e.digest[7:19]))
    return table


def _age(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} seconds"
