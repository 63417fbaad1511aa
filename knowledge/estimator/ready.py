"""Compile all that plans run, so that no first plan waits for it: `python -m knowledge.estimator.ready`."""

from __future__ import annotations

from knowledge.catalogue import models
from knowledge.estimator.computed import computed_table
from knowledge.workload import Workload


def main() -> None:
    """Run it once, and small; what is compiled is kept in numba's cache."""
    computed_table(Workload(prompt_tokens=100, output_tokens=10), (next(iter(models())),))


if __name__ == "__main__":
    main()
