"""A discrete-event model of vLLM's scheduler (V1): continuous batching, chunked
prefill, a KV cache that can run out, prompts that the prefix cache holds in part.

Each step serves one token of every running sequence first, then as many waiting prompt tokens as the
step's token budget leaves; a prompt longer than that is prefilled in chunks. A sequence is admitted
while there is a seat and room in the KV cache for its next chunk. Where the cache runs out, the
sequence admitted last is preempted: it gives back its room and is prefilled again, prompt and answer so
far, from the head of the queue.

Tokens that the prefix cache holds need no step, but the attention of those behind them reaches over them, and
they take their room. Shared blocks are counted for each sequence: that is cautious for a system prompt and
exact for a conversation's turns.

While nothing arrives, finishes or prefills, the batch does not change: all those decode steps are taken
in one jump, whose length is the sum of an arithmetic series, because a step grows by the same time with
each token that the batch holds.

Compiled on its first call. `evals/plain_scheduler.py` is the same in plain Python, without prefixes: what
tests hold this one against, and the bench.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from knowledge.curves import Floats, Ints
from knowledge.estimator.steps import StepTimes


@dataclass(frozen=True, eq=False)
class Latencies:
    """One entry a request, in ms, in the order of finishing. ITL is the request's mean
    time between tokens, as GuideLLM counts it.
    """

    ttft_ms: Floats = field(default_factory=lambda: np.zeros(0))
    itl_ms: Floats = field(default_factory=lambda: np.zeros(0))
    e2e_ms: Floats = field(default_factory=lambda: np.zeros(0))
    finished_ms: Floats = field(default_factory=lambda: np.zeros(0))
    preemptions: int = 0


def statistics_of(values: Floats) -> Floats:
    """(..., n) → (..., STATISTICS): mean, p50, p90, p95, p99 along the last axis, by the nearest rank."""
    ordered = np.sort(values, axis=-1)
    places = [math.ceil(values.shape[-1] * share) - 1 for share in (0.50, 0.90, 0.95, 0.99)]
    return np.concatenate([values.mean(axis=-1, keepdims=True), ordered[..., places]], axis=-1)


def simulate(
    steps: StepTimes,
    kv_tokens: int,
    arrivals_ms: Sequence[float] | Floats,
    prompts: Sequence[int] | Ints,
    outputs: Sequence[int] | Ints,
    *,
    cached: Sequence[int] | Ints | None = None,
    concurrency: int | None = None,
) -> Latencies:
    """Serve requests arriving at `arrivals_ms` (ascending), each with its `prompts` and
    `outputs` tokens, and time them. Of its prompt, `cached` tokens are in the prefix cache; the last one is
    always computed.

    `kv_tokens` is how many tokens of context the KV cache holds over all sequences; seats and the
    token budget are `steps`'. With `concurrency` it is a closed loop instead: that many are sent at
    once, and each next one when one has finished; `arrivals_ms` is then ignored. Raises ValueError for
    a request that could never fit.
    """
    asked, answered = np.asarray(prompts, dtype=np.int64), np.asarray(outputs, dtype=np.int64)
    total = len(asked)
    if total and int((asked + answered).max()) > kv_tokens:
        raise ValueError(f"A request needs more tokens of context than the KV cache holds ({kv_tokens:,}).")
    known = total if concurrency is None else min(concurrency, total)
    arrivals = np.zeros(total)
    if concurrency is None:
        arrivals[:] = arrivals_ms
    held = np.minimum(np.zeros(total, dtype=np.int64) if cached is None else cached, np.maximum(asked - 1, 0))
    from knowledge.estimator.loop import (  # compiled: half a second that only who plans should wait for
        serve,
        tables,
    )

    seen = np.empty((4, total))
    figures = steps.figures
    preemptions = serve(figures, tables(figures), kv_tokens, arrivals, known, asked, answered, held, seen)
    return Latencies(seen[0], seen[1], seen[2], seen[3], preemptions)
