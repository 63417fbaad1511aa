"""How long one engine step takes: a grid of step latencies for one replica, and reading between its points.

A step serves one token of each of `running` sequences and, mixed in, some prompt tokens:

    decode step = D(running, context)                        linear in the tokens held, between two
    measured contexts mixed step  = S(running)                                 everything but attention:
    matrix products, experts, all-reduce
                + D(running, context) − D(running, 0)        attention of the running sequences
                + p · (S(running + prompt) − S(running))     what the prompt tokens add, and
                + p · (F(past + chunk) − F(past))            the attention of each chunk of a prompt

The grid is independent of any traffic shape; it comes from `kernels` (measured kernels) or `roofline`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import numpy as np

from knowledge.curves import Floats

DECODE_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
"""Running sequences at which decode steps are known."""
SHORT_CONTEXT, LONG_CONTEXT = 512, 8192
"""Tokens that each running sequence holds, at which decode steps are known."""
SHARED_TOKENS = (1, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)
"""Tokens of a step at which its work outside attention is known."""
PROMPT_TOKENS = (64, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
"""Prompt lengths at which the attention of a whole prompt is known."""


@dataclass(frozen=True)
class StepGrid:
    """Step latencies in ms; each tuple has the length of the constant that it is named after.

    `source` is `kernels`, `scaled` (from kernels measured on the same chip with other memory) or `roofline`.
    """

    source: str
    decode_short_ms: tuple[float, ...]  # at DECODE_BATCHES, SHORT_CONTEXT tokens each
    decode_long_ms: tuple[float, ...]  # at DECODE_BATCHES, LONG_CONTEXT tokens each
    shared_ms: tuple[float, ...]  # at SHARED_TOKENS
    prompt_attention_ms: tuple[float, ...]  # at PROMPT_TOKENS

    def values(self) -> tuple[float, ...]:
        """All figures in a row, in the order of the fields."""
        return (*self.decode_short_ms, *self.decode_long_ms, *self.shared_ms, *self.prompt_attention_ms)

    def monotone(self) -> StepGrid:
        """Nowhere longer than for more work: a batch could always be padded to the larger
        one, so beyond that it is noise.
        """
        fields = (self.decode_short_ms, self.decode_long_ms, self.shared_ms, self.prompt_attention_ms)
        return StepGrid(self.source, *(tuple(accumulate(reversed(f), min))[::-1] for f in fields))

    @classmethod
    def from_values(cls, source: str, values: Sequence[float]) -> StepGrid:
        """The inverse of `values`."""
        decode, shared = len(DECODE_BATCHES), len(SHARED_TOKENS)
        v = tuple(values)
        return cls(
            source,
            v[:decode],
            v[decode : 2 * decode],
            v[2 * decode : 2 * decode + shared],
            v[2 * decode + shared :],
        )


@dataclass(frozen=True)
class Overheads:
    """What an engine takes beyond its kernels. Fitted on measured rows; see `accuracy`."""

    kernel_factor: float = 1.0
    """Kernels inside an engine over kernels alone."""
    prompt_factor: float = 1.0
    """The same for what prompt tokens add to a step."""
    step_ms: float = 0.0
    """Scheduling, sampling and launching, each step."""
    sequence_ms: float = 0.0
    """Detokenising and sending, for each running sequence, each step."""
    request_ms: float = 0.0
    """HTTP, tokenising and the hand-over between vLLM's processes, before the first token."""


@dataclass
class StepTimes:
    """A grid with the engine's overheads, read as functions; all results in ms."""

    grid: StepGrid
    overheads: Overheads = Overheads()
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 8192

    @property
    def decode_fixed_ms(self) -> list[float]:
        """By number of running sequences: a decode step's part that does not depend on their context."""
        return self._decode[0]

    @property
    def decode_per_token_ms(self) -> list[float]:
        """By number of running sequences: what each token of context, over all of them, adds."""
        return self._decode[1]

    @cached_property
    def _decode(self) -> tuple[list[float], list[float]]:
        """Both of these. Made where they are read: the compiled loop makes its own of `figures`."""
        short, long = self.grid.decode_short_ms, self.grid.decode_long_ms
        factor = self.overheads.kernel_factor
        fixed, per_token = [0.0], [0.0]
        for running in range(1, self.max_num_seqs + 1):
            at_short = interpolate(DECODE_BATCHES, short, running)
            slope = max(0.0, interpolate(DECODE_BATCHES, long, running) - at_short) / (
                LONG_CONTEXT - SHORT_CONTEXT
            )
            overhead = self.overheads.step_ms + self.overheads.sequence_ms * running
            fixed.append(factor * max(0.0, at_short - SHORT_CONTEXT * slope) + overhead)
            per_token.append(factor * slope / running)
        return fixed, per_token

    @cached_property
    def figures(self) -> Floats:
        """All of it in a row, as the compiled loop reads it: overheads, limits, and the grid's values."""
        o = self.overheads
        known = (o.kernel_factor, o.prompt_factor, o.step_ms, o.sequence_ms, o.request_ms)
        limits = (float(self.max_num_seqs), float(self.max_num_batched_tokens))
        return np.array([*known, *limits, *self.grid.values()])

    def shared_ms(self, running: int, prompt_tokens: int) -> float:
        """A mixed step's time without attention, overheads included."""
        return self.prompt_ms[running + prompt_tokens] - self.running_ms[running]

    @cached_property
    def prompt_ms(self) -> list[float]:
        """p · S by all tokens of a step, up to the largest that a step may serve, and
        what each step takes beyond its kernels.
        """
        factor = self.overheads.kernel_factor * self.overheads.prompt_factor
        return [
            factor * s + self.overheads.step_ms
            for s in _every(SHARED_TOKENS, self.grid.shared_ms, self.max_num_batched_tokens)
        ]

    @cached_property
    def running_ms(self) -> list[float]:
        """(p − 1) · S by running sequences, less what each of these adds: to be taken from `prompt_ms`."""
        factor = self.overheads.kernel_factor * (self.overheads.prompt_factor - 1)
        alone = _every(SHARED_TOKENS, self.grid.shared_ms, self.max_num_seqs)
        return [0.0, *(factor * s - self.overheads.sequence_ms * n for n, s in enumerate(alone) if n)]

    def chunk_attention_ms(self, past: int, tokens: int) -> float:
        """Attention of the next `tokens` of a prompt of which `past` are done."""
        factor = self.overheads.kernel_factor * self.overheads.prompt_factor
        return factor * (self._prompt_attention(past + tokens) - self._prompt_attention(past))

    def _prompt_attention(self, tokens: int) -> float:
        if tokens < PROMPT_TOKENS[0]:
            return self.grid.prompt_attention_ms[0] * tokens / PROMPT_TOKENS[0]
        return interpolate(PROMPT_TOKENS, self.grid.prompt_attention_ms, tokens)

    def decode_ms(self, running: int, context_tokens: float) -> float:
        """A step of `running` sequences that hold `context_tokens` together."""
        return self.decode_fixed_ms[running] + self.decode_per_token_ms[running] * context_tokens


def _every(at: Sequence[float], values: Sequence[float], highest: int) -> list[float]:
    """`interpolate` at 0 to `highest`."""
    return [interpolate(at, values, n) for n in range(highest + 1)]


def interpolate(at: Sequence[float], values: Sequence[float], x: float) -> float:
    """Piecewise linear through (at, values), continued by the last piece above and held below."""
    if x <= at[0]:
        return values[0]
    right = min(bisect_right(at, x), len(at) - 1)
    share = (x - at[right - 1]) / (at[right] - at[right - 1])
    return values[right - 1] + share * (values[right] - values[right - 1])
