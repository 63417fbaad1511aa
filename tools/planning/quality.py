"""One figure for how good a model is at a use in one mode: a weighted mean of scores that its own card or
paper publishes for that mode.

    quality = Σ weight · score                    where all of the use case's benchmarks are published
            = Σ weight · m + Σ weight · (score − m) / Σ weight of the published ones, else

with m the catalogue's median on that benchmark in that mode: benchmarks differ in difficulty, and a model
must not gain by what its makers leave out. Thinking first and answering at once are two modes, and a score of
one says nothing of the other: each is set only against scores of the same mode.

Weights are the use case's (`use_cases.json`). It is unknown, never zero, where the published scores carry
less than half of the weight. A quantised checkpoint whose quality is unknown is ranked by its base's, which
the catalogue names, and is said to be.
"""

from __future__ import annotations

from functools import cache
from statistics import median, quantiles

from knowledge.catalogue import UseCase, models, use_cases
from knowledge.model import Model, QualityBenchmark
from knowledge.thinking import MODES, ThinkingMode
from tools.planning.plan import Quality

LEAST_WEIGHT = 0.5
NAMES = {
    "mmlu_pro": "MMLU-Pro",
    "gpqa": "GPQA",
    "ifeval": "IFEval",
    "humaneval": "HumanEval",
    "livecodebench": "LiveCodeBench",
}


def quality_of(model: Model, use_case: UseCase, mode: ThinkingMode | None) -> Quality:
    """The mean in percent with what it is made of, or None with the reason, and then that
    of the base where it is known.
    """
    if mode is None:
        return Quality(
            score=None,
            base_score=None,
            scores="",
            source="it isn't known whether this model thinks before it answers",
        )
    published = model.quality.get(mode, {})
    known = {b: w for b, w in use_case.quality_weights.items() if b in published}
    weight = sum(known.values())
    if weight >= LEAST_WEIGHT:
        weights = _weights_of(use_case, mode)
        middle = sum(w * _median_of(b, mode) for b, w in weights.items())
        score = middle + sum(weights[b] * (published[b].value - _median_of(b, mode)) for b in known) / sum(
            weights[b] for b in known
        )
        scores = ", ".join(f"{NAMES[b]} {published[b].value:g}" for b in known)
        sources = "; ".join(sorted({f"{published[b].source}, {published[b].date}" for b in known}))
        return Quality(
            score=round(min(100.0, max(0.0, score)), 1),
            base_score=None,
            scores=f"{MODES[mode]}: {scores}",
            source=sources,
        )
    base = quality_of(models()[model.base_id], use_case, mode) if model.base_id else None
    if base and base.score is not None:
        why = f"no scores published for this format; its base {model.base_id} has {base.score:g} %"
        return Quality(score=None, base_score=base.score, scores=base.scores, source=why)
    wanted = ", ".join(NAMES[b] for b in use_case.quality_weights)
    why = f"too few published scores of this very checkpoint {MODES[mode]} (of {wanted})"
    return Quality(score=None, base_score=None, scores="", source=why)


def _weights_of(use_case: UseCase, mode: ThinkingMode) -> dict[QualityBenchmark, float]:
    """Of those benchmarks that anybody publishes for this mode; they sum to 1."""
    anywhere = {
        b: w
        for b, w in use_case.quality_weights.items()
        if any(b in m.quality.get(mode, {}) for m in models().values())
    }
    return {b: w / sum(anywhere.values()) for b, w in anywhere.items()}


@cache
def _median_of(benchmark: QualityBenchmark, mode: ThinkingMode) -> float:
    return median(
        scores[benchmark].value for m in models().values() if benchmark in (scores := m.quality.get(mode, {}))
    )


@cache
def catalogued_quality(model_id: str, use_case_id: str, mode: ThinkingMode | None) -> Quality:
    """`quality_of` a model of the catalogue."""
    return quality_of(models()[model_id], use_cases()[use_case_id], mode)


def ranked_quality(model_id: str, use_case_id: str, wanted: ThinkingMode) -> tuple[float, bool]:
    """What ranks: the checkpoint's own quality, else its base's, else the cautious one; and
    whether it is either of the former.

    Of a plan that is `wanted` in one mode: what a model that is served in another is worth
    there can't be set against it.
    """
    if models()[model_id].mode(wanted) == wanted:
        found = catalogued_quality(model_id, use_case_id, wanted)
        known = found.score if found.score is not None else found.base_score
        if known is not None:
            return known, True
    return cautious_quality(use_case_id, wanted), False


@cache
def _known_in(use_case_id: str, mode: ThinkingMode) -> list[float]:
    found = [catalogued_quality(m, use_case_id, mode).score for m in models()]
    return [score for score in found if score is not None]


def quality_range(use_case_id: str, mode: ThinkingMode) -> tuple[float, float]:
    """The lowest and the highest known quality in a mode over the whole catalogue:
    what a criterion is scaled by.
    """
    known = _known_in(use_case_id, mode)
    return min(known), max(known)


@cache
def cautious_quality(use_case_id: str, mode: ThinkingMode) -> float:
    """What an unknown quality is ranked as: the lower quartile of the catalogue, so that
    saying nothing is no advantage.
    """
    return quantiles(_known_in(use_case_id, mode), n=4)[0]


def quality_in_words(quality: Quality) -> str:
    """As the tables show it: in percent, with a star where it is that of the unquantised model."""
    if quality.score is not None:
        return f"quality {quality.score:g} %"
    return "quality unknown" if quality.base_score is None else f"quality {quality.base_score:g} %*"


def quality_against(one: Quality, other: Quality) -> str | None:
    """How much better one is than another of the same mode, where both are known and differ."""
    if one.known is None or other.known is None or abs(one.known - other.known) < 0.05:
        return None
    gap = abs(one.known - other.known)
    points = f"{gap:.0f}" if gap >= 0.95 else f"{gap:.1f}"
    star = "" if one.score is not None and other.score is not None else "*"
    higher = "higher" if one.known > other.known else "lower"
    return f"quality {points} point{'' if points == '1' else 's'}{star} {higher}"
