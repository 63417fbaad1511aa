"""A trace in the terminal: its lengths, its rates with their curves, what is cached, its sessions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from agent.cards.parts import Cell, Column, Table
from agent.terminal.style import ACCENT, labelled
from agent.terminal.tables import Fitting
from knowledge.traffic.prefixes import Basis
from knowledge.traffic.summary import DailyCurve, Distribution, PrefixReuse, Sessions, TrafficSummary
from tools.wording import age, percent, rate

EIGHTHS = " ▁▂▃▄▅▆▇█"
HEIGHT = 4
"""Lines of the day's curve."""
FEWEST_BINS = 5
BASES: dict[Basis, str] = {
    "counted": "as the file counted it",
    "blocks": "by ids of blocks of {} tokens",
    "prefixes": "by shared prefixes and their lengths",
    "turns": "if each turn begins with those before it",
}


def traffic_summary(found: TrafficSummary) -> Group:
    return Group(*_parts(found))


def _parts(found: TrafficSummary) -> Iterator[RenderableType]:
    yield Text.assemble((found.name, f"bold {ACCENT}"), (f" · {found.kind}", "dim"))
    begins = f"from {found.begins_at:%Y-%m-%d %H:%M} on, " if found.begins_at else ""
    yield Text.assemble(
        f"{found.requests:,} requests in {age(found.span_s)}",
        (f" ({begins}its times are {found.clock})", "dim"),
    )
    yield Fitting(_lengths(found))
    rows = labelled()
    for label, text in _rows(found):
        rows.add_row(label, text)
    yield rows
    yield Text()
    if found.daily:
        yield from _daily(found.daily)
    elif len(found.over_time.requests_per_second) >= FEWEST_BINS:
        yield from _over_time(found)
    if found.left_out:
        yield Text("\nLeft out", style="bold")
        yield _bullets([left_out(each.count, each.reason, each.lines) for each in found.left_out], "yellow")
    if found.notes:
        yield Text("\nTo know", style="bold")
        yield _bullets(found.notes, "dim")


def left_out(count: int, reason: str, lines: Sequence[int]) -> str:
    places = ", ".join(f"{n:,}" for n in lines) + (" …" if count > len(lines) else "")
    return f"{count:,} {'lines' if count > 1 else 'line'} with {reason}: {places}"


def _lengths(found: TrafficSummary) -> Table:
    names = ("mean", "p50", "p90", "p95", "p99", "most")
    told = [Column(label=name, may_go=name in ("p90", "most")) for name in names]
    lines = []
    for label, tokens in (("Prompt", found.prompt_tokens), ("Answer", found.output_tokens)):
        figures = (f"{getattr(tokens, name):,.0f}" for name in names)
        lines.append([Cell(text=each) for each in (label, *figures, f"{tokens.spread:.2f}")])
    columns = [Column(label="Tokens", figures=False), *told, Column(label="spread", note="(CV)", may_go=True)]
    return Table(label="Tokens of a request", columns=columns, lines=lines)


def _rows(found: TrafficSummary) -> Iterator[tuple[str, Text]]:
    hour = f", {_per_s(found.peak_requests_per_second)} in the busiest hour" if found.span_s >= 3600 else ""
    yield "Rate", Text(f"{_per_s(found.mean_requests_per_second)} on average{hour}")
    if found.peak_minute_requests_per_second is not None:
        times = f", {found.minute_peak:.2f} times that hour’s mean" if found.minute_peak is not None else ""
        if found.span_s < 3600:
            times = times.replace("that hour’s", "the")
        yield "Highest minute", Text(_per_s(found.peak_minute_requests_per_second) + times)
    if found.burstiness is not None:
        yield (
            "Burstiness",
            Text.assemble(
                f"{found.burstiness:,.2f}" if found.burstiness < 10 else f"{found.burstiness:,.0f}",
                (f" (CV² of the times between requests, {found.burstiness_told}; 1 is Poisson)", "dim"),
            ),
        )
    yield "Prefix cache", _prefix(found.prefix) if found.prefix else Text("not told", style="dim")
    if found.sessions:
        yield from _sessions(found.sessions)


def _per_s(requests_per_second: float) -> str:
    if requests_per_second < 0.01:
        return f"{rate(requests_per_second * 3600)} requests an hour"
    return f"{rate(requests_per_second)} requests/s"


def _prefix(found: PrefixReuse) -> Text:
    basis = BASES[found.basis].format(f"{found.block_tokens:,}" if found.block_tokens else "")
    cache = (
        f", in a cache of {found.cache_tokens:,} tokens that drops what was used longest ago"
        if found.cache_tokens is not None
        else ", in a cache that keeps everything"
        if found.basis != "counted"
        else ""
    )
    return Text.assemble(
        f"holds {percent(found.hit_share)} of all prompts’ tokens,"
        f" {percent(found.hit_share_p50)} of the median prompt",
        (f" ({basis}{cache})", "dim"),
    )


def _sessions(found: Sessions) -> Iterator[tuple[str, Text]]:
    single = f", {percent(found.single_turn_share)} with one" if found.single_turn_share else ""
    yield (
        "Sessions",
        Text(
            f"{found.count:,}; turns {found.turns.mean:,.1f} on average, p50 {found.turns.p50:,.0f},"
            f" p90 {found.turns.p90:,.0f}{single}"
        ),
    )
    if found.think_s:
        since = (
            "since the answer before" if found.after_answers else "since the request before, answer included"
        )
        yield "Think time", Text.assemble(_times(found.think_s), (f" ({since})", "dim"))


def _times(found: Distribution) -> str:
    return f"p50 {age(found.p50)}, p90 {age(found.p90)}, mean {age(found.mean)}"


def _daily(curve: DailyCurve) -> Iterator[Text]:
    """Two signs an hour; each line is a part of the height."""
    rates = curve.requests_per_second
    most = max(rates)
    where = "by the hour" if curve.from_midnight else "by the hour since its first request"
    yield Text.assemble(
        ("A day ", "bold"),
        (f"{where}, mean of {curve.days:.1f} days; the quietest has {percent(curve.trough_share)}", "dim"),
        (" of the busiest", "dim"),
    )
    for line in reversed(range(HEIGHT)):
        levels = (round(8 * (r / most * HEIGHT - line)) for r in rates)
        drawn = "".join(2 * EIGHTHS[min(8, max(0, level))] for level in levels)
        label = f" {rate(most)}/s" if line == HEIGHT - 1 else ""
        yield Text.assemble((drawn, ACCENT), (label, "dim"))
    yield Text("0           6           12          18         24", style="dim")


def _over_time(found: TrafficSummary) -> Iterator[Text]:
    rates = found.over_time.requests_per_second
    most = max(rates)
    drawn = "".join(EIGHTHS[min(8, max(1, round(8 * r / most)))] if r else " " for r in rates)
    bins = f", {age(found.over_time.bin_s)} each"
    yield Text.assemble(("Over its time ", "bold"), (f"0 to {_per_s(most)}{bins}", "dim"))
    yield Text(drawn, style=ACCENT)


def _bullets(texts: Sequence[str], style: str) -> Grid:
    bullets = labelled(gap=1)
    for text in texts:
        bullets.add_row("•", Text(text, style=style))
    return bullets
