"""One replica as the scheduler's model needs it, and a run of it under arrivals of some burstiness."""

from __future__ import annotations

from dataclasses import dataclass

from knowledge.catalogue import Gpu, TrafficProfile
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import feasible, shipped_grid
from knowledge.estimator.memory import max_num_batched_tokens, plan_memory
from knowledge.estimator.scheduler import Latencies, simulate
from knowledge.estimator.steps import StepTimes
from knowledge.estimator.workload import arrivals_ms, seeded, unit_gaps
from knowledge.model import Model

REQUESTS = 2000
"""Simulated requests a run; the scatter of p95 over seeds is then up to 8 % (more
beyond 80 % of saturation).
"""
WARM_UP = 200
"""The first requests find an empty engine and are not counted."""


@dataclass(frozen=True)
class Replica:
    """`gpu_count` GPUs with a model on them, serving requests of one traffic profile."""

    profile: TrafficProfile
    steps: StepTimes
    kv_tokens: int
    max_sequences: int
    grid_source: str

    def run(
        self, requests_per_second: float, burstiness: float = 1.0, requests: int = REQUESTS, seed: int = 0
    ) -> Latencies:
        """Latencies in ms at this mean rate, the warm-up left out.

        The same unit gaps are stretched for each rate and used for every replica: runs
        then differ by load, not by luck.
        """
        gaps = unit_gaps(seeded(f"{seed} {self.profile}"), requests, burstiness)
        prompts, outputs = [self.profile.prompt_tokens] * requests, [self.profile.output_tokens] * requests
        seen = simulate(self.steps, self.kv_tokens, arrivals_ms(gaps, requests_per_second), prompts, outputs)
        ttft, itl, e2e, finished = (
            values[WARM_UP:] for values in (seen.ttft_ms, seen.itl_ms, seen.e2e_ms, seen.finished_ms)
        )
        return Latencies(ttft, itl, e2e, finished, seen.preemptions)

    def saturation_rate(self) -> float:
        """Requests per second that it finishes while it always has more to do: the
        middle half of a backlog.
        """
        count = max(64, 8 * self.max_sequences)
        prompts, outputs = [self.profile.prompt_tokens] * count, [self.profile.output_tokens] * count
        backlog = simulate(self.steps, self.kv_tokens, [0.0] * count, prompts, outputs).finished_ms
        first, last = count // 4, 3 * count // 4
        return (last - first) / (backlog[last] - backlog[first]) * 1000


def replica_of(model: Model, gpu: Gpu, gpu_count: int, profile: TrafficProfile) -> Replica | None:
    """None where the model doesn't fit, can't be split so, or has no step grid."""
    grid = shipped_grid(model.id, gpu.id, gpu_count)
    tokens = profile.prompt_tokens + profile.output_tokens
    if grid is None or not feasible(model, gpu, gpu_count, tokens):
        return None
    memory = plan_memory(model, gpu, gpu_count, tokens)
    steps = StepTimes(
        grid, calibration().overheads(gpu.architecture), max_num_batched_tokens=max_num_batched_tokens(gpu)
    )
    return Replica(profile, steps, memory.kv_tokens, memory.max_sequences, grid.source)
