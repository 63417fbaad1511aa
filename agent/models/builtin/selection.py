"""Which option a person means: “option 2”, “deploy the cheapest”, “the second”, “go with the H100 one”."""

from __future__ import annotations

from agent import moves
from agent.models.builtin import kept, phrases
from agent.models.builtin.names import find_models
from agent.models.builtin.reading import read_change
from tools.specification import FIELDS, KINDS, WISHES

_VALUES = {"use_case", *(name for name, field in FIELDS.items() if field.is_figure)}
ANOTHER_PLAN = {unwanted for _, unwanted in KINDS.values()} | WISHES.keys() - FIELDS.keys()
"""What is neither a choice nor a mere no: exceptions and relative wishes."""


def read_selection(low: str, bare: str) -> moves.SelectOption | moves.Unclear | None:
    """The choice in a text, a question back if it is a no or several at once, None
    if it is something else.
    """
    if low.endswith("?") or kept.match(phrases.NO_CHOICE, low):
        return None
    ranks, criterion = _ranks(low, bare), _criterion(low, bare)
    if kept.search(phrases.NTH_BEST, low):
        return moves.Unclear(question="By its number, please: “option 2”.")
    reading = read_change(low)
    named = find_models(low)
    if (ranks or criterion) and kept.search(phrases.NO_TO_IT, low):
        return (
            None
            if set(reading.fields) & _VALUES
            else moves.Unclear(question="That sounds like a no. Which one shall it be, then?")
        )
    if set(reading.fields) & (_VALUES | ANOTHER_PLAN) or reading.problems:
        return None
    if len(ranks) > 1:
        return moves.Unclear(question="One of them, please.")
    if ranks:
        return moves.SelectOption(rank=ranks[0])
    gpus = reading.fields.get("preferred_gpu_types", [])
    if criterion:
        return moves.SelectOption(criterion=criterion, gpu_types=gpus, model_ids=named)
    if (gpus or named) and kept.search(phrases.TAKES_NAMED, low):
        return moves.SelectOption(gpu_types=gpus, model_ids=named)
    if (bare and kept.fullmatch(phrases.CONFIRM, bare)) or kept.fullmatch(phrases.TAKE_IT, bare):
        return moves.SelectOption(criterion="recommended")
    return None


def _ranks(low: str, bare: str) -> list[int]:
    """Every option number mentioned: as a digit, a word or an ordinal."""
    number = rf"#?(\d{{1,2}}|{'|'.join(phrases.NUMBER_WORDS)})"
    found = kept.findall(
        rf"{phrases.BEFORE_RANK}\s*{number}\b(?!\s*(?:%|ms|x\b|users|gpus|replicas|h100|[abhl]\d|-?bits?\b))",
        low,
    )
    found += kept.findall(rf"(?<=\d)(?:,| or| and)\s*{number}\b$", bare) if found else []
    whole = kept.fullmatch(rf"(?:the )?{number}(?:[,. ]*please)?", bare)
    if whole:
        found = [whole[1]]
    ranks = [phrases.NUMBER_WORDS.get(f) or int(f) for f in found]
    for word in kept.findall(phrases.ORDINAL_MENTION, bare):
        ranks.append(phrases.ORDINALS[word])
    return list(dict.fromkeys(ranks))


def _criterion(low: str, bare: str) -> moves.Criterion | None:
    """“deploy the cheapest”, “the fastest one, please”; not “make it cheaper”."""
    if kept.search(r"\b(?:make|more|less)\b", low):
        return None
    for pattern, criterion in phrases.CRITERIA:
        alone = kept.fullmatch(rf"(?:the |your )?(?:{pattern})(?: one| option)?(?:[,. ]*please)?", bare)
        if alone or (kept.search(phrases.CHOOSE, low) and kept.search(rf"\b(?:{pattern})(?!\w)", low)):
            return criterion
    return None
