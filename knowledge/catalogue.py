"""Use cases, models, GPUs and prices: loaded from `data/`, validated, and looked up by exact id.

Units are in the names; `_gb` is 10^9 bytes, `_b` after a count means billions.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from knowledge.entries import Entry
from knowledge.errors import CompassError
from knowledge.thinking import Thinking, ThinkingDefaults, ThinkingMode

WeightFormat = Literal["bf16", "fp8", "fp8_block", "int8", "w4a16", "mxfp4"]
"""fp8: a scale for each channel; fp8_block: for each block of 128 x 128; int8: W8A8;
w4a16: 4-bit weights in groups of 128.
"""
LicenseKind = Literal["permissive", "community", "non-commercial"]
"""permissive: Apache-2.0 or MIT; community: the makers' own terms, which allow
commercial use within limits.
"""
LICENSE_KINDS: tuple[LicenseKind, ...] = get_args(LicenseKind)
QualityBenchmark = Literal["mmlu_pro", "gpqa", "ifeval", "humaneval", "livecodebench"]


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
    burstiness: float = Field(ge=1)
    """Squared coefficient of variation of the times between requests: 1 is Poisson."""
    trough_fraction: float = Field(gt=0, le=1)
    """The quietest hour's rate as a share of the peak."""
    minute_peak: float = Field(ge=1)
    """The highest minute's rate over the hour's: what replicas that already run must
    carry until others have started.
    """


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
    rationale: str

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> UseCase:
        if abs(sum(self.quality_weights.values()) - 1) > 1e-9:
            raise ValueError("quality_weights must sum to 1")
        return self


class Experts(BaseModel):
    """A mixture of experts: how many there are in a layer, how many a token visits, and how wide one is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(gt=0)
    per_token: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)


class SlidingWindow(BaseModel):
    """Layers that attend to the last `tokens` only, so that their KV cache stops growing there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: int = Field(gt=0)
    layers: int = Field(gt=0)


class GlobalAttention(BaseModel):
    """The KV shape of the layers without a window, where it differs from that of the others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)


class LatentAttention(BaseModel):
    """Multi-head latent attention (MLA): one compressed vector a token and layer
    instead of keys and values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rank: int = Field(gt=0)
    rope_dim: int = Field(gt=0)


class Score(Entry):
    """One score that the model's own card or paper publishes, in percent."""

    value: float = Field(ge=0, le=100)


_TUNED = re.compile(r"(?:^|-)(?:instruct|it|chat|distill)(?:-|$)")
_BASE = re.compile(r"-(?:base|pt)(?:-|$)")
_TUNED_UNDER_THE_BARE_NAME = (
    "qwen3",
    "deepseek-v",
    "deepseek-r",
    "granite-4",
    "smollm3",
    "glm-",
    "nvidia-nemotron",
    "gpt-oss",
    "phi-4",
    "minimax-m",
)
"""Families that mark their base checkpoints (“-Base”) and not those that answer; in all
others a bare name is the base's.
"""


RENAMED = {"google/gemma-4-26B-A4B": "google/gemma-4-26B-A4B-it"}
"""Ids of earlier catalogues that named a base checkpoint, and what was meant."""


class Model(Entry):
    """A checkpoint, by its exact id; `attention_layers` are those that hold a KV
    cache (fewer than all in hybrids).
    """

    id: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    name: str
    base_id: str | None = None
    """The checkpoint that this one was quantised from; None for an original."""
    provider: str
    family: str
    parameters_b: float = Field(gt=0)
    active_parameters_b: float = Field(gt=0)
    weight_format: WeightFormat
    published_weights_gb: float | None = Field(gt=0)
    layers: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)
    vocabulary: int = Field(gt=0)
    tied_embeddings: bool
    attention_heads: int = Field(gt=0)
    kv_heads: int = Field(gt=0)
    head_dim: int = Field(gt=0)
    attention_layers: int = Field(gt=0)
    sliding_window: SlidingWindow | None
    global_attention: GlobalAttention | None
    latent_attention: LatentAttention | None
    state_mb_per_sequence: float | None = Field(gt=0)
    """What the layers without attention (Mamba, gated delta net) keep for each
    sequence, however long it is.
    """
    experts: Experts | None
    context_tokens: int = Field(gt=0)
    license: str
    gated: bool
    kernel_config: str | None
    """The configuration of this shape that `aiconfigurator-core` carries; None where it has none."""
    recommended_for: list[str]
    thinking: Thinking | None
    """None where it isn't known."""
    quality: dict[ThinkingMode, dict[QualityBenchmark, Score]]
    """By the mode that each score was measured in."""

    @model_validator(mode="after")
    def _scores_are_of_its_modes(self) -> Model:
        modes: dict[str, set[ThinkingMode]] = {
            "never": {"off"},
            "always": {"on"},
            "switchable": {"off", "on"},
        }
        if not self.quality.keys() <= (modes[self.thinking.modes] if self.thinking else set()):
            raise ValueError("quality has scores of a mode that the model doesn't have")
        return self

    @field_validator("id")
    @classmethod
    def _answers_chats(cls, value: str) -> str:
        name = value.split("/", 1)[1].lower()
        if _BASE.search(name) or not (_TUNED.search(name) or name.startswith(_TUNED_UNDER_THE_BARE_NAME)):
            raise ValueError(
                "is a base checkpoint, which has no chat template: name the one that was tuned to answer, as"
                " -Instruct or -it"
            )
        return value

    @property
    def license_kind(self) -> LicenseKind:
        """By the licence's name; what is neither permissive nor for research only is the makers' own."""
        if "non-commercial" in self.license.lower():
            return "non-commercial"
        return "permissive" if self.license in ("Apache-2.0", "MIT") else "community"

    @property
    def embedding_parameters_b(self) -> float:
        """Input and output embeddings, which no weight format quantises."""
        return self.vocabulary * self.hidden_size * (1 if self.tied_embeddings else 2) / 1e9


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

    @property
    def by_the_gpu(self) -> bool:
        """Any number of GPUs can be rented; otherwise whole machines of `gpus_per_instance`."""
        return self.instance_type == "per-GPU rate"


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
            name = (row.get(key) if isinstance(row, dict) else None) or f"number {number}"
            raise CompassError(
                f"{file}, entry {name}, field {where}: {first['msg']} (found {first['input']!r})."
            ) from error
    return tuple(entries)


@cache
def use_cases() -> dict[str, UseCase]:
    return {
        u.id: u
        for u in _validated(
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
    return {m.id: m for m in _validated(Model, rows, "models.json", "id")}


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


@cache
def gpus() -> dict[str, Gpu]:
    return {g.id: g for g in _validated(Gpu, json.loads(data_text("gpus.json"))["gpus"], "gpus.json", "id")}


@cache
def prices(own_file: Path | None = None) -> tuple[Price, ...]:
    """The shipped prices; of a GPU type that a person's own file lists, only those of that file."""
    shipped = _validated(
        Price, csv.DictReader(data_text("prices.csv").splitlines()), "prices.csv", "instance_type"
    )
    if own_file is None:
        return shipped
    try:
        text = own_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CompassError(f"COMPASS_PRICES names {own_file}, which can't be read: {error}.") from error
    own = _validated(Price, csv.DictReader(text.splitlines()), own_file.name, "instance_type")
    unknown = {p.gpu_type for p in own} - gpus().keys()
    if unknown or not own:
        found = (
            f"the GPU types {', '.join(sorted(unknown))}, which the catalogue lacks"
            if unknown
            else "no prices"
        )
        raise CompassError(
            f"{own_file.name}, named by COMPASS_PRICES, holds {found}. Columns:"
            f" {', '.join(Price.model_fields)}."
        )
    return tuple(p for p in shipped if p.gpu_type not in {o.gpu_type for o in own}) + own


def traffic_profiles() -> tuple[TrafficProfile, ...]:
    """The GuideLLM profiles that benchmarks are made for, lightest first."""
    distinct = {
        (u.traffic_profile.prompt_tokens, u.traffic_profile.output_tokens) for u in use_cases().values()
    }
    return tuple(TrafficProfile(prompt_tokens=p, output_tokens=o) for p, o in sorted(distinct))
