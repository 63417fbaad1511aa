"""Use cases, models, GPUs and prices: loaded from `data/`, validated, and looked up by exact id.

Units are in the names; `_gb` is 10^9 bytes, `_b` after a count means billions.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from knowledge.errors import CompassError

WeightFormat = Literal["bf16", "fp8", "mxfp4"]


class Entry(BaseModel):
    """Every figure in the data files says where it is from and as of when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(min_length=1)
    date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


class TrafficProfile(BaseModel):
    """Tokens of one request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt_tokens: int = Field(gt=0, le=1_000_000)
    output_tokens: int = Field(gt=1, le=100_000)

    def __str__(self) -> str:
        return f"{self.prompt_tokens}→{self.output_tokens} tokens"


class SloTargets(BaseModel):
    """p95 targets in milliseconds: time to first token, inter-token latency, end to end."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ttft_p95_ms: float = Field(gt=0, le=3_600_000)
    itl_p95_ms: float = Field(gt=0, le=600_000)
    e2e_p95_ms: float = Field(gt=0, le=86_400_000)


class DemandDefaults(BaseModel):
    """What turns users into requests per second at peak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    active_fraction: float = Field(gt=0, le=1)
    requests_per_active_user_per_minute: float = Field(gt=0)
    peak_factor: float = Field(ge=1)
    arrivals: str


class UseCase(Entry):
    id: str
    title: str
    experience_class: Literal["instant", "conversational", "interactive", "deferred", "batch"]
    traffic_profile: TrafficProfile
    slo_targets: SloTargets
    demand: DemandDefaults
    rationale: str


class Experts(BaseModel):
    """A mixture of experts: how many there are in a layer, and how many a token visits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(gt=0)
    per_token: int = Field(gt=0)


class SlidingWindow(BaseModel):
    """Layers that attend to the last `tokens` only, so that their KV cache stops growing there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(gt=0)
    layers: int = Field(gt=0)


class Score(Entry):
    """One score that the model's own card or paper publishes, in percent."""

    value: float = Field(ge=0, le=100)


class Model(Entry):
    id: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    name: str
    provider: str
    family: str
    parameters_b: float = Field(gt=0)
    active_parameters_b: float = Field(gt=0)
    weight_format: WeightFormat
    published_weights_gb: float | None = Field(gt=0)
    layers: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    attention_heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    sliding_window: SlidingWindow | None
    experts: Experts | None
    context_tokens: int = Field(gt=0)
    license: str
    gated: bool
    recommended_for: list[str]
    quality: dict[Literal["mmlu_pro"], Score]

    @property
    def quality_score(self) -> float | None:
        """Percent, from the model's own publication; None where there is none."""
        score = self.quality.get("mmlu_pro")
        return score.value if score else None


class Interconnect(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    gb_per_s: float = Field(gt=0)


class Gpu(Entry):
    id: str
    name: str
    memory_gb: float = Field(gt=0)
    bandwidth_gb_per_s: float = Field(gt=0)
    bf16_tflops: float = Field(gt=0)
    fp8_tflops: float | None = Field(gt=0)
    interconnect: Interconnect
    tdp_w: float = Field(gt=0)
    resource: Literal["nvidia.com/gpu", "amd.com/gpu"]
    node_label: str
    aliases: list[str]


class Price(BaseModel):
    """An on-demand price of one GPU for one hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gpu_type: str
    provider: str
    region: str
    instance_type: str
    gpus_per_instance: int = Field(gt=0)
    usd_per_gpu_hour: float = Field(gt=0)
    effective_date: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    source: str = Field(min_length=1)


T = TypeVar("T", bound=BaseModel)


def data_text(name: str) -> str:
    """The text of one shipped data file."""
    return files("knowledge").joinpath("data", name).read_text(encoding="utf-8")


def _validated(kind: type[T], rows: Iterable[Any], file: str, key: str) -> tuple[T, ...]:
    adapter = TypeAdapter(kind)
    entries = []
    for number, row in enumerate(rows, start=1):
        try:
            entries.append(adapter.validate_python(row))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "entry"
            name = row.get(key, f"number {number}") if isinstance(row, dict) else f"number {number}"
            raise CompassError(f"{file}, entry {name}, field {where}: {first['msg']} (found {first['input']!r}).") from error
    return tuple(entries)


@cache
def use_cases() -> dict[str, UseCase]:
    return {u.id: u for u in _validated(UseCase, json.loads(data_text("use_cases.json"))["use_cases"], "use_cases.json", "id")}


@cache
def models() -> dict[str, Model]:
    return {m.id: m for m in _validated(Model, json.loads(data_text("models.json"))["models"], "models.json", "id")}


@cache
def gpus() -> dict[str, Gpu]:
    return {g.id: g for g in _validated(Gpu, json.loads(data_text("gpus.json"))["gpus"], "gpus.json", "id")}


@cache
def prices() -> tuple[Price, ...]:
    return _validated(Price, csv.DictReader(data_text("prices.csv").splitlines()), "prices.csv", "instance_type")


def cheapest_price(gpu_type: str) -> Price | None:
    """The lowest listed price of one GPU, or None where nobody lists one."""
    listed = [p for p in prices() if p.gpu_type == gpu_type]
    return min(listed, key=lambda p: (p.usd_per_gpu_hour, p.provider, p.region), default=None)


def traffic_profiles() -> tuple[TrafficProfile, ...]:
    """The GuideLLM profiles that benchmarks are made for, lightest first."""
    distinct = {(u.traffic_profile.prompt_tokens, u.traffic_profile.output_tokens) for u in use_cases().values()}
    return tuple(TrafficProfile(prompt_tokens=p, output_tokens=o) for p, o in sorted(distinct))
