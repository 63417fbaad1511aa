"""How good a model must be to come first unasked: what the person asks for, else what the use case says.

A model below that, or of unknown quality, is an option all the same: it is shown in every view, and said to
be weaker, or unknown. In the balanced view it stands behind all others, unless the person named models or
wants low cost above all; a size names none, since some models of that size may be good enough. Each model is
set against the figure of the mode that it is served in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from knowledge.catalogue import models, use_cases
from knowledge.curves import Bools, CurveTable
from knowledge.thinking import MODES
from tools.planning.plan import Offer, Quality, Recommendation, WeakerFirst
from tools.planning.quality import catalogued_quality
from tools.specification import Intent, Specification
from tools.wording import a_month, setup


def quality_for(model_id: str, specification: Specification) -> Quality:
    """Of a model of the catalogue in the mode that it is served in, with what is asked for at least."""
    intent = specification.intent
    mode = models()[model_id].mode(specification.thinking)
    least = intent.min_quality or use_cases()[str(intent.use_case)].least_quality.of(
        mode or specification.thinking
    )
    return catalogued_quality(model_id, str(intent.use_case), mode).model_copy(update={"least": least})


def weaker(table: CurveTable, specification: Specification) -> Bools:
    """(configurations,): whose quality isn't known to be enough; kept with the table."""
    intent = specification.intent

    def found() -> Bools:
        enough = [m for m in models() if quality_for(m, specification).enough]
        return np.asarray(table.codes(enough, "model_ids") < 0)

    key = ("weaker", str(intent.use_case), specification.thinking, str(intent.min_quality))
    return table.kept(key, found)


def may_lead(intent: Intent) -> WeakerFirst | None:
    """Why the person would have a weaker model first, if they would."""
    if intent.preferred_models:
        return "named"
    if intent.priorities.cost == "high" and intent.priorities.accuracy != "high":
        return "cost"
    return None


def why_weaker(options: Sequence[Recommendation], intent: Intent) -> WeakerFirst | None:
    """Why those that aren't good enough may come first among these."""
    if options and not any(o.quality.enough for o in options):
        return may_lead(intent) or "none enough"
    return may_lead(intent)


def offered_as(o: Recommendation, options: Sequence[Recommendation]) -> Offer | None:
    """Cheaper than the first of these that is good enough."""
    if o.quality.enough:
        return None
    other = next((each for each in options if each.quality.enough), None)
    cheaper = other is not None and o.cost_usd_per_month < other.cost_usd_per_month
    if not cheaper:
        return lacking(o.quality)
    return "cheaper, quality unknown" if o.quality.known is None else "cheaper, weaker"


def lacking(quality: Quality) -> Offer | None:
    """Beside nothing else that it could be cheaper than."""
    if quality.enough:
        return None
    return "quality unknown" if quality.known is None else "weaker"


def lesser(o: Recommendation, options: Sequence[Recommendation]) -> str | None:
    """To whoever is about to choose one that isn't good enough, with the first that is."""
    if o.offered_as is None:
        return None
    other = next((each for each in options if each.quality.enough), None)
    instead = (
        f"; option {other.rank}, {other.model_id} on {setup(other)}, is good enough and costs"
        f" {a_month(other.cost_usd_per_month)}"
        if other
        else ""
    )
    return f"Option {o.rank} is {o.offered_as}: {shortfall(o)}{instead}."


def shortfall(o: Recommendation) -> str | None:
    """The figure of one that isn't good enough, against what is asked for."""
    quality = o.quality
    if quality.enough or quality.least is None:
        return None
    least = f"{quality.least:g} %{f', the least for this use {MODES[o.thinking]}' if o.thinking else ''}"
    if quality.known is None:
        return f"its quality is unknown, not known to be {least}"
    return f"its quality is {quality.known:g} %{'*' if quality.score is None else ''}, below {least}"
