"""One replica as the scheduler's model needs it, and a run of it under arrivals of some burstiness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.catalogue import Gpu
from knowledge.estimator.calibration import calibration
from knowledge.estimator.grids import feasible, shipped_grid
from knowledge.estimator.memory import max_num_batched_tokens, plan_memory
from knowledge.estimator.scheduler import Latencies, simulate
from knowledge.estimator.steps import StepTimes
from knowledge.estimator.workload import gaps_of, requests_of
from knowledge.model import Model
from knowledge.workload import Workload

REQUESTS = 2000
"""Simulated requests of a row of the shipped table; the scatter of p95 over seeds is then up to 8 % (more
beyond 80 % of saturation).
"""
WARM_UP = 200
"""The first requests find an empty engine and are not counted."""


@dataclass(frozen=True)
class Replica:
    """`gpu_count` GPUs with a model on them, serving requests of one workload."""

    workload: Workload
    steps: StepTimes
    kv_tokens: int
    max_sequences: int
    longest: int
    """Tokens of the longest request that it can serve; of longer ones so much is simulated."""
    grid_source: str

    def run(
        self, requests_per_second: float, burstiness: float = 1.0, requests: int = REQUESTS, seed: str = "0"
    ) -> Latencies:
        """Latencies in ms at this mean rate, the warm-up left out.

        The same unit gaps are stretched for each rate and used for every replica: runs
        then differ by load, not by luck.
        """
        arrivals = np.cumsum(gaps_of(seed, requests, burstiness) / requests_per_second * 1000)
        of = requests_of(self.workload, requests).within(self.longest)
        seen = simulate(self.steps, self.kv_tokens, arrivals, of.prompts, of.outputs, cached=of.cached)
        return Latencies(
            seen.ttft_ms[WARM_UP:],
            seen.itl_ms[WARM_UP:],
            seen.e2e_ms[WARM_UP:],
            seen.finished_ms[WARM_UP:],
            seen.preemptions,
        )

    def saturation_rate(self) -> float:
        """Requests per second that it finishes while it always has more to do: the
        middle half of a backlog.
        """
        count = max(64, 8 * self.max_sequences)
        of = requests_of(self.workload, count).within(self.longest)
        backlog = simulate(
            self.steps, self.kv_tokens, np.zeros(count), of.prompts, of.outputs, cached=of.cached
        ).finished_ms
        first, last = count // 4, 3 * count // 4
        return float((last - first) / (backlog[last] - backlog[first]) * 1000)


def replica_of(model: Model, gpu: Gpu, gpu_count: int, workload: Workload) -> Replica | None:
    """None where the model doesn't fit, can't be split so, or has no step grid."""
    grid = shipped_grid(model.id, gpu.id, gpu_count)
    if grid is None or not feasible(model, gpu, gpu_count, workload.tokens):
        return None
    memory = plan_memory(model, gpu, gpu_count, workload.tokens)
    steps = StepTimes(
        grid, calibration().overheads(gpu.architecture), max_num_batched_tokens=max_num_batched_tokens(gpu)
    )
    longest = min(memory.kv_tokens, model.context_tokens)
    return Replica(workload, steps, memory.kv_tokens, memory.max_sequences, longest, grid.source)
