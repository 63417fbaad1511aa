"""Checking values that came from words, a model or a button, with sentences that say
what would be accepted.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

T = TypeVar("T", bound=BaseModel)

LABELS = {
    "user_count": "The number of users",
    "requests_per_second": "The request rate",
    "prompt_tokens": "Prompt tokens",
    "output_tokens": "Output tokens",
    "ttft_p95_ms": "The TTFT target (ms)",
    "itl_p95_ms": "The ITL target (ms)",
    "e2e_p95_ms": "The E2E target (ms)",
    "active_fraction": "The active share of users",
    "requests_per_active_user_per_minute": "Requests per active user and minute",
    "peak_factor": "The peak factor",
    "budget_usd_per_month": "The budget (USD a month)",
    "concurrent_requests": "The number of requests in flight",
    "requests_per_day": "The number of requests a day",
    "burstiness": "The burstiness",
    "busy_hours_per_day": "The busy hours of a day",
    "headroom": "The headroom (as a share)",
    "spare_replicas": "The number of spare replicas",
    "min_context_tokens": "The context (tokens)",
    "min_quality": "The least quality (%)",
    "thinking": "Thinking",
    "thinking_tokens": "Tokens of thoughts",
}


def change_or_problem(kind: type[T], values: dict[str, Any]) -> T | str:
    """The validated model, or one sentence about each value that can't be."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        return in_sentences(error)


def in_sentences(error: Exception) -> str:
    """What is wrong with some values: an error's own words, or one sentence about
    each value that can't be.
    """
    if isinstance(error, ValidationError):
        return " ".join(_sentence(problem) for problem in error.errors()[:3])[:1000]
    return str(error)


def _sentence(problem: Any) -> str:
    field = str(problem["loc"][0]) if problem["loc"] else "The request"
    label = LABELS.get(field, field)
    given = problem["input"]
    shown = (
        f"{given:,.15g}"
        if isinstance(given, int | float) and not isinstance(given, bool)
        else f"“{str(given)[:60]}”"
    )
    limits = problem.get("ctx") or {}
    kind = problem["type"]
    if kind == "greater_than":
        return f"{label} must be more than {limits['gt']:g}; {shown} can't be."
    if kind == "greater_than_equal":
        return f"{label} must be at least {limits['ge']:,}; {shown} can't be."
    if kind in ("less_than_equal", "less_than"):
        return (
            f"{label} can be at most {limits.get('le', limits.get('lt')):,}; {shown} is more than anyone"
            " could serve."
        )
    if kind in ("int_from_float", "int_parsing", "int_type"):
        return f"{label} must be a whole number; {shown} isn't."
    if kind == "value_error":
        return f"{str(limits.get('error', problem['msg'])).capitalize()}."
    return f"{label}: {problem['msg']} (given: {shown})."
