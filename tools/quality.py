"""One figure for how good a model is at a use: a weighted mean of scores that its own card or paper publishes.

    quality = Σ weight · score / Σ weight        over the benchmarks that are published for exactly this checkpoint

Weights are the use case's (`use_cases.json`). It is unknown, never zero, where the published scores carry less than half of
the weight. Benchmarks differ in difficulty, so two models are compared best where the same ones are published; each is named.
A quantised checkpoint whose quality is unknown is ranked by its base's, which the catalogue names, and is said to be.
"""

from __future__ import annotations

from statistics import median

from knowledge.catalogue import Model, UseCase, models
from tools.recommendation import Quality

LEAST_WEIGHT = 0.5
NAMES = {"mmlu_pro": "MMLU-Pro", "gpqa": "GPQA", "ifeval": "IFEval", "humaneval": "HumanEval", "livecodebench": "LiveCodeBench"}


def quality_of(model: Model, use_case: UseCase) -> Quality:
    """The mean in percent with what it is made of, or None with the reason, and then that of the base where it is known."""
    known = {b: w for b, w in use_case.quality_weights.items() if b in model.quality}
    weight = sum(known.values())
    if weight >= LEAST_WEIGHT:
        score = sum(w * model.quality[b].value for b, w in known.items()) / weight
        scores = ", ".join(f"{NAMES[b]} {model.quality[b].value:g}" for b in known)
        sources = "; ".join(sorted({f"{model.quality[b].source}, {model.quality[b].date}" for b in known}))
        return Quality(score=round(score, 1), base_score=None, scores=scores, source=sources)
    base = quality_of(models()[model.base_id], use_case) if model.base_id else None
    if base and base.score is not None:
        why = f"no scores published for this format; its base {model.base_id} has {base.score:g} %"
        return Quality(score=None, base_score=base.score, scores=base.scores, source=why)
    wanted = ", ".join(NAMES[b] for b in use_case.quality_weights)
    return Quality(score=None, base_score=None, scores="", source=f"too few published scores of this very checkpoint (of {wanted})")


def typical_quality(use_case: UseCase) -> float:
    """The median over the catalogue's models that have one."""
    known = [q.score for m in models().values() if (q := quality_of(m, use_case)).score is not None]
    return median(score for score in known if score is not None)
