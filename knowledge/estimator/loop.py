"""The scheduler's loop as machine code; `scheduler` explains it, and calls it. Imported where it is first
needed: importing numba takes half a second.
"""

from __future__ import annotations

import math

import numpy as np

from knowledge.curves import Floats, Ints
from knowledge.estimator.compiling import compiled
from knowledge.estimator.steps import (
    DECODE_BATCHES,
    LONG_CONTEXT,
    PROMPT_TOKENS,
    SHARED_TOKENS,
    SHORT_CONTEXT,
)

_BATCHES, SHARED, _PROMPT = (
    np.array(at, dtype=np.int64) for at in (DECODE_BATCHES, SHARED_TOKENS, PROMPT_TOKENS)
)
_SHORT = 7
_LONG = _SHORT + len(DECODE_BATCHES)
SHARED_AT = _LONG + len(DECODE_BATCHES)
PROMPT_AT = SHARED_AT + len(SHARED_TOKENS)
SHIFT = 24
"""Bits for the number of a request."""
MASK = (1 << SHIFT) - 1
_STEPS_BETWEEN = float(LONG_CONTEXT - SHORT_CONTEXT)
"""Places of the parts of `StepTimes.figures`."""


@compiled
def between(at: Ints, values: Floats, x: int) -> float:
    """`steps.interpolate`."""
    if x <= at[0]:
        return float(values[0])
    right = 1
    while right < len(at) - 1 and at[right] <= x:
        right += 1
    share = (x - at[right - 1]) / (at[right] - at[right - 1])
    return float(values[right - 1] + share * (values[right] - values[right - 1]))


@compiled
def attention(figures: Floats, tokens: int) -> float:
    """`StepTimes.chunk_attention_ms` of a prompt's first tokens, before its factor."""
    values = figures[PROMPT_AT:]
    if tokens < _PROMPT[0]:
        return float(values[0] * tokens / _PROMPT[0])
    return between(_PROMPT, values, tokens)


@compiled
def tables(figures: Floats) -> Floats:
    """By running sequences, three rows: a decode step's fixed part, what a token of context adds, and what is
    taken from a mixed step's time; as `StepTimes` has them.
    """
    kernel, prompt, step_ms, sequence_ms, seats = (
        figures[0],
        figures[1],
        figures[2],
        figures[3],
        int(figures[5]),
    )
    found = np.zeros((3, seats + 1))
    short, long, shared = figures[_SHORT:_LONG], figures[_LONG:SHARED_AT], figures[SHARED_AT:PROMPT_AT]
    for running in range(1, seats + 1):
        at_short = between(_BATCHES, short, running)
        slope = max(0.0, between(_BATCHES, long, running) - at_short) / _STEPS_BETWEEN
        overhead = step_ms + sequence_ms * running
        found[0, running] = kernel * max(0.0, at_short - SHORT_CONTEXT * slope) + overhead
        found[1, running] = kernel * slope / running
        found[2, running] = kernel * (prompt - 1) * between(SHARED, shared, running) - sequence_ms * running
    return found


@compiled
def push(heap: Ints, size: int, value: int) -> int:
    """`heapq.heappush` into the first `size` places of an array; the new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if heap[above] <= value:
            break
        heap[at] = heap[above]
        at = above
    heap[at] = value
    return size + 1


@compiled
def pop(heap: Ints, size: int) -> int:
    """`heapq.heappop`, less the value, which is `heap[0]`; the new size."""
    size -= 1
    at, below = 0, 1
    while below + 1 < size:
        below += heap[below + 1] < heap[below]
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    if below < size:
        heap[at] = heap[below]
        at = below
    push(heap, at, heap[size])
    return size


@compiled
def serve(
    figures: Floats,
    by_running: Floats,
    kv_tokens: int,
    arrivals: Floats,
    known: int,
    prompts: Ints,
    outputs: Ints,
    cached: Ints,
    seen: Floats,
) -> int:
    """Fill `seen` (4, requests) with TTFT, ITL, E2E and end in ms by the order of finishing; how often one
    was preempted. `by_running` are the `tables` of `figures`. `known` arrivals are given, the others come as
    others finish.
    """
    total, seats, batched, request_ms = len(prompts), int(figures[5]), int(figures[6]), figures[4]
    fixed, per_token, running_ms = by_running[0], by_running[1], by_running[2]
    factor, step_ms = figures[0] * figures[1], figures[2]
    shared = figures[SHARED_AT:PROMPT_AT]
    preemptions, count_seen = 0, 0

    prefill = (
        prompts.copy()
    )  # tokens to prefill: the prompt, and after a preemption the answer so far as well
    remaining = outputs.copy()  # tokens to generate, counted at the last admission
    done = np.zeros(total, dtype=np.int64)  # prompt tokens already prefilled or found in the cache
    first = np.zeros(total)  # when the first token came
    ends = np.full(
        total, -1, dtype=np.int64
    )  # the step after which a running sequence ends; -1 while it isn't
    order = np.empty(total, dtype=np.int64)  # running ones by admission; may hold ended and preempted ones
    ordered = 0
    # A heap of end step and sequence in one number; may hold preempted ones.
    finishes, finishing = np.empty(total, dtype=np.int64), 0
    queue = np.empty(total, dtype=np.int64)  # who was preempted goes before its head: it had left there
    head, tail = 0, 0
    now, step, batch, context, upcoming = 0.0, 0, 0, 0, 0
    whole_tokens, whole_ms = -1, 0.0  # attention of a whole prompt in one chunk: mostly that of the last one

    while True:
        while upcoming < known and arrivals[upcoming] <= now:
            queue[tail] = upcoming
            tail += 1
            upcoming += 1
        free = kv_tokens - context - batch  # after this step's own tokens
        admitted = False
        if head < tail and batch < seats:
            i = int(queue[head])
            hit = cached[i] if done[i] == 0 else 0
            admitted = free >= hit + min(batched - batch, prefill[i] - done[i] - hit)
        if admitted:
            # A mixed step.
            budget, tokens, spent, room, started, reused = batched - batch, 0, 0.0, seats - batch, 0, 0
            for k in range(head, tail):
                i = int(queue[k])
                hit = cached[i] if done[i] == 0 else 0
                past = done[i] + hit
                chunk = min(prefill[i] - past, budget)
                if chunk == 0 or room == 0 or chunk + hit > free - tokens - reused:
                    break
                if past == 0 and chunk == prefill[i]:
                    if chunk != whole_tokens:
                        whole_tokens, whole_ms = (
                            chunk,
                            factor * (attention(figures, chunk) - attention(figures, 0)),
                        )
                    spent += whole_ms
                else:
                    spent += factor * (attention(figures, past + chunk) - attention(figures, past))
                done[i] = past + chunk
                reused += hit
                tokens += chunk
                budget -= chunk
                room -= 1
                if done[i] == prefill[i]:
                    started += 1
            of_step = factor * between(SHARED, shared, batch + tokens) + step_ms
            now += of_step - running_ms[batch] + per_token[batch] * context + spent
            step += 1
            context += batch + tokens + reused
            for _ in range(started):
                i = int(queue[head])
                head += 1
                if first[i] == 0.0:
                    first[i] = now
                ends[i] = step + remaining[i] - 1
                if finishing == len(finishes):  # preempted ones pile up
                    finishes = np.append(finishes, np.empty_like(finishes))
                finishing = push(finishes, finishing, int(ends[i]) << SHIFT | i)
                order[ordered] = i
                ordered += 1
            batch += started
        elif batch:
            # Nothing can be prefilled: jump to the next finish or arrival, or to where the cache is full.
            count = (finishes[0] >> SHIFT) - step
            growth = per_token[batch]
            time = fixed[batch] + growth * context
            growth *= batch
            if upcoming < known and head == tail and batch < seats:
                wait = arrivals[upcoming] - now
                if growth * count * count < time * 1e-9:
                    needed = math.ceil(wait / time)
                else:
                    linear = time - growth / 2
                    needed = math.ceil((math.sqrt(linear * linear + 2 * growth * wait) - linear) / growth)
                if needed < count:
                    count = needed if needed > 0 else 1
            if context + batch * count > kv_tokens:
                count = (kv_tokens - context) // batch
                if count <= 0:
                    preemptions += 1
                    if head < tail and done[queue[head]]:
                        context -= done[queue[head]]
                        done[queue[head]] = 0
                        # What it found in the cache is what was given back: from now on it computes all.
                        cached[queue[head]] = 0
                    else:
                        ordered -= 1
                        while ends[order[ordered]] <= step:
                            ordered -= 1
                        i = int(order[ordered])
                        generated = remaining[i] - (ends[i] - step)
                        context -= prefill[i] + generated - 1
                        batch -= 1
                        prefill[i] += generated
                        remaining[i] -= generated
                        done[i], ends[i], cached[i] = 0, -1, 0
                        head -= 1
                        queue[head] = i
                    continue
            now += count * time + growth * count * (count - 1) / 2
            step += count
            context += batch * count
        elif upcoming < known:
            now = arrivals[upcoming]
            continue
        else:
            break
        limit = (step + 1) << SHIFT
        while finishing and finishes[0] < limit:
            found = finishes[0]
            finishing = pop(finishes, finishing)
            end, i = found >> SHIFT, found & MASK
            if ends[i] != end:
                continue
            ends[i] = -1
            batch -= 1
            context -= prefill[i] + remaining[i] - 1
            sent = arrivals[i] - request_ms
            seen[0, count_seen] = first[i] - sent
            seen[1, count_seen] = (now - first[i]) / max(1, outputs[i] - 1)
            seen[2, count_seen] = now - sent
            seen[3, count_seen] = now
            count_seen += 1
            if known < total:
                arrivals[known] = now
                known += 1
        if not batch:
            ordered = 0
    return preemptions
