"""GuideLLM's JSON reports, of versions 0.2 to 0.8: the same figures in changing places."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from knowledge.benchmarks import STATISTICS
from knowledge.importer.load import Load
from knowledge.importer.reading import Raw, at, figure, first, in_ms, number, rate, table, whole

LATENCIES = (
    ("ttft", "time_to_first_token_ms", 1.0),
    ("itl", "inter_token_latency_ms", 1.0),
    ("e2e", "request_latency", 1000.0),
)
"""Ours, theirs, and ms in theirs: request latency is in seconds, the others are in milliseconds."""
AS_OFFERED = 0.8
"""Of the requests that an arrival rate means, those that the client must have sent for the rate to count."""


def row_of(report: Mapping[str, Any], row: Mapping[str, Any]) -> Raw:
    """One load: figures of the successful requests, at the rate that was offered where there is one."""
    metrics = table(at(row, "metrics"))
    raw: Raw = {}
    for metric, name, ms in LATENCIES:
        seen = at(metrics, name, "successful")
        for statistic in STATISTICS:
            value = at(seen, "mean") if statistic == "mean" else at(seen, "percentiles", statistic)
            if value is None and statistic == "p50":
                value = at(seen, "median")
            raw[f"{metric}_{statistic}_ms"] = in_ms(value, ms)
    data = _data(report, row)
    load = _load(row, data)
    achieved = at(metrics, "requests_per_second", "successful", "mean")
    per_second = figure(load.offered_per_second or achieved)
    raw["requests_per_second"] = achieved if per_second is None else round(per_second, 4)
    raw["output_tokens_per_second"] = at(metrics, "output_tokens_per_second", "successful", "mean")
    raw["concurrency"] = _streams(row)
    for name in ("prompt", "output"):
        counted = whole(at(metrics, f"{name}_token_count", "successful", "mean"))
        raw[f"{name}_tokens"] = number(data.get(f"{name}_tokens")) or counted
    raw["model_id"] = (
        first(row, ("config", "backend", "model"), ("worker", "backend_model"))
        or at(report, "args", "model")
        or at(report, "config", "spec", "backend", "model")
    )
    started = figure(
        first(row, ("start_time",), ("run_stats", "start_time"), ("scheduler_state", "start_time"))
    )
    if started is not None and 0 < started < 1e11:
        raw["date"] = datetime.fromtimestamp(started, UTC).date().isoformat()
    return raw | {"_load": load}


def _strategy(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return table(first(row, ("config", "strategy"), ("args", "strategy")))


def _streams(row: Mapping[str, Any]) -> Any:
    strategy = _strategy(row)
    if strategy.get("type_") == "synchronous":
        return 1
    return (
        strategy.get("streams") or strategy.get("max_concurrency")
        if strategy.get("type_") == "concurrent"
        else None
    )


def _load(row: Mapping[str, Any], data: Mapping[str, Any]) -> Load:
    strategy = _strategy(row)
    totals = first(row, ("metrics", "request_totals"), ("request_totals",), ("run_stats", "requests_made"))
    succeeded, failed, unfinished = (
        number(at(totals, name)) for name in ("successful", "errored", "incomplete")
    )
    offered, seconds = rate(strategy.get("rate")), figure(at(row, "duration"))
    if offered and seconds and succeeded is not None:
        sent = succeeded + (failed or 0) + (unfinished or 0)
        offered = offered if sent >= AS_OFFERED * offered * seconds else None
    buckets = data.get("prefix_buckets")
    prefixes = [number(at(b, "prefix_tokens")) or 0 for b in buckets] if isinstance(buckets, list) else []
    return Load(
        at_once=strategy.get("type_") == "throughput",
        offered_per_second=offered,
        succeeded=succeeded,
        failed=failed or 0,
        unfinished=unfinished or 0,
        shared_prefix_tokens=max([number(data.get("prefix_tokens")) or 0, *prefixes]),
        turns=number(data.get("turns")) or 1,
    )


def _data(report: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
    """What synthetic data was asked for, in whichever way it was written; empty for a data set."""
    places = (
        at(report, "config", "spec", "data"),  # 0.7 and later
        at(row, "request_loader", "data"),  # 0.2 and 0.3
        at(report, "args", "data"),
        at(row, "config", "requests", "data"),
    )
    return next(
        (
            found
            for place in places
            for found in _described(place)
            if {"prompt_tokens", "output_tokens"} <= found.keys()
        ),
        {},
    )


def _described(place: Any) -> Iterator[Mapping[str, Any]]:
    """Objects, JSON, `name=value` pairs, and lists of those, also as Python prints one."""
    if isinstance(place, Mapping):
        yield place
    elif isinstance(place, list):
        for each in place:
            yield from _described(each)
    elif isinstance(place, str):
        for read in (json.loads, ast.literal_eval):
            try:
                found = read(place)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            if isinstance(found, list | dict):
                yield from _described(found)
                return
        yield dict(
            [side.strip() for side in part.split("=", 1)] for part in place.split(",") if part.count("=") == 1
        )
