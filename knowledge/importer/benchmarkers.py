"""Other benchmarkers' results, a JSON object for each load: of `vllm bench serve`,
SGLang, AIPerf, genai-perf and inference-perf.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from knowledge.benchmarks import STATISTICS
from knowledge.importer.load import Load
from knowledge.importer.reading import Raw, at, figure, first, in_ms, number, rate, table, whole

MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0, "sec": 1000.0, "seconds": 1000.0}


def reader_of(result: Mapping[str, Any]) -> tuple[str, Callable[[Mapping[str, Any]], Raw]] | None:
    """The name of the tool that wrote a result, and what reads it; None for none of these."""
    if "completed" in result and "request_throughput" in result and "mean_ttft_ms" in result:
        return (
            (
                "vllm bench serve"
                if "total_input_tokens" in result and "model_id" in result
                else "SGLang bench_serving"
            ),
            _serving,
        )
    if isinstance(at(result, "time_to_first_token", "unit"), str) and "request_latency" in result:
        return "AIPerf report", _aiperf
    if at(result, "successes", "latency") is not None and "load_summary" in result:
        return "inference-perf report", _inference_perf
    return None


def _serving(result: Mapping[str, Any]) -> Raw:
    """Latencies are milliseconds; percentiles are those that were asked for, by default p99 alone."""
    raw: Raw = {}
    # Each request's mean gap, as the targets mean it; their ITL is of single gaps.
    for metric, names in (("ttft", ("ttft",)), ("itl", ("tpot", "itl")), ("e2e", ("e2el", "e2e_latency"))):
        name = next((n for n in names if f"mean_{n}_ms" in result), names[0])
        for statistic in STATISTICS:
            raw[f"{metric}_{statistic}_ms"] = result.get(f"{statistic}_{name}_ms")
        raw[f"{metric}_p50_ms"] = raw[f"{metric}_p50_ms"] or result.get(f"median_{name}_ms")
    done = number(result.get("completed"))
    for name, total in (("prompt", "total_input_tokens"), ("output", "total_output_tokens")):
        tokens = figure(result.get(total))
        raw[f"{name}_tokens"] = round(tokens / done) if tokens is not None and done else None
    ttft, itl = figure(raw["ttft_mean_ms"]), figure(raw["itl_mean_ms"])
    if raw["e2e_mean_ms"] is None and raw["output_tokens"] and ttft and itl:
        raw["e2e_mean_ms"] = ttft + itl * (raw["output_tokens"] - 1)  # so it is for means alone
    offered = rate(result.get("request_rate"))
    in_flight = number(result.get("max_concurrency"))
    sent = number(result.get("num_prompts"))
    raw["requests_per_second"] = offered or result.get("request_throughput")
    raw["output_tokens_per_second"] = result.get("output_throughput")
    raw["concurrency"] = None if offered else in_flight
    raw["model_id"] = result.get("model_id") or result.get("model")
    said = re.match(r"(\d{4})(\d\d)(\d\d)-", str(result.get("date") or ""))
    raw["date"] = "-".join(said.groups()) if said else None
    load = Load(
        at_once=offered is None and in_flight is None,
        offered_per_second=offered,
        succeeded=done,
        failed=max(0, sent - (done or 0)) if sent is not None else number(result.get("failed")) or 0,
    )
    return raw | {"_load": load}


def _aiperf(result: Mapping[str, Any]) -> Raw:
    """Each metric names its unit."""
    raw: Raw = {}
    for metric, name in (
        ("ttft", "time_to_first_token"),
        ("itl", "inter_token_latency"),
        ("e2e", "request_latency"),
    ):
        seen = table(at(result, name))
        ms = MS.get(str(seen.get("unit")).lower())
        for statistic in STATISTICS:
            value = seen.get("avg" if statistic == "mean" else statistic)
            raw[f"{metric}_{statistic}_ms"] = (
                f"{value} {seen.get('unit')}" if ms is None and value is not None else in_ms(value, ms or 1.0)
            )
    raw["prompt_tokens"] = whole(at(result, "input_sequence_length", "avg"))
    raw["output_tokens"] = whole(at(result, "output_sequence_length", "avg"))
    given = table(result.get("input_config"))
    stimulus = table(first(given, ("loadgen",), ("perf_analyzer", "stimulus")))
    offered = rate(stimulus.get("request_rate"))
    raw["requests_per_second"] = offered or at(result, "request_throughput", "avg")
    raw["output_tokens_per_second"] = at(result, "output_token_throughput", "avg")
    raw["concurrency"] = None if offered else number(stimulus.get("concurrency"))
    items = at(given, "models", "items")
    listed = [at(item, "name") for item in items] if isinstance(items, list) else None
    names = first(given, ("endpoint", "model_names"), ("model_names",), ("model",)) or listed
    raw["model_id"] = names[0] if isinstance(names, list) and names else names
    raw["date"] = str(result.get("start_time") or "")[:10] or None
    done, failed = (whole(at(result, name, "avg")) for name in ("request_count", "error_request_count"))
    prefix = first(
        given, ("input", "prompt", "prefix_prompt", "length"), ("input", "prompt", "prefix", "length")
    )
    load = Load(
        offered_per_second=offered,
        succeeded=done,
        failed=failed or 0,
        shared_prefix_tokens=number(prefix) or 0,
        turns=number(first(given, ("input", "conversation", "turn", "mean"))) or 1,
    )
    return raw | {"_load": load}


def _inference_perf(result: Mapping[str, Any]) -> Raw:
    """Latencies are seconds; p50 is called median."""
    raw: Raw = {}
    seen = table(at(result, "successes", "latency"))
    for metric, names in (
        ("ttft", ("time_to_first_token",)),
        ("itl", ("time_per_output_token", "inter_token_latency")),
        ("e2e", ("request_latency",)),
    ):
        figures: Mapping[str, Any] = next((seen[n] for n in names if isinstance(seen.get(n), Mapping)), {})
        for statistic in STATISTICS:
            value = figures.get(statistic, figures.get("median") if statistic == "p50" else None)
            raw[f"{metric}_{statistic}_ms"] = in_ms(value, 1000.0)
    for name in ("prompt", "output"):
        raw[f"{name}_tokens"] = whole(at(result, "successes", f"{name}_len", "mean"))
    offered = rate(at(result, "load_summary", "requested_rate"))
    raw["requests_per_second"] = offered or at(result, "successes", "throughput", "requests_per_sec")
    raw["output_tokens_per_second"] = at(result, "successes", "throughput", "output_tokens_per_sec")
    raw["concurrency"] = None if offered else number(at(result, "load_summary", "concurrency"))
    done, failed = (number(at(result, name, "count")) for name in ("successes", "failures"))
    return raw | {"_load": Load(offered_per_second=offered, succeeded=done, failed=failed or 0)}
