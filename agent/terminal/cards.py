"""What the terminal shows for each kind of event, with rich; everything fits in 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from agent.events import CheckpointEvent
from tools.deploying.audit import Audited
from tools.deploying.review import Review
from tools.get_status import DeploymentStatus
from tools.serving.report import Outcome
from tools.specification import rate

ACCENT = "cyan"
LOADS = {"user_count": "Users", "concurrent_requests": "In flight", "requests_per_day": "Requests/day"}
VIEWED = {
    "lowest_cost": "by cost",
    "lowest_latency": "by latency",
    "best_quality": "by quality",
    "simplest": "by the number of GPUs",
}
MARKS = {"lowest_cost": "cheapest", "lowest_latency": "fastest", "best_quality": "best quality", "simplest": "fewest GPUs"}
NAME_WIDTH = 24
"""Of a model's name in the table; longer ones break at a hyphen."""


def show_checkpoint(console: Console, event: CheckpointEvent, draw: bool = True) -> None:
    """A pause: its card (unless it was drawn already), the question, and examples of replies."""
    if draw:
        for part in card(event.state, event.details):
            console.print(part)
    console.print(Text(event.question, style="bold"))
    console.print(Text(" · ".join(event.replies), style="dim"))


def card(kind: str, details: dict[str, Any]) -> list[RenderableType]:
    """What to draw for a pause or for a message's details."""
    if kind == "specification_review":
        return [specification(details["specification"])]
    if kind == "presenting_options":
        return options(details)
    if kind == "configuration_finalized":
        return approval(details)
    if kind == "manifests":
        return [
            Panel(Syntax(f["content"].rstrip(), "yaml", background_color="default"), title=f["path"], box=box.ROUNDED)
            for f in details["files"]
        ]
    if kind == "status":
        return [status(details)]
    if kind == "validation":
        return [validation(details)] if details["checks"] else []
    if kind == "kept":
        return [side_by_side([(plan["name"], plan) for plan in details["plans"]])]
    return []


def specification(spec: dict[str, Any]) -> RenderableType:
    """The specification card: what was understood, the targets, the demand and every assumption behind it."""
    intent, slo, demand = spec["intent"], spec["slo_targets"], spec["demand"]
    rows = _plain_table()
    rows.add_row("Use case", Text(intent["use_case"]))
    for name, label in LOADS.items():
        if intent[name] is not None:
            rows.add_row(label, Text(f"{intent[name]:,g}"))
    rows.add_row(
        "Traffic", Text(f"{spec['traffic_profile']['prompt_tokens']}→{spec['traffic_profile']['output_tokens']} tokens (prompt → answer)")
    )
    rows.add_row("TTFT p95", Text(f"{slo['ttft_p95_ms']:,g} ms"))
    rows.add_row("ITL p95", Text(f"{slo['itl_p95_ms']:,g} ms"))
    rows.add_row("E2E p95", Text(seconds(slo["e2e_p95_ms"])))
    rows.add_row("Peak", Text(f"{rate(demand['peak_requests_per_second'])} requests/s"))
    priorities = [f"{name} {level}" for name, level in intent["priorities"].items() if level != "medium"]
    for label, value in (
        ("Priorities", ", ".join(priorities)),
        ("GPUs", ", ".join(intent["preferred_gpu_types"])),
        ("Without", ", ".join(intent["excluded_gpu_types"])),
        ("There are", ", ".join(f"{count} {gpu}" for gpu, count in intent["available_gpus"].items())),
        ("Models", ", ".join(intent["preferred_models"])),
        ("Licences", ", ".join(intent["licenses"])),
        ("Context", f"at least {intent['min_context_tokens']:,} tokens" if intent["min_context_tokens"] else ""),
        ("Quality", f"at least {intent['min_quality']:g} %" if intent["min_quality"] else ""),
        ("Providers", ", ".join(intent["providers"])),
        ("Regions", ", ".join(intent["regions"])),
        ("Domain", ", ".join(intent["domain_specialization"])),
        ("Budget", f"${intent['budget_usd_per_month']:,.0f} a month" if intent["budget_usd_per_month"] else ""),
    ):
        if value:
            rows.add_row(label, Text(value))
    assumed = Text("Assumptions", style="bold")
    for assumption in spec["assumptions"]:
        assumed.append(f"\n• {assumption['text']}", style="not bold")
        assumed.append(f"  ({assumption['origin'].split(':')[0]})", style="dim not bold")
    return Panel(Group(rows, Text(""), assumed), title="Specification", border_style=ACCENT, box=box.ROUNDED)


def options(details: dict[str, Any]) -> list[RenderableType]:
    """The options as a table, and below it what nearly fits and where the figures are from."""
    parts: list[RenderableType] = []
    found, misses = details["recommendations"], details["near_misses"]
    slo = details["specification"]["slo_targets"]
    if details.get("before"):
        parts.append(side_by_side([("before", details["before"]), ("now", details["now"])]))
    if found:
        table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
        table.add_column("#", justify="right")
        table.add_column("Model", ratio=1, overflow="fold")
        table.add_column("GPUs", no_wrap=True)
        table.add_column("$/month", justify="right", no_wrap=True)
        for name, target in (
            ("TTFT", f"≤{slo['ttft_p95_ms']:,g} ms"),
            ("ITL", f"≤{slo['itl_p95_ms']:,g} ms"),
            ("E2E", f"≤{seconds(slo['e2e_p95_ms'])}"),
        ):
            table.add_column(f"{name} p95\n{target}", justify="right", no_wrap=True)
        table.add_column("Max\nreq/s", justify="right", no_wrap=True)
        table.add_column("Qua-\nlity", justify="right", no_wrap=True)
        for option in found:
            table.add_row(*_option_row(option, details["views"]))
        parts.append(table)
    else:
        why = "".join(f"\n• {count:,}: {reason}" for reason, count in details["excluded"].items())
        text = f"No configuration holds all targets within your constraints. Of {details['considered']:,} considered, excluded were{why}"
        if not details["considered"]:
            text = "No configuration could be considered: no benchmark covers what you asked for."
        parts.append(Panel(Text(text), border_style="yellow", box=box.ROUNDED))
    if misses:
        near = Text("Near misses" + (" (cheaper, but not within your targets)" if found else ""), style="bold")
        for miss in misses:
            near.append(f"\n• {miss['relaxation']}", style="not bold")
            setup = f"{miss['model_id']} on {_setup(miss)}"
            near.append(f" → {setup}, ${miss['cost_usd_per_month']:,.0f} a month", style="not bold")
        parts.append(near)
    if found:
        parts.append(Text(_footnote(found, details), style="dim"))
    return parts


def _option_row(option: dict[str, Any], views: dict[str, list[int]]) -> list[RenderableType]:
    p, quality = option["predicted"], option["quality"]
    marks = ", ".join(mark for view, mark in MARKS.items() if views[view][0] == option["rank"])
    name = Text("\n".join(textwrap.wrap(option["model_id"].split("/", 1)[1], NAME_WIDTH)))
    if marks:
        name.append(f"\n{marks}", style="green")
    known = quality["score"] if quality["score"] is not None else quality["base_score"]
    score = "?" if known is None else f"{known:.0f}{'' if quality['score'] is not None else '*'}"
    replicas = f"{option['replicas']} × " if option["replicas"] > 1 else ""
    return [
        Text(str(option["rank"]), style="bold" if option["pareto"] else "dim"),
        name,
        Text(f"{replicas}{option['gpu_count']} {option['gpu_type']}"),
        Text(f"{option['cost_usd_per_month']:,.0f}"),
        Text(f"{p['ttft_ms']['p95']:,.0f} ms"),
        Text(f"{p['itl_ms']['p95']:,.1f} ms"),
        Text(seconds(p["e2e_ms"]["p95"])),
        Text(rate(option["max_requests_per_second"])),
        Text(score),
    ]


def side_by_side(plans: list[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Plans in columns: their load, their first and cheapest option, and how many hold."""
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 2))
    table.add_column("", style="dim", no_wrap=True)
    for name, _ in plans:
        table.add_column(name, overflow="fold")

    def row(label: str, cell: Callable[[dict[str, Any]], str]) -> None:
        table.add_row(label, *(Text(cell(plan)) for _, plan in plans))

    def of(which: str, figure: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
        return lambda plan: figure(plan[which]) if plan[which] else "nothing holds"

    def latencies(o: dict[str, Any]) -> str:
        p = o["predicted"]
        return f"{p['ttft_ms']['p95']:,.0f} ms · {p['itl_ms']['p95']:,.1f} ms · {seconds(p['e2e_ms']['p95'])}"

    def targets(plan: dict[str, Any]) -> str:
        slo = plan["slo_targets"]
        return f"{slo['ttft_p95_ms']:,g} ms · {slo['itl_p95_ms']:,g} ms · {seconds(slo['e2e_p95_ms'])}"

    row("Peak", lambda plan: f"{rate(plan['peak_requests_per_second'])} requests/s")
    row("Targets", targets)
    row("First", of("first", lambda o: f"{o['model_id'].split('/', 1)[1]}, {_setup(o)}"))
    row("  a month", of("first", lambda o: f"${o['cost_usd_per_month']:,.0f}"))
    row("  TTFT·ITL·E2E", of("first", latencies))
    row("Cheapest", of("cheapest", lambda o: f"${o['cost_usd_per_month']:,.0f}, {_setup(o)}"))
    row("Hold targets", lambda plan: f"{plan['holding_slo']:,} of {plan['considered']:,}")
    return table


def _setup(option: dict[str, Any]) -> str:
    return f"{option['replicas']} × {option['gpu_count']} {option['gpu_type']}"


def _footnote(found: list[dict[str, Any]], details: dict[str, Any]) -> str:
    dates = sorted({o["price"].rsplit(", ", 1)[1] for o in found})
    priced = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    order = f"Ranked {VIEWED[details['view']]}. " if details["view"] in VIEWED else ""
    tabled = [str(o["rank"]) for o in found if not o["simulated"]]
    sized = f"; {', '.join(tabled)} by the table, not simulated" if tabled else ""
    spare = details["specification"]["overrides"]["spare_replicas"]
    reading = (
        f"{order}“2 × 4 H100”: 2 replicas on 4 GPUs each, sized by simulation at peak with {details['headroom']:.0%} of capacity free"
        f"{f' and {spare} to spare' if spare else ''}{sized}. Bold numbers: no other is as good in cost, latency and quality at once."
        " Quality in %, * of the unquantised model."
    )
    ranks: dict[str, list[str]] = {}
    for option in found:
        ranks.setdefault(option["provenance"].split(",")[0], []).append(str(option["rank"]))
    origins = "; ".join(f"{origin} ({', '.join(numbers)})" for origin, numbers in ranks.items())
    errors = {error["steps"]: error for option in found if (error := option["estimate_error"])}
    off = " and ".join(f"{e['itl_median']:.0%} of ITL and {e['ttft_median']:.0%} of TTFT from {name}" for name, e in sorted(errors.items()))
    accuracy = f" Estimates were off by {off} (medians on unseen public runs)." if off else ""
    asked, planned = details["specification"]["traffic_profile"], details["benchmark_profile"]
    if asked != planned:
        mapped = f"{planned['prompt_tokens']}→{planned['output_tokens']} tokens"
        reading += f" Planned as {mapped}, the nearest traffic with benchmarks that is easier in neither."
    return f"{reading}\nLatencies {origins}.{accuracy} Prices on demand, {priced}."


CHANGES = {"create": "Creates", "update": "Changes", "unchanged": "Keeps", "delete": "Deletes", "absent": "Already gone"}


def approval(details: dict[str, Any]) -> list[RenderableType]:
    """What would be done, where, at what cost; the digest is what is approved. Below it, what changes in what is there."""
    deletes, chosen = details["action"] == "delete", details["recommendation"]
    rows = _plain_table()
    target = "the simulated cluster" if details["simulated"] else details["cluster"]
    rows.add_row("Target", Text(f"{target}, namespace {details['namespace']}", style="bold" if details["simulated"] else "bold red"))
    rows.add_row("Deployment", Text(details["name"]))
    for change, label in CHANGES.items():
        kinds = [c["kind"] for c in details["changes"] if c["change"] == change]
        if kinds:
            rows.add_row(label, Text(", ".join(kinds), style="red" if change == "delete" else ""))
    rows.add_row("Model", Text(details["model_id"]))
    if chosen and not deletes:
        rows.add_row("Replicas", Text(f"{chosen['replicas']} × {chosen['gpu_count']} {chosen['gpu_type']}"))
        billed = f"{chosen['gpus_billed']} × {chosen['price']}"
        rows.add_row("Cost", Text(f"${chosen['cost_usd_per_month']:,.2f} a month  ({billed})"))
        if not chosen["meets_slo"]:
            rows.add_row("Too few", Text("At the planned peak this many replicas would not hold the targets.", style="red"))
    elif chosen:
        rows.add_row("Saves", Text(f"${chosen['cost_usd_per_month']:,.2f} a month"))
    rows.add_row("Files", Text(f"{len(details['files'])}  (“show the manifests”)"))
    rows.add_row("Digest", Text(details["digest"], style=ACCENT))
    for owner in details["owners"]:
        fields = f": {', '.join(owner['fields'])}" if owner["fields"] else ""
        rows.add_row("Belongs to", Text(f"{owner['owner']}, the {owner['kind']}{fields}", style="red"))
    for problem in details["problems"]:
        rows.add_row("Problem", Text(f"{problem['file']}, {problem['field']}: {problem['text']}", style="red"))
    for note in details["notes"]:
        rows.add_row("Note", Text(note))
    parts: list[RenderableType] = [Panel(rows, title="Approval", border_style="red" if deletes else "yellow", box=box.ROUNDED)]
    for change in details["changes"]:
        if change["diff"]:
            title = f"{change['kind']} {change['name']}"
            parts.append(Panel(Syntax(change["diff"], "diff", background_color="default", word_wrap=True), title=title, box=box.ROUNDED))
    return parts


def status(details: dict[str, Any]) -> RenderableType:
    rows = _plain_table()
    colour = {"ready": "green", "pending": "yellow"}.get(details["phase"], "red")
    rows.add_row("Deployment", Text(f"{details['name']} in {details['namespace']} ({details['cluster']})"))
    rows.add_row("Phase", Text(details["phase"], style=f"bold {colour}"))
    rows.add_row("Replicas", Text(f"{details['replicas_ready']} of {details['replicas_wanted']} ready"))
    if details["age_seconds"] is not None:
        rows.add_row("Age", Text(_age(details["age_seconds"])))
    rows.add_row("Endpoint", Text(details["endpoint"] or "none yet"))
    if details["diagnosis"]:
        rows.add_row("Cause", Text(details["diagnosis"]["cause"], style="red"))
        rows.add_row("Remedy", Text(details["diagnosis"]["remedy"]))
    if details["drift"]:
        rows.add_row("Drift", Text(f"otherwise than approved: {', '.join(details['drift'][:6])}", style="yellow"))
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
            "Pod", Text(f"{pod['name']}  {pod['state']}{more}, {pod['node'] or 'no node'}", style="" if pod["ready"] else "yellow")
        )
    for event in details["events"][-3:]:
        rows.add_row("Event", Text(f"{event['reason']}: {event['message']}", style="dim"))
    return Panel(rows, title="Status", border_style=colour, box=box.ROUNDED)


def live(details: dict[str, Any]) -> RenderableType:
    """Latencies of a window against the targets, and how full the replicas are."""
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
    for name in ("", "p50", "p95", "p99", "Target p95", "Headroom", "Predicted p95"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for each in details["latencies"]:
        target, predicted, headroom = each["target_ms"], each["predicted_ms"], each["headroom"]
        table.add_row(
            each["metric"].upper(),
            *(_latency(v) for v in (each["p50_ms"], each["p95"]["value_ms"], each["p99_ms"])),
            "?" if target is None else _latency(target),
            "?" if headroom is None else Text(f"{headroom:.0%}", style="green" if headroom >= 0 else "bold red"),
            "?" if predicted is None else _latency(predicted),
        )
    load = (
        f"{details['requests']:,} requests by {details['replicas']} replica{'s' if details['replicas'] != 1 else ''},"
        f" {details['failed']:,} failed; now {details['running']} running,"
        f" {details['waiting']} waiting, KV cache {details['kv_cache_usage']:.0%} full"
    )
    held = details["held_share_24h"]
    day = "" if held is None else f"; within the targets in {held:.0%} of the last 24 hours' windows"
    return Group(table, Text(load + day, style="dim")) if details["latencies"] else Text(load + day, style="dim")


def validation(details: dict[str, Any]) -> RenderableType:
    """What the probe measured, with how sure that is."""
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
    for name in ("", "p95", f"{details['confidence']:.0%} interval", "Target p95", "Predicted p95", ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    colours = {"pass": "green", "warn": "yellow", "fail": "red"}
    for check in details["checks"]:
        low, high = (_latency(check[f"{side}_ms"]) if check[f"{side}_ms"] is not None else "?" for side in ("low", "high"))
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
    return Panel(table, title=f"Validation: {details['outcome']}", border_style=colour, box=box.ROUNDED, expand=False)


def _latency(ms: float) -> str:
    return f"{ms:,.1f} ms" if ms < 100 else f"{ms:,.0f} ms"


def plain_changes(found: Review) -> str:
    """One line for each object."""
    return "\n".join(f"  {CHANGES[c.change].lower()} {c.kind} {c.name}" for c in found.changes)


def deployment_list(found: list[DeploymentStatus]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
    for name in ("Deployment", "Model", "Phase", "Ready", "Age", "Drift"):
        table.add_column(name, overflow="fold", no_wrap=name != "Model")
    for s in found:
        drift = "?" if s.drift is None else f"{len(s.drift)} fields" if s.drift else "none"
        age = _age(s.age_seconds) if s.age_seconds is not None else "?"
        cells = (s.name, s.model_id or "?", s.phase, f"{s.replicas_ready}/{s.replicas_wanted}", age, drift)
        table.add_row(*(Text(cell) for cell in cells))
    return table


def outcome_list(found: list[Outcome]) -> RenderableType:
    """Predicted and observed p95s, each on a line of its own, so that it fits."""
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
    for name in ("Deployment", "Seen by", "Requests", "p95", "Predicted", "Observed", "Error", "Target"):
        table.add_column(name, overflow="fold", justify="right" if name in ("Predicted", "Observed", "Error", "Target") else "left")
    for o in found:
        load = f"{o.requests:,}" + (f", {o.failed:,} failed" if o.failed else "")
        load += f"\n{rate(o.requests_per_second)}/s" if o.requests_per_second is not None else ""
        columns = (
            [c.metric.upper() for c in o.compared],
            [_latency(c.predicted_ms) if c.predicted_ms else "?" for c in o.compared],
            [_latency(c.observed_ms) for c in o.compared],
            [f"{c.error:+.0%}" if c.error is not None else "?" for c in o.compared],
            [_latency(c.target_ms) for c in o.compared],
        )
        cells = (f"{o.name}\n{o.setup}", f"{o.kind}: {o.outcome}\n{o.at:%Y-%m-%d %H:%M}", load, *("\n".join(c) for c in columns))
        table.add_row(*(Text(cell) for cell in cells), end_section=True)
    return table


def audit_list(found: list[Audited]) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, header_style=f"bold {ACCENT}", pad_edge=False, padding=(0, 1))
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


def seconds(ms: float) -> str:
    return f"{ms / 1000:,.1f} s" if ms % 1000 else f"{ms / 1000:,.0f} s"


def _plain_table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table
