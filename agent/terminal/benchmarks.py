"""Tables of `compass benchmarks`, within 100 columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from knowledge.benchmarks import Benchmark, Percentiles
from tools.wording import rate

if TYPE_CHECKING:
    from knowledge.coverage import Coverage
    from knowledge.estimator.accuracy import Report


def row_table(rows: Sequence[Benchmark]) -> Table:
    """One line a row: the configuration, the load, p95s (or means, marked), where it is from."""
    table = _table("Model", "GPUs", "Profile", "Req/s", "TTFT ms", "ITL ms", "E2E s", "Origin")
    for column in table.columns[1:]:
        column.no_wrap = True
    for column in table.columns[3:7]:
        column.justify = "right"
    for row in rows:
        table.add_row(
            Text(row.model_id, overflow="fold"),
            f"{row.gpu_count} x {row.gpu_type}",
            f"{row.prompt_tokens}→{row.output_tokens}",
            rate(row.requests_per_second),
            _latency(row.ttft_ms),
            _latency(row.itl_ms),
            _latency(row.e2e_ms, 1000),
            row.provenance,
        )
    table.caption = "p95; ø marks a mean, where the source states no p95"
    return table


def _latency(seen: Percentiles, unit_ms: float = 1.0) -> str:
    value, mark = (seen.p95, "") if seen.p95 is not None else (seen.mean, "ø")
    if value is None:
        return ""
    return f"{mark}{value / unit_ms:,.1f}" if value / unit_ms < 100 else f"{mark}{value / unit_ms:,.0f}"


def coverage_table(found: Coverage) -> Table:
    """A line a GPU type: models, configurations (model x number of GPUs), rows by kind."""
    table = _table("GPU", "Models", "Config.", "Estimated", "by kernels", "Measured", "Observed")
    for column in table.columns[1:]:
        column.justify = "right"
    for gpu in found.gpus:
        estimated = gpu.by_kernels + gpu.by_roofline
        share = f"{gpu.by_kernels / estimated:.0%}" if estimated else ""
        table.add_row(
            gpu.gpu_type,
            str(gpu.models),
            f"{gpu.configurations:,}",
            f"{estimated:,}",
            share,
            f"{gpu.measured:,}",
            f"{gpu.observed:,}",
        )
    return table


def coverage_text(found: Coverage) -> Text:
    """The sums, and what is missing."""
    profiles = ", ".join(f"{name} {rows:,}" for name, rows in found.profiles.items())
    lines = [
        f"{found.rows:,} rows, {found.models} models, {len(found.gpus)} GPU types.",
        f"Rows by traffic profile: {profiles}.",
    ]
    if found.missing:
        lines.append(f"Missing: {len(found.missing):,} that would fit, such as {found.missing[0]}.")
    else:
        lines.append(
            "Every configuration that fits has every traffic profile that its model's context and its memory"
            " allow."
        )
    if found.withheld:
        lines.append(
            f"{found.withheld} configurations aren't planned with: their estimates are in doubt until they"
            " are mended or measured."
        )
    return Text("\n".join(lines))


def accuracy_table(groups: Sequence[Report]) -> Table:
    """Median and 90th percentile of the absolute error, by group of measured rows."""
    table = _table("Measured rows", "Rows", "ITL median", "9 in 10", "TTFT median", "9 in 10")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for group in groups:
        figures = (group.itl.median, group.itl.p90, group.ttft.median, group.ttft.p90)
        table.add_row(group.group, str(group.itl.rows), *(f"{figure:.1%}" for figure in figures))
    return table


def accuracy_text(left: dict[str, int]) -> Text:
    """What the errors are of, and what was not compared."""
    reasons = "; ".join(f"{count} {reason}" for reason, count in left.items())
    return Text(
        "Absolute errors of mean TTFT and mean ITL, against public vLLM runs at a fixed number of requests"
        " in flight. Unseen: no constant was fitted on any row of that model, GPU and number of GPUs; the"
        f" split is by a hash, written down beforehand. Not priced: {reasons or 'none'}."
    )


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold")
    for column in columns:
        table.add_column(column)
    return table
