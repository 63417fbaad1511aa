"""Latencies over rate of many replicas at once, as machine code: the first look at a workload that no table
was made for. Imported where it is first needed, as `loop` is.
"""

from __future__ import annotations

import numpy as np

from knowledge.curves import Floats, Ints
from knowledge.estimator.compiling import compiled
from knowledge.estimator.loop import PROMPT_AT, SHARED, SHARED_AT, attention, between, serve, tables


@compiled
def saturation(figures: Floats, kv_tokens: int, prompt: float, cached: float, output: float) -> float:
    """Requests per second that a replica finishes while it always has more to do, of mean lengths.

    All seats that the KV cache has room for decode, and each step prefills what as many as finish bring;
    where that is more than a step may serve, prompts alone decide.
    """
    seats = max(1.0, min(figures[5], kv_tokens / (prompt + output)))
    factor, step_ms = figures[0] * figures[1], figures[2]
    by_running = tables(figures)
    batch = int(seats)
    fresh = max(1.0, prompt - cached)
    of_prompt = factor * (attention(figures, int(prompt)) - attention(figures, int(cached)))
    shared = figures[SHARED_AT:PROMPT_AT]
    starting = min(seats / output, max(1.0, figures[6] - batch) / fresh)  # prompts in a step
    held = by_running[1, batch] * seats * (prompt + output / 2)
    step = factor * between(SHARED, shared, int(batch + starting * fresh)) + step_ms - by_running[2, batch]
    return float(starting / (step + held + starting * of_prompt) * 1000)


@compiled
def sweep(
    figures: Floats,
    kv_tokens: Ints,
    longest: Ints,
    rates: Floats,
    gaps: Floats,
    prompts: Ints,
    outputs: Ints,
    cached: Ints,
    seen: tuple[Floats, ...],
) -> None:
    """Fill each of `seen`, one a load, (replicas, 4, requests) as `serve` does: every replica at its rate of
    `rates` (replicas, loads) in requests/s, with as many of the first requests as there is room for.
    """
    for n in range(len(figures)):
        by_running = tables(figures[n])
        answered = np.minimum(outputs, longest[n] - 1)
        asked = np.minimum(prompts, longest[n] - answered)
        held = np.minimum(cached, asked - 1)
        for load in range(len(seen)):
            count = seen[load].shape[2]
            arrivals = np.cumsum(gaps[:count]) / rates[n, load] * 1000
            serve(
                figures[n],
                by_running,
                kv_tokens[n],
                arrivals,
                count,
                asked[:count],
                answered[:count],
                held[:count].copy(),  # a preemption writes there
                seen[load][n],
            )
