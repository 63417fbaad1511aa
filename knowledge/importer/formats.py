"""Which format a file has, and each of its rows under our names: GuideLLM's JSON, other
benchmarkers' results, planner JSON, CSV.

Nothing is checked here beyond what is needed to find the rows; `rows` does that, so that
every format is held to the same.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.benchmarks import STATISTICS
from knowledge.catalogue import METRICS
from knowledge.errors import CompassError
from knowledge.importer import guidellm
from knowledge.importer.benchmarkers import reader_of
from knowledge.importer.reading import Raw

MAX_MEGABYTES = 64
ALIASES = {
    "model_hf_repo": "model_id",
    "model": "model_id",
    "hardware": "gpu_type",
    "gpu": "gpu_type",
    "hardware_count": "gpu_count",
    "gpus": "gpu_count",
    "rps": "requests_per_second",
    "request_rate": "requests_per_second",
    "tokens_per_second": "output_tokens_per_second",
    **{f"{metric}_{statistic}": f"{metric}_{statistic}_ms" for metric in METRICS for statistic in STATISTICS},
}
"""Names of other tools for our columns; the planner's latencies are milliseconds without saying so."""
KNOWN = (
    "Read are also results of vllm bench serve, SGLang's bench_serving, AIPerf, genai-perf and"
    " inference-perf, and CSV."
)


@dataclass(frozen=True)
class Stated:
    """What a person says on the command line about all rows; it wins over what the file says."""

    model_id: str | None = None
    gpu_type: str | None = None
    gpu_count: int | None = None
    engine: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None

    def over(self, raw: Raw) -> Raw:
        """`raw` as the person says, with what of the file gave way under `_replaced`."""
        known = {k: v for k, v in raw.items() if v not in (None, "")}
        said = {k: v for k, v in asdict(self).items() if v is not None}
        return (
            known
            | said
            | {"_replaced": {k: known[k] for k, v in said.items() if k in known and str(known[k]) != str(v)}}
        )


def read_file(path: Path, stated: Stated) -> tuple[str, list[tuple[str, Raw]]]:
    """The format's name, and each row with the words for where it is. Raises CompassError
    for a file that can't be read.
    """
    text = _text(path)
    if text.lstrip()[:1] not in ("{", "["):
        return "CSV", list(_csv(path, text, stated))
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        lines = _json_lines(text) if error.msg == "Extra data" else None
        if lines is None:
            what = error.msg.removesuffix(" starting at")
            raise CompassError(
                f"{path.name} is not complete JSON: {what} at line {error.lineno}, column {error.colno}."
            ) from error
        data = lines
    except RecursionError as error:
        raise CompassError(f"{path.name} is nested too deeply to be a benchmark report.") from error
    return _json(path, data, stated)


def _json_lines(text: str) -> list[Any] | None:
    """An object a line, as several benchmarkers append their results; None if that isn't so."""
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        return None


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_MEGABYTES * 1_000_000:
            raise CompassError(
                f"{path.name} is {size / 1e6:,.0f} MB; at most {MAX_MEGABYTES} MB are read at once. Split it."
            )
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CompassError(
            f"{path.name} is not text: GuideLLM's JSON, a `benchmarks` JSON or CSV, in UTF-8, is expected."
        ) from error
    except OSError as error:
        raise CompassError(f"{path} can't be read: {error.strerror}.") from error


def _json(path: Path, data: Any, stated: Stated) -> tuple[str, list[tuple[str, Raw]]]:
    results = data if isinstance(data, list) else [data]
    readers = [reader_of(r) if isinstance(r, dict) else None for r in results]
    rows = data.get("benchmarks") if isinstance(data, dict) else data
    if results and all(readers):
        named = [read(result) for (_, read), result in zip((r for r in readers if r), results, strict=True)]
        kind = next(name for name, _ in (r for r in readers if r))
        return kind, [(f"row {n}", stated.over(raw)) for n, raw in enumerate(named, start=1)]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CompassError(
            f"{path.name} holds no list named `benchmarks` of objects, as GuideLLM and the planner write it."
            f" {KNOWN}"
        )
    if not rows:
        raise CompassError(f"{path.name} holds no rows.")
    if any("metrics" in row for row in rows):
        report = data if isinstance(data, dict) else {}
        named = [guidellm.row_of(report, row) for row in rows]
        kind = "GuideLLM report"
    else:
        named = [_renamed(row) for row in rows]
        kind = "benchmark JSON"
    return kind, [(f"row {n}", stated.over(raw)) for n, raw in enumerate(named, start=1)]


def _csv(path: Path, text: str, stated: Stated) -> Iterator[tuple[str, Raw]]:
    reader = csv.DictReader(text.splitlines())
    names = {ALIASES.get(n.strip(), n.strip()) for n in reader.fieldnames or [] if n}
    if not names & {"ttft_p95_ms", "ttft_mean_ms"}:
        raise CompassError(
            f"{path.name} is neither JSON nor CSV with a header that names columns such as model_id and"
            " ttft_p95_ms."
        )
    empty = True
    try:
        for number, row in enumerate(reader, start=2):
            empty = False
            if None in row:
                yield f"line {number}", {"_reason": "it has more fields than the header"}
            else:
                yield f"line {number}", stated.over(_renamed(row))
    except csv.Error as error:
        raise CompassError(f"{path.name}, line {reader.line_num}: {error}.") from error
    if empty:
        raise CompassError(f"{path.name} holds no rows.")


def _renamed(row: Mapping[str, Any]) -> Raw:
    raw: Raw = {}
    for name, value in row.items():
        raw.setdefault(ALIASES.get(name.strip(), name.strip()), value)
    if "engine" not in raw and raw.get("framework"):
        raw["engine"] = f"{raw['framework']} {raw.get('framework_version') or ''}".strip()
    if "provenance" not in raw and raw.get("confidence_level") == "estimated":
        raw["provenance"] = "estimated"
    return raw
