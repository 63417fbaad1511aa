"""What stands below a table of options: how it is read, and where its figures are from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agent.cards.facts import OptionsFacts
from knowledge.catalogue import use_cases
from tools.planning.plan import Recommendation, ranked_by
from tools.wording import latency, percent

OWN = (
    "This is your own hardware: what it costs is what you say of it; providers, regions and their prices have"
    " no bearing. Where it has no price, fewer GPUs come first, and a budget leaves nothing out."
)


def footnotes(facts: OptionsFacts) -> Iterator[str]:
    """How the table is read, and where its figures are from."""
    found, specification = facts.recommendations, facts.specification
    tabled = [str(o.rank) for o in found if not o.simulated]
    sized = f"; {', '.join(tabled)} by the table, not simulated" if tabled else ""
    spare = f" and {specification.spare_replicas} to spare" if specification.spare_replicas else ""
    reading = (
        f"{ranked_by(facts.view)}. “2 × 4 H100”: 2 replicas on 4 GPUs each, sized by simulation at peak with"
        f" {percent(facts.headroom)} of capacity free{spare}{sized}. Bold numbers: no other is as good in"
        " cost, latency and quality at once. Quality in %, * of the unquantised model."
    )
    contexts = _by_rank((f"{o.context_tokens:,}" if o.context_tokens else "not known", o.rank) for o in found)
    reading += f" Longest request, prompt and answer, in tokens: {contexts}."
    thinking = _by_rank((o.thinking_in_words or "not told", o.rank) for o in found)
    reading += f" Thinking before the answer: {thinking}; quality is of this mode."
    begins = _by_rank((latency(o.first_answer_p95_ms), o.rank) for o in found if o.first_answer_p95_ms)
    reading += f" After the thoughts the answer begins within (p95) {begins}." if begins else ""
    reading += _weaker(facts)
    asked, planned = specification.traffic_profile, facts.benchmark_profile
    if asked != planned:
        mapped = f"{planned.prompt_tokens}→{planned.output_tokens} tokens"
        reading += f" Simulated for {asked}; benchmarks exist only for others, the nearest {mapped}."
    yield reading
    yield _origins(found)


def _weaker(facts: OptionsFacts) -> str:
    """What is meant by it, where an option is offered as that."""
    found = [o for o in facts.recommendations if o.offered_as]
    if not found:
        return ""
    needs = use_cases()[str(facts.specification.intent.use_case)].least_quality
    least = sorted({f"{o.quality.least:g} %" for o in found})
    return (
        f" “Weaker”: below {' or '.join(least)}, the {needs.rule} of what is known in that mode, since"
        f" {needs.why}; such a model, or one of unknown quality, comes first only where you name models, want"
        " low cost above all, or no other fits."
    )


def _origins(found: list[Recommendation]) -> str:
    """Where the latencies and the prices of options are from, and how far such latencies were off."""
    dates = sorted({o.price.rsplit(", ", 1)[1] for o in found if not o.own_hardware})
    spanned = " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else ""
    priced = f"Prices on demand, {spanned}." if dates else OWN
    origins = _by_rank((o.provenance.split(",")[0], o.rank) for o in found)
    errors = {error.steps: error for o in found if (error := o.estimate_error)}
    off = " and ".join(
        f"{percent(e.itl_median)} of ITL and {percent(e.ttft_median)} of TTFT from {name}"
        for name, e in sorted(errors.items())
    )
    accuracy = f" Estimates were off by {off} (medians on unseen public runs)." if off else ""
    return f"Latencies {origins}.{accuracy} {priced}"


def _by_rank(said: Iterable[tuple[str, int]]) -> str:
    """What is said of several options once, with their numbers behind it."""
    ranks: dict[str, list[str]] = {}
    for text, rank in said:
        ranks.setdefault(text, []).append(str(rank))
    return "; ".join(f"{text} ({', '.join(numbers)})" for text, numbers in ranks.items())
