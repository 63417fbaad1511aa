"""Traces of our own, written as others write them."""

import gzip
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from knowledge.traffic.reading import Read, read_trace


def text(folder: Path, *lines: str, name: str = "trace.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def json_lines(folder: Path, objects: Sequence[Any], name: str = "trace.jsonl") -> Path:
    return text(folder, *map(json.dumps, objects), name=name)


def packed(path: Path) -> Path:
    there = path.with_name(path.name + ".gz")
    there.write_bytes(gzip.compress(path.read_bytes()))
    return there


def csv_of(
    folder: Path, rows: Sequence[Sequence[Any]], header: str = "time,prompt_tokens,answer_tokens"
) -> Path:
    return text(folder, header, *(",".join(map(str, row)) for row in rows))


def read_csv(
    folder: Path, rows: Sequence[Sequence[Any]], header: str = "time,prompt_tokens,answer_tokens"
) -> Read:
    return read_trace(csv_of(folder, rows, header))


def poisson(count: int, per_second: float = 2.0, seed: int = 1) -> list[tuple[float, int, int]]:
    """Times in s, and lengths that spread and go together."""
    random_ = random.Random(seed)
    at, rows = 0.0, []
    for _ in range(count):
        at += random_.expovariate(per_second)
        prompt = max(1, round(random_.lognormvariate(6, 1)))
        rows.append((round(at, 4), prompt, max(1, round(random_.lognormvariate(3, 0.8) + prompt / 20))))
    return rows
