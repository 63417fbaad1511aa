"""Why an option is where it is: what it is first in, holds, costs and is worth, and what it trades."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np

from knowledge.catalogue import SloTargets
from tools.planning.plan import Quality, Recommendation, View
from tools.planning.quality import quality_against, quality_in_words
from tools.planning.ranking import MARKS, Criteria, mark_of
from tools.wording import a_month, setup


def with_reasons(
    found: list[Recommendation],
    views: dict[View, list[int]],
    targets: SloTargets,
    criteria: Criteria,
    ends: set[int],
) -> list[Recommendation]:
    """What each is first in, what it holds, costs and is worth, and what it trades against the next."""
    lowest = float(criteria.cost_usd_per_month[criteria.option].min(initial=np.inf))

    def reasons(o: Recommendation, following: Recommendation | None) -> list[str]:
        said = [", ".join(o.marks)] if o.marks else []
        said += [held(o, targets), _cost(o, lowest), _quality(o.quality)]
        if o.rank in ends:
            said.append(
                "its capacity is the highest load that was simulated, not a load at which a target breaks"
            )
        if following is not None:
            said.append(
                f"against option {following.rank}, {following.model_id} on {setup(following)}:"
                f" {difference(o, following)}"
            )
        return said

    def marked(o: Recommendation) -> Recommendation:
        marks = [mark_of(view, o) for view in MARKS if views[view][0] == o.rank]
        return o.model_copy(update={"marks": [mark for mark in marks if mark]})

    found = [marked(o) for o in found]
    return [o.model_copy(update={"reasons": reasons(o, n)}) for o, n in zip_longest(found, found[1:])]


def held(o: Recommendation, targets: SloTargets) -> str:
    p = o.predicted
    return (
        f"holds TTFT p95 {p.ttft_ms.p95:,.0f} of {targets.ttft_p95_ms:,.0f} ms, ITL {p.itl_ms.p95:,.1f} of"
        f" {targets.itl_p95_ms:,.0f} ms, E2E {p.e2e_ms.p95 / 1000:,.1f} of {targets.e2e_p95_ms / 1000:,.1f} s"
        + (
            f"; thinks first, so that its answer begins after {o.first_answer_p95_ms / 1000:,.1f} s"
            if o.first_answer_p95_ms
            else ""
        )
    )


def _cost(o: Recommendation, lowest: float) -> str:
    extra = o.cost_usd_per_month - lowest
    return (
        "costs the least of all that hold the targets"
        if extra < 0.01
        else f"costs {a_month(extra)} more than the cheapest"
    )


def _quality(quality: Quality) -> str:
    """Ending with what it is made of, or why it isn't its own."""
    return f"{quality_in_words(quality)} ({quality.scores if quality.score is not None else quality.source})"


def difference(one: Recommendation, other: Recommendation) -> str:
    """Cost, E2E and quality of one against another."""
    cost = one.cost_usd_per_month - other.cost_usd_per_month
    e2e = one.predicted.e2e_ms.p95 - other.predicted.e2e_ms.p95
    said = [f"{a_month(abs(cost))} {'more' if cost > 0 else 'less'}" if abs(cost) >= 0.5 else "the same cost"]
    said.append(
        f"E2E p95 {abs(e2e) / 1000:.1f} s {'longer' if e2e > 0 else 'shorter'}"
        if abs(e2e) >= 50
        else "the same E2E"
    )
    if {one.thinking, other.thinking} == {"off", "on"}:
        said.append("another mode, so that their qualities can't be compared")
    elif (better := quality_against(one.quality, other.quality)) is not None:
        said.append(better)
    return ", ".join(said)
