"""What figures are counted in, and what the latency targets are called: shared by those
who read absolute and relative figures.
"""

from __future__ import annotations

import re

from agent.models.builtin.vocabulary import PEOPLE
from tools.specification import FIELDS

TIME = {
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
TIME_UNIT = re.compile(r"\s*-?(milliseconds?|msec|ms|seconds?|secs?|s|minutes?|min)\b")
REQUESTS = (
    "(?:requests?|reqs?|queries|calls|prompts|messages|questions|conversations|chats|e?-?mails|tickets|documents|docs"
    "|articles|pages|transcripts"
    "|reviews|invoices|translations|summaries|texts|files|jobs|posts|reports|notes|letters|claims|orders|completions|lookups|searches)"
)
PERIOD = "second|sec|s|minute|min|hour|h|day"
EACH_PERIOD = rf"(?:per|/|a|an|each|every)\s*({PERIOD})\b"
EACH_SENDS = (
    rf"(?:\b(?:each|every|per|an?|one)(?: \w+)? (?:{PEOPLE}|one)|{PEOPLE},? each)(?: \w+){{0,2}} ?(?:about"
    r" |around |roughly |up to )?$"
    r"|\beach (?:of them )?(?:send\w*|mak\w+|ask\w*|do\w*|with|issu\w+) ?(?:about |around |roughly |up to )?$"
)
RATE_UNIT = re.compile(rf"\s*(?:{REQUESTS}\s*(?:/|per|a|an|each|every)\s*({PERIOD})\b|(rps|qps)\b|req/s\b)")
PER = {
    "second": 1.0,
    "sec": 1.0,
    "s": 1.0,
    "minute": 60.0,
    "min": 60.0,
    "hour": 3600.0,
    "h": 3600.0,
    "day": 86400.0,
}
METRICS = {
    name: field.spec.said for name, field in FIELDS.items() if field.spec.unit == "ms" and field.spec.said
}
IS = (
    r"(?:["
    r" ,]+(?:of|to|at|is|are|was|were|be|have|has|had|holds?|needs?|must"
    r"|should|can|may|will|a|least|up|down|about|around|=|over"
    r"|min(?:imum)?))*\s*(?:=|:)?\s*$"
)
"""What may stand between a figure's name and the figure."""
MONEY = (r"(?:\$|usd|us\$)", r"\s*(?:\$|usd|us dollars?|dollars?|bucks)(?!\w)")
"""Before an amount of US dollars, and after it."""
_A_PERIOD = re.compile(
    r"\s*(?:\$|usd|us dollars?|dollars?|bucks)?\s*(?:/|per|a|an|each|every|for (?:the|a|one)(?: whole|"
    r" entire)?)\s*(month|mo|year"
    r"|yr|annum|hour|hr|h|day|week)"
    r"\b|\s*(?:\$|usd|us"
    r" dollars?|dollars?|bucks)?\s*(?:(monthly|yearly|annually|p\.?a\b\.?|hourly|daily|weekly))"
)
_MONTHS = {"y": 1 / 12, "a": 1 / 12, "p": 1 / 12, "h": 730.0, "d": 730 / 24, "w": 730 / 168}


def per_month(low: str, amount: float, end: int) -> tuple[float, int]:
    """An amount of money that ends at `end` of the text as USD a month, a month being 730
    hours, and where its unit ends.
    """
    period = _A_PERIOD.match(low, end)
    if period is None:
        unit = re.compile(MONEY[1]).match(low, end)
        return round(amount, 2), unit.end() if unit else end
    return round(amount * _MONTHS.get((period[1] or period[2])[0], 1.0), 2), period.end()
