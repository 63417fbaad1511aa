"""What a plan takes from a trace."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from knowledge.traffic.values import MOST_TOKENS
from knowledge.workload import MOST_SEEN, SeenRequest


class Traced(BaseModel):
    """The traffic of a trace, in tokens and requests/s; what it doesn't tell is None."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=120)
    requests: int = Field(ge=2)
    peak_requests_per_second: float = Field(gt=0, le=10_000_000)
    """Of its busiest hour."""
    prompt_tokens: int = Field(ge=1, le=1_000_000)
    """Mean."""
    output_tokens: int = Field(ge=1, le=100_000)
    """Mean; thoughts included."""
    prompt_spread: float = Field(ge=0, le=5)
    """Standard deviation over mean."""
    output_spread: float = Field(ge=0, le=5)
    cached_share: float | None = Field(default=None, ge=0, le=0.99)
    """Of all prompts' tokens, those in the prefix cache."""
    burstiness: float | None = Field(default=None, ge=1, le=200)
    """CV² of the times between requests; never below that of Poisson, which is harder."""
    minute_peak: float | None = Field(default=None, ge=1, le=100)
    trough_fraction: float | None = Field(default=None, gt=0, le=1)
    longest_tokens: int = Field(ge=2, le=2 * MOST_TOKENS)
    """Prompt and answer of the longest request of all."""
    seen: tuple[SeenRequest, ...] = Field(default=(), max_length=MOST_SEEN)
    """Requests that stand for it."""

    @field_validator("seen")
    @classmethod
    def _possible(cls, seen: tuple[SeenRequest, ...]) -> tuple[SeenRequest, ...]:
        for prompt, output, cached in seen:
            if not (1 <= prompt <= MOST_TOKENS and 1 <= output <= MOST_TOKENS and 0 <= cached < prompt):
                raise ValueError(
                    f"a request of a trace has 1 to {MOST_TOKENS:,} tokens of prompt and of answer, and fewer"
                    " cached than its prompt has"
                )
        return seen

    @property
    def figures(self) -> dict[str, float]:
        """Its values of fields that a template has as well, or that say how lengths spread."""
        beside = {"name", "requests", "peak_requests_per_second", "longest_tokens", "seen"}
        return self.model_dump(exclude=beside, exclude_none=True)
