"""A report in the terminal, at most 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

from rich import box
from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table
from rich.text import Text

from evals.graders import Grade
from evals.report import Difference, Failure, Lines, Match, Rate, Report

MOST_FAILURES = 20


class Progress:
    """A bar where somebody watches, nothing elsewhere."""

    def __init__(self, console: Console, total: int) -> None:
        self._bar = Bar(
            TextColumn("Playing"),
            BarColumn(40),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=total)
        self._failed = 0

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._bar.stop()

    def graded(self, grade: Grade) -> None:
        self._failed += not grade.passed
        self._bar.update(self._task, advance=1, description=f"{self._failed} failed" if self._failed else "")


def tables(report: Report, against: Difference | None) -> Iterator[RenderableType]:
    """The parts to print, one below the other."""
    yield _categories(report)
    yield _figures(report)
    for about, lines in report.lines.items():
        yield _lines(about, lines)
    for failure in report.failures[:MOST_FAILURES]:
        yield _failure(failure)
    if len(report.failures) > MOST_FAILURES:
        yield Text(f"… and {len(report.failures) - MOST_FAILURES} more; --report DIR has them all.")
    if against:
        yield _against(against)
    yield Text(
        f"{report.total.passed} of {report.total.scenarios} scenarios pass; {report.unapproved_writes}"
        f" unapproved writes, {report.ungrounded_figures} ungrounded figures, {report.invented_values}"
        f" invented values; {report.seconds:g} s.",
        style="green" if report.clean else "red",
    )


def _categories(report: Report) -> Table:
    table = Table(
        box=box.SIMPLE,
        title=f"{report.model}, {report.trials} trial{'s' if report.trials > 1 else ''}",
        title_justify="left",
    )
    table.add_column("Category")
    for name in ("Scenarios", "pass^1", f"pass^{report.trials}"):
        table.add_column(name, justify="right")
    rows: list[tuple[str, Rate]] = [
        *((n.replace("_", " "), r) for n, r in report.categories.items()),
        ("all", report.total),
    ]
    for name, rate in rows:
        style = "" if rate.pass_k == 1 else "red"
        table.add_row(
            name,
            str(rate.scenarios),
            f"{rate.pass_1:.1%}",
            f"{rate.pass_k:.1%}",
            style=style,
            end_section=name == rows[-2][0],
        )
    return table


def _figures(report: Report) -> Table:
    table = Table(box=box.SIMPLE)
    for name in ("", "Precision", "Recall", "F1"):
        table.add_column(name, justify="right" if name else "left")
    for name, match in (
        ("reading tools", report.read_tools),
        ("writing tools", report.write_tools),
        ("specification fields", report.specification_fields),
    ):
        table.add_row(name, *_shares(match))
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in report.model_outcomes.items())
    table.caption = (
        f"{report.turns} turns: p50 {report.turn_p50_s:g} s, p95 {report.turn_p95_s:g} s"
        + (
            f"; {report.model_calls} model calls ({outcomes}), {report.input_tokens:,} tokens in,"
            f" {report.output_tokens:,} out"
            if outcomes
            else ""
        )
        + (f"; {report.removed_sentences} sentences left out" if report.removed_sentences else "")
    )
    table.caption_justify = "left"
    return table


def _shares(match: Match) -> list[str]:
    return ["–" if value is None else f"{value:.3f}" for value in (match.precision, match.recall, match.f1)]


def _lines(about: str, lines: Lines) -> RenderableType:
    """How many of the lines about one thing hold, and what the others wait for."""
    waits = sum(map(len, lines.waiting.values()))
    head = f"{lines.hold} of {lines.lines} lines about {about} hold ({lines.hold / lines.lines:.0%})"
    parts = [Text(f"{head}, {waits} wait." if waits else f"{head}.", style="bold")]
    parts += [
        Text(f"  {len(names):>2} for {why}: {', '.join(names)}") for why, names in lines.waiting.items()
    ]
    if lines.hold_by_now:
        parts.append(Text(f"  These hold by now: {', '.join(lines.hold_by_now)}", style="green"))
    return Group(*parts, Text())


def _failure(failure: Failure) -> RenderableType:
    where = f"turn {failure.turn}" if failure.turn else "the end"
    said = failure.turns[-1].said if failure.turns and failure.turn else ""
    lines = [
        Text(
            f"✗ {failure.scenario} ({failure.category}), trial {failure.trial + 1}, at {where}:"
            f" {failure.check}",
            style="red",
        )
    ]
    if said:
        lines.append(Text(f"  › {said}", style="bold"))
    lines += [
        Text(f"  wanted  {failure.wanted}"),
        Text(f"  found   {failure.found}"),
        *(Text(f"  also    {m}", style="dim") for m in failure.more[:3]),
    ]
    return Group(*lines, Text())


def _against(against: Difference) -> RenderableType:
    lines = [
        Text(f"{name}: {', '.join(scenarios)}", style="red" if name == "worse" else "")
        for name, scenarios in (
            ("worse", against.worse),
            ("better", against.better),
            ("new", against.new),
            ("gone", against.gone),
        )
        if scenarios
    ]
    lines += [Text(f"{name}: {before} → {now}") for name, (before, now) in against.figures.items()]
    return Group(Text("Against the baseline:", style="bold"), *(lines or [Text("as before")]), Text())
