"""Figures of a use case's template, and of planning itself, that a person can set otherwise; each declared
once. Times are in ms, shares are of 1.
"""

from typing import Annotated

from pydantic import Field

from knowledge.catalogue import METRICS, STATISTICS, Metric, Statistic
from knowledge.traffic.traced import Traced
from tools.contract import Contract
from tools.specification.spec import Spec

MOST_MS: dict[Metric, float] = {"ttft": 3_600_000.0, "itl": 600_000.0, "e2e": 86_400_000.0}
"""As far as targets go."""
WITHIN = {metric: Field(gt=0, le=most) for metric, most in MOST_MS.items()}
TARGETS: dict[str, tuple[Metric, Statistic]] = {f"{m}_{s}_ms": (m, s) for m in METRICS for s in STATISTICS}
"""The field of each target."""
NO_TARGET = "no target"


def _at(metric: Metric, statistic: Statistic) -> Spec:
    """Of a target that nobody has unless they ask for it."""
    name = f"{metric.upper()} {statistic}"
    return Spec(label=name, called=f"{name} target", group="targets", unit="ms", unset=NO_TARGET)


class Overrides(Contract):
    """What the person set; None is as the template has it."""

    relaxed_ms: Annotated[
        dict[Metric, Annotated[float, Field(gt=0, le=86_400_000)]],
        Field(description="p95 targets of the template that a plan had to loosen, since nothing holds them"),
    ] = {}
    """Set by a plan, not by the person; a change begins with the template's again."""

    traffic: Annotated[
        Traced | None,
        Field(description="A trace, as `POST /traffic` gives it; its figures count where none is set here"),
    ] = None

    prompt_tokens: Annotated[
        int | None,
        Field(ge=1, le=1_000_000),
        Spec(
            label="Prompt",
            group="targets",
            unit="tokens",
            row="Traffic",
            said=r"(?:prompts?|inputs?)(?: length| size| tokens)?",
        ),
    ] = None
    thinking_tokens: Annotated[
        int | None,
        Field(ge=1, le=100_000, description="Of the thoughts before the answer, where it thinks"),
        Spec(
            label="Thoughts",
            called="length of the thoughts",
            group="targets",
            unit="tokens",
            unset="none",
            row="Traffic",
        ),
    ] = None
    output_tokens: Annotated[
        int | None,
        Field(ge=1, le=100_000, description="Of the answer, thoughts aside"),
        Spec(
            label="Answer",
            group="targets",
            unit="tokens",
            row="Traffic",
            said=r"(?:answers?|outputs?|repl(?:y|ies)|responses?)(?: length| size| tokens)?",
        ),
    ] = None
    prompt_spread: Annotated[
        float | None,
        Field(ge=0, le=5, description="Standard deviation of prompt lengths over their mean"),
        Spec(
            label="Spread of prompts",
            called="spread of the prompts' lengths",
            group="targets",
            unit="CV",
            unset="none: all of one length",
            row="Traffic",
        ),
    ] = None
    output_spread: Annotated[
        float | None,
        Field(ge=0, le=5, description="Standard deviation of answer lengths over their mean"),
        Spec(
            label="Spread of answers",
            called="spread of the answers' lengths",
            group="targets",
            unit="CV",
            unset="none: all of one length",
            row="Traffic",
        ),
    ] = None
    cached_share: Annotated[
        float | None,
        Field(ge=0, le=0.99, description="Share of each prompt that the prefix cache holds"),
        Spec(
            label="Prefix cache hits",
            called="share of prompts in the prefix cache",
            group="targets",
            unit="% of the prompt",
            unset="none",
            row="Traffic",
            said=r"(?:prefix(?:[- ]cache)?|cache) hits?(?: rate| share)?|shared prefix",
        ),
    ] = None
    ttft_p95_ms: Annotated[
        float | None,
        Field(gt=0, le=3_600_000),
        Spec(
            label="TTFT p95",
            called="TTFT target",
            group="targets",
            unit="ms",
            unset=NO_TARGET,
            means=NO_TARGET,
            said=r"\bttft\b|time[- ]to[- ](?:the )?first[- ](?:token|word)|first[- ](?:token|word)",
        ),
    ] = None
    itl_p95_ms: Annotated[
        float | None,
        Field(gt=0, le=600_000),
        Spec(
            label="ITL p95",
            called="ITL target",
            group="targets",
            unit="ms",
            unset=NO_TARGET,
            means=NO_TARGET,
            said=(
                r"\bitl\b|inter[- ]?token(?: latency)?|\btpot\b|time per (?:output )?token"
                r"|per[- ]token latency|between tokens"
            ),
        ),
    ] = None
    e2e_p95_ms: Annotated[
        float | None,
        Field(gt=0, le=86_400_000),
        Spec(
            label="E2E p95",
            called="E2E target",
            group="targets",
            unit="ms",
            unset=NO_TARGET,
            means=NO_TARGET,
            said=(
                r"\be2e\b|end[- ]to[- ]end|total (?:latency|time)|(?:full |whole |complete )?response time"
                r"|(?:whole|full|complete) (?:answer|response)"
            ),
        ),
    ] = None
    ttft_mean_ms: Annotated[float | None, WITHIN["ttft"], _at("ttft", "mean")] = None
    ttft_p50_ms: Annotated[float | None, WITHIN["ttft"], _at("ttft", "p50")] = None
    ttft_p90_ms: Annotated[float | None, WITHIN["ttft"], _at("ttft", "p90")] = None
    ttft_p99_ms: Annotated[float | None, WITHIN["ttft"], _at("ttft", "p99")] = None
    itl_mean_ms: Annotated[float | None, WITHIN["itl"], _at("itl", "mean")] = None
    itl_p50_ms: Annotated[float | None, WITHIN["itl"], _at("itl", "p50")] = None
    itl_p90_ms: Annotated[float | None, WITHIN["itl"], _at("itl", "p90")] = None
    itl_p99_ms: Annotated[float | None, WITHIN["itl"], _at("itl", "p99")] = None
    e2e_mean_ms: Annotated[float | None, WITHIN["e2e"], _at("e2e", "mean")] = None
    e2e_p50_ms: Annotated[float | None, WITHIN["e2e"], _at("e2e", "p50")] = None
    e2e_p90_ms: Annotated[float | None, WITHIN["e2e"], _at("e2e", "p90")] = None
    e2e_p99_ms: Annotated[float | None, WITHIN["e2e"], _at("e2e", "p99")] = None
    no_target: Annotated[
        list[Metric],
        Field(description="Latencies that may be as long as they like; a target of one takes it back"),
        Spec(label="No target for"),
    ] = []
    active_fraction: Annotated[
        float | None,
        Field(gt=0, le=1),
        Spec(
            label="Active at once",
            called="active share of users",
            group="demand",
            unit="% of users",
            said=r"active (?:share|fraction)|share of active users",
        ),
    ] = None
    requests_per_active_user_per_minute: Annotated[
        float | None,
        Field(gt=0, le=6000),
        Spec(
            label="Requests per active user",
            called="rate of an active user",
            group="demand",
            unit="requests/min",
        ),
    ] = None
    busy_hours_per_day: Annotated[
        float | None,
        Field(gt=0, le=24),
        Spec(
            label="Busy hours",
            called="busy hours of a day",
            group="demand",
            unit="h a day",
            said=r"(?:busy|working|office) hours",
        ),
    ] = None
    peak_factor: Annotated[
        float | None,
        Field(ge=1, le=100),
        Spec(
            label="Peak factor",
            group="demand",
            unit="times the average",
            said=r"peak (?:factor|multiplier)",
        ),
    ] = None
    burstiness: Annotated[
        float | None,
        Field(ge=1, le=200),
        Spec(label="Burstiness", group="demand", unit="CV²", written="{}"),
    ] = None
    trough_fraction: Annotated[
        float | None,
        Field(gt=0, le=1),
        Spec(label="Quietest hour", group="demand", unit="% of the peak"),
    ] = None
    minute_peak: Annotated[
        float | None,
        Field(ge=1, le=100),
        Spec(label="Highest minute", group="demand", unit="times the mean"),
    ] = None
    headroom: Annotated[
        float | None,
        Field(ge=0, le=0.9),
        Spec(label="Headroom", group="demand", unit="% of capacity", written="{}%"),
    ] = None
    spare_replicas: Annotated[
        int | None,
        Field(ge=0, le=100),
        Spec(
            label="Spare replicas",
            called="number of spare replicas",
            group="demand",
            said=r"(?:number of )?(?:spare|standby|redundant) replicas?|spares",
        ),
    ] = None

    def asked(self, metric: Metric) -> dict[Statistic, float] | None:
        """The targets in ms that the person set, the p95 first; empty where there shall be none, and None
        where nothing was said.
        """
        if metric in self.no_target:
            return {}
        found: dict[Statistic, float] = {}
        for statistic in sorted(STATISTICS, key=lambda s: s != "p95"):
            if (ms := getattr(self, f"{metric}_{statistic}_ms")) is not None:
                found[statistic] = ms
        return found or None
