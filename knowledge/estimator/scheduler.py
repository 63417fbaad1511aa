"""A discrete-event model of vLLM's scheduler: continuous batching with chunked prefill.

Each step serves one token of every running sequence first, then as many waiting prompt tokens as the step's token budget
leaves. A sequence is admitted only while there is room for its whole KV cache, so nothing is ever preempted here (vLLM
admits sooner and preempts; near a full cache real latencies scatter more). While nothing arrives, finishes or prefills, the
batch does not change: all those decode steps are taken in one jump.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from knowledge.catalogue import TrafficProfile
from knowledge.estimator.memory import MemoryPlan
from knowledge.estimator.roofline import REQUEST_OVERHEAD_MS, StepModel


@dataclass(frozen=True)
class Latencies:
    """One entry a request, in ms, in the order of finishing. ITL is the request's mean time between tokens, as GuideLLM counts it."""

    ttft_ms: list[float] = field(default_factory=list)
    itl_ms: list[float] = field(default_factory=list)
    e2e_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Sequence:
    arrived: float
    prefilled: int = 0
    first_token: float = 0.0
    ends_at_step: int = 0


def simulate(steps: StepModel, memory: MemoryPlan, profile: TrafficProfile, arrivals_ms: Sequence[float], batched_tokens: int) -> Latencies:
    """Serve requests of one shape arriving at `arrivals_ms` (ascending) and time each of them."""
    prompt, output = profile.prompt_tokens, profile.output_tokens
    result = Latencies()
    waiting: deque[_Sequence] = deque()  # admitted or not, prompt not yet fully prefilled
    running: deque[_Sequence] = deque()  # decoding, in the order of finishing (all outputs are equally long)
    now, step, context, next_arrival = 0.0, 0, 0.0, 0
    decode_base: dict[int, float] = {}

    while next_arrival < len(arrivals_ms) or waiting or running:
        while next_arrival < len(arrivals_ms) and arrivals_ms[next_arrival] <= now:
            waiting.append(_Sequence(arrivals_ms[next_arrival]))
            next_arrival += 1
        if not waiting and not running:
            now = arrivals_ms[next_arrival]
            continue

        batch = len(running)
        if not waiting or batch >= memory.max_sequences:
            # Nothing can be prefilled: jump to the next finish or arrival.
            if batch not in decode_base:
                decode_base[batch] = steps.base_ms(batch)
            first = decode_base[batch] + steps.kv_read_ms(context)
            growth = steps.kv_read_ms(batch)
            count = running[0].ends_at_step - step
            if batch < memory.max_sequences and next_arrival < len(arrivals_ms):
                count = min(count, _steps_until(arrivals_ms[next_arrival] - now, first, growth))
            now += count * first + growth * count * (count - 1) / 2
            step += count
            context += batch * count
        else:
            budget = max(1, batched_tokens - batch)
            room = memory.max_sequences - batch
            base_tokens, past_pairs, done = 0, 0, []
            for sequence in waiting:
                if budget == 0 or room == 0:
                    break
                chunk = min(budget, prompt - sequence.prefilled)
                past_pairs += chunk * sequence.prefilled + chunk * chunk // 2
                base_tokens += chunk
                sequence.prefilled += chunk
                budget -= chunk
                room -= 1
                if sequence.prefilled == prompt:
                    done.append(sequence)
            # base_ms takes one chunk with one past: choose the past that gives the same number of attended pairs.
            past = (past_pairs - base_tokens * base_tokens / 2) / base_tokens
            now += steps.base_ms(batch, base_tokens, past) + steps.kv_read_ms(context)
            step += 1
            context += batch
            for sequence in done:
                waiting.popleft()
                sequence.first_token = now
                sequence.ends_at_step = step + output - 1
                running.append(sequence)
                context += prompt + 1
        while running and running[0].ends_at_step <= step:
            sequence = running.popleft()
            context -= prompt + output
            result.ttft_ms.append(sequence.first_token - sequence.arrived + REQUEST_OVERHEAD_MS)
            result.e2e_ms.append(now - sequence.arrived + REQUEST_OVERHEAD_MS)
            result.itl_ms.append((now - sequence.first_token) / (output - 1))
    return result


def _steps_until(wait_ms: float, first_ms: float, growth_ms: float) -> int:
    """The least n for which n steps (each `growth_ms` longer than the last) take at least `wait_ms`."""
    if growth_ms <= 0:
        return max(1, math.ceil(wait_ms / first_ms))
    linear = first_ms - growth_ms / 2
    root = (-linear + math.sqrt(linear * linear + 2 * growth_ms * wait_ms)) / growth_ms
    return max(1, math.ceil(root))
