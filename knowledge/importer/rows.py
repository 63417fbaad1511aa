"""Checking rows: types, ranges, units, order of percentiles, known GPU; a reason in
words for each that is refused.
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from knowledge.benchmarks import STATISTICS, Benchmark, Percentiles
from knowledge.catalogue import METRICS, gpus
from knowledge.importer.load import Load

Latency = Annotated[float, Field(gt=0, lt=86_400_000, allow_inf_nan=False)]
LEAST_TTFT_MS = 1.0
LEAST_ITL_MS = 0.2
"""No engine answers in less: a smaller figure is in seconds."""
LONGEST_ITL_MS = 10_000.0
HUB_ID = r"^[\w.-]+/[\w.:-]+$"


def gpu_named(said: str) -> str | None:
    """A GPU of the catalogue by its id, name, an alias, or the label that a node carries."""
    wanted = said.strip().lower()
    return next(
        (
            g.id
            for g in gpus().values()
            if wanted in {g.id.lower(), g.node_label.lower(), g.name.lower(), *g.aliases}
        ),
        None,
    )


class ImportedRow(BaseModel):
    """One measured load of one replica, latencies in ms. Extra columns of other tools are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_id: str = Field(max_length=200)
    gpu_type: str
    gpu_count: int = Field(gt=0, le=1024)
    prompt_tokens: int = Field(gt=0, le=10_000_000)
    output_tokens: int = Field(gt=1, le=1_000_000)
    requests_per_second: float = Field(gt=0, le=1e6, allow_inf_nan=False)
    ttft_p50_ms: Latency | None = None
    ttft_p90_ms: Latency | None = None
    ttft_p95_ms: Latency | None = None
    ttft_p99_ms: Latency | None = None
    ttft_mean_ms: Latency | None = None
    itl_p50_ms: Latency | None = None
    itl_p90_ms: Latency | None = None
    itl_p95_ms: Latency | None = None
    itl_p99_ms: Latency | None = None
    itl_mean_ms: Latency | None = None
    e2e_p50_ms: Latency | None = None
    e2e_p90_ms: Latency | None = None
    e2e_p95_ms: Latency | None = None
    e2e_p99_ms: Latency | None = None
    e2e_mean_ms: Latency | None = None
    output_tokens_per_second: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    concurrency: int | None = Field(default=None, gt=0)
    provenance: Literal["measured", "observed", "estimated"] = "measured"
    source: str | None = Field(default=None, max_length=500)
    engine: str = Field(default="engine not stated", min_length=1, max_length=200)
    date: datetime.date | None = None

    @field_validator("gpu_type")
    @classmethod
    def _known_gpu(cls, value: str) -> str:
        found = gpu_named(value)
        if found is None:
            raise ValueError(f"unknown GPU {value!r}; known are {', '.join(gpus())}")
        return found

    @field_validator("model_id", mode="before")
    @classmethod
    def _hub_id(cls, value: Any) -> Any:
        if isinstance(value, str) and not re.match(HUB_ID, value):
            raise ValueError(
                f"{value[:60]!r} is no model's id on the hub but a path or an alias: say which model it is"
                " with --model"
            )
        return value

    @model_validator(mode="after")
    def _plausible(self) -> ImportedRow:
        for metric in METRICS:
            stated = [(s, getattr(self, f"{metric}_{s}_ms")) for s in STATISTICS]
            if all(value is None for s, value in stated if s in ("p95", "mean")):
                raise ValueError(f"{metric}_p95_ms is missing (and {metric}_mean_ms as well)")
            known = [(s, value) for s, value in stated if value is not None and s != "mean"]
            for (low, a), (high, b) in itertools.pairwise(known):
                if b < a:
                    raise ValueError(f"{metric}_{high}_ms ({b:g}) is below {metric}_{low}_ms ({a:g})")
        for metric, least in (("ttft", LEAST_TTFT_MS), ("itl", LEAST_ITL_MS)):
            for s in STATISTICS:
                value = getattr(self, f"{metric}_{s}_ms")
                if value is not None and value < least:
                    raise ValueError(
                        f"a {metric.upper()} of {value:g} ms is probably in seconds: {value * 1000:g} ms?"
                    )
                if metric == "itl" and value is not None and value > LONGEST_ITL_MS:
                    raise ValueError(f"an ITL of {value:g} ms is probably not in milliseconds")
        return self._end_to_end()

    def _end_to_end(self) -> ImportedRow:
        """E2E is at least TTFT, and about TTFT + ITL x (output - 1): far off,
        something is in another unit.
        """
        for s in ("p50", "mean", "p95"):
            ttft, itl, e2e = (getattr(self, f"{metric}_{s}_ms") for metric in METRICS)
            if e2e is None or ttft is None:
                continue
            expected = ttft + (itl or 0.0) * (self.output_tokens - 1)
            if e2e < ttft:
                seconds = " It is probably in seconds." if expected / 3 < e2e * 1000 < expected * 3 else ""
                raise ValueError(f"the {s} of E2E ({e2e:g} ms) is below that of TTFT ({ttft:g} ms).{seconds}")
            if itl is not None and not expected / 10 < e2e < expected * 10:
                raise ValueError(
                    f"the {s} of E2E is {e2e:g} ms, but TTFT + ITL x (output tokens - 1) is {expected:,.0f}"
                    " ms: is one in other units?"
                )
        return self

    def benchmark(self, default_source: str) -> Benchmark:
        latencies = {m: Percentiles(*(getattr(self, f"{m}_{s}_ms") for s in STATISTICS)) for m in METRICS}
        return Benchmark(
            model_id=self.model_id,
            gpu_type=self.gpu_type,
            gpu_count=self.gpu_count,
            prompt_tokens=self.prompt_tokens,
            output_tokens=self.output_tokens,
            requests_per_second=self.requests_per_second,
            ttft_ms=latencies["ttft"],
            itl_ms=latencies["itl"],
            e2e_ms=latencies["e2e"],
            output_tokens_per_second=self.output_tokens_per_second,
            concurrency=self.concurrency,
            provenance=self.provenance,
            source=self.source or default_source,
            engine=self.engine,
            date=(self.date or datetime.date.today()).isoformat(),
        )


Key = tuple[object, ...]


@dataclass(frozen=True)
class Checked:
    """The rows that hold; a sentence for each that is wrong; and one for each that is
    right and says nothing that plans could use.
    """

    good: list[Benchmark]
    wrong: list[str]
    left_out: list[str]


def key_of(row: Benchmark) -> Key:
    """What a later measurement of the same replaces: at the same rate, or with as many requests in flight."""
    load = ("in flight", row.concurrency) if row.concurrency else ("rate", row.requests_per_second)
    return (
        row.model_id,
        row.gpu_type,
        row.gpu_count,
        row.prompt_tokens,
        row.output_tokens,
        *load,
        row.provenance,
    )


def check(rows: Iterable[tuple[str, dict[str, Any]]], default_source: str) -> Checked:
    """Each row, with the words for where it is, is held to the same, whichever format it has."""
    good: dict[Key, tuple[str, Benchmark]] = {}
    wrong: list[str] = []
    left_out: list[str] = []
    for where, raw in rows:
        load = raw.get("_load") or Load()
        apart = load.kept_apart()
        if "_reason" in raw:
            wrong.append(f"{where}: {raw['_reason']}.")
            continue
        if apart is not None:
            left_out.append(f"{where}{_at_rate(raw)}: {apart}.")
            continue
        try:
            row = ImportedRow.model_validate(raw).benchmark(default_source)
        except ValidationError as error:
            reason = _in_words(error)
            wrong.append(f"{where}: {reason}" if reason.endswith(("?", ".")) else f"{where}: {reason}.")
            continue
        before = good.get(key_of(row))
        if before is not None and load.offered_per_second is None and not row.concurrency:
            wrong.append(
                f"{where}: the same configuration and rate as {before[0]}; only one of them can stay."
            )
            continue
        if before is not None:
            left_out.append(f"{before[0]}{_at_rate(raw)}: {where} repeats it, and the later one stands.")
        good[key_of(row)] = (where, row)
    return Checked([row for _, row in good.values()], wrong, left_out)


def _at_rate(raw: dict[str, Any]) -> str:
    rate = raw.get("requests_per_second")
    return f" ({rate:.3g} requests/s)" if isinstance(rate, int | float) and rate > 0 else ""


def _in_words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    return f"{field}: {first['msg'][0].lower()}{first['msg'][1:]} (found {str(first['input'])[:60]!r})"
