"""The benchmarks' model of vLLM's scheduler, one step at a time, for requests that
nobody knows before they come.

It is the model of `knowledge.estimator.scheduler`, whose words explain it, without its jumps over
steps in which nothing happens: here every token of every step is told, so that it can be sent. A test
holds the two against each other.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from knowledge.estimator.steps import StepTimes


@dataclass(eq=False, slots=True)
class Sequence:
    """One answer being made. `prefill` is what must be in the cache before it goes on:
    the prompt and, once preempted, the answer.
    """

    prompt_tokens: int
    output_tokens: int
    prefill: int = 0
    prefilled: int = 0
    held_answer: int = 0
    """Tokens of the answer made since it was admitted last."""
    made: int = 0
    """Tokens of the answer made in all."""

    def __post_init__(self) -> None:
        self.prefill = self.prompt_tokens

    @property
    def done(self) -> bool:
        return self.made >= self.output_tokens


@dataclass(frozen=True, slots=True)
class Step:
    """`made` are the sequences that get one token at its end; those that are then done leave."""

    duration_ms: float
    made: list[Sequence]


class Scheduler:
    def __init__(self, steps: StepTimes, kv_tokens: int) -> None:
        """`kv_tokens` is how many tokens of context the KV cache holds over all sequences."""
        self._steps = steps
        self.kv_tokens = kv_tokens
        self.context = 0
        """Tokens in the cache."""
        self.waiting: deque[Sequence] = deque()
        self.running: list[Sequence] = []
        """By admission, the last one last."""
        self.preemptions = 0

    def add(self, sequence: Sequence) -> None:
        """Raises ValueError for one that could never fit."""
        if sequence.prompt_tokens + sequence.output_tokens > self.kv_tokens:
            raise ValueError(
                f"A request needs more tokens of context than the KV cache holds ({self.kv_tokens:,})."
            )
        self.waiting.append(sequence)

    def abort(self, sequence: Sequence) -> None:
        """Forget one whose client has gone."""
        if sequence in self.running:
            self.running.remove(sequence)
            self.context -= _held(sequence)
        elif sequence in self.waiting:
            self.waiting.remove(sequence)
            self.context -= sequence.prefilled

    def step(self) -> Step | None:
        """The next step's outcome; None if there is nothing to do. What it holds
        counts as held from its beginning.
        """
        while self.waiting or self.running:
            batch = len(self.running)
            free = self.kv_tokens - self.context - batch  # after this step's own tokens
            budget = self._steps.max_num_batched_tokens - batch
            if self.waiting and batch < self._steps.max_num_seqs:
                head = self.waiting[0]
                if free >= min(budget, head.prefill - head.prefilled):
                    return self._mixed(budget, free)
            if free >= 0:
                return self._decode()
            self._preempt()
        return None

    def _mixed(self, budget: int, free: int) -> Step:
        """One token for each running sequence, and as many prompt tokens as fit."""
        steps, batch, tokens, attention = self._steps, len(self.running), 0, 0.0
        room, started = steps.max_num_seqs - batch, 0
        for sequence in self.waiting:
            chunk = min(sequence.prefill - sequence.prefilled, budget)
            if chunk == 0 or room == 0 or chunk > free - tokens:
                break
            attention += steps.chunk_attention_ms(sequence.prefilled, chunk)
            sequence.prefilled += chunk
            tokens += chunk
            budget -= chunk
            room -= 1
            started += sequence.prefilled == sequence.prefill
        duration = steps.prompt_ms[batch + tokens] - steps.running_ms[batch]
        duration += steps.decode_per_token_ms[batch] * self.context + attention
        made = list(self.running)
        self.context += batch + tokens
        made += [self.waiting.popleft() for _ in range(started)]
        return self._end(duration, made)

    def _decode(self) -> Step:
        batch = len(self.running)
        duration = self._steps.decode_ms(batch, self.context)
        self.context += batch
        return self._end(duration, list(self.running))

    def _end(self, duration_ms: float, made: list[Sequence]) -> Step:
        for sequence in made:
            sequence.made += 1
            sequence.held_answer += 1
            if sequence.done:
                self.context -= _held(sequence)
        self.running = [s for s in made if not s.done]
        return Step(duration_ms, made)

    def _preempt(self) -> None:
        """The cache is full: a prompt that is half in it gives its room back, else
        the sequence admitted last.
        """
        self.preemptions += 1
        if self.waiting and self.waiting[0].prefilled:
            self.context -= self.waiting[0].prefilled
            self.waiting[0].prefilled = 0
            return
        last = self.running.pop()
        self.context -= _held(last)
        last.prefill += last.held_answer
        last.prefilled = last.held_answer = 0
        self.waiting.appendleft(last)


def _held(sequence: Sequence) -> int:
    """Tokens in the cache of a running sequence: its last token goes in with the next step."""
    return sequence.prefill + sequence.held_answer - 1
