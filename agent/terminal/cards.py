"""What the terminal shows for each kind of event, with rich; everything fits in 100 columns."""

from __future__ import annotations

import textwrap
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from agent.events import CheckpointEvent
from tools.specification import rate

ACCENT = "cyan"
NAME_WIDTH = 31
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
        return [approval(details)]
    if kind == "manifests":
        return [
            Panel(Syntax(f["content"].rstrip(), "yaml", background_color="default"), title=f["path"], box=box.ROUNDED)
            for f in details["files"]
        ]
    if kind == "status":
        return [status(details)]
    return []


def specification(spec: dict[str, Any]) -> RenderableType:
    """The specification card: what was understood, the targets, the demand and every assumption behind it."""
    intent, slo, demand = spec["intent"], spec["slo_targets"], spec["demand"]
    rows = _plain_table()
    rows.add_row("Use case", Text(intent["use_case"]))
    if intent["user_count"] is not None:
        rows.add_row("Users", Text(f"{intent['user_count']:,}"))
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
        ("Models", ", ".join(intent["preferred_models"])),
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
    if details.get("what_if"):
        parts.append(Text(f"What if: {details['what_if']}  (“undo” goes back)", style="yellow"))
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
        for option in found:
            table.add_row(*_option_row(option))
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
            setup = f"{miss['model_id']} on {miss['replicas']} × {miss['gpu_count']} {miss['gpu_type']}"
            near.append(f" → {setup}, ${miss['cost_usd_per_month']:,.0f} a month", style="not bold")
        parts.append(near)
    if found:
        parts.append(Text(_footnote(found, details["headroom"]), style="dim"))
    return parts


def _option_row(option: dict[str, Any]) -> list[RenderableType]:
    p = option["predicted"]
    first = option["reasons"][0] if option["reasons"] else ""
    marks = first if not first.startswith("holds") else ""
    name = Text("\n".join(textwrap.wrap(option["model_id"].split("/", 1)[1], NAME_WIDTH)))
    if marks:
        name.append(f"\n{marks}", style="green")
    replicas = f"{option['replicas']} × " if option["replicas"] > 1 else ""
    return [
        Text(str(option["rank"]), style="bold"),
        name,
        Text(f"{replicas}{option['gpu_count']} {option['gpu_type']}"),
        Text(f"{option['cost_usd_per_month']:,.0f}"),
        Text(f"{p['ttft_ms']['p95']:,.0f} ms"),
        Text(f"{p['itl_ms']['p95']:,.1f} ms"),
        Text(seconds(p["e2e_ms"]["p95"])),
        Text(rate(option["max_requests_per_second"])),
    ]


def _footnote(found: list[dict[str, Any]], headroom: float) -> str:
    dates = sorted({o["price"].rsplit(", ", 1)[1] for o in found})
    priced = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    reading = f"“2 × 4 H100”: 2 replicas on 4 GPUs each. {headroom:.0%} of each replica's capacity is kept free."
    ranks: dict[str, list[str]] = {}
    for option in found:
        ranks.setdefault(option["provenance"].split(",")[0], []).append(str(option["rank"]))
    origins = "; ".join(f"{origin} ({', '.join(numbers)})" for origin, numbers in ranks.items())
    errors = {error["steps"]: error for option in found if (error := option["estimate_error"])}
    off = " and ".join(f"{e['itl_median']:.0%} of ITL and {e['ttft_median']:.0%} of TTFT from {name}" for name, e in sorted(errors.items()))
    accuracy = f" Estimates were off by {off} (medians on unseen public runs)." if off else ""
    return f"{reading}\nLatencies {origins}.{accuracy} Prices on demand, {priced}."


def approval(details: dict[str, Any]) -> RenderableType:
    """What would be applied, where, at what cost; the digest is what is approved."""
    chosen = details["recommendation"]
    rows = _plain_table()
    target = "the simulated cluster" if details["simulated"] else details["cluster"]
    rows.add_row("Target", Text(f"{target}, namespace {details['namespace']}", style="bold" if details["simulated"] else "bold red"))
    rows.add_row("Creates", Text(f"InferenceService and ServiceAccount {details['name']}"))
    rows.add_row("Model", Text(chosen["model_id"]))
    rows.add_row("Replicas", Text(f"{chosen['replicas']} × {chosen['gpu_count']} {chosen['gpu_type']}"))
    rows.add_row("Cost", Text(f"${chosen['cost_usd_per_month']:,.2f} a month  ({chosen['price']})"))
    rows.add_row("Files", Text(", ".join(f["path"] for f in details["files"]) + "  (“show the manifests”)"))
    rows.add_row("Digest", Text(details["digest"], style=ACCENT))
    for problem in details["problems"]:
        rows.add_row("Problem", Text(f"{problem['file']}, {problem['field']}: {problem['text']}", style="red"))
    return Panel(rows, title="Approval", border_style="yellow", box=box.ROUNDED)


def status(details: dict[str, Any]) -> RenderableType:
    rows = _plain_table()
    colour = {"ready": "green", "pending": "yellow"}.get(details["phase"], "red")
    rows.add_row("Deployment", Text(f"{details['name']} in {details['namespace']} ({details['cluster']})"))
    rows.add_row("Phase", Text(details["phase"], style=f"bold {colour}"))
    rows.add_row("Replicas", Text(f"{details['replicas_ready']} of {details['replicas_wanted']} ready"))
    rows.add_row("Endpoint", Text(details["endpoint"] or "none yet"))
    for event in details["events"][-3:]:
        rows.add_row("Event", Text(f"{event['reason']}: {event['message']}", style="dim"))
    return Panel(rows, title="Status", border_style=colour, box=box.ROUNDED)


def seconds(ms: float) -> str:
    return f"{ms / 1000:,.1f} s" if ms % 1000 else f"{ms / 1000:,.0f} s"


def _plain_table() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    return table
