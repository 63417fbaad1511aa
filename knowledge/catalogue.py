"""Use cases, models and GPUs: loaded from `data/`, validated, and looked up by exact id.

Units are in the names; `_gb` is 10^9 bytes, `_b` after a count means billions.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from typing import Annotated, Literal, Protocol, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.entries import Entry, data_text, validated
from knowledge.model import Model, QualityBenchmark
from knowledge.thinking import ThinkingDefaults, ThinkingMode


class TrafficProfile(BaseModel):
    """Tokens of one request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt_tokens: int = Field(gt=0, le=1_000_000)
    output_tokens: int = Field(gt=0, le=200_000)

    def __str__(self) -> str:
        return f"{self.prompt_tokens}→{self.output_tokens} tokens"


Metric = Literal["ttft", "itl", "e2e"]
METRICS: tuple[Metric, ...] = get_args(Metric)
Statistic = Literal["mean", "p50", "p90", "p95", "p99"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
"""At which a latency can be judged, in the order of every array of them."""


class SloTargets(BaseModel):
    """Targets in milliseconds: time to first token, inter-token latency, end to end; p95s, unless said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ttft_p95_ms: float = Field(gt=0, le=3_600_000)
    itl_p95_ms: float = Field(gt=0, le=600_000)
    e2e_p95_ms: float = Field(gt=0, le=86_400_000)
    instead: dict[Metric, dict[Statistic, Annotated[float, Field(gt=0, le=86_400_000)]]] = Field(
        default={},
        exclude_if=lambda value: not value,
        description=(
            "Metrics with other targets than their p95 above, which then is none: a figure for each"
            " statistic, or none at all, where the metric has no target"
        ),
    )

    def of(self, metric: Metric) -> dict[Statistic, float]:
        """The targets of a metric, the p95 first where it is one; empty where it has none."""
        return self.instead.get(metric, {"p95": p95_of(self, metric)})

    def loosest_ms(self, metric: Metric) -> float:
        """What one has to reckon with: the loosest target, and where there is none, the use case's p95."""
        return max(self.of(metric).values(), default=p95_of(self, metric))


class P95s(Protocol):
    """Of each metric in ms, whether asked for or predicted."""

    @property
    def ttft_p95_ms(self) -> float: ...
    @property
    def itl_p95_ms(self) -> float: ...
    @property
    def e2e_p95_ms(self) -> float: ...


def p95_of(figures: P95s, metric: Metric) -> float:
    return {"ttft": figures.ttft_p95_ms, "itl": figures.itl_p95_ms, "e2e": figures.e2e_p95_ms}[metric]


class DemandDefaults(BaseModel):
    """What turns users into requests per second at peak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active_fraction: float = Field(gt=0, le=1)
    requests_per_active_user_per_minute: float = Field(gt=0)
    peak_factor: float = Field(ge=1)
    arrivals: str
    burstiness: float = Field(ge=1)
    """Squared coefficient of variation of the times between requests: 1 is Poisson."""
    trough_fraction: float = Field(gt=0, le=1)
    """The quietest hour's rate as a share of the peak."""
    minute_peak: float = Field(ge=1)
    """The highest minute's rate over the hour's: what replicas that already run must
    carry until others have started.
    """


class LeastQuality(BaseModel):
    """Below which a model is offered as weaker, in percent by the mode that it is served in.

    It is what `rule` names of all qualities in that mode that are known of the catalogue, rounded down to a
    whole percent; `why` says why that much is asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Literal["lower quartile", "median"]
    off: float = Field(gt=0, le=100)
    on: float = Field(gt=0, le=100)
    why: str

    def of(self, mode: ThinkingMode) -> float:
        return self.off if mode == "off" else self.on


class UseCase(Entry):
    id: str
    title: str
    experience_class: Literal["instant", "conversational", "interactive", "deferred", "batch"]
    traffic_profile: TrafficProfile
    thinking: ThinkingDefaults
    slo_targets: SloTargets
    demand: DemandDefaults
    quality_weights: dict[QualityBenchmark, float] = Field(min_length=1)
    """How much each published benchmark says about this use; sums to 1."""
    least_quality: LeastQuality
    rationale: str

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> UseCase:
        if abs(sum(self.quality_weights.values()) - 1) > 1e-9:
            raise ValueError("quality_weights must sum to 1")
        return self


class Interconnect(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    gb_per_s: float = Field(gt=0)


class Gpu(Entry):
    id: str
    name: str
    architecture: Literal["ampere", "ada", "hopper", "blackwell", "cdna3"]
    memory_gb: float = Field(gt=0)
    bandwidth_gb_per_s: float = Field(gt=0)
    bf16_tflops: float = Field(gt=0)
    fp8_tflops: float | None = Field(gt=0)
    interconnect: Interconnect
    tdp_w: float = Field(gt=0)
    kernel_system: str | None
    """The name under which `aiconfigurator-core` carries vLLM kernel measurements of
    it; None where it has none.
    """
    resource: Literal["nvidia.com/gpu", "amd.com/gpu"]
    node_label: str
    aliases: list[str]

    @property
    def node_label_key(self) -> str:
        """The label by which a node says what GPU it has: NVIDIA's GPU feature
        discovery, AMD's node labeller.
        """
        return "nvidia.com/gpu.product" if self.resource == "nvidia.com/gpu" else "amd.com/gpu.product-name"


RENAMED = {"google/gemma-4-26B-A4B": "google/gemma-4-26B-A4B-it"}
"""Ids of earlier catalogues that named a base checkpoint, and what was meant."""


@cache
def use_cases() -> dict[str, UseCase]:
    return {
        u.id: u
        for u in validated(
            UseCase, json.loads(data_text("use_cases.json"))["use_cases"], "use_cases.json", "id"
        )
    }


@cache
def models() -> dict[str, Model]:
    """Every checkpoint by id; a variant of one in another format has its shape and
    licence, but scores of its own.
    """
    rows, file = [], json.loads(data_text("models.json"))
    for entry in file["models"]:
        variants = entry.pop("variants", [])
        entry["thinking"] = file["thinking"].get(entry.get("thinking"))
        rows += [entry, *(entry | {"quality": {}, "base_id": entry["id"]} | variant for variant in variants)]
    return {m.id: m for m in validated(Model, rows, "models.json", "id")}


@cache
def model_names() -> dict[str, list[str]]:
    """The names of models, each with the ids of its checkpoints in other weight formats behind its own."""
    names: dict[str, list[str]] = {}
    for entry in json.loads(data_text("models.json"))["models"]:
        names[entry["name"]] = [entry["id"], *(variant["id"] for variant in entry.get("variants", []))]
    return names


def models_in_words(ids: Sequence[str], most: int = 6) -> str:
    """Names in place of ids, one for all formats of a model where all are meant, and
    no more than can be read.
    """
    found: list[str] = []
    for name, all_formats in model_names().items():
        meant = [i for i in all_formats if i in ids]
        found += [name] if meant == all_formats else [models()[i].name for i in meant]
    return ", ".join(found[:most]) + (f" and {len(found) - most} more" if len(found) > most else "")


def same_models(ids: Sequence[str]) -> list[str]:
    """All checkpoints of some models, in whatever format."""
    bases = {models()[i].base_id or i for i in ids}
    return [i for i, m in models().items() if (m.base_id or i) in bases]


def checkpoints_in(formats: Collection[str], ids: Sequence[str]) -> list[str]:
    """Some models' checkpoints in a choice of formats: the same, if one of them is in it; else those of the
    same models that are; the same again where there are none.
    """

    def fitting(among: Sequence[str]) -> list[str]:
        return [i for i in among if models()[i].weight_format in formats]

    return list(ids) if fitting(ids) else fitting(same_models(ids)) or list(ids)


@cache
def gpus() -> dict[str, Gpu]:
    return {g.id: g for g in validated(Gpu, json.loads(data_text("gpus.json"))["gpus"], "gpus.json", "id")}


def traffic_profiles() -> tuple[TrafficProfile, ...]:
    """The GuideLLM profiles that benchmarks are made for, lightest first."""
    distinct = {
        (u.traffic_profile.prompt_tokens, u.traffic_profile.output_tokens) for u in use_cases().values()
    }
    return tuple(TrafficProfile(prompt_tokens=p, output_tokens=o) for p, o in sorted(distinct))
