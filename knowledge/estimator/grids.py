"""The step grids of every catalogued model on every GPU: shipped in
`data/steps.csv.gz`, built again by `make grids`.

Kernel measurements where there are any, else the roofline. Two GPU types that are the same chip, one of them
with more and faster memory, are kept consistent: what was measured on one serves the other, and a step never
takes longer on the better one. Checkpoints of one shape share their grids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from knowledge.catalogue import Gpu, gpus, models
from knowledge.estimator.kernels import KernelsMissing, kernel_grid
from knowledge.estimator.memory import plan_memory, runs_on, tensor_parallel_possible
from knowledge.estimator.roofline import roofline_grid
from knowledge.estimator.steps import StepGrid
from knowledge.model import Model
from knowledge.shipped import read_rows, write_rows

GPU_COUNTS = (1, 2, 4, 8)
LESSER = {"H200": "H100", "A100-80": "A100-40"}
"""Each is the other with more and faster memory."""
BETTER = {lesser: better for better, lesser in LESSER.items()}
Key = tuple[str, str, int]


def feasible(model: Model, gpu: Gpu, gpu_count: int, tokens: int) -> bool:
    """Whether one replica can be split so, runs there, and holds at least one sequence
    of `tokens` beside its weights.
    """
    return (
        tensor_parallel_possible(model, gpu_count)
        and runs_on(model, gpu)
        and model.context_tokens >= tokens
        and plan_memory(model, gpu, gpu_count, tokens).fits
    )


@cache
def _shipped() -> dict[Key, tuple[str, str]]:
    return {
        (r["model_id"], r["gpu_type"], int(r["gpu_count"])): (r["source"], r["values"])
        for r in read_rows("steps.csv.gz")
    }


def shipped_grid(model_id: str, gpu_type: str, gpu_count: int) -> StepGrid | None:
    """The shipped grid, or None where there is none."""
    found = _shipped().get((model_id, gpu_type, gpu_count))
    return StepGrid.from_values(found[0], [float(v) for v in found[1].split()]) if found else None


def shipped_grids() -> dict[Key, StepGrid]:
    """All of them."""
    return {
        key: StepGrid.from_values(source, [float(v) for v in values.split()])
        for key, (source, values) in _shipped().items()
    }


def build(shortest_tokens: int, advance: Callable[[], None] = lambda: None) -> Iterator[tuple[Key, StepGrid]]:
    """Every feasible configuration with its grid, in a fixed order; `advance` is called after each."""
    made: dict[tuple[object, ...], StepGrid | None] = {}

    def measured(model: Model, gpu: Gpu, gpu_count: int) -> StepGrid | None:
        key = (*_shape(model), gpu.id, gpu_count)
        if key not in made:
            try:
                made[key] = kernel_grid(model, gpu, gpu_count)
            except KernelsMissing:
                made[key] = None
        return made[key]

    def grid_of(model: Model, gpu: Gpu, gpu_count: int) -> StepGrid:
        grid, roofline = measured(model, gpu, gpu_count), roofline_grid(model, gpu, gpu_count)
        if gpu.id in BETTER and grid is None:
            better = gpus()[BETTER[gpu.id]]
            theirs = measured(model, better, gpu_count)
            return _slowed(theirs, roofline_grid(model, better, gpu_count), roofline) if theirs else roofline
        if gpu.id in LESSER:
            lesser = measured(model, gpus()[LESSER[gpu.id]], gpu_count)
            return _least(grid or roofline, lesser) if lesser else grid or roofline
        return grid or roofline

    for model in models().values():
        for gpu in gpus().values():
            for gpu_count in GPU_COUNTS:
                if feasible(model, gpu, gpu_count, shortest_tokens):
                    yield (model.id, gpu.id, gpu_count), grid_of(model, gpu, gpu_count).monotone()
                advance()


def _shape(model: Model) -> tuple[object, ...]:
    """What decides a step's time."""
    return tuple(
        model.model_dump_json(include={name})
        for name in (
            "parameters_b",
            "active_parameters_b",
            "weight_format",
            "published_weights_gb",
            "layers",
            "hidden_size",
            "intermediate_size",
            "vocabulary",
            "attention_heads",
            "kv_heads",
            "head_dim",
            "attention_layers",
            "sliding_window",
            "global_attention",
            "latent_attention",
            "state_mb_per_sequence",
            "experts",
            "kernel_config",
        )
    )


def _least(grid: StepGrid, lesser: StepGrid) -> StepGrid:
    """`grid`, nowhere slower than the lesser chip's: beyond that, two campaigns of
    measurement differ by noise.
    """
    return StepGrid.from_values(
        grid.source, [min(a, b) for a, b in zip(grid.values(), lesser.values(), strict=True)]
    )


def _slowed(measured: StepGrid, roofline: StepGrid, lesser_roofline: StepGrid) -> StepGrid:
    """What was measured on the better chip, slower by as much as the rooflines of the two differ."""
    triples = zip(measured.values(), roofline.values(), lesser_roofline.values(), strict=True)
    return StepGrid.from_values("scaled", [m * max(1.0, theirs / ours) for m, ours, theirs in triples])


def write(grids: Iterable[tuple[Key, StepGrid]]) -> None:
    """Replace `steps.csv.gz` in this checkout."""
    rows = [
        {
            "model_id": model_id,
            "gpu_type": gpu_type,
            "gpu_count": gpu_count,
            "source": grid.source,
            "values": " ".join(f"{v:.4g}" for v in grid.values()),
        }
        for (model_id, gpu_type, gpu_count), grid in grids
    ]
    write_rows("steps.csv.gz", rows)


def main() -> None:
    """Build and write, with a progress bar. Raises ValueError where a grid is in doubt
    and not withheld: see `withheld`.
    """
    from rich.progress import Progress

    from knowledge.catalogue import traffic_profiles
    from knowledge.estimator.kernels import require
    from knowledge.estimator.withheld import check

    require()
    lightest = traffic_profiles()[0]
    with Progress() as progress:
        task = progress.add_task("Step grids", total=len(models()) * len(gpus()) * len(GPU_COUNTS))
        made = list(build(lightest.prompt_tokens + lightest.output_tokens, lambda: progress.advance(task)))
    write(made)
    check(dict(made))


if __name__ == "__main__":
    main()
