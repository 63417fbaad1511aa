"""The plan in the terminal: the specification, the options, plans side by side;
everything fits in 80 columns, and shows more in 100.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.text import Text

from agent.terminal.style import ACCENT, columns, labelled, seconds
from tools.specification import Specification, lower, told
from tools.wording import rate

VIEWED = {
    "lowest_cost": "by cost",
    "lowest_latency": "by latency",
    "best_quality": "by quality",
    "simplest": "by the number of GPUs",
}
CAPACITY = "Max\nreq/s"
HYPHEN = "-\n"
NAME_WIDTH, LEAST_NAME_WIDTH = 20, 12
"""Of a model's name in the table; longer ones break after a hyphen."""
GAP = 3
"""Between columns."""


def specification(spec: dict[str, Any]) -> RenderableType:
    """The specification card: what was understood, the targets, the demand and every assumption behind it."""
    found = Specification.model_validate(spec)
    shown = [row for row in told(found) if not row.assumed]
    rows = labelled()
    for row in shown:
        if row.is_set or row.explained:
            rows.add_row(row.label, Text(row.explained or row.text))
    rows.add_row("Not set", Text(", ".join(lower(row.label) for row in shown if row.is_open)))
    assumed = Text("Assumptions", style="bold")
    for assumption in found.assumptions:
        assumed.append(f"\n• {assumption.text}", style="not bold")
        assumed.append(f"  ({assumption.origin.split(':')[0]})", style="dim not bold")
    return Panel(Group(rows, Text(""), assumed), title="Specification", border_style=ACCENT, box=box.ROUNDED)


def options(details: dict[str, Any]) -> list[RenderableType]:
    """The options as a table, and below it what nearly fits and where the figures are from."""
    parts: list[RenderableType] = []
    found, misses = details["recommendations"], details["near_misses"]
    if details.get("before"):
        parts.append(side_by_side([("before", details["before"]), ("now", details["now"])]))
    if found:
        parts.append(_Options(details))
    else:
        why = "".join(f"\n• {count:,}: {reason}" for reason, count in details["excluded"].items())
        text = (
            f"No configuration holds all targets within your constraints. Of {details['considered']:,}"
            f" considered, excluded were{why}"
        )
        if not details["considered"]:
            text = "No configuration could be considered: no benchmark covers what you asked for."
        parts.append(Panel(Text(text), border_style="yellow", box=box.ROUNDED))
    if misses:
        near = Text(
            "Near misses" + (" (cheaper, but not within your targets)" if found else ""), style="bold"
        )
        for miss in misses:
            near.append(f"\n• {miss['relaxation']}", style="not bold")
            setup = f"{miss['model_id']} on {_setup(miss)}"
            near.append(f" → {setup}, ${miss['cost_usd_per_month']:,.0f} a month", style="not bold")
        parts.append(near)
    if found:
        parts.append(Text(_footnote(found, details), style="dim"))
    return parts


class _Options:
    """The table; names of models take what room the figures leave, and have the room of
    the capacity where that is too little.
    """

    def __init__(self, details: dict[str, Any]) -> None:
        self._found = details["recommendations"]
        self._slo = details["specification"]["slo_targets"]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        figures = [_figures(option, self._slo) for option in self._found]
        room = _room(figures, options.max_width)
        if room < NAME_WIDTH:
            for each in figures:
                del each[CAPACITY]
                each["GPUs"] = each["GPUs"].replace("× ", "×\n")
            room = _room(figures, options.max_width)
            if room < LEAST_NAME_WIDTH:
                yield from (self._listed(option, options.max_width - 4) for option in self._found)
                return
        table = columns()
        table.add_column("#", justify="right", no_wrap=True)
        table.add_column("Model", ratio=1, overflow="fold")
        for header in figures[0]:
            table.add_column(header, justify="left" if header == "GPUs" else "right", no_wrap=True)
        for option, each in zip(self._found, figures, strict=True):
            rank = Text(str(option["rank"]), style="bold" if option["pareto"] else "dim")
            table.add_row(rank, _name(option, room), *map(Text, each.values()))
        yield table

    def _listed(self, option: dict[str, Any], room: int) -> Text:
        """An option in lines of its own, where no table has room."""
        told = " · ".join(_in_line(header, text) for header, text in _figures(option, self._slo).items())
        rank = Text(f"{option['rank']:>2}  ", style="bold" if option["pareto"] else "dim")
        return Text.assemble(rank, _name(option, room), f"\n{told}\n")


def _in_line(header: str, text: str) -> str:
    """A figure with its header's lines: its name, and its target or its unit."""
    name, _, rest = header.replace(HYPHEN, "").partition("\n")
    return f"{name} {text} ({rest})" if rest.startswith("≤") else f"{name} {text} {rest}".rstrip()


def _room(figures: list[dict[str, str]], width: int) -> int:
    """What the columns of figures, and that of the number, leave of a width."""
    taken = [
        max(cell_len(line) for each in figures for line in f"{header}\n{each[header]}".split("\n"))
        for header in figures[0]
    ]
    return width - sum(taken) - len(str(len(figures))) - GAP * (len(taken) + 2)


def _name(option: dict[str, Any], width: int) -> Text:
    lines = [""]
    for part in re.findall(r"[^-]*-|[^-]+$", option["model_id"].split("/", 1)[1]):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    name = Text("\n".join(lines))
    marks = ", ".join(option["marks"])
    return name.append(f"\n{marks}", style="green") if marks else name


def _figures(option: dict[str, Any], slo: dict[str, Any]) -> dict[str, str]:
    p, quality = option["predicted"], option["quality"]
    known = quality["score"] if quality["score"] is not None else quality["base_score"]
    replicas = f"{option['replicas']} × " if option["replicas"] > 1 else ""
    return {
        "GPUs": f"{replicas}{option['gpu_count']} {option['gpu_type']}",
        "$/month": f"{option['cost_usd_per_month']:,.0f}",
        f"TTFT p95\n≤{slo['ttft_p95_ms']:,g} ms": f"{p['ttft_ms']['p95']:,.0f} ms",
        f"ITL p95\n≤{slo['itl_p95_ms']:,g} ms": f"{p['itl_ms']['p95']:,.1f} ms",
        f"E2E p95\n≤{seconds(slo['e2e_p95_ms'])}": seconds(p["e2e_ms"]["p95"]),
        CAPACITY: rate(option["max_requests_per_second"]),
        f"Qua{HYPHEN}lity": (
            "?" if known is None else f"{known:.0f}{'' if quality['score'] is not None else '*'}"
        ),
    }


def side_by_side(plans: list[tuple[str, dict[str, Any]]]) -> RenderableType:
    """Plans in columns: their load, their first and cheapest option, and how many hold."""
    table = columns(padding=2)
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
    row("  thinking", of("first", lambda o: o.get("thinking_in_words") or "not told"))
    row(
        "  context",
        of("first", lambda o: f"{o['context_tokens']:,} tokens" if o["context_tokens"] else "not known"),
    )
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
        f"{order}“2 × 4 H100”: 2 replicas on 4 GPUs each, sized by simulation at peak with"
        f" {details['headroom']:.0%} of capacity free{f' and {spare} to spare' if spare else ''}{sized}. Bold"
        " numbers: no other is as good in cost, latency and quality at once. Quality in %, * of the"
        " unquantised model."
    )
    contexts = _by_rank(
        (f"{o['context_tokens']:,}" if o["context_tokens"] else "not known", o["rank"]) for o in found
    )
    reading += f" Longest request, prompt and answer, in tokens: {contexts}."
    thinking = _by_rank((o.get("thinking_in_words") or "not told", o["rank"]) for o in found)
    reading += f" Thinking before the answer: {thinking}; quality is of this mode."
    begins = _by_rank(
        (seconds(o["first_answer_p95_ms"]), o["rank"]) for o in found if o.get("first_answer_p95_ms")
    )
    reading += f" After the thoughts the answer begins within (p95) {begins}." if begins else ""
    origins = _by_rank((o["provenance"].split(",")[0], o["rank"]) for o in found)
    errors = {error["steps"]: error for option in found if (error := option["estimate_error"])}
    off = " and ".join(
        f"{e['itl_median']:.0%} of ITL and {e['ttft_median']:.0%} of TTFT from {name}"
        for name, e in sorted(errors.items())
    )
    accuracy = f" Estimates were off by {off} (medians on unseen public runs)." if off else ""
    asked, planned = details["specification"]["traffic_profile"], details["benchmark_profile"]
    if asked != planned:
        mapped = f"{planned['prompt_tokens']}→{planned['output_tokens']} tokens"
        reading += f" Planned as {mapped}, the nearest traffic with benchmarks that is easier in neither."
    return f"{reading}\nLatencies {origins}.{accuracy} Prices on demand, {priced}."


def _by_rank(said: Iterable[tuple[str, int]]) -> str:
    """What is said of several options once, with their numbers behind it."""
    ranks: dict[str, list[str]] = {}
    for text, rank in said:
        ranks.setdefault(text, []).append(str(rank))
    return "; ".join(f"{text} ({', '.join(numbers)})" for text, numbers in ranks.items())
