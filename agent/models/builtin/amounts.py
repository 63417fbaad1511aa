"""Figures and what they are figures of: money, rates, people, tokens, latency targets, ways to plan."""

from __future__ import annotations

import re
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.named import read_left, read_named
from agent.models.builtin.people import Crowd, crowd
from agent.models.builtin.quantities import NEAR, Quantity, find_quantities
from agent.models.builtin.relative import read_relative
from agent.models.builtin.statistics import TOKENS_A_SECOND, at_statistic, read_without
from agent.models.builtin.stock import in_a_name, read_stock
from agent.models.builtin.units import (
    EACH_PERIOD,
    EACH_SENDS,
    IS,
    METRICS,
    PER,
    RATE_UNIT,
    REQUESTS,
    TIME,
    TIME_UNIT,
    per_month,
)
from agent.models.builtin.vocabulary import PEOPLE

_PERCENT = r"(?:about |at least |around |roughly )?(?P<{}>\d+(?:\.\d+)?)\s?(?:%|percent)"
_COSTS = "(?:costs?|price|bill|spend(?:ing)?|expenses?)"
_CHEAPER = re.compile(
    rf"{_PERCENT.format('share')} (?:cheaper|less expensive|less costly|(?:off|less)(?: of)?(?: the| our|"
    rf" its)?(?: monthly)? {_COSTS})"
    r"|\b(?:cut|reduc|lower|bring|shav|drop|decreas)\w* (?:down )?(?:the |our |its |my )?(?:total |monthly"
    rf" )?{_COSTS}(?: down)? by"
    rf" {_PERCENT.format('cut')}"
    rf"|\b(?:(?:half|halve) (?:the|that|its|our|of the) {_COSTS}|half as (?:expensive|costly)|twice as"
    r" cheap)\b"
)
"""“30 % cheaper”, “cut the cost by 20 %”, “at half the price”."""
MAX_QUANTITIES = 40
"""Nobody states more in one turn."""
_THOUGHT_SIDE = r"\b(?:thoughts|thinking|reasoning)\b"
_PROMPT_SIDE, _ANSWER_SIDE = (
    r"prompts?|inputs?|context|questions?|\bin\b",
    r"outputs?|answers?|repl(?:y|ies)|responses?|completions?|\bout\b",
)
_ANSWERING = (
    r"\b(?:answer|repl|respon[ds]|result|come back|finish|return|deliver|complete|done|summar|suggest"
    r"|translat)\w*"
)
_WITHIN = (
    r"(?:(?:in|within|under|below|after|inside|up to|at most|at the latest|less than|no more than|not more"
    r" than"
    r"|max(?:imum)?(?: of)?|takes?|about|around)\s+)*$"
)
_EACH_OF_TOKENS = (
    r"\s*-?(?:milliseconds?|msec|ms)\s*(?:per|/|a|an|each|for each|between)\s*(?:output )?tokens?\b"
)


def read_amounts(low: str, fields: dict[str, Any], problems: list[str]) -> list[Quantity]:
    """Each figure goes to the first reader that knows it; latency targets take from the
    rest, and people what is left. Returns those that nobody knew.
    """
    readers = (
        read_named,
        _read_money,
        read_stock,
        _read_planning,
        _read_rate,
        _read_context,
        _read_tokens,
        _read_share,
    )
    free = [
        q
        for q in find_quantities(low)[:MAX_QUANTITIES]
        if not any(read(low, q, fields, problems) for read in readers)
    ]
    free = _read_people(low, free, fields)
    _read_profile_arrow(low, fields, problems)
    free = _read_targets(low, free, fields)
    read_without(low, fields)
    free = [q for q in free if not read_left(low, q, fields)]
    return [] if _read_lone_number(low, free, fields) else [q for q in free if not in_a_name(low, q)]


def read_told_by_now(low: str, fields: dict[str, Any], problems: list[str]) -> str:
    """What is told relative to what is planned now; what is left to read of the text."""
    return read_relative(_read_cheaper(low, fields, problems), fields, problems)


def _read_cheaper(low: str, fields: dict[str, Any], problems: list[str]) -> str:
    """“30 % cheaper” than what is planned now. What is left to read of the text."""
    cheaper = _CHEAPER.search(low)
    if cheaper and not kept.match(r"(?:is|are|was|were) (?:it|this|that|the|option|number|#)", low):
        percent = cheaper["share"] or cheaper["cut"]
        factor = 0.5 if percent is None else round(1 - float(percent) / 100, 6)
        if not 0 < factor < 1:
            problems.append(f"“{cheaper.group()}”: by how much cheaper, between 0 and 100 %?")
        else:
            fields["cost_factor"] = factor
        low = low.replace(cheaper.group(), " ")
    return low


def _read_people(low: str, quantities: list[Quantity], fields: dict[str, Any]) -> list[Quantity]:
    """The crowd that most surely is the users, the last of equals; what counts no people is given back."""
    crowds = [(q, found) for q in quantities if (found := crowd(low, q)) is not None]
    if crowds:
        most = max(found.sureness for _, found in crowds)
        _, users = [pair for pair in crowds if pair[1].sureness == most][-1]
        whole = _of_several(low, quantities, [pair for pair in crowds if pair[1].sureness == most])
        count = int(whole) if whole == int(whole) else whole
        fields["user_count"] = count
        if users.at_once:
            # So many at the same time is a peak already: nothing is multiplied on top.
            fields |= {"active_fraction": 1.0, "peak_factor": 1.0}
    return [q for q in quantities if q not in [pair[0] for pair in crowds]]


def _of_several(low: str, quantities: list[Quantity], crowds: list[tuple[Quantity, Crowd]]) -> float:
    """The last of some crowds, with those that it is listed with: “45 associates and 12
    partners”; “50 offices with 20 people each”.
    """
    total, first = crowds[-1][1].count, crowds[-1][0]
    for q, crowd_before in reversed(crowds[:-1]):
        if not kept.fullmatch(
            rf"\s*(?:[\w'-]+\s+){{0,2}}?{PEOPLE}\s*(?:,|and|plus|\+|&|,\s*and|as well as)\s*(?:about |another"
            r" |our )?",
            low[q.end : first.start],
        ):
            break
        total, first = total + crowd_before.count, q
    each = kept.match(
        r"\s*(?:[\w'-]+\s+){0,2}?(?:each|apiece)\b(?! (?:send|mak|ask|do|with|us)\w*)",
        low[crowds[-1][0].end :],
    )
    groups = [
        q
        for q in quantities
        if q.end <= first.start
        and kept.fullmatch(
            r"\s+(?:[\w'-]+\s+){1,2}(?:with|of|having)\s+(?:about |around )?", low[q.end : first.start]
        )
    ]
    return total * groups[-1].value if each and groups else total


def _read_lone_number(low: str, quantities: list[Quantity], fields: dict[str, Any]) -> bool:
    """“… for my developers, about 300 of them”: the only number beside a need and people is theirs."""
    if (
        len(quantities) != 1
        or not {"use_case"} <= set(fields)
        or {"user_count", "requests_per_second"} & set(fields)
    ):
        return False
    [q] = quantities
    if kept.search(rf"\b{PEOPLE}\b", low) and kept.match(
        r"\s*(?:of (?:them|us)\b|in (?:all|total)\b|[,.;]|$)", low[q.end :]
    ):
        fields["user_count"] = int(q.value) if q.value == int(q.value) else q.value
        return True
    return False


def _read_money(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    before, after = low[max(0, q.start - NEAR) : q.start].rstrip(), low[q.end : q.end + NEAR]
    dollars = before.endswith(("$", "usd", "us$")) or kept.match(
        r"\s*(?:\$|usd|us dollars?|dollars?|bucks)", after
    )
    if before.endswith(("€", "£", "eur", "gbp")) or kept.match(r"\s*(?:€|£|euros?|eur\b|pounds?|gbp)", after):
        problems.append("Prices here are in US dollars. Please give the budget in USD a month.")
        return True
    budget = kept.search(
        r"budget(?: (?:is|of|to|at|under|below|max(?:imum)?))*\s*(?:=|:)?$|spend(?: (?:at most|up to|no more"
        r" than|under|less than))?$",
        before,
    )
    bare = kept.match(
        r"\s*(?:/|per|a|each|every)\s*(?:month|mo|year|yr|annum)\b", after
    )  # “12k/month” of what else?
    if not dollars and not bare and not (budget and not TIME_UNIT.match(after)):
        return False
    fields["budget_usd_per_month"], _ = per_month(low, q.value, q.end)
    return True


def _read_rate(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    after = low[q.end : q.end + NEAR]
    each = kept.match(
        rf"\s*{REQUESTS}\s*(?:per|/|by|from|for|a|an|each) (?:each )?(?:active"
        rf" )?(?:user|person)\s*{EACH_PERIOD}",
        after,
    )
    if not each and kept.search(EACH_SENDS, low[max(0, q.start - NEAR) : q.start]):
        each = kept.match(rf"\s*{REQUESTS}\s*{EACH_PERIOD}", after)
    if each:
        fields["requests_per_active_user_per_minute"] = q.value * 60 / PER[each[1]]
        return True
    if kept.match(
        rf"\s*(?:concurrent|simultaneous|parallel) {REQUESTS}\b|\s*{REQUESTS} (?:in flight|at once|in"
        r" parallel|concurrently)",
        after,
    ):
        fields["concurrent_requests"] = q.value
        return True
    match = RATE_UNIT.match(low, q.end)
    if not match:
        return False
    if match[1] == "day":
        fields["requests_per_day"] = q.value
        return True
    if kept.match(r"\s+(?:per|by|from|for|a|each) (?:each )?(?:active )?user", low[match.end() :]):
        fields["requests_per_active_user_per_minute"] = q.value * 60 / PER.get(match[1] or "s", 1.0)
    else:
        fields["requests_per_second"] = q.value / PER.get(match[1] or "s", 1.0)
    return True


def _read_planning(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    """Headroom, spare replicas, burstiness, busy hours, quality: how to plan, and not what for."""
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    share = kept.match(r"\s*(?:%|percent)", after)
    if kept.match(r"\s*(?:%|percent)?\s*(?:of )?headroom", after) or kept.search(rf"headroom{IS}", before):
        fields["headroom"] = q.value / 100 if share or q.value > 1 else q.value
    elif kept.match(
        r"\s*(?:spare|extra|standby|redundant)(?: \w+)? ?replicas?\b|\s*(?:spare|standby)s?\b", after
    ) or kept.search(rf"\bn\s?\+\s?$|\b(?:spare|standby|redundant) replicas?{IS}", before):
        fields["spare_replicas"] = q.value
    elif kept.search(rf"(?:burstiness|cv²|cv2|cv\^2){IS}", before):
        fields["burstiness"] = q.value
    elif kept.match(r"\s*(?:busy |working |business |office )?hours? (?:a|per|each) day", after) or (
        kept.match(r"\s*hours?\b", after) and kept.search(r"\b(?:spread over|within|in|over)\s*$", before)
    ):
        fields["busy_hours_per_day"] = q.value
    elif kept.search(rf"(?:quality|accuracy|score)(?: above)?{IS}", before) or kept.match(
        r"\s*(?:%|percent)\s*(?:quality|accuracy)", after
    ):
        fields["min_quality"] = q.value * (100 if q.value <= 1 else 1)
    else:
        return False
    return True


def _read_context(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    """A context window is a length that must be possible; a prompt is what comes."""
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    window = r"context(?: window| length| size)?"
    if not kept.match(rf"[\s-]*(?:tokens? )?(?:of )?{window}\b(?! tokens)", after) and not kept.search(
        rf"\bcontexts?(?: window| length| size)?{IS}",
        before,
    ):
        return False
    fields["min_context_tokens"] = q.value
    return True


def _read_tokens(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    side = rf"(?:{_THOUGHT_SIDE}|{_PROMPT_SIDE}|{_ANSWER_SIDE})"
    before = kept.search(
        rf"({side})(?: length| lengths| size| tokens?)*(?:["
        r" ,]+(?:are|is|were|was|be|can|may|might|could|will|should|must|need|down"
        rf"|only|just"
        rf"|of|to|at|with|have|has|having|about|around"
        rf"|roughly|usually|typically|more|longer|like|say|up|some|run|than))*[ ,]*(?:=|:)?\s*$",
        low[max(0, q.start - NEAR) : q.start].rstrip(),
    )
    if (
        TOKENS_A_SECOND.match(low, q.end)
        or kept.match(_EACH_OF_TOKENS, low[q.end :])
        or TIME_UNIT.match(low, q.end)
    ):
        return False
    after = kept.match(
        rf"[\s-]*((?:\w+\s){{0,2}})tokens?\b\s*(?:(?:of|for|per|in) )?(?:the )?({side})?",
        low[q.end : q.end + NEAR],
    )
    if not after and not (before and "token" in low[max(0, q.start - NEAR) : q.end + 10]):
        return False
    words = f"{after[1]} {after[2] or ''}" if after else ""
    kind = words if kept.search(side, words) else before[1] if before else ""
    if kept.search(_THOUGHT_SIDE, kind):
        fields["thinking_tokens"] = q.value
    elif kept.search(_PROMPT_SIDE, kind):
        fields["prompt_tokens"] = q.value
    elif kept.search(_ANSWER_SIDE, kind):
        fields["output_tokens"] = q.value
    else:
        problems.append(f"Do you mean prompts of {q.value:g} tokens, or answers of {q.value:g} tokens?")
    return True


def _read_profile_arrow(low: str, fields: dict[str, Any], problems: list[str]) -> None:
    """“512→256”, “512 in / 256 out”."""
    arrow = kept.search(r"\b(\d+)\s*(?:→|->|=>)\s*(\d+)\b", low) or kept.search(
        r"\b(\d+)\s*(?:tokens? )?in\b[\s,/and]*(\d+)\s*(?:tokens? )?out\b", low
    )
    if arrow:
        fields["prompt_tokens"], fields["output_tokens"] = float(arrow[1]), float(arrow[2])


def _read_share(low: str, q: Quantity, fields: dict[str, Any], problems: list[str]) -> bool:
    after = low[q.end : q.end + NEAR]
    if kept.match(
        r"\s*(?:%|percent)\s*(?:of (?:them|us|users|people|the users|all users|our users|everyone)\b,?"
        r" ?)?(?:are |is "
        r"|were |was |will be )?(?:active|online|at once|concurrent)",
        after,
    ) or (
        kept.match(r"\s*(?:%|percent)", after)
        and kept.search(
            r"active (?:fraction|share|users?)?(?: (?:is|of|to|at|=))*\s*$",
            low[max(0, q.start - NEAR) : q.start],
        )
    ):
        fields["active_fraction"] = q.value / 100
        return True
    if kept.search(
        r"peak (?:factor|multiplier)(?: (?:is|was|were|be|of|to|at|=))*\s*$",
        low[max(0, q.start - NEAR) : q.start],
    ) or kept.match(r"\s*(?:x|times)\s*(?:the )?(?:peak|average)", after):
        fields["peak_factor"] = q.value
        return True
    return False


def _read_targets(low: str, quantities: list[Quantity], fields: dict[str, Any]) -> list[Quantity]:
    """Each metric named takes the nearest figure, after it if there is one before the
    next metric, else just before it; what is left is given back.
    """
    free = _read_plain_targets(low, quantities, fields)
    named = sorted(
        (m.start(), m.end(), f) for f, pattern in METRICS.items() for m in kept.finditer(pattern, low)
    )
    for index, (start, end, target) in enumerate(named):
        limit = named[index + 1][0] if index + 1 < len(named) else len(low)
        after = next(
            (
                q
                for q in free
                if end <= q.start < min(limit, end + 40) and not kept.search(r"[.;]\s", low[end : q.start])
            ),
            None,
        )
        before = next(
            (q for q in reversed(free) if q.end <= start <= q.end + 30 and TIME_UNIT.match(low, q.end)), None
        )
        close = before is not None and kept.match(
            r"\s*-?\w+\s*(?:for (?:the )?|of |p95 )?$", low[before.end : start]
        )
        chosen = before if close else after or before
        if chosen is None:
            continue
        free.remove(chosen)
        unit = TIME_UNIT.match(low, chosen.end)
        # Without a unit, milliseconds; but nobody means an answer of 5 ms in all.
        factor = TIME[unit[1]] if unit else 1e3 if target == "e2e_p95_ms" and 0 < chosen.value <= 120 else 1.0
        ends = unit.end() if unit else chosen.end
        fields[at_statistic(low, target, (start, end), ends)] = round(chosen.value * factor, 6)
    return free


def _read_plain_targets(low: str, quantities: list[Quantity], fields: dict[str, Any]) -> list[Quantity]:
    """“answers in under 3 s”, “starts answering within 300 ms”, “30 ms per token”; what
    is none of these is given back.
    """
    left = []
    for q in quantities:
        unit = TIME_UNIT.match(low, q.end)
        before = kept.split(r"[.;!]\s", low[max(0, q.start - NEAR) : q.start])[-1]
        answering = kept.search(rf".*({_ANSWERING})(?P<between>[^.;!]{{0,40}}?)\b{_WITHIN}", before)
        if kept.match(_EACH_OF_TOKENS, low[q.end :]):
            fields["itl_p95_ms"] = q.value
        elif TOKENS_A_SECOND.match(low, q.end) and q.value > 0:
            fields["itl_p95_ms"] = round(1000 / q.value, 6)
        elif (
            unit
            and answering
            and not kept.match(r"\s*(?:ttft|itl|e2e)\b", low[unit.end() :])
            and not any(kept.search(p, before[answering.start(1) :]) for p in METRICS.values())
            and not kept.search(r"\d", answering["between"])
        ):
            near = kept.split(r"\d", before[max(0, answering.start(1) - 25) :])[
                -1
            ]  # since the figure before it
            first = kept.search(r"\b(?:start|begin|first)\w*\b", near)
            target = "ttft_p95_ms" if first else "e2e_p95_ms"
            fields[target] = round(q.value * TIME[unit[1]], 6)
        else:
            left.append(q)
    return left
