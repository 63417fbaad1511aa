"""What a deployment was planned to do: written into its InferenceService when it is rendered, covered by the
approval, and read back by whoever measures it. One type is written and read, so neither can misspell it.
"""

from __future__ import annotations

import json

import numpy as np
from pydantic import ValidationError

from knowledge.catalogue import METRICS, Metric, SloTargets, TrafficProfile, p95_of
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.prices import HOURS_PER_MONTH
from knowledge.thinking import ThinkingMode
from tools.clusters.objects import Object, notes_of
from tools.contract import Contract
from tools.manifests.annotations import PREDICTED, TARGETS
from tools.untrusted import printable


class UnreadablePlan(CompassError):
    """A deployment says what was planned of it, and that can't be read."""


class Expectation(Contract):
    """`requests_per_second` is the planned peak, of all `replicas`; the p95s in ms are predicted there."""

    model_id: str
    gpu_type: str
    gpu_count: int
    replicas: int
    prompt_tokens: int
    output_tokens: int
    context_tokens: int | None = None
    """Of the longest request that is served; None in deployments from before it was told."""
    longest_tokens: int | None = None
    """Of the longest request that must be possible; None in deployments from before it was told."""
    thinking: ThinkingMode | None = None
    """The mode it was planned in; None where it isn't known, as of older deployments."""
    thinking_tokens: int = 0
    """Of the output, those that come before the answer."""
    requests_per_second: float
    max_requests_per_second: float
    """That all replicas can take within the targets."""
    cost_usd_per_month: float
    provenance: str
    ttft_p95_ms: float
    itl_p95_ms: float
    e2e_p95_ms: float
    targets: SloTargets

    @property
    def written(self) -> dict[str, str]:
        """As annotations, which `expectation_of` reads."""
        return {
            PREDICTED: self.model_dump_json(exclude={"targets"}),
            TARGETS: self.targets.model_dump_json(),
        }

    @property
    def profile(self) -> TrafficProfile:
        return TrafficProfile(prompt_tokens=self.prompt_tokens, output_tokens=self.output_tokens)

    @property
    def usd_per_hour(self) -> float:
        return self.cost_usd_per_month / HOURS_PER_MONTH

    def at_peak(self, metric: Metric) -> float:
        """The p95 in ms that was predicted at the planned peak."""
        return p95_of(self, metric)

    def p95_to_hold(self, metric: Metric) -> float:
        """The p95 in ms that it is measured against: its target, or the one that was planned, where the
        target is of another statistic or there is none. Only p95s are measured against anything so far.
        """
        return self.targets.of(metric).get("p95", self.at_peak(metric))

    @property
    def without_p95_target(self) -> str:
        """That some are held against what was planned, in words; empty where all have a p95 target."""
        names = [metric.upper() for metric in METRICS if "p95" not in self.targets.of(metric)]
        if not names:
            return ""
        return f"{' and '.join(names)} held against the planned p95, as no p95 of it is a target"

    def at(self, requests_per_second: float, replicas: int, database: Database) -> dict[Metric, float] | None:
        """p95s in ms by the benchmark table if so many replicas share this rate; None
        where it has no rows of exactly this traffic.
        """
        table = database.curves(self.profile)
        known = (table.codes([self.model_id], "model_ids") == 0) & (
            table.codes([self.gpu_type], "gpu_types") == 0
        )
        found = np.flatnonzero(known & (table.gpu_counts == self.gpu_count))
        if not len(found) or not replicas:
            return None
        seen = table.select(found).curves.p95_at(np.array([requests_per_second / replicas]))[:, 0]
        return (
            {metric: float(p95) for metric, p95 in zip(METRICS, seen, strict=True)}
            if np.isfinite(seen).all()
            else None
        )


def expectation_of(service: Object | None) -> Expectation | None:
    """Of an InferenceService; None where it says nothing of a plan, as others' and very old ones do.
    Raises UnreadablePlan for what it says otherwise than `Expectation.written`.
    """
    notes = notes_of(service) if service else {}
    if PREDICTED not in notes and TARGETS not in notes:
        return None
    try:
        figures = {key: json.loads(notes[key]) for key in (PREDICTED, TARGETS)}
        return Expectation.model_validate({**figures[PREDICTED], "targets": figures[TARGETS]})
    except KeyError as error:
        why = f"{error.args[0]} is missing"
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        why = f"{where}: {first['msg']}"
    except (ValueError, TypeError):
        why = "it is no JSON object"
    raise UnreadablePlan(f"What was planned of it can't be read in its annotations: {printable(why, 200)}.")


def expectation_and_why(service: Object | None) -> tuple[Expectation | None, str]:
    """The same, with why it can't be read, "" where there is nothing to read, instead of raising that."""
    try:
        return expectation_of(service), ""
    except UnreadablePlan as error:
        return None, str(error)


def expectation_if_any(service: Object | None) -> Expectation | None:
    """For figures that are left out where nothing is known: None as well where it can't be read."""
    return expectation_and_why(service)[0]
