"""Which format a file has, and each of its rows under our names: GuideLLM's JSON, planner JSON (`benchmarks` list), CSV.

Nothing is checked here beyond what is needed to find the rows; `rows` does that, so that every format is held to the same.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from knowledge.benchmarks import METRICS, STATISTICS
from knowledge.errors import CompassError

MAX_MEGABYTES = 64
Raw = dict[str, Any]
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


@dataclass(frozen=True)
class Stated:
    """What a person says on the command line about all rows, for reports that don't hold it."""

    model_id: str | None = None
    gpu_type: str | None = None
    gpu_count: int | None = None
    engine: str | None = None

    def fill(self, raw: Raw) -> Raw:
        """`raw` with what it lacks; what the file says wins."""
        said = {"model_id": self.model_id, "gpu_type": self.gpu_type, "gpu_count": self.gpu_count, "engine": self.engine}
        return {k: v for k, v in said.items() if v is not None} | {k: v for k, v in raw.items() if v not in (None, "")}


def read_file(path: Path, stated: Stated) -> tuple[str, list[tuple[str, Raw]]]:
    """The format's name, and each row with the words for where it is. Raises CompassError for a file that can't be read."""
    text = _text(path)
    try:
        if text.lstrip()[:1] in ("{", "["):
            return _json(path, json.loads(text), stated)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" starting at")
        raise CompassError(f"{path.name} is not complete JSON: {what} at line {error.lineno}, column {error.colno}.") from error
    except RecursionError as error:
        raise CompassError(f"{path.name} is nested too deeply to be a benchmark report.") from error
    return "CSV", list(_csv(path, text, stated))


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_MEGABYTES * 1_000_000:
            raise CompassError(f"{path.name} is {size / 1e6:,.0f} MB; at most {MAX_MEGABYTES} MB are read at once. Split it.")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CompassError(f"{path.name} is not text: GuideLLM's JSON, a `benchmarks` JSON or CSV, in UTF-8, is expected.") from error
    except OSError as error:
        raise CompassError(f"{path} can't be read: {error.strerror}.") from error


def _json(path: Path, data: Any, stated: Stated) -> tuple[str, list[tuple[str, Raw]]]:
    rows = data.get("benchmarks") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CompassError(f"{path.name} holds no list named `benchmarks` of objects, as GuideLLM and the planner write it.")
    if not rows:
        raise CompassError(f"{path.name} holds no rows.")
    if any("metrics" in row for row in rows):
        report = data if isinstance(data, dict) else {}
        named = (_guidellm(report, row) for row in rows)
        kind = "GuideLLM report"
    else:
        named = (_renamed(row) for row in rows)
        kind = "benchmark JSON"
    return kind, [(f"row {n}", stated.fill(raw)) for n, raw in enumerate(named, start=1)]


def _csv(path: Path, text: str, stated: Stated) -> Iterator[tuple[str, Raw]]:
    reader = csv.DictReader(text.splitlines())
    names = {ALIASES.get(n.strip(), n.strip()) for n in reader.fieldnames or [] if n}
    if not names & {"ttft_p95_ms", "ttft_mean_ms"}:
        raise CompassError(f"{path.name} is neither JSON nor CSV with a header that names columns such as model_id and ttft_p95_ms.")
    empty = True
    try:
        for number, row in enumerate(reader, start=2):
            empty = False
            if None in row:
                yield f"line {number}", {"_reason": "it has more fields than the header"}
            else:
                yield f"line {number}", stated.fill(_renamed(row))
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


def _guidellm(report: Mapping[str, Any], row: Mapping[str, Any]) -> Raw:
    """One load of a GuideLLM report: successful requests; its request latency is in seconds, the others in milliseconds."""
    metrics = _at(row, "metrics") or {}
    raw: Raw = {"requests_per_second": _at(metrics, "requests_per_second", "successful", "mean")}
    for metric, name, unit in (
        ("ttft", "time_to_first_token_ms", 1.0),
        ("itl", "inter_token_latency_ms", 1.0),
        ("e2e", "request_latency", 1000.0),
    ):
        seen = _at(metrics, name, "successful") or {}
        for statistic in STATISTICS:
            value = _at(seen, "mean") if statistic == "mean" else _at(seen, "percentiles", statistic)
            raw[f"{metric}_{statistic}_ms"] = value * unit if isinstance(value, int | float) else value
    raw["output_tokens_per_second"] = _at(metrics, "output_tokens_per_second", "successful", "mean")
    strategy = _first(row, ("config", "strategy"), ("args", "strategy")) or {}
    if strategy.get("type_") == "concurrent":
        raw["concurrency"] = strategy.get("streams") or strategy.get("max_concurrency")
    asked = _tokens_asked(report, row)
    for name in ("prompt", "output"):
        counted = _at(metrics, f"{name}_token_count", "successful", "mean")
        raw[f"{name}_tokens"] = asked.get(f"{name}_tokens") or (round(counted) if isinstance(counted, int | float) else None)
    raw["model_id"] = _first(row, ("config", "backend", "model"), ("worker", "backend_model")) or _at(report, "args", "model")
    started = _first(row, ("start_time",), ("run_stats", "start_time"), ("scheduler_state", "start_time"))
    if isinstance(started, int | float) and 0 < started < 1e11:
        raw["date"] = datetime.fromtimestamp(started, UTC).date().isoformat()
    return raw


def _tokens_asked(report: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, int]:
    """Prompt and output tokens of synthetic data as they were asked for: `prompt_tokens=512,output_tokens=256`, or JSON."""
    for data in (_at(row, "request_loader", "data"), _at(row, "config", "requests", "data"), _at(report, "args", "data")):
        for each in data if isinstance(data, list) else [data]:
            if isinstance(each, str):
                try:
                    each = json.loads(each)
                except json.JSONDecodeError:
                    each = dict(part.split("=", 1) for part in each.split(",") if part.count("=") == 1)
            if isinstance(each, dict):
                found = {k.strip(): str(v).strip() for k, v in each.items() if k.strip() in ("prompt_tokens", "output_tokens")}
                if len(found) == 2 and all(v.isdigit() for v in found.values()):
                    return {k: int(v) for k, v in found.items()}
    return {}


def _at(value: Any, *path: str) -> Any:
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _first(value: Any, *paths: Iterable[str]) -> Any:
    return next((found for found in (_at(value, *path) for path in paths) if found), None)
