"""One figure for how good a model is at a use: a weighted mean of scores that its own card or paper publishes.

    quality = Σ weight · score                    where all of the use case's benchmarks are published
            = Σ weight · m + Σ weight · (score − m) / Σ weight of the published ones, else

with m the catalogue's median on that benchmark: benchmarks differ in difficulty, and a model must not gain by what its makers
leave out.

Weights are the use case's (`use_cases.json`). It is unknown, never zero, where the published scores carry less than half of
the weight. A quantised checkpoint whose quality is unknown is ranked by its base's, which the catalogue names, and is said to be.
"""

from __future__ import annotations

from functools import cache
from statistics import median, quantiles

from knowledge.catalogue import Model, QualityBenchmark, UseCase, models, use_cases
from tools.recommendation import Quality

LEAST_WEIGHT = 0.5
NAMES = {"mmlu_pro": "MMLU-Pro", "gpqa": "GPQA", "ifeval": "IFEval", "humaneval": "HumanEval", "livecodebench": "LiveCodeBench"}


def quality_of(model: Model, use_case: UseCase) -> Quality:
    """The mean in percent with what it is made of, or None with the reason, and then that of the base where it is known."""
    known = {b: w for b, w in use_case.quality_weights.items() if b in model.quality}
    weight = sum(known.values())
    if weight >= LEAST_WEIGHT:
        middle = sum(w * _median_of(b) for b, w in use_case.quality_weights.items())
        score = middle + sum(w * (model.quality[b].value - _median_of(b)) for b, w in known.items()) / weight
        scores = ", ".join(f"{NAMES[b]} {model.quality[b].value:g}" for b in known)
        sources = "; ".join(sorted({f"{model.quality[b].source}, {model.quality[b].date}" for b in known}))
        return Quality(score=round(min(100.0, max(0.0, score)), 1), base_score=None, scores=scores, source=sources)
    base = quality_of(models()[model.base_id], use_case) if model.base_id else None
    if base and base.score is not None:
        why = f"no scores published for this format; its base {model.base_id} has {base.score:g} %"
        return Quality(score=None, base_score=base.score, scores=base.scores, source=why)
    wanted = ", ".join(NAMES[b] for b in use_case.quality_weights)
    return Quality(score=None, base_score=None, scores="", source=f"too few published scores of this very checkpoint (of {wanted})")


@cache
def _median_of(benchmark: QualityBenchmark) -> float:
    return median(m.quality[benchmark].value for m in models().values() if benchmark in m.quality)


@cache
def catalogued_quality(model_id: str, use_case_id: str) -> Quality:
    """`quality_of` a model of the catalogue."""
    return quality_of(models()[model_id], use_cases()[use_case_id])


def ranked_quality(model_id: str, use_case_id: str) -> tuple[float, bool]:
    """What ranks: the checkpoint's own quality, else its base's, else the cautious one; and whether it is either of the former."""
    found = catalogued_quality(model_id, use_case_id)
    known = found.score if found.score is not None else found.base_score
    return (known, True) if known is not None else (cautious_quality(use_cases()[use_case_id]), False)


@cache
def quality_range(use_case_id: str) -> tuple[float, float]:
    """The lowest and the highest known quality for a use case over the whole catalogue: what a criterion is scaled by."""
    found = [catalogued_quality(m, use_case_id).score for m in models()]
    known = [score for score in found if score is not None]
    return min(known), max(known)


@cache
def _lower_quartile(use_case_id: str) -> float:
    found = [catalogued_quality(m, use_case_id).score for m in models()]
    return quantiles([score for score in found if score is not None], n=4)[0]


def cautious_quality(use_case: UseCase) -> float:
    """What an unknown quality is ranked as: the lower quartile of the catalogue, so that saying nothing is no advantage."""
    return _lower_quartile(use_case.id)
