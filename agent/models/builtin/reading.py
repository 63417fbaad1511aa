"""From a person's English to values of the specification: figures with their units, names, priorities, constraints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from agent.models.builtin.quantities import Quantity, find_quantities
from agent.models.builtin.vocabulary import (
    DOMAINS,
    GPU_LIKE,
    LICENSES,
    LIFTED,
    MODEL_LIKE,
    NAMED_AS_GPU,
    NOT_GPUS,
    PEOPLE,
    PRIORITIES,
    PROVIDERS,
    USE_CASES,
    WAYS,
    WEIGHT_FORMATS,
)
from knowledge.catalogue import gpus, model_names, models, prices

_TIME = {
    "ms": 1.0,
    "msec": 1.0,
    "millisecond": 1.0,
    "milliseconds": 1.0,
    "s": 1e3,
    "sec": 1e3,
    "secs": 1e3,
    "second": 1e3,
    "seconds": 1e3,
    "min": 6e4,
    "minute": 6e4,
    "minutes": 6e4,
}
_TIME_UNIT = re.compile(r"\s*-?(milliseconds?|msec|ms|seconds?|secs?|s|minutes?|min)\b")
_MULTIPLE_OF_USERS = (
    rf"\b(?:\d+(?:\.\d+)?\s?x|double|twice|triple|half|\w+ times) (?:as many |the |our |more |of the )*(?:number of )?{PEOPLE}\b"
)
MAX_QUANTITIES = 40
"""Nobody states more in one turn."""
NEAR = 80
"""Characters before and after a number in which its unit and its label are looked for."""
_REQUESTS = "(?:requests?|reqs?|queries|calls|prompts|messages)"
_PERIOD = "second|sec|s|minute|min|hour|h|day"
_EACH_PERIOD = rf"(?:per|/|a|an|each|every)\s*({_PERIOD})\b"
_EACH_SENDS = (
    rf"(?:\b(?:each|every|per|a)(?: \w+)? (?:{PEOPLE}|one)|{PEOPLE},? each)(?: \w+){{0,2}} ?(?:about |around |roughly |up to )?$"
    r"|\beach (?:of them )?(?:send\w*|mak\w+|ask\w*|do\w*|with|issu\w+) ?(?:about |around |roughly |up to )?$"
)
_RATE_UNIT = re.compile(rf"\s*(?:{_REQUESTS}\s*(?:/|per|a|an|each|every)\s*({_PERIOD})\b|(rps|qps)\b|req/s\b)")
_PER = {"second": 1.0, "sec": 1.0, "s": 1.0, "minute": 60.0, "min": 60.0, "hour": 3600.0, "h": 3600.0, "day": 86400.0}
_METRICS = {
    "ttft_p95_ms": r"\bttft\b|time[- ]to[- ](?:the )?first[- ](?:token|word)|first[- ](?:token|word)",
    "itl_p95_ms": r"\bitl\b|inter[- ]?token(?: latency)?|\btpot\b|time per (?:output )?token|per[- ]token latency|between tokens",
    "e2e_p95_ms": (
        r"\be2e\b|end[- ]to[- ]end|total (?:latency|time)|(?:full |whole |complete )?response time"
        r"|(?:whole|full|complete) (?:answer|response)"
    ),
}
_NEGATION = re.compile(
    r"(?:\bnot?\b|\bwithout\b|\bexcept(?: for)?\b|\bavoid\b|\banything but\b|\bexclud\w+|\bno more\b"
    r"|\bdon'?t (?:use|want|have|like|need)\b|\bnever\b|\bother than\b)[^,;.]{0,25}$"
)
_OWNS = (
    r"\b(?:we(?:'ve| have)?(?: got)?|i have|i've got|have|had|own|owns|our|there (?:are|were)|got|limited to|available:?)"
    r"(?: (?:only|just|exactly|about))?\s*$"
)
_PROMPT_SIDE, _ANSWER_SIDE = r"prompt|input|context|\bin\b", r"output|answer|response|completion|\bout\b"


@dataclass
class Reading:
    """Fields of a SpecificationChange as said, unvalidated, and sentences about words that name nothing we have."""

    fields: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        return not self.fields and not self.problems


def read_change(text: str) -> Reading:
    """Everything in `text` that sets a value. Case doesn't matter."""
    low = text.lower().replace("’", "'")
    low = re.sub(r"(?<![\w.-])\d[\d,.]*[km]?\s?(?:-|–|to)\s?(?=\d)", "", low)  # of a range, or “from 100 to 200”, the end counts
    low = re.sub(rf"\b(\d{{1,3}})((?:\.\d{{3}})+)(?=\s+(?:\w+ )?{PEOPLE}\b)", lambda m: m[0].replace(".", ""), low)  # 1.000 users
    low = re.sub(rf"\b(?:one|a single|just one|only one)(?=\s+{PEOPLE}\b)", "1", low)
    reading = Reading()
    use_case = find_use_case(low)
    if use_case:
        reading.fields["use_case"] = use_case
    _read_priorities(low, reading)
    _read_gpus(low, reading)
    _read_models(low, reading)
    _read_figures(low, reading)
    _read_constraints(low, reading)
    domains = [name for name, pattern in DOMAINS.items() if re.search(pattern, low)]
    if domains and use_case:
        reading.fields["domain_specialization"] = domains
    if re.search(r"\b(?:no|without (?:a )?|remove (?:the )?|forget (?:the )?|drop (?:the )?) ?budget(?: limit| cap)?\b", low):
        reading.fields.setdefault("clear", []).append("budget_usd_per_month")
        reading.fields.pop("budget_usd_per_month", None)
    if re.search(r"\bany (?:gpu|hardware|accelerator)", low):
        reading.fields.setdefault("clear", []).extend(["preferred_gpu_types", "excluded_gpu_types"])
    if re.search(r"\bany model\b", low):
        reading.fields.setdefault("clear", []).append("preferred_models")
    return reading


def _read_constraints(low: str, reading: Reading) -> None:
    """Licences, providers, regions, what the cluster has, and ways to plan that need no figure."""
    for pattern, kinds in LICENSES:
        if re.search(pattern, low):
            reading.fields["licenses"] = kinds
            break
    providers = [name for name, pattern in PROVIDERS.items() if re.search(pattern, low)]
    if providers:
        reading.fields["providers"] = providers
    regions = [region for region in sorted({p.region for p in prices()} - {"any"}) if re.search(rf"\b{re.escape(region)}\b", low)]
    if regions:
        reading.fields["regions"] = regions
    for pattern, values in WAYS:
        if re.search(pattern, low):
            reading.fields |= values
    lifted = [name for name, pattern in LIFTED.items() if re.search(pattern, low)]
    for name in lifted:
        reading.fields.pop(name, None)
    if lifted:
        reading.fields.setdefault("clear", []).extend(lifted)


def find_use_case(low: str) -> str | None:
    """The use case whose phrases cover the most characters; of equals, the one whose longest phrase is longer."""

    def weight(patterns: list[str]) -> tuple[int, int]:
        lengths = [len(m.group()) for p in patterns for m in re.finditer(p, low)]
        return (max(lengths, default=0), sum(lengths))

    best = max(USE_CASES, key=lambda name: weight(USE_CASES[name]))
    return best if weight(USE_CASES[best])[0] > 0 else None


def _read_priorities(low: str, reading: Reading) -> None:
    seen: set[str] = set()
    for name, level, patterns in PRIORITIES:
        if name not in seen and any(re.search(p, low) for p in patterns):
            seen.add(name)
            reading.fields[f"{name}_priority"] = level


def _read_gpus(low: str, reading: Reading) -> None:
    wanted: list[str] = []
    excluded: list[str] = []
    taken: list[tuple[int, int]] = []
    for alias, ids in _gpu_aliases():
        for match in re.finditer(rf"(?<![\w-]){re.escape(alias)}s?(?![\w-])", low):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            taken.append(match.span())
            target = excluded if _NEGATION.search(low[: match.start()]) else wanted
            target.extend(i for i in ids if i not in target)
    unknown = [(m.group(), m.span()) for m in re.finditer(GPU_LIKE, low)]
    if find_models(low) is None:
        unknown += [(m[1] or m[2], m.span(1) if m[1] else m.span(2)) for m in re.finditer(NAMED_AS_GPU, low)]
    for name, (start, end) in unknown:
        if name not in NOT_GPUS and not any(a < end and start < b for a, b in taken):
            taken.append((start, end))
            known = ", ".join(gpus())
            reading.problems.append(f"I have no data for a GPU called “{name.upper()}”. I know {known}.")
    if wanted:
        reading.fields["preferred_gpu_types"] = [g for g in gpus() if g in wanted]
    if excluded:
        reading.fields["excluded_gpu_types"] = [g for g in gpus() if g in excluded]


@cache
def _gpu_aliases() -> list[tuple[str, list[str]]]:
    """Longest first; a bare `a100` means either size."""
    named = [(alias, [g.id]) for g in gpus().values() for alias in {g.id.lower(), *g.aliases}]
    named.append(("a100", [g for g in gpus() if g.startswith("A100")]))
    return sorted(named, key=lambda pair: -len(pair[0]))


def _read_models(low: str, reading: Reading) -> None:
    found = find_models(low)
    if found:
        before = low[: found[0]]
        if _NEGATION.search(before):
            reading.fields["preferred_models"] = [m for m in models() if m not in found[1]]
        else:
            reading.fields["preferred_models"] = found[1]
        return
    unknown = re.search(MODEL_LIKE, low)
    if unknown:
        providers = ", ".join(dict.fromkeys(models()[ids[0]].provider for ids in model_names().values()))
        reading.problems.append(
            f"“{unknown.group()}” isn't in my catalogue. I know {len(model_names())} models, of {providers};"
            " ask “which models do you know?”."
        )


def find_models(low: str) -> tuple[int, list[str]] | None:
    """Where the first model name starts, and the catalogue entries that the longest name there means."""
    plain = re.sub(r"[^a-z0-9]", " ", low)
    for alias, ids in _model_aliases():
        match = alias.search(plain)
        if match:
            return match.start(), _in_format(ids, plain)
    return None


def _in_format(ids: list[str], plain: str) -> list[str]:
    """Of some checkpoints, those in the weight format that the words name; all where they name none, or one that there isn't."""
    named = {fmt for words, formats in WEIGHT_FORMATS if re.search(rf"\b(?:{words})\b", plain) for fmt in formats}
    return [i for i in ids if models()[i].weight_format in named] or ids


@cache
def _model_aliases() -> list[tuple[re.Pattern[str], list[str]]]:
    """What people call the models, longest first: whole ids, names, and families with a size; more than `re` itself would keep."""
    aliases: dict[str, list[str]] = {}
    for model in models().values():
        tail = model.id.split("/")[1].lower()
        words = re.sub(r"[^a-z0-9]+", " ", tail.replace("meta-", ""))
        short = re.sub(r" (?:instruct|it|fp8|dynamic|quantized|w4a16|w8a8|bf16|hf|\d{4})\b", "", words)
        calls = {re.sub(r"[^a-z0-9]+", " ", model.id.lower()), words, short, short.replace("gpt oss", "gptoss")}
        family = short.split()[0]
        size = re.search(r"\b\d+b\b", short)
        calls |= {re.sub(r"\b(qwen|phi|granite|llama)(\d)", r"\1 \2", c) for c in calls}
        calls |= {re.sub(r" \d+b\b", "", c) for c in {short, *calls} if not c.startswith("gpt") and size}
        if family not in ("gpt",):
            stem = re.match(r"[a-z]+", family)
            calls |= {stem.group()} if stem and len(stem.group()) > 3 else set()
            if stem and size:
                calls.add(f"{stem.group()} {size.group()}")
        for call in calls:
            aliases.setdefault(call.strip(), []).append(model.id)
    longest_first = sorted(aliases.items(), key=lambda pair: -len(pair[0]))
    return [(re.compile(rf"(?<!\w){re.escape(a)}(?!\w)".replace(r"\ ", r"\s+")), sorted(set(ids))) for a, ids in longest_first]


def _read_figures(low: str, reading: Reading) -> None:
    readers = (_read_money, _read_stock, _read_planning, _read_rate, _read_people, _read_context, _read_tokens, _read_share)
    free = [q for q in find_quantities(low)[:MAX_QUANTITIES] if not any(read(low, q, reading) for read in readers)]
    _read_profile_arrow(low, reading)
    _read_targets(low, free, reading)
    _read_lone_number(low, free, reading)
    if re.search(_MULTIPLE_OF_USERS, low):
        reading.problems.append("How many users would that be? Please say the number itself.")


def _read_lone_number(low: str, quantities: list[Quantity], reading: Reading) -> None:
    """“… for my developers, about 300 of them”: the only number beside a need and people is theirs."""
    if len(quantities) != 1 or not {"use_case"} <= set(reading.fields) or {"user_count", "requests_per_second"} & set(reading.fields):
        return
    [q] = quantities
    if re.search(rf"\b{PEOPLE}\b", low) and re.match(r"\s*(?:of (?:them|us)\b|in (?:all|total)\b|[,.;]|$)", low[q.end :]):
        reading.fields["user_count"] = int(q.value) if q.value == int(q.value) else q.value


def _read_money(low: str, q: Quantity, reading: Reading) -> bool:
    before, after = low[max(0, q.start - NEAR) : q.start].rstrip(), low[q.end : q.end + NEAR]
    dollars = before.endswith(("$", "usd", "us$")) or re.match(r"\s*(?:\$|usd|us dollars?|dollars?|bucks)", after)
    if before.endswith(("€", "£", "eur", "gbp")) or re.match(r"\s*(?:€|£|euros?|eur\b|pounds?|gbp)", after):
        reading.problems.append("Prices here are in US dollars. Please give the budget in USD a month.")
        return True
    budget = re.search(
        r"budget(?: (?:is|of|to|at|under|below|max(?:imum)?))*\s*(?:=|:)?$|spend(?: (?:at most|up to|no more than|under|less than))?$",
        before,
    )
    if not dollars and not (budget and not _TIME_UNIT.match(after)):
        return False
    period = re.match(r"\s*(?:\$|usd|us dollars?|dollars?|bucks)?\s*(?:/|per|a|an|each)\s*(month|mo|year|yr|hour|hr|h|day)\b", after)
    factor = {"year": 1 / 12, "yr": 1 / 12, "hour": 730.0, "hr": 730.0, "h": 730.0, "day": 730 / 24}.get(period[1] if period else "", 1.0)
    reading.fields["budget_usd_per_month"] = round(q.value * factor, 2)
    return True


def _read_rate(low: str, q: Quantity, reading: Reading) -> bool:
    after = low[q.end : q.end + NEAR]
    each = re.match(rf"\s*{_REQUESTS}\s*(?:per|/|by|from|for|a|an|each) (?:each )?(?:active )?(?:user|person)\s*{_EACH_PERIOD}", after)
    if not each and re.search(_EACH_SENDS, low[max(0, q.start - NEAR) : q.start]):
        each = re.match(rf"\s*{_REQUESTS}\s*{_EACH_PERIOD}", after)
    if each:
        reading.fields["requests_per_active_user_per_minute"] = q.value * 60 / _PER[each[1]]
        return True
    if re.match(
        rf"\s*(?:concurrent|simultaneous|parallel) {_REQUESTS}\b|\s*{_REQUESTS} (?:in flight|at once|in parallel|concurrently)", after
    ):
        reading.fields["concurrent_requests"] = q.value
        return True
    match = _RATE_UNIT.match(low, q.end)
    if not match:
        return False
    if match[1] == "day":
        reading.fields["requests_per_day"] = q.value
        return True
    if re.match(r"\s+(?:per|by|from|for|a|each) (?:each )?(?:active )?user", low[match.end() :]):
        reading.fields["requests_per_active_user_per_minute"] = q.value * 60 / _PER.get(match[1] or "s", 1.0)
    else:
        reading.fields["requests_per_second"] = q.value / _PER.get(match[1] or "s", 1.0)
    return True


def _read_people(low: str, q: Quantity, reading: Reading) -> bool:
    if re.match(r"\s?x\b|\s+times\b", low[q.end : q.end + NEAR]):
        return False
    match = re.match(rf"\+?\s*(?:of )?(?:our |my |the )?((?:\w+[- ]){{0,2}}?){PEOPLE}\b", low[q.end : q.end + NEAR])
    label = re.search(r"(?:\busers?(?: count)?|number of users)\s*(?:to|=|:|is|are|of|at)?\s*$", low[max(0, q.start - NEAR) : q.start])
    if not match and not (label and not _TIME_UNIT.match(low, q.end)):
        return False
    if match and re.search(r"requests|queries|\bper\b|tokens", match[1] or ""):
        return False
    reading.fields["user_count"] = int(q.value) if q.value == int(q.value) else q.value
    if match and re.search(
        r"concurrent|simultaneous|at once|active", (match[1] or "") + low[q.end + match.end() : q.end + match.end() + 24]
    ):
        # So many at the same time is a peak already: nothing is multiplied on top.
        reading.fields |= {"active_fraction": 1.0, "peak_factor": 1.0}
    return True


def _read_stock(low: str, q: Quantity, reading: Reading) -> bool:
    """“We have 8 H100s”: not a wish but a limit."""
    match = re.match(r"\s*(?:x\s*)?(?:nvidia |amd |of (?:our |the )?)?([a-z][\w -]{0,14})", low[q.end : q.end + NEAR])
    if not match or not re.search(_OWNS, low[max(0, q.start - NEAR) : q.start]):
        return False
    for alias, ids in _gpu_aliases():
        if re.match(rf"{re.escape(alias)}s?(?![\w-])", match[1]):
            reading.fields.setdefault("available_gpus", {}).update({i: int(q.value) for i in ids})
            wanted = [g for g in reading.fields.pop("preferred_gpu_types", []) if g not in ids]
            if wanted:
                reading.fields["preferred_gpu_types"] = wanted
            return True
    return False


def _read_planning(low: str, q: Quantity, reading: Reading) -> bool:
    """Headroom, spare replicas, burstiness, busy hours, quality: how to plan, and not what for."""
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    share = re.match(r"\s*(?:%|percent)", after)
    if re.match(r"\s*(?:%|percent)?\s*(?:of )?headroom", after) or re.search(r"headroom(?: (?:of|to|at|is|was|were|be|=))*\s*$", before):
        reading.fields["headroom"] = q.value / 100 if share or q.value > 1 else q.value
    elif re.match(r"\s*(?:spare|extra|standby|redundant)(?: \w+)? ?replicas?\b|\s*(?:spare|standby)s?\b", after) or re.search(
        r"\bn\s?\+\s?$", before
    ):
        reading.fields["spare_replicas"] = q.value
    elif re.search(r"(?:burstiness|cv²|cv2|cv\^2)(?: (?:of|to|at|is|was|were|be|=))*\s*$", before):
        reading.fields["burstiness"] = q.value
    elif re.match(r"\s*(?:busy |working |business |office )?hours? (?:a|per|each) day", after) or (
        re.match(r"\s*hours?\b", after) and re.search(r"\b(?:spread over|within|in|over)\s*$", before)
    ):
        reading.fields["busy_hours_per_day"] = q.value
    elif re.search(
        r"(?:quality|accuracy|score)(?: (?:of|to|at|is|was|were|must|should|be|=|least|above|over|min(?:imum)?))*\s*$", before
    ) or re.match(r"\s*(?:%|percent)\s*(?:quality|accuracy)", after):
        reading.fields["min_quality"] = q.value * (100 if q.value <= 1 else 1)
    else:
        return False
    return True


def _read_context(low: str, q: Quantity, reading: Reading) -> bool:
    """A context window is a length that must be possible; a prompt is what comes."""
    before, after = low[max(0, q.start - NEAR) : q.start], low[q.end : q.end + NEAR]
    window = r"context(?: window| length| size)?"
    if not re.match(rf"[\s-]*(?:tokens? )?(?:of )?{window}\b(?! tokens)", after) and not re.search(
        r"context (?:window|length|size)(?: (?:of|to|at|is|=|least|up to))*\s*$", before
    ):
        return False
    reading.fields["min_context_tokens"] = q.value
    return True


def _read_tokens(low: str, q: Quantity, reading: Reading) -> bool:
    side = rf"(?:{_PROMPT_SIDE}|{_ANSWER_SIDE})s?"
    before = re.search(
        rf"({side})(?: length| size| tokens?)*(?: (?:are|is|of|to|at|with|about|around|up to))*\s*(?:=|:)?$",
        low[max(0, q.start - NEAR) : q.start].rstrip(),
    )
    after = re.match(rf"[\s-]*((?:\w+\s){{0,2}})tokens?\b\s*(?:(?:of|for|per|in) )?(?:the )?({side})?", low[q.end : q.end + NEAR])
    if not after and not (before and "token" in low[max(0, q.start - NEAR) : q.end + 10]):
        return False
    words = f"{after[1]} {after[2] or ''}" if after else ""
    kind = words if re.search(side, words) else before[1] if before else ""
    if re.search(_PROMPT_SIDE, kind):
        reading.fields["prompt_tokens"] = q.value
    elif re.search(_ANSWER_SIDE, kind):
        reading.fields["output_tokens"] = q.value
    else:
        reading.problems.append(f"Are those {q.value:g} tokens in the prompt or in the answer?")
    return True


def _read_profile_arrow(low: str, reading: Reading) -> None:
    """“512→256”, “512 in / 256 out”."""
    arrow = re.search(r"\b(\d+)\s*(?:→|->|=>)\s*(\d+)\b", low) or re.search(
        r"\b(\d+)\s*(?:tokens? )?in\b[\s,/and]*(\d+)\s*(?:tokens? )?out\b", low
    )
    if arrow:
        reading.fields["prompt_tokens"], reading.fields["output_tokens"] = float(arrow[1]), float(arrow[2])


def _read_share(low: str, q: Quantity, reading: Reading) -> bool:
    after = low[q.end : q.end + NEAR]
    if re.match(
        r"\s*(?:%|percent)\s*(?:of (?:them|users|people|the users) )?(?:are |is |will be )?(?:active|online|at once|concurrent)", after
    ) or (
        re.match(r"\s*(?:%|percent)", after)
        and re.search(r"active (?:fraction|share|users?)?(?: (?:is|of|to|at|=))*\s*$", low[max(0, q.start - NEAR) : q.start])
    ):
        reading.fields["active_fraction"] = q.value / 100
        return True
    if re.search(r"peak (?:factor|multiplier)(?: (?:is|of|to|at|=))*\s*$", low[max(0, q.start - NEAR) : q.start]) or re.match(
        r"\s*(?:x|times)\s*(?:the )?(?:peak|average)", after
    ):
        reading.fields["peak_factor"] = q.value
        return True
    return False


def _read_targets(low: str, quantities: list[Quantity], reading: Reading) -> None:
    """Each metric named takes the nearest figure, after it if there is one before the next metric, else just before it."""
    named = sorted((m.start(), m.end(), f) for f, pattern in _METRICS.items() for m in re.finditer(pattern, low))
    free = list(quantities)
    for index, (start, end, target) in enumerate(named):
        limit = named[index + 1][0] if index + 1 < len(named) else len(low)
        after = next((q for q in free if end <= q.start < min(limit, end + 40) and not re.search(r"[.;]\s", low[end : q.start])), None)
        before = next((q for q in reversed(free) if q.end <= start <= q.end + 30 and _TIME_UNIT.match(low, q.end)), None)
        close = before is not None and re.match(r"\s*-?\w+\s*(?:for (?:the )?|of |p95 )?$", low[before.end : start])
        chosen = before if close else after or before
        if chosen is None:
            continue
        free.remove(chosen)
        unit = _TIME_UNIT.match(low, chosen.end)
        # Without a unit, milliseconds; but nobody means an answer of 5 ms in all.
        factor = _TIME[unit[1]] if unit else 1e3 if target == "e2e_p95_ms" and 0 < chosen.value <= 120 else 1.0
        reading.fields[target] = round(chosen.value * factor, 6)
