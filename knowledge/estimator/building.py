"""Long computations, a model at a time: over all cores, resumable, and the same bytes
however often they were interrupted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import chain
from pathlib import Path

from knowledge.catalogue import models
from knowledge.shipped import pack, packed_bytes, unpack


def build(
    target: Path,
    rows_of: Callable[[str, int], list[dict[str, object]]],
    columns: Sequence[str],
    made_from: Sequence[str],
    seed: int,
    jobs: int,
    advance: Callable[[str], None],
) -> None:
    """Write `rows_of(model_id, seed)` of every model to `target`; `advance` is told each model that is done.

    Finished models lie beside the target, in a folder named by a digest of the shipped files `made_from` and
    of the estimator's code, until the table is written: interrupted, it goes on where it was, and parts of
    another table are never taken.
    """
    parts = target.with_name(f"{target.name}.{_digest(made_from, seed)}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    names = {model_id: parts / f"{number:03}.csv.gz" for number, model_id in enumerate(models())}
    missing = [model_id for model_id, path in names.items() if not path.exists()]
    for model_id in names:
        if model_id not in missing:
            advance(model_id)
    with ProcessPoolExecutor(jobs) as pool:
        futures = {pool.submit(rows_of, model_id, seed): model_id for model_id in missing}
        for future in as_completed(futures):
            path = names[futures[future]]
            partial = path.with_suffix(".partial")
            partial.write_bytes(pack(future.result(), columns))
            partial.rename(path)
            advance(futures[future])
    every = chain.from_iterable(unpack(path.read_bytes()) for path in names.values())
    target.write_bytes(pack(every, columns))
    for path in names.values():
        path.unlink()
    parts.rmdir()


def _digest(made_from: Sequence[str], seed: int) -> str:
    texts = [packed_bytes(name) for name in made_from]
    texts += [code.read_bytes() for code in sorted(Path(__file__).parent.glob("*.py"))]
    texts.append(str(seed).encode())
    return hashlib.sha256(b"".join(texts)).hexdigest()[:12]
