"""One option: its line in the table, and what is told of it to whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

from agent.cards.charts import CurveQuery
from agent.cards.facts import OptionsFacts
from agent.cards.parts import Action, Cell, Piece, Row, Slice, Words
from knowledge.catalogue import METRICS, SloTargets
from tools.planning.least_quality import shortfall
from tools.planning.plan import Memory, Quality, Recommendation
from tools.planning.targets import every_target
from tools.wording import METRIC_NAMES, a_month, cost, latency, percent, rate, setup, short_name

UNKNOWN_LAST = 1e12
"""Sorts what isn't known behind everything."""
UNBEATEN = "No other is as good in cost, latency and quality at once"


class MemoryUse(Piece):
    """Of one replica's memory that vLLM may use."""

    heading: str
    slices: list[Slice]
    note: str


class Option(Piece):
    """A line of the table: one cell a column, with marks and badges to its name; `details` and what follows
    are for whoever asks for them.
    """

    rank: int
    unbeaten: bool
    cells: list[Cell]
    marks: list[Words]
    badges: list[Words]
    details: list[Row]
    compared: list[Row]
    memory: MemoryUse
    curve: CurveQuery
    choose: Action


def option_of(o: Recommendation, facts: OptionsFacts) -> Option:
    mode = [Words(text=o.thinking_in_words, tone="quiet")] if o.thinking_in_words else []
    spare = facts.specification.spare_replicas
    return Option(
        rank=o.rank,
        unbeaten=o.pareto,
        cells=_cells(o, facts.specification.slo_targets),
        marks=[
            *([Words(text=o.offered_as, tone="warn", why=shortfall(o) or "")] if o.offered_as else []),
            *(Words(text=mark, tone="good") for mark in o.marks),
        ],
        badges=[
            *([Words(text="Pareto", why=UNBEATEN)] if o.pareto else []),
            Words(text=o.provenance.split(":")[0], tone="quiet", why=o.provenance),
            *mode,
        ],
        details=[row for row in _details(o) if row.text],
        compared=_compared(o, facts.specification.slo_targets),
        memory=_memory(o.memory),
        curve=CurveQuery(
            model_id=o.model_id,
            gpu_type=o.gpu_type,
            gpu_count=o.gpu_count,
            prompt_tokens=facts.benchmark_profile.prompt_tokens,
            output_tokens=facts.benchmark_profile.output_tokens,
            share_of_peak=facts.specification.demand.peak_requests_per_second / max(1, o.replicas - spare),
            slo_targets=facts.specification.slo_targets,
        ),
        choose=Action(
            move="SelectOption",
            label="Choose",
            arguments={"rank": o.rank},
            style="primary",
            says=f"Option {o.rank}",
        ),
    )


def _cells(o: Recommendation, targets: SloTargets) -> list[Cell]:
    """What is more the better is sorted by its negative, so that the best comes first."""
    known = o.quality.known
    return [
        Cell(text=str(o.rank), sort=o.rank),
        Cell(text=short_name(o.model_id), sort=o.model_id),
        Cell(
            text=setup(o) if o.replicas > 1 else f"{o.gpu_count} {o.gpu_type}", sort=o.replicas * o.gpu_count
        ),
        Cell(text=f"{o.cost_usd_per_month:,.0f}" if o.cost_usd_per_month else "–", sort=o.cost_usd_per_month),
        *(
            Cell(
                text=latency(ms),
                sort=UNKNOWN_LAST if ms is None else ms,
                share=None if ms is None or target.ms is None else ms / target.ms,
            )
            for target in every_target(targets)
            for ms in [target.of(o.predicted)]
        ),
        Cell(text=rate(o.max_requests_per_second), sort=-o.max_requests_per_second),
        Cell(text=_quality(o.quality), sort=1.0 if known is None else -known, why=o.quality.source),
    ]


def _quality(quality: Quality) -> str:
    return "?" if quality.known is None else f"{quality.known:.0f}{'*' if quality.score is None else ''}"


def _compared(o: Recommendation, targets: SloTargets) -> list[Row]:
    return [
        Row(label="Model", text=short_name(o.model_id)),
        Row(label="GPUs", text=setup(o)),
        Row(label="Cost a month", text=cost(o.cost_usd_per_month)),
        *(
            Row(label=f"{target.name} ({target.note})", text=latency(target.of(o.predicted)))
            for target in every_target(targets)
        ),
        Row(label="Up to", text=f"{rate(o.max_requests_per_second)} requests/s"),
        Row(label="Mode", text=o.thinking_in_words or "not told"),
        Row(label="Quality", text=f"{_quality(o.quality)}{f' ({o.offered_as})' if o.offered_as else ''}"),
        Row(label="Figures", text=o.provenance.split(":")[0]),
        Row(label="Score", text=f"{o.score:.0f} of 100"),
    ]


def _details(o: Recommendation) -> Iterator[Row]:
    yield Row(label="Model", text=o.model_id)
    yield Row(label="Mode", text=o.thinking_in_words)
    if o.first_answer_p95_ms:
        begins = f"after {latency(o.first_answer_p95_ms)} (p95)"
        yield Row(
            label="Answer begins",
            text=f"{begins}: the first token comes within TTFT, but is of the thoughts",
        )
    if o.context_tokens:
        at_once = f"; room for {o.context_at_once:,} of that length at once" if o.context_at_once else ""
        yield Row(label="Context", text=f"{o.context_tokens:,} tokens of prompt and answer{at_once}")
    yield Row(label="Why", text="; ".join(o.reasons))
    yield Row(label="Note", text="; ".join(o.notes))
    percentiles = " · ".join(
        f"{METRIC_NAMES[m]} {latency(p.p50)} / {latency(p.p95)} / {latency(p.p99)}"
        for m in METRICS
        for p in [o.predicted.of(m)]
    )
    yield Row(label="Percentiles", text=f"{percentiles} (p50 / p95 / p99)")
    simulated = "simulating vLLM’s scheduler under your arrivals"
    yield Row(label="Sized by", text=simulated if o.simulated else "interpolation in the benchmark table")
    yield Row(label="Latencies from", text=o.provenance)
    if error := o.estimate_error:
        off = f"{percent(error.itl_median)} for ITL and {percent(error.ttft_median)} for TTFT"
        yield Row(label="Such estimates", text=f"were off by {off} (medians on unseen public runs)")
    yield Row(label="Price", text=f"{o.gpus_billed} × {o.price}")
    made_of = f"{o.quality.scores} ({o.quality.source})" if o.quality.scores else o.quality.source
    yield Row(label="Quality", text=made_of)
    yield Row(label="Less than asked", text=shortfall(o) or "", tone="warn")
    auto = o.autoscaling
    if auto.min_replicas < auto.max_replicas:
        least = a_month(auto.cost_at_min_usd_per_month)
        text = f"{auto.min_replicas} to {auto.max_replicas} replicas; {least} at the least"
        yield Row(label="Autoscaling", text=text)


def _memory(memory: Memory) -> MemoryUse:
    slices = [
        Slice(label=label, text=f"{gib:,.1f} GiB", share=gib / memory.usable_gib)
        for label, gib in (
            ("weights", memory.weights_gib),
            ("KV cache", memory.kv_cache_gib),
            ("activations", memory.activations_gib),
            ("drivers", memory.non_torch_gib),
        )
    ]
    return MemoryUse(
        heading=f"Memory of one replica: {memory.usable_gib:,.0f} GiB that vLLM may use",
        slices=slices,
        note=f"Room for {memory.room}.",
    )
