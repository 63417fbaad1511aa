"""A discrete-event model of vLLM's scheduler (V1): continuous batching, chunked
prefill, a KV cache that can run out.

Each step serves one token of every running sequence first, then as many waiting prompt tokens as the
step's token budget leaves; a prompt longer than that is prefilled in chunks. A sequence is admitted
while there is a seat and room in the KV cache for its next chunk. Where the cache runs out, the
sequence admitted last is preempted: it gives back its room and is prefilled again, prompt and answer so
far, from the head of the queue.

While nothing arrives, finishes or prefills, the batch does not change: all those decode steps are taken
in one jump, whose length is the sum of an arithmetic series, because a step grows by the same time with
each token that the batch holds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from knowledge.estimator.steps import StepTimes


@dataclass(frozen=True)
class Latencies:
    """One entry a request, in ms, in the order of finishing. ITL is the request's mean
    time between tokens, as GuideLLM counts it.
    """

    ttft_ms: list[float] = field(default_factory=list)
    itl_ms: list[float] = field(default_factory=list)
    e2e_ms: list[float] = field(default_factory=list)
    finished_ms: list[float] = field(default_factory=list)
    preemptions: int = 0


def simulate(
    steps: StepTimes,
    kv_tokens: int,
    arrivals_ms: Sequence[float],
    prompts: Sequence[int],
    outputs: Sequence[int],
    *,
    concurrency: int | None = None,
) -> Latencies:
    """Serve requests arriving at `arrivals_ms` (ascending), each with its `prompts` and
    `outputs` tokens, and time them.

    `kv_tokens` is how many tokens of context the KV cache holds over all sequences; seats and the
    token budget are `steps`'. With `concurrency` it is a closed loop instead: that many are sent at
    once, and each next one when one has finished; `arrivals_ms` is then ignored. Raises ValueError for
    a request that could never fit.
    """
    total, seats, batched = len(prompts), steps.max_num_seqs, steps.max_num_batched_tokens
    if total and max(map(int.__add__, prompts, outputs)) > kv_tokens:
        raise ValueError(f"A request needs more tokens of context than the KV cache holds ({kv_tokens:,}).")
    arrivals = list(arrivals_ms) if concurrency is None else [0.0] * min(concurrency, total)
    fixed, per_token = steps.decode_fixed_ms, steps.decode_per_token_ms
    with_prompts, running = steps.prompt_ms, steps.running_ms
    whole: dict[int, float] = {}  # attention of a whole prompt in one chunk
    request_ms = steps.overheads.request_ms  # before the engine sees a request
    ttft: list[float] = []
    itl: list[float] = []
    e2e: list[float] = []
    finished: list[float] = []
    preemptions = 0

    prefill = list(prompts)  # tokens to prefill: the prompt, and after a preemption the answer so far as well
    remaining = list(outputs)  # tokens to generate, counted at the last admission
    done = [0] * total  # prompt tokens already prefilled
    first = [0.0] * total  # when the first token came
    ends = [-1] * total  # the step after which a running sequence ends; -1 while it does not run
    order: list[
        int
    ] = []  # running sequences by admission, the last one last; may hold ended and preempted ones
    finishes: list[int] = []  # a heap of end step x total + sequence; may hold preempted ones
    waiting: deque[int] = deque()
    now, step, batch, context, upcoming = 0.0, 0, 0, 0, 0
    known = len(arrivals)

    while True:
        while upcoming < known and arrivals[upcoming] <= now:
            waiting.append(upcoming)
            upcoming += 1
        free = kv_tokens - context - batch  # after this step's own tokens
        if waiting and batch < seats and free >= min(batched - batch, prefill[waiting[0]] - done[waiting[0]]):
            # A mixed step.
            budget, tokens, attention, room, started = batched - batch, 0, 0.0, seats - batch, 0
            for i in waiting:
                chunk = prefill[i] - done[i]
                if chunk > budget:
                    chunk = budget
                if chunk == 0 or room == 0 or chunk > free - tokens:
                    break
                if done[i] == 0 and chunk == prefill[i]:
                    if chunk not in whole:
                        whole[chunk] = steps.chunk_attention_ms(0, chunk)
                    attention += whole[chunk]
                else:
                    attention += steps.chunk_attention_ms(done[i], chunk)
                done[i] += chunk
                tokens += chunk
                budget -= chunk
                room -= 1
                if done[i] == prefill[i]:
                    started += 1
            now += with_prompts[batch + tokens] - running[batch] + per_token[batch] * context + attention
            step += 1
            context += batch + tokens
            for _ in range(started):
                i = waiting.popleft()
                if first[i] == 0.0:
                    first[i] = now
                end = ends[i] = step + remaining[i] - 1
                heappush(finishes, end * total + i)
                order.append(i)
            batch += started
        elif batch:
            # Nothing can be prefilled: jump to the next finish or arrival, or to where the cache is full.
            count = finishes[0] // total - step
            growth = per_token[batch]
            time = fixed[batch] + growth * context
            growth *= batch
            if upcoming < known and not waiting and batch < seats:
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
                    if waiting and done[waiting[0]]:
                        context -= done[waiting[0]]
                        done[waiting[0]] = 0
                    else:
                        i = order.pop()
                        while ends[i] <= step:
                            i = order.pop()
                        generated = remaining[i] - (ends[i] - step)
                        context -= prefill[i] + generated - 1
                        batch -= 1
                        prefill[i] += generated
                        remaining[i] -= generated
                        done[i], ends[i] = 0, -1
                        waiting.appendleft(i)
                    continue
            now += count * time + growth * count * (count - 1) / 2
            step += count
            context += batch * count
        elif upcoming < known:
            now = arrivals[upcoming]
            continue
        else:
            break
        limit = (step + 1) * total
        while finishes and finishes[0] < limit:
            end, i = divmod(heappop(finishes), total)
            if ends[i] != end:
                continue
            ends[i] = -1
            batch -= 1
            context -= prefill[i] + remaining[i] - 1
            sent = arrivals[i] - request_ms
            ttft.append(first[i] - sent)
            e2e.append(now - sent)
            itl.append((now - first[i]) / max(1, outputs[i] - 1))
            finished.append(now)
            if concurrency is not None and known < total:
                arrivals.append(now)
                known += 1
        if not batch:
            order.clear()
    return Latencies(ttft, itl, e2e, finished, preemptions)
