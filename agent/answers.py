"""Answers to questions, composed from the state and from tool results alone: no figure
here comes from a language model.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from langchain_core.messages import AnyMessage

from agent.checkpoints import in_short, options_details
from agent.deployments import tell_all, tell_each, tell_one
from agent.models.builtin.vocabulary import GLOSSARY
from agent.moves import DEFAULT_USERS, EXAMPLES, POSSIBLE, Ask, Stage, Topic
from agent.services import Services
from agent.state import ConversationState
from agent.transcript import call_tool, say
from knowledge.catalogue import gpus, model_names, models, models_in_words, use_cases
from tools.plan_capacity import PlanRequest, difference
from tools.planning.exclusions import exclusions_in_words
from tools.planning.memory import context_in_words
from tools.planning.plan import NearMiss, Recommendation
from tools.planning.pricing import HOURS_PER_MONTH
from tools.planning.quality import quality_in_words
from tools.serving.expectation import inference_service_of, served_context
from tools.why_not import WhyNot, WhyNotRequest, why_not
from tools.wording import rate, setup

AUTHORED: tuple[str, ...] = (
    EXAMPLES,
    *POSSIBLE.values(),
    *(meaning for _, meaning in GLOSSARY.values()),
    f"{DEFAULT_USERS} users",
    f"{HOURS_PER_MONTH} h",
)
"""Texts of ours that hold figures of their own, as examples or in explanations."""
MAX_NAMED = 3
"""Names of models that an answer repeats."""
MAX_STATUS = 5
"""Deployments whose status is told at once, the newest."""


def answer(
    question: Ask, stage: Stage, state: ConversationState, services: Services, record: list[AnyMessage]
) -> None:
    """Say the answer; what isn't known yet is said to be so."""
    if question.topic == "deployments":
        tell_all(services, record)
        return
    if question.topic == "status":
        _status(question.subject, state, services, record)
        return
    if stage == "failed" and question.topic == "why":
        say(state.get("failure") or "The deployment failed.", record)
        return
    if question.topic == "kept":
        _kept(state, record)
        return
    if question.topic in ("specification", "options", "manifest"):
        _show(question.topic, state, record)
        return
    if question.topic == "catalogue" and question.subject:
        _look_up(question.subject, record)
        return
    compose: dict[Topic, Callable[[], str]] = {
        "help": lambda: possible(stage, state) + " “start over” and “cancel” work anywhere.",
        "term": lambda: _term(question.subject),
        "assumptions": lambda: _assumptions(state),
        "why": lambda: _why(question.subject, state, services, record),
        "compare": lambda: _compare(_numbers(question.subject), state),
        "near_misses": lambda: _near_misses(state),
        "cost": lambda: _cost(state),
        "provenance": lambda: _provenance(state),
        "memory": lambda: _memory(_numbers(question.subject), state),
        "context": lambda: _context(_numbers(question.subject), stage, state),
        "catalogue": _catalogue,
    }
    say(compose[question.topic](), record)


def _numbers(subject: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]{1,4}", subject)]


def _options(state: ConversationState) -> list[Recommendation]:
    plan = state.get("plan")
    return plan.recommendations if plan else []


def _without_options(state: ConversationState) -> str:
    """Why there is nothing to tell of: no plan yet, or one in which nothing holds the targets."""
    if state.get("plan") is None:
        return "That is known with the plan, which comes after the specification."
    return (
        "No option holds the targets within your constraints, so there is none to tell of. “What would have"
        " to give?” names the nearest."
    )


def possible(stage: Stage, state: ConversationState) -> str:
    """One sentence on what may be said, true of the state."""
    if stage == "presenting_options" and not _options(state):
        undo = ", say “undo”" if state.get("explored") else ""
        return (
            "Try a what-if (“what if TTFT were 500 ms?”, “without the budget”), ask “what would have to"
            f" give?”{undo}, or start over."
        )
    bundle = state.get("bundle")
    if stage == "configuration_finalized" and bundle is not None and bundle.action == "delete":
        return "Say “yes, approve” to have it deleted, “no” to leave it, or ask."
    return POSSIBLE[stage]


def _term(subject: str) -> str:
    for name, text in GLOSSARY.values():
        if name.lower() == subject.lower():
            return f"{name}: {text}"
    known = ", ".join(name for name, _ in GLOSSARY.values())
    return f"I don't have a definition of “{subject[:60]}”. I can explain {known}."


def _assumptions(state: ConversationState) -> str:
    specification = state.get("specification")
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


def _why(subject: str, state: ConversationState, services: Services, record: list[AnyMessage]) -> str:
    """Why an option is what it is, or why something that was named is not the first."""
    options, plan, specification = _options(state), state.get("plan"), state.get("specification")
    named = [name.strip() for name in subject.split(",")]
    types, ids = [n for n in named if n in gpus()], [n for n in named if n in models()]
    of_it = [o for o in options if (not types or o.gpu_type in types) and (not ids or o.model_id in ids)]
    if (types or ids) and not of_it and plan is not None and specification is not None:
        asked = PlanRequest(
            specification=specification, benchmark_profile=plan.benchmark_profile, view=plan.view
        )
        query = WhyNotRequest(plan=asked, gpu_types=types, model_ids=ids)
        return _why_not(
            query, call_tool("why_not", query, lambda: why_not(query, services.database), record), options
        )
    if not options:
        return _without_options(state)
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
    if found.if_wanted is not None:
        wanted = found.if_wanted
        return f"{text} If you ask for it: {_name(wanted)}, ${wanted.cost_usd_per_month:,.0f} a month."
    if found.near_misses:
        return f"{text}\nThese would admit it:\n" + "\n".join(map(_near_miss, found.near_misses))
    return f"{text} No change of a single target would admit it."


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
        f" minute of the quietest hour (${auto.cost_at_min_usd_per_month:,.0f} a month if it were always so)."
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


def _compare(numbers: list[int], state: ConversationState) -> str:
    options = _options(state)
    if len(options) < 2:
        return (
            "There is one option only, and nothing to compare it with."
            if options
            else _without_options(state)
        )
    wanted = [o for o in options if o.rank in numbers] if len(numbers) >= 2 else options[:2]
    if len(wanted) < 2:
        return f"I need two options that exist, from 1 to {len(options)}."
    one, other = wanted[0], wanted[1]
    lines = [
        f"• {o.rank}: {_name(o)}: ${o.cost_usd_per_month:,.0f} a month, TTFT p95"
        f" {o.predicted.ttft_ms.p95:,.0f} ms, ITL p95 {o.predicted.itl_ms.p95:,.1f} ms, E2E p95"
        f" {o.predicted.e2e_ms.p95 / 1000:,.1f} s, up to {rate(o.max_requests_per_second)} requests/s,"
        f" {o.thinking_in_words}, {quality_in_words(o.quality)}"
        for o in (one, other)
    ]
    return "\n".join(lines) + f"\nOption {one.rank} against {other.rank}: {difference(one, other)}."


def _kept(state: ConversationState, record: list[AnyMessage]) -> None:
    specification, plan = state.get("specification"), state.get("plan")
    kept = [(k.name, in_short(k.specification, k.plan)) for k in state.get("kept") or []]
    if not kept or specification is None or plan is None:
        say("No plan is kept yet. “Keep this as A” keeps the one that is shown.", record)
        return
    plans = [*kept, ("shown now", in_short(specification, plan))]
    say(
        "The plans kept, and the one shown now:",
        record,
        kind="kept",
        details={"plans": [{"name": n, **p} for n, p in plans]},
    )


def _near_misses(state: ConversationState) -> str:
    plan = state.get("plan")
    if plan is None:
        return "What would have to give is known with the plan, which comes after the specification."
    text = (
        f"Of {plan.considered:,} configurations, excluded were"
        f" {exclusions_in_words(plan.excluded) or 'none'}."
    )
    if not plan.near_misses:
        return f"{text} No small change of your targets would make it cheaper."
    return f"{text}\nThese would change it:\n" + "\n".join(map(_near_miss, plan.near_misses))


def _near_miss(miss: NearMiss) -> str:
    return f"• {miss.relaxation} → {miss.model_id} on {setup(miss)}, ${miss.cost_usd_per_month:,.0f} a month"


def _cost(state: ConversationState) -> str:
    options = [state["selected"]] if state.get("selected") else _options(state)
    if not options:
        return _without_options(state)
    lines = [
        f"• {o.rank}: {_name(o)} = {o.gpus_billed} GPUs × {o.price} × {HOURS_PER_MONTH} h ="
        f" ${o.cost_usd_per_month:,.2f} a month"
        for o in options
        if o is not None
    ]
    return "\n".join(lines)


def _memory(numbers: list[int], state: ConversationState) -> str:
    selected = state.get("selected")
    options = [selected] if selected else _options(state)
    if not options:
        return _without_options(state)
    shown = [o for o in options if o.rank in numbers] or options
    return "Memory of one replica:\n" + "\n".join(
        f"• {o.rank}: {o.model_id} on {o.gpu_count} {o.gpu_type}: {o.memory}." for o in shown
    )


def _context(numbers: list[int], stage: Stage, state: ConversationState) -> str:
    """Of what runs or would be applied, of the option chosen, else of the options,
    else what was asked for.
    """
    bundle, specification, selected = state.get("bundle"), state.get("specification"), state.get("selected")
    served = served_context(inference_service_of(bundle.files)) if bundle else None
    if bundle and served and stage not in ("specification_review", "presenting_options"):
        does = "serves" if stage == "basic_monitoring" else "would serve"
        return (
            f"{bundle.name} {does} requests of up to {context_in_words(served, bundle.model_id)}. A longer"
            " one is refused (HTTP 400)."
        )
    options = [selected] if selected else _options(state)
    shown = [o for o in options if o.rank in numbers] or options
    lines = [
        f"• {o.rank}: {_name(o)}: {context_in_words(o.context_tokens, o.model_id)}; as planned for, room for"
        f" {o.memory.max_sequences} such requests at once"
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
    return f"Nothing else being said, {own}; say “at least 32k of context” to be sure of so much."


def _provenance(state: ConversationState) -> str:
    options = _options(state)
    if not options and state.get("plan") is not None:
        return _without_options(state)
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


def _look_up(subject: str, record: list[AnyMessage]) -> None:
    """The facts of one GPU or model, with their source."""
    gpu, model = gpus().get(subject), models().get(subject)
    if gpu is not None:
        fp8 = f", {gpu.fp8_tflops:,g} TFLOPS in FP8" if gpu.fp8_tflops else ""
        facts = (
            f"{gpu.memory_gb:g} GB of memory at {gpu.bandwidth_gb_per_s:,g} GB/s, {gpu.bf16_tflops:,g} TFLOPS"
            f" in BF16{fp8}"
        )
        text = f"{gpu.name}: {facts} ({gpu.source}, {gpu.date})."
    elif model is not None:
        active = (
            f", {model.active_parameters_b:g} billion of them active"
            if model.active_parameters_b < model.parameters_b
            else ""
        )
        facts = (
            f"{model.parameters_b:g} billion parameters{active}, a context of {model.context_tokens:,}"
            f" tokens, licence {model.license}"
        )
        text = f"{model.name}, by {model.provider}: {facts} ({model.source}, {model.date})."
    else:
        text = f"“{subject[:60]}” isn't in my catalogue; “which models do you know?” lists it."
    found = gpu or model
    say(
        text,
        record,
        kind="facts" if found else None,
        details=found.model_dump(mode="json") if found else None,
    )


def _catalogue() -> str:
    by_provider: dict[str, list[str]] = {}
    for name, ids in model_names().items():
        by_provider.setdefault(models()[ids[0]].provider, []).append(name)
    names = "\n".join(f"• {provider}: {', '.join(known)}" for provider, known in by_provider.items())
    cases = ", ".join(u.title for u in use_cases().values())
    return (
        f"GPUs: {', '.join(gpus())}.\nUse cases: {cases}.\nModels, many of them in several weight"
        f" formats:\n{names}"
    )


def _status(name: str, state: ConversationState, services: Services, record: list[AnyMessage]) -> None:
    """Of the deployment that was named; else of this conversation's, and where it has
    none of all that this person has.
    """
    names = state.get("deployed")
    if name:
        tell_one(name, services, record)
    elif names:
        tell_each(names[-MAX_STATUS:], services, record)
    else:
        say("Nothing has been deployed in this conversation yet.", record)
        tell_all(services, record)


def _show(topic: Topic, state: ConversationState, record: list[AnyMessage]) -> None:
    specification, plan, bundle = state.get("specification"), state.get("plan"), state.get("bundle")
    if topic == "specification" and specification:
        say(
            "The specification:",
            record,
            kind="specification_review",
            details={"specification": specification.model_dump(mode="json")},
        )
    elif topic == "options" and plan and specification:
        say(
            "The options:",
            record,
            kind="presenting_options",
            details=options_details(state, specification, plan),
        )
    elif topic == "manifest" and bundle:
        details = {"files": [f.model_dump(mode="json") for f in bundle.files], "digest": bundle.digest}
        say(f"These {len(bundle.files)} files, {bundle.digest}:", record, kind="manifests", details=details)
    else:
        say(_missing(topic, state), record)


def _missing(topic: Topic, state: ConversationState) -> str:
    if topic == "specification":
        return "There is no specification yet: say what it is for, and for how many."
    return (
        "There are no manifests now: they come with the option that is chosen."
        if _options(state)
        else _without_options(state)
    )
