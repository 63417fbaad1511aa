"""A model's checkpoint: its shape, its licence, its modes, and the scores that its makers publish."""

from __future__ import annotations

import re
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from knowledge.entries import Entry
from knowledge.thinking import Thinking, ThinkingMode

WeightFormat = Literal["bf16", "fp8", "fp8_block", "int8", "w4a16", "mxfp4"]
"""fp8: a scale for each channel; fp8_block: for each block of 128 x 128; int8: W8A8;
w4a16: 4-bit weights in groups of 128.
"""
WEIGHT_FORMATS: tuple[WeightFormat, ...] = get_args(WeightFormat)
LicenseKind = Literal["permissive", "community", "non-commercial"]
"""permissive: Apache-2.0 or MIT; community: the makers' own terms, which allow
commercial use within limits.
"""
LICENSE_KINDS: tuple[LicenseKind, ...] = get_args(LicenseKind)
QualityBenchmark = Literal["mmlu_pro", "gpqa", "ifeval", "humaneval", "livecodebench"]


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
_SIZE_IN_NAME = re.compile(r"(?<![\w.])E?(\d+(?:\.\d+)?)B(?!\w)")
_IN_NAME_AT_LEAST = 0.5
"""Share of all parameters that a name's size must be to be the model's: Granite 3.1 2B has 2.53 billion,
Gemma 3n E4B 7.85; in “Llama 4 Scout 17B” it is that of the active ones, of 109.
"""
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

    def mode(self, wanted: ThinkingMode) -> ThinkingMode | None:
        """What it is served in where this is wanted; None where it isn't known whether it thinks."""
        return self.thinking.mode(wanted) if self.thinking else None

    @property
    def size_b(self) -> float:
        """Billions of parameters, all experts counted, as people say it: by the name, else rounded."""
        named = _SIZE_IN_NAME.search(self.name)
        size = float(named[1]) if named else 0.0
        if size >= _IN_NAME_AT_LEAST * self.parameters_b:
            return size
        return float(round(self.parameters_b)) if self.parameters_b >= 10 else round(self.parameters_b, 1)

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
