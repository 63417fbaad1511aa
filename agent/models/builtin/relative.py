"""Relative wishes: “20 ms less”, “raise the budget by $500”, “half the context”, “another 300
users”, and of which figure they are.

What is told relative to now is never read as a figure of its own: it is an amount to add, a factor, or a
question back. “By 20 ms to 150 ms” and “from 100 to 150” name where it ends, and are read as that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent.models.builtin import kept
from agent.models.builtin.quantities import Quantity, find_quantities
from agent.models.builtin.units import METRICS, MONEY, PER, RATE_UNIT, TIME, TIME_UNIT, per_month
from agent.models.builtin.vocabulary import PEOPLE
from tools.specification import FIELDS, LOADS

UNKNOWN = 2
"""Of the direction of a change."""
_LOAD = "load"
"""The load in whichever way it is given."""
_FIGURES = {
    name: field.pattern
    for name, field in FIELDS.items()
    if field.is_figure and (field.spec.said or name not in LOADS)
} | {
    _LOAD: (
        r"(?:peak |request )?(?:load|traffic|demand|rate|volume|usage|throughput)|number of"
        r" requests|requests|queries|messages|peak"
    ),
    "user_count": rf"user (?:count|number)|head ?count|(?:number of |amount of )?{PEOPLE}",
}
_NAME = re.compile(
    "|".join(
        rf"(?P<{name}>\b(?:{pattern})\b(?: latency| targets?| time| limit| p95)?)"
        for name, pattern in _FIGURES.items()
    )
)
_COUNTED = (
    "user_count",
    "spare_replicas",
    "concurrent_requests",
    "busy_hours_per_day",
    "requests_per_second",
    "requests_per_day",
)
"""Figures that an amount names itself: “300 users”."""
_SHARES = {
    name: FIELDS[name].scale for name in _FIGURES if name in FIELDS and FIELDS[name].spec.unit[:1] == "%"
}
"""Figures that are told in percent, with their percent of one unit: “10 % more” of them
can mean points or a share of what they are.
"""
_FITTING: dict[str, tuple[str, ...]] = {
    "ms": tuple(METRICS),
    "tokens": tuple(name for name, field in FIELDS.items() if field.spec.unit == "tokens"),
    "points": tuple(_SHARES),
}
"""Figures that an amount in a unit can be of."""
_CALLED = {name: field.spec.the for name, field in FIELDS.items()} | {_LOAD: "the load"}
_UP_WORD = r"(?:more|higher|longer|larger|bigger|greater|additional|extra|further|slower|looser)"
_DOWN_WORD = r"(?:less|fewer|lower|shorter|smaller|tighter|faster|quicker|off|away)"
_UP_VERB = (
    r"(?:rais\w+|increas\w+|up|bump\w*|extend\w*|grow\w*|grew|lift\w*|boost\w*|expand\w*|add\w*|widen\w*|enlarg\w+|rise\w*|rose"
    r"|climb\w*|relax\w*|loosen\w*|higher|put)"
)
_DOWN_VERB = (
    r"(?:lower\w*|reduc\w+|decreas\w+|cut\w*|down|shrink\w*|shrank|trim\w*|shav\w+|drop\w*|tighten\w*|shorten\w*|slash\w*"
    r"|fall\w*|fell|less)"
)
_VERB = re.compile(rf"\b(?:(?P<up>{_UP_VERB})|(?P<down>{_DOWN_VERB}))\b")
_ABOUT = r"(?:(?:about|around|roughly|some|another|a further|an additional|an extra|maybe|say|just) )*"
_BY = re.compile(rf"\bby {_ABOUT}\$?\s*$")
_PARTICIPLE = r"\w+(?:ed|ritten|riven|aken|iven|hosen|hown|een|un|one|ade|ead)"
_DONE_BY = re.compile(rf"\b(?!{_UP_VERB}|{_DOWN_VERB}){_PARTICIPLE} by {_ABOUT}\$?\s*$")
"""“Used by 60 engineers” is no amount."""
_LEFT = re.compile(r"\s+(?:(?:have|has|are|will|just|did|of them|of us) )*(?:left|leave|leaving|quit|gone)\b")
_JOINED = re.compile(r"\s+(?:(?:have|has|are|will|just) )*(?:joined|join|joining)\b")
_MORE_BEFORE = re.compile(rf"(?:\b(?:another|additional|extra|further|plus)|(?:^|\s)\+) ?{_ABOUT}\$?\s*$")
_UP_OR_DOWN = re.compile(r"\b(up|down) \$?\s*$")
_LESS_BEFORE = re.compile(rf"\bminus {_ABOUT}\$?\s*$")
_ADD = r"(?:add|adding|added|put|putting|gain|gained|hire|hired|onboard|onboarded|won)"
_TAKE = r"(?:take|taking|shave|shaving|knock|cut|subtract|deduct|remove|removing|drop|trim|lose|lost|losing)"
_ADDING = re.compile(rf"\b{_ADD}(?:\s+and)?\s+{_ABOUT}\$?\s*$")
_TAKING = re.compile(rf"\b{_TAKE}(?:\s+and)?\s+{_ABOUT}\$?\s*$")
_HOLDS = re.compile(
    rf"\b(?:can|could|will|would|does|do|may|might|able to)\b[^.;!?]{{0,40}}\btake\s+{_ABOUT}\$?\s*$"
)
"""“Could it take 400 people?” takes none away."""
_ONTO = re.compile(r"\s*(?:to|onto|on top of|for)\s+(?:the |our |my )?")
_OUT_OF = re.compile(r"\s*(?:off|from|out of|away)\b")
_WORD_AFTER = re.compile(
    rf"\s*(?P<and>or )?(?:(?P<up>{_UP_WORD})|(?P<down>{_DOWN_WORD}))\b(?! than (?:about |around )?[\d$])(?!"
    r" (?:bound|limit)\b)"
)
_POINTS = re.compile(r"\s*-?(?:percentage )?points?\b")
_PERCENT = re.compile(r"\s*(?:%|percent\b)")
_TOKENS = re.compile(r"\s*tokens?\b")
_CLAUSE = re.compile(r"[,;!?]|\.\s|\band\b(?!\s+\d)|\bbut\b")
_TIMES_WORDS = {
    "doubl": 2.0,
    "twice": 2.0,
    "tripl": 3.0,
    "thrice": 3.0,
    "quadrupl": 4.0,
    "half": 0.5,
    "halv": 0.5,
}
_PARTS = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
_TIMES = (
    r"(?:(?P<x>\d+(?:\.\d+)?)\s?(?:x|times)|(?P<word>doubl(?:ed?|ing)|twice"
    r"|tripl(?:ed?|ing)|thrice|quadrupled?|half|halv(?:ed?|ing)))"
)
_AS = (
    r"(?:as (?:many|much|long|high|large|big) |the |our |my |more |of (?:the |our )?)*(?:number of |amount"
    r" of )?"
)
_ENDS_IN_NAME = re.compile(rf"(?:{_NAME.pattern}) $")
_BEFORE_NAME = re.compile(rf"\b{_TIMES} {_AS}$")
_SHARE_OF_NAME = re.compile(
    r"\b(?P<n>a|one|two|three|1|2|3) (?P<part>half|third|quarter|fifth|tenth)s? of (?:the |our |my"
    r" )?(?:number of |amount of )?$"
)
_PART_OF_NAME = re.compile(
    r"\b(?:a|one) (?P<part>half|third|quarter|fifth|tenth)"
    r" (?:(?P<down>fewer|less|lower|shorter)|more|higher|longer)(?: of the)? $"
)
_AFTER_NAME = re.compile(
    r"(?: (?:were|was|is|be|are|to|had|has|have|should|would|could|gets?|will|\w+s))* "
    rf"(?:(?P<done>doubled|doubles?|halved|halves|tripled|triples?|quadrupled)\b|{_TIMES}"
    r" (?:as|its|the|what|bigger|higher|longer)\b)"
)
_PART = re.compile(
    r" (?:down |up )?(?:in (?P<half>half)\b|by (?:(?P<two>two )|a |one |about a"
    r" )?(?P<part>half|third|quarter|fifth|tenth)s?\b)"
)
_FACTOR = re.compile(r" (?:down |up )?by a factor of (\d+(?:\.\d+)?)| ?[*×] ?(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Amount:
    """So much of something, where it stands with its unit, and of which figure it
    can only be, if its unit tells.
    """

    value: float
    start: int
    end: int
    unit: str
    """"%", "points", "ms", "tokens", "$", a figure's name, or "" for none."""


def read_relative(low: str, fields: dict[str, Any], problems: list[str]) -> str:
    """Relative wishes into `users_added`, `load_factor`, `added` and `factors`; what
    is left to read of the text.
    """
    low = kept.sub(
        r"\b(?:one|a|an) (?=(?:more|extra|additional|further|fewer|less)\b(?!\s*[$\d]))", "1 ", low
    )
    low = kept.sub(rf"\banother (?=(?:spare |standby )?(?:replica|{PEOPLE})\b)", "another 1 ", low)
    low = _read_factors(low, fields)
    for _ in range(len(find_quantities(low)[:40])):
        for q in find_quantities(low)[:40]:
            read = _relative(low, q)
            if read is not None:
                amount, sign, start, end = read
                _keep(low, amount, sign, fields, problems)
                low = low[:start] + " " * (end - start) + low[end:]
                break
        else:
            break
    return low


def _relative(low: str, q: Quantity) -> tuple[Amount, int, int, int] | None:
    """The amount at `q`, 1 for more and -1 for less, and the words that say so; None if it isn't relative."""
    before = low[: q.start].rstrip()
    before = kept.sub(r"\$$", "", before).rstrip() + " "
    start = len(before.rstrip())
    first = _WORD_AFTER.match(low, q.end)  # “200 fewer users”
    amount = _amount(low, q, first.end() if first and not first["and"] else q.end)
    onto = _ONTO.match(low, amount.end)
    named = onto and _NAME.match(low, onto.end())
    word = first if first and not first["and"] else _WORD_AFTER.match(low, amount.end)
    if word and word["and"]:
        return None  # “300 ms or less” is a bound
    end = max(amount.end, word.end() if word else 0)
    gone, come = _LEFT.match(low, amount.end), _JOINED.match(low, amount.end)
    if amount.unit == "user_count" and (gone or come):
        return amount, -1 if gone else 1, start, end
    if _BY.search(before) and not _DONE_BY.search(before):
        if kept.match(r"\s*(?:down |up )?to \$?\d", low[amount.end :]):
            return amount, 0, start, amount.end  # where it ends is what counts
        verbs = list(_VERB.finditer(_clause_before(before)))
        sign = (1 if verbs[-1]["up"] else -1) if verbs else (1 if word["up"] else -1) if word else 0
        if sign or _NAME.search(_clause_before(before)):
            return amount, sign or UNKNOWN, start, end
        return None
    if word and word["up"] and kept.search(r"\b(?:no|not)(?: any)? $", low[: word.start()]):
        return None
    way = _UP_OR_DOWN.search(before)
    if way and _NAME.search(_clause_before(before)):
        return amount, 1 if way[1] == "up" else -1, start, end
    if _MORE_BEFORE.search(before):
        return amount, 1, start, end
    if _LESS_BEFORE.search(before):
        return amount, -1, start, end
    if _ADDING.search(before) and (amount.unit in (*_COUNTED, "$") or named):
        return amount, 1, start, end
    counted = amount.unit in _COUNTED and not _HOLDS.search(before)
    if _TAKING.search(before) and (counted or _OUT_OF.match(low, amount.end)):
        return amount, -1, start, end
    if word:
        onto = _ONTO.match(low, word.end())
        if (
            not amount.unit
            and not _ENDS_IN_NAME.search(before)
            and not (onto and _NAME.match(low, onto.end()))
            and not kept.search(r"\b(?:should|were|was|be|is|make|:)", before[-40:])
        ):
            return None
        return amount, 1 if word["up"] else -1, start, end
    return None


def _amount(low: str, q: Quantity, after: int) -> Amount:
    """With its unit, which may stand after “more” or “fewer”; amounts of time in ms,
    of money in USD a month.
    """
    if kept.search(MONEY[0] + r"\s*$", low[: q.start]) or kept.match(MONEY[1], low[after:]):
        value, end = per_month(low, q.value, after)
        return Amount(value, q.start, end, "$")
    rate = RATE_UNIT.match(low, after)
    if rate:
        period = rate[1] or "s"
        if period == "day":
            return Amount(q.value, q.start, rate.end(), "requests_per_day")
        return Amount(q.value / PER[period], q.start, rate.end(), "requests_per_second")
    each = TIME_UNIT.match(low, after)
    if each:
        return Amount(q.value * TIME[each[1]], q.start, each.end(), "ms")
    for unit, pattern in (("points", _POINTS), ("%", _PERCENT), ("tokens", _TOKENS)):
        if found := pattern.match(low, after):
            return Amount(q.value, q.start, found.end(), unit)
    noun = re.compile(r"\s*(?:of )?").match(low, after)
    named = _NAME.match(low, noun.end() if noun else after)
    if named and named.lastgroup in _COUNTED:
        return Amount(q.value, q.start, named.end(), named.lastgroup)
    return Amount(q.value, q.start, q.end, "")


def _keep(low: str, amount: Amount, sign: int, fields: dict[str, Any], problems: list[str]) -> None:
    if sign == 0:
        return
    said = f"${amount.value:,g}" if amount.unit == "$" else " ".join(low[amount.start : amount.end].split())
    figure = _figure_of(low, amount)
    more = "more" if sign > 0 else "less"
    if figure is None or (figure == _LOAD and amount.unit != "%"):
        of_what = [_CALLED[name] for name in _FITTING.get(amount.unit, ())] or (
            [] if amount.unit else ["users", "requests per second"]
        )
        wishes = (
            [f"{name} {said} {more}" for name in of_what]
            if amount.unit
            else [f"{said} {name} {more}" for name in of_what]
        )
        problems.append(
            f"Do you mean {_or(wishes)}?"
            if wishes
            else f"“{said} {more}” of what? Say, for instance, “300 users more”."
        )
    elif sign == UNKNOWN:
        problems.append(f"Do you mean {_CALLED[figure]} {said} more, or {_CALLED[figure]} {said} less?")
    elif amount.unit == "%" and figure in _SHARES:
        factor = 1 + sign * amount.value / 100
        name = _CALLED[figure]
        problems.append(
            f"Do you mean {name} {amount.value:g} points {more}, or {name} by a factor of {factor:g}?"
        )
    elif amount.unit == "%":
        _keep_factor(figure, 1 + sign * amount.value / 100, fields)
    elif figure == "user_count":
        fields["users_added"] = (
            int(sign * amount.value) if amount.value == int(amount.value) else sign * amount.value
        )
    else:
        fields.setdefault("added", {})[figure] = sign * amount.value / (_SHARES.get(figure, 1.0))


def _figure_of(low: str, amount: Amount) -> str | None:
    """By its unit, else the nearest name in the clause, those before it first."""
    if amount.unit in _COUNTED:
        return amount.unit
    if amount.unit == "$":
        return "budget_usd_per_month"
    before = _clause_before(low[: amount.start])
    names = [m.lastgroup for m in _NAME.finditer(before)]
    after = _CLAUSE.split(low[amount.end :])[0]
    names = [*reversed(names), *(m.lastgroup for m in _NAME.finditer(after))]
    if amount.unit in _FITTING:
        names = [name for name in names if name in _FITTING[amount.unit]]
    return names[0] if names else None


def _read_factors(low: str, fields: dict[str, Any]) -> str:
    """“Double the users”, “half the budget”, “cut the TTFT by a third”, “if the load tripled”."""
    for name in list(_NAME.finditer(low)):
        figure = str(name.lastgroup)
        before, after = low[: name.start()], low[name.end() :]
        times, then, part, by = (
            _BEFORE_NAME.search(before),
            _AFTER_NAME.match(after),
            _PART.match(after),
            _FACTOR.match(after),
        )
        if _in_own_unit(figure, after):
            continue
        verbs = list(_VERB.finditer(_clause_before(before)))
        down = bool(verbs) and verbs[-1]["down"] is not None
        start, end = name.start(), name.end()
        of_it = _PART_OF_NAME.search(before)
        share_of = _SHARE_OF_NAME.search(before)
        if share_of:
            many = {"a": 1, "one": 1, "two": 2, "three": 3}.get(share_of["n"]) or int(share_of["n"])
            factor, start = many * _PARTS[share_of["part"]], share_of.start()
        elif of_it:
            factor, start = 1 + _PARTS[of_it["part"]] * (-1 if of_it["down"] else 1), of_it.start()
        elif times:
            factor, start = _times(times), times.start()
        elif then and then["done"]:
            factor, end = (
                next(v for k, v in _TIMES_WORDS.items() if then["done"].startswith(k)),
                end + then.end(),
            )
        elif then:
            factor, end = _times(then), end + then.end()
        elif part and (verbs or part["half"]):
            share = _PARTS[part["part"] or "half"] * (2 if part["two"] else 1)
            factor, end = (0.5 if part["half"] else 1 - share if down else 1 + share), end + part.end()
        elif by:
            value = float(by[1] or by[2])
            factor, end = (1 / value if down and value else value), end + by.end()
        else:
            continue
        if factor > 0:
            _keep_factor(figure, factor, fields)
            low = low[:start] + " " * (end - start) + low[end:]
    return low


def _in_own_unit(figure: str, after: str) -> bool:
    """“The peak factor is 2 times the average” is a value of its own, and no factor of what it is."""
    unit = FIELDS[figure].spec.unit if figure in FIELDS else ""
    return unit.startswith("times ") and kept.match(rf"\D{{0,30}}[\d.]+ ?{unit}\b", after) is not None


def _times(match: re.Match[str]) -> float:
    return (
        float(match["x"])
        if match["x"]
        else next(v for k, v in _TIMES_WORDS.items() if match["word"].startswith(k))
    )


def _keep_factor(figure: str, factor: float, fields: dict[str, Any]) -> None:
    if figure in ("user_count", _LOAD, "requests_per_second", "requests_per_day", "concurrent_requests"):
        fields["load_factor"] = round(factor, 6)
    else:
        fields.setdefault("factors", {})[figure] = round(factor, 6)


def _clause_before(before: str) -> str:
    return _CLAUSE.split(before)[-1]


def without_amount(low: str) -> str | None:
    """A question back for “raise the budget”: from where to where; None where no
    figure is to be changed so.
    """
    verb = _VERB.match(kept.sub(r"^(?:please |just |then |let's |maybe )+", "", low))
    name = _NAME.search(low)
    if verb is None or name is None or find_quantities(low[name.end() :]):
        return None
    return (
        f"How far shall {_CALLED[str(name.lastgroup)]} be {'raised' if verb['up'] else 'lowered'}: by how"
        " much, or to what?"
    )


def _or(wishes: list[str]) -> str:
    return f"{', '.join(wishes[:-1])}, or {wishes[-1]}"
