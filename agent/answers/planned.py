"""Answers about the plan: why, how much, what else, from what."""

from __future__ import annotations

import re

from agent.answers.shown import without_options
from agent.state import ConversationState
from agent.turn import Turn
from knowledge.catalogue import gpus, models, models_in_words, use_cases
from knowledge.prices import HOURS_PER_MONTH
from tools.manifests.served import inference_service_of, served_context
from tools.plan_capacity import PlanRequest
from tools.planning.exclusions import exclusions_in_words
from tools.planning.memory import context_in_words
from tools.planning.plan import NearMiss, Recommendation
from tools.planning.quality import quality_in_words
from tools.planning.reasons import difference
from tools.planning.several_servers import several_servers_in_words
from tools.why_not import WhyNot, WhyNotRequest, why_not
from tools.wording import a_month, capital, rate, setup

MAX_NAMED = 3
"""Names of models that an answer repeats."""


def _numbers(subject: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]{1,4}", subject)]


def assumptions(turn: Turn, subject: str) -> str:
    specification = turn.state.get("specification")
    if not specification:
        return "There is no specification yet, so nothing has been assumed."
    lines = [
        f"• {a.text}" + (f" ({a.origin})" if a.origin in ("your edit", "your words") else "")
        for a in specification.assumptions
    ]
    sources = sorted({a.origin for a in specification.assumptions} - {"your edit", "your words", "computed"})
    source = f"\nFrom the {'; '.join(sources)}." if sources else ""
    change = "Each can be changed, for instance “30 % active” or “peak factor 3”."
    return (
        "The plan assumes these; the request rate comes from them:\n"
        + "\n".join(lines)
        + f"{source}\n{change}"
    )


def why(turn: Turn, subject: str) -> str:
    """Why an option is what it is, or why something that was named is not the first."""
    state, options = turn.state, turn.options
    if turn.stage == "failed":
        return state.get("failure") or "The deployment failed."
    plan, specification = state.get("plan"), state.get("specification")
    named = [name.strip() for name in subject.split(",")]
    types, ids = [n for n in named if n in gpus()], [n for n in named if n in models()]
    of_it = [o for o in options if (not types or o.gpu_type in types) and (not ids or o.model_id in ids)]
    if (types or ids) and not of_it and plan is not None and specification is not None:
        asked = PlanRequest(
            specification=specification, benchmark_profile=plan.benchmark_profile, view=plan.view
        )
        query = WhyNotRequest(plan=asked, gpu_types=types, model_ids=ids)
        return _why_not(query, turn.call("why_not", why_not, query, turn.services.database), options)
    if not options:
        return without_options(turn)
    chosen = state.get("selected")
    if types or ids:
        rank = of_it[0].rank
    else:
        numbers = _numbers(subject)
        rank = numbers[0] if numbers else chosen.rank if chosen else 1
    found = next((o for o in options if o.rank == rank), None)
    if found is None:
        return f"There is no option {rank}; the options are 1 to {len(options)}."
    text = (
        f"Option {found.rank}, {_name(found)}: "
        + "; ".join(found.reasons)
        + f". Score {found.score:g} of 100 by your priorities."
    )
    if found.notes:
        text += f"\nNote: {'; '.join(found.notes)}."
    if found.pareto:
        text += "\nNo other option is as good in cost, latency and quality at once."
    text += f"\n{_sizing(found, state)}"
    return text + f"\nThe figures are {found.provenance}. {found.estimate_error or ''}".rstrip()


def _why_not(query: WhyNotRequest, found: WhyNot, options: list[Recommendation]) -> str:
    specification = query.plan.specification
    names = " on ".join(
        n for n in (models_in_words(query.model_ids, MAX_NAMED), " or ".join(query.gpu_types)) if n
    )
    if found.best is not None:
        first = f" (the first {options[0].score:g})" if options else ""
        return (
            f"{names} is an option, but not among the first: the best, {_name(found.best)}, is number"
            f" {found.best.rank:,} of {found.options:,}: it {'; '.join(found.best.reasons)}. Score"
            f" {found.best.score:g}{first} of 100 by your priorities."
        )
    if found.considered:
        why = exclusions_in_words(found.excluded)
        text = (
            f"None of the {found.considered:,} configurations with {names} is an option. What excludes them:"
            f" {why}."
        )
    else:
        case = use_cases()[str(specification.intent.use_case)].title
        intent = specification.intent
        unsuited = f"it isn't among my models for {case}"
        unwanted = "you don't want it" if set(query.model_ids) <= set(intent.excluded_models) else unsuited
        wished = "you asked for other models" if intent.preferred_models else unwanted
        text = (
            f"{names} wasn't considered:"
            f" {wished if query.model_ids else 'no benchmark of these models covers it'}."
        )
    text = f"{text} {several_servers_in_words(found.several_servers)}".strip()
    if found.if_wanted is not None:
        wanted = found.if_wanted
        return f"{text} If you ask for it: {_name(wanted)}, {a_month(wanted.cost_usd_per_month)}."
    if found.near_misses:
        return f"{text}\nThese would admit it:\n" + "\n".join(map(_near_miss, found.near_misses))
    return f"{text} No change of a single target would admit it."


def _chosen_or_all(turn: Turn) -> list[Recommendation]:
    selected = turn.state.get("selected")
    return [selected] if selected else turn.options


def _sizing(option: Recommendation, state: ConversationState) -> str:
    plan, specification = state.get("plan"), state.get("specification")
    if plan is None or specification is None:
        return ""
    how = (
        "simulating its scheduler under your arrivals"
        if option.simulated
        else "interpolation in the benchmark table"
    )
    auto, spare = option.autoscaling, specification.spare_replicas
    scaled = (
        f" For autoscaling: {auto.min_replicas} to {auto.max_replicas} replicas; the least holds the highest"
        f" minute of the quietest hour ({a_month(auto.cost_at_min_usd_per_month)} if it were always so)."
        if auto.min_replicas < auto.max_replicas
        else ""
    )
    more = f" and {spare} to spare" if spare else ""
    return (
        f"Sized by {how}: {option.replicas - spare} replica{'s' if option.replicas - spare > 1 else ''}{more}"
        f" for {rate(specification.demand.peak_requests_per_second)} requests/s, with {plan.headroom:.0%} of"
        f" capacity kept free.{scaled}"
    )


def _name(option: Recommendation) -> str:
    return f"{option.model_id} on {setup(option)}"


def compare(turn: Turn, subject: str) -> str:
    options, numbers = turn.options, _numbers(subject)
    if len(options) < 2:
        return (
            "There is one option only, and nothing to compare it with." if options else without_options(turn)
        )
    wanted = [o for o in options if o.rank in numbers] if len(numbers) >= 2 else options[:2]
    if len(wanted) < 2:
        return f"I need two options that exist, from 1 to {len(options)}."
    one, other = wanted[0], wanted[1]
    lines = [
        f"• {o.rank}: {_name(o)}: {a_month(o.cost_usd_per_month)}, TTFT p95"
        f" {o.predicted.ttft_ms.p95:,.0f} ms, ITL p95 {o.predicted.itl_ms.p95:,.1f} ms, E2E p95"
        f" {o.predicted.e2e_ms.p95 / 1000:,.1f} s, up to {rate(o.max_requests_per_second)} requests/s,"
        f" {o.thinking_in_words}, {quality_in_words(o.quality)}{f' ({o.offered_as})' if o.offered_as else ''}"
        for o in (one, other)
    ]
    return "\n".join(lines) + f"\nOption {one.rank} against {other.rank}: {difference(one, other)}."


def near_misses(turn: Turn, subject: str) -> str:
    plan = turn.state.get("plan")
    if plan is None:
        return "What would have to give is known with the plan, which comes after the specification."
    text = (
        f"Of {plan.considered:,} configurations, excluded were"
        f" {exclusions_in_words(plan.excluded) or 'none'}. {several_servers_in_words(plan.several_servers)}"
    ).strip()
    if not plan.near_misses:
        return f"{text} No small change of your targets would make it cheaper."
    return f"{text}\nThese would change it:\n" + "\n".join(map(_near_miss, plan.near_misses))


def _near_miss(miss: NearMiss) -> str:
    offered = f" ({miss.offered_as})" if miss.offered_as else ""
    costs = a_month(miss.cost_usd_per_month)
    return f"• {miss.relaxation} → {miss.model_id} on {setup(miss)}, {costs}{offered}"


def cost(turn: Turn, subject: str) -> str:
    options = _chosen_or_all(turn)
    if not options:
        return without_options(turn)
    lines = [
        f"• {o.rank}: {_name(o)} = {o.gpus_billed} GPUs × {o.price} × {HOURS_PER_MONTH} h ="
        f" {a_month(o.cost_usd_per_month, cents=True)}"
        if o.cost_usd_per_month
        else f"• {o.rank}: {_name(o)} = {o.gpus_billed} GPUs of {o.price}"
        for o in options
    ]
    return "\n".join(lines)


def memory(turn: Turn, subject: str) -> str:
    options, numbers = _chosen_or_all(turn), _numbers(subject)
    if not options:
        return without_options(turn)
    shown = [o for o in options if o.rank in numbers] or options
    return "Memory of one replica:\n" + "\n".join(
        f"• {o.rank}: {o.model_id} on {o.gpu_count} {o.gpu_type}: {o.memory}." for o in shown
    )


def context(turn: Turn, subject: str) -> str:
    """Of what runs or would be applied, of the option chosen, else of the options,
    else what was asked for.
    """
    bundle, specification = turn.state.get("bundle"), turn.state.get("specification")
    served = served_context(inference_service_of(bundle.files)) if bundle else None
    if bundle and served and turn.stage not in ("specification_review", "presenting_options"):
        does = "serves" if turn.stage == "basic_monitoring" else "would serve"
        return (
            f"{bundle.name} {does} requests of up to {context_in_words(served, bundle.model_id)}. A longer"
            " one is refused (HTTP 400)."
        )
    options, numbers = _chosen_or_all(turn), _numbers(subject)
    shown = [o for o in options if o.rank in numbers] or options
    lines = [
        f"• {o.rank}: {_name(o)}: {context_in_words(o.context_tokens, o.model_id)}; room for"
        + (f" {o.context_at_once:,} of that length at once, or" if o.context_at_once else "")
        + f" {o.memory.max_sequences:,} as planned at once"
        for o in shown
        if o.context_tokens
    ]
    if lines:
        return (
            "The longest request that each serves:\n"
            + "\n".join(lines)
            + "\nAnother: “what if the context was 64k?”"
        )
    asked = specification.intent.min_context_tokens if specification else None
    if asked:
        return (
            f"You asked for at least {asked:,} tokens of prompt and answer: only options that hold them are"
            " shown, and that is served."
        )
    own = "the model's own context is served, as far as memory holds it beside the planned load"
    longest = f"{capital(specification.longest.text)}. " if specification else ""
    return f"{longest}Nothing else being said, {own}; say “at least 32k of context” to be sure of so much."


def provenance(turn: Turn, subject: str) -> str:
    options = turn.options
    if not options and turn.state.get("plan") is not None:
        return without_options(turn)
    if not options:
        return (
            "Latencies will come from the benchmark table, prices from the price table; each says whether it"
            " was measured or estimated."
        )
    sources = sorted({o.provenance for o in options})
    ranges = sorted({str(o.estimate_error) for o in options if o.estimate_error})
    prices = sorted({o.price for o in options})
    return (
        "Latencies: "
        + "; ".join(sources)
        + "."
        + "".join(f"\n{error}" for error in ranges)
        + "\nPrices: "
        + "; ".join(prices)
        + ".\nEstimates are not measurements: validate before you rely on them."
    )
