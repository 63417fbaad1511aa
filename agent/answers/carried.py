"""What hardware takes, how it can be split and how long a batch takes, as sentences of the tools' figures."""

from __future__ import annotations

from agent.words.carrying import Asked
from knowledge.catalogue import use_cases
from tools.batch import Batch, Job
from tools.capacity import Capacity
from tools.compare_splits import BestAt, Split, Splits
from tools.planning.carrying import Carried
from tools.planning.defaults_in_words import looser_in_words
from tools.planning.hardware import hardware_in_words
from tools.planning.plan import LooserDefault
from tools.wording import METRIC_NAMES, dollars, exact_time, figure, latency, percent, rate, setup

BEST_AT: dict[BestAt, str] = {
    "load": "carries most",
    "latency": "answers fastest",
    "context": "longest context",
    "at_once": "most requests in memory at once",
}


def capacity_in_words(found: Capacity, asked: Asked) -> str:
    hardware = hardware_in_words(found.hardware)
    lines = [_granted(asked)] if _granted(asked) else []
    if found.relaxed:
        lines.append(f"Defaults that nobody asked for gave way: {_relaxed(found.relaxed)}.")
    if not found.carried:
        return "\n".join([*lines, f"None of the models fits on {hardware}.", *_unfit(found.unfit)])
    first, *others = found.carried
    if first.requests_per_second:
        lines += [_enough(found, first, hardware)] if asked.load_said else []
        lines += [
            f"{hardware}, {_setup(first)}: {_load(first)}, with {percent(found.asked.headroom)} of"
            f" capacity kept free.{_breaks(first)}",
            _memory(first),
        ]
    else:
        lines += [_nothing(first, hardware), *_instead(found, first)]
    lines += [f"• {_setup(o)}: {_load(o)}" for o in others if o.requests_per_second]
    lines += _unfit(found.unfit)
    share = found.asked.requests_per_user_per_second
    lines.append(f"A user counts for {share:.2g} requests/s at peak, by the assumptions of the plan.")
    if first.estimate_error is not None:
        lines.append(str(first.estimate_error))
    return "\n".join(lines)


def splits_in_words(found: Splits, asked: Asked) -> str:
    lines = [_granted(asked)] if _granted(asked) else []
    if found.relaxed:
        lines.append(f"Defaults that nobody asked for gave way: {_relaxed(found.relaxed)}.")
    possible = [s for s in found.splits if s.carried is not None]
    if not possible:
        lines.append(f"{found.model_id} fits on {hardware_in_words(found.hardware)} in no split.")
    else:
        peak = rate(found.asked.requests_per_second)
        at = f", and how they answer at {peak} requests/s" if asked.load_said else ""
        lines.append(f"{found.model_id} on {hardware_in_words(found.hardware)}; what each carries{at}:")
    lines += [_split(s, asked) for s in possible]
    reasons: dict[str, list[str]] = {}
    for s in found.splits:
        if s.why_not is not None:
            reasons.setdefault(s.why_not, []).append(f"{s.gpu_count}")
    lines += [f"• Not {' or '.join(sizes)} GPUs a replica: {why}." for why, sizes in reasons.items()]
    best = next((s for s in possible if "load" in s.best_at), None)
    if best is not None:
        lines.append(f"{_times(best.replicas, best.gpu_count)} carries most.")
    first = next((s.carried for s in possible if s.carried and s.carried.estimate_error), None)
    return "\n".join([*lines, *([str(first.estimate_error)] if first else [])])


def batch_in_words(found: Batch, asked: Asked) -> str:
    lines = [_granted(asked, targets=False)] if _granted(asked) else []
    if not found.jobs:
        why = "No configuration makes that in time." if found.deadline_hours else "None of the models fits."
        return "\n".join([*lines, why, *_unfit(found.unfit)])
    wanted = (
        f" in {_hours(found.deadline_hours)}, {rate(found.needed_per_second)} requests/s,"
        if found.deadline_hours and found.needed_per_second
        else ""
    )
    lines.append(
        f"{found.items:,} items{wanted} of {found.prompt_tokens:,} tokens in and {found.output_tokens:,} out,"
        " with no target of latency and the model loaded:"
    )
    lines += [_job(job) for job in found.jobs]
    lines += _unfit(found.unfit)
    first = found.jobs[0]
    return "\n".join([*lines, *([str(first.estimate_error)] if first.estimate_error else [])])


def _granted(asked: Asked, targets: bool = True) -> str:
    if asked.use_case_said:
        return ""
    title = use_cases()[str(asked.specification.intent.use_case)].title
    profile, own = asked.specification.traffic_profile, " and its targets" if targets else ""
    return f"Taken for {title}, {profile}{own}; say what it is for if it is something else."


def _relaxed(relaxed: list[LooserDefault]) -> str:
    return " and ".join(map(looser_in_words, relaxed))


def _enough(found: Capacity, first: Carried, hardware: str) -> str:
    wanted = f"{found.asked.users:,} users make {rate(found.asked.requests_per_second)} requests/s at peak"
    if first.enough:
        return f"Yes, {hardware} are enough: {wanted}."
    return f"No, {hardware} are not enough: {wanted}."


def _times(replicas: int, gpu_count: int) -> str:
    each = "1 GPU each" if gpu_count == 1 else f"{gpu_count} GPUs each (tensor parallel {gpu_count})"
    return f"{replicas:,} {'replica' if replicas == 1 else 'replicas'} on {each}"


def _setup(c: Carried) -> str:
    spare = f" and {c.spare_replicas} to spare" if c.spare_replicas else ""
    left = f", {c.gpus_left} GPUs left over" if c.gpus_left and not c.spare_replicas else ""
    return f"{c.model_id} as {_times(c.replicas, c.gpu_count)}{spare}{left}"


def _load(c: Carried) -> str:
    return (
        f"{c.users:,} users, {rate(c.requests_per_second)} requests/s,"
        f" {c.output_tokens_per_second:,.0f} tokens/s of answers, about {c.requests_in_flight:,.0f} requests"
        " in flight"
    )


def _breaks(c: Carried) -> str:
    if c.breaks_first is None:
        return " No target breaks before the highest load that is known of it."
    b = c.breaks_first
    return (
        f" Without that, {METRIC_NAMES[b.metric]} breaks first, at {rate(b.at_requests_per_second)}"
        f" requests/s: {b.statistic or 'it'} {latency(b.seen_ms)} against {exact_time(b.target_ms)}."
    )


def _memory(c: Carried) -> str:
    return (
        f"Memory holds {c.at_once:,} requests of {c.context_tokens:,} tokens at once,"
        f" {c.at_once_per_replica:,} in each replica."
    )


def _nothing(c: Carried, hardware: str) -> str:
    b = c.breaks_first
    why = (
        f": even almost idle, {METRIC_NAMES[b.metric]} {b.statistic or ''} is {latency(b.seen_ms)}, against"
        f" {exact_time(b.target_ms)}"
        if b
        else ""
    )
    return f"Within the targets {hardware} carry nothing, {_setup(c)}{why}."


def _instead(found: Capacity, first: Carried) -> list[str]:
    lines = []
    if found.if_looser is not None:
        looser = found.if_looser
        lines.append(
            f"With {_relaxed(looser.relaxed)}, which is a default: {_setup(looser.carried)},"
            f" {_load(looser.carried)}.{_breaks(looser.carried)}"
        )
    most = rate(first.without_targets_requests_per_second)
    return [*lines, f"Whatever the latency, it serves up to {most} requests/s.", _memory(first)]


def _unfit(unfit: dict[str, str]) -> list[str]:
    return [f"• {model_id} can't be served: {why}." for model_id, why in unfit.items()]


def _split(s: Split, asked: Asked) -> str:
    c = s.carried
    if c is None:
        return ""
    at_load = ""
    if asked.load_said:
        p = s.at_load
        at_load = (
            f"; TTFT p95 {latency(p.ttft_ms.p95)}, ITL p95 {latency(p.itl_ms.p95)}, E2E p95"
            f" {latency(p.e2e_ms.p95)}"
            if p
            else "; doesn't hold the targets there"
        )
    best = f" ({', '.join(BEST_AT[b] for b in s.best_at)})" if s.best_at else ""
    return (
        f"• {_times(s.replicas, s.gpu_count)}: {c.users:,} users, {rate(c.requests_per_second)} requests/s"
        f"{at_load}; {c.at_once:,} requests of {c.context_tokens:,} tokens in memory at once{best}"
    )


def _hours(hours: float) -> str:
    return f"{figure(round(hours * 60, 1))} minutes" if hours < 2 else f"{hours:,.1f} h"


def _job(job: Job) -> str:
    usd = job.cost_usd
    cost = ", no price known" if usd is None else f", {dollars(usd, cents=usd < 100)}"
    late = "" if job.in_time else ", too late"
    return (
        f"• {job.model_id} on {setup(job)}: {_hours(job.hours)}{cost}{late}"
        f" ({rate(job.items_per_second)} requests/s)"
    )
