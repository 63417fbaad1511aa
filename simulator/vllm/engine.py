"""One replica in real time: requests come and go while steps take as long as the scheduler's model says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from knowledge.catalogue import Gpu
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import shipped_grid
from knowledge.estimator.memory import max_num_batched_tokens, plan_memory
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import StepTimes
from knowledge.model import Model
from simulator.vllm.metrics import Finished, Metrics
from simulator.vllm.misbehaviour import SLOWER, SPIKE_EVERY, SPIKE_S, Misbehaving, well_behaved
from simulator.vllm.scheduler import Scheduler, Sequence, Step

USUAL_TOKENS = 2048
"""Of most requests, however long the longest may be."""
FALLEN_BEHIND_S = 1.0
"""Where the machine can't keep up by this much, the lost time is given up: tokens
come late rather than all at once.
"""


@dataclass(eq=False)
class Answer:
    """A sequence on its way to its reader; times in seconds of the event loop."""

    sequence: Sequence
    sent: float
    news: asyncio.Event = field(default_factory=asyncio.Event)
    made: int = 0
    """Tokens that are there for the reader; the sequence itself counts those of the
    step under way as well.
    """
    first: float = 0.0
    last: float = 0.0


class Engine:
    """A model on GPUs, as `compass plan` sees it. Its loop runs while there is something to do."""

    def __init__(
        self, model: Model, gpu: Gpu, gpu_count: int, max_model_len: int, time_scale: float = 1.0
    ) -> None:
        """`time_scale` stretches every latency: 0.1 answers ten times faster than the model says."""
        self.model, self.max_model_len, self.time_scale = model, max_model_len, time_scale
        self.misbehaving: Misbehaving = well_behaved
        self._steps_taken = 0
        grid = shipped_grid(model.id, gpu.id, gpu_count) or roofline_grid(model, gpu, gpu_count)
        steps = StepTimes(
            grid,
            calibration().overheads(gpu.architecture),
            max_num_batched_tokens=max_num_batched_tokens(gpu),
        )
        self._request_s = steps.overheads.request_ms / 1000
        # As many tokens as the cache holds in short sequences, of which sliding windows and states take
        # most: the longest always fits.
        kv_tokens = max(
            plan_memory(model, gpu, gpu_count, min(max_model_len, USUAL_TOKENS)).kv_tokens, max_model_len
        )
        self.scheduler = Scheduler(steps, kv_tokens)
        self.metrics = Metrics(model.id)
        self._answers: dict[Sequence, Answer] = {}
        self._loop: asyncio.Task[None] | None = None

    async def tokens(
        self, prompt_tokens: int, output_tokens: int, reason: Finished = "stop"
    ) -> AsyncGenerator[int]:
        """1, 2, … as the tokens are made. Leaving early frees the replica of the request."""
        clock = asyncio.get_running_loop().time
        sent = clock()
        self.metrics.prompt_tokens.inc(prompt_tokens)
        await asyncio.sleep(self._request_s * self.time_scale)
        sequence = Sequence(prompt_tokens, output_tokens)
        answer = self._answers[sequence] = Answer(sequence, sent)
        self.scheduler.add(sequence)
        if self._loop is None or self._loop.done():
            self._loop = asyncio.create_task(self._run())
        try:
            told = 0
            while told < output_tokens:
                if told == answer.made:
                    answer.news.clear()
                    await answer.news.wait()
                told += 1
                yield told
        finally:
            del self._answers[sequence]
            if not sequence.done:
                self.scheduler.abort(sequence)
            self.metrics.finished(reason if answer.made == output_tokens else "abort")
            self._show()

    async def _run(self) -> None:
        """Step after step, each due when the one before ended, so that the sleeps'
        own lateness doesn't add up.
        """
        clock = asyncio.get_running_loop().time
        due = clock()
        while (step := self.scheduler.step()) is not None:
            self._show()
            due = max(due + self._seconds(step), clock() - FALLEN_BEHIND_S)
            await asyncio.sleep(max(0.0, due - clock()))
            self._deliver(step, due)

    def _seconds(self, step: Step) -> float:
        wrong = self.misbehaving()
        self._steps_taken += 1
        seconds = (
            step.duration_ms / 1000 * self.time_scale * max((SLOWER.get(w, 1.0) for w in wrong), default=1.0)
        )
        return SPIKE_S if "spikes" in wrong and self._steps_taken % SPIKE_EVERY == 0 else seconds

    def _deliver(self, step: Step, now: float) -> None:
        metrics = self.metrics
        # The newest first: while many streams are written, one after the other, a first
        # token is what is waited for.
        for sequence in reversed(step.made):
            answer = self._answers.get(sequence)
            if answer is None:
                continue  # its reader has left within this step
            if answer.last:
                metrics.inter_token_latency.observe(now - answer.last)
            else:
                metrics.time_to_first_token.observe(now - answer.sent)
                answer.first = now
            answer.made += 1
            metrics.generation_tokens.inc()
            answer.last = now
            answer.news.set()
            if answer.made == sequence.output_tokens:
                metrics.e2e_request_latency.observe(now - answer.sent)
                if answer.made > 1:
                    metrics.request_time_per_output_token.observe((now - answer.first) / (answer.made - 1))
                metrics.request_prompt_tokens.observe(sequence.prompt_tokens)
                metrics.request_generation_tokens.observe(sequence.output_tokens)

    def _show(self) -> None:
        metrics, scheduler = self.metrics, self.scheduler
        metrics.num_requests_running.set(len(scheduler.running))
        metrics.num_requests_waiting.set(len(scheduler.waiting))
        metrics.kv_cache_usage.set(min(1.0, scheduler.context / scheduler.kv_tokens))
        metrics.preempted(scheduler.preemptions)
