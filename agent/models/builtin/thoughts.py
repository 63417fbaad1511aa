"""Whether the model shall think before it answers: said of the model, and not of those who plan."""

from __future__ import annotations

import re
from typing import Any, Literal

from agent.models.builtin import kept

_THOUGHT = r"(?:thinking|reasoning|chains?[- ]of[- ]thoughts?|cot)"
_MODE = r"(?: (?:mode|traces?|steps?|phase|models?))?"
_BE = r"(?: (?:is|are|must be|should be|shall be|to be|needs to be))?"
_NOT_OF_IT = (
    r"(?! (?:about|tasks?|skills?|abilit\w+|capabilit\w+|quality|power"
    r"|questions?|problems?|benchmarks?|behind|over|that|why|of|in"
    r"|on \w)\b)"
)
"""What makes of it something that a model is good at, or somebody's own."""
_STEPS = (
    r"(?: (?:it|things|everything))? (?:step[- ]by[- ]step|first|through|before (?:\w+"
    r" )?(?:answer|repl|respond)\w*)"
)
_OFF = [
    rf"\b(?:no|not|without|never|disabl\w+|skip\w*|avoid|omit|suppress|deactivate|drop|(?:turn|switch)(?:ed|ing)?"
    rf" off|no more|stop|don'?t"
    rf"|doesn'?t|won'?t|shouldn'?t)(?:"
    rf" (?:use|using|want|need|needs|enable|allow|include|like|have|do|any|the|its|a|an|with"
    rf"|extended|explicit|hidden|turn on|switch on))* {_THOUGHT}{_MODE}\b{_NOT_OF_IT}",
    rf"\b(?:turn|switch|keep|set|leave|have)(?:ed|ing)?(?: (?:the|its))? {_THOUGHT}{_MODE}(?: to)? off\b",
    rf"\b{_THOUGHT}{_MODE}{_BE}[: ]+(?:off|disabled|deactivated|unwanted|unnecessary"
    rf"|(?:not|isn't|aren't) (?:wanted|needed|necessary|required|allowed))\b",
    r"\bnon[- ]?(?:thinking|reasoning)\b|\bno[-_]think\b|\benable_thinking\W{0,3}false\b",
    r"\b(?:should|must|shall|may|does|do|need|can)(?:n'?t| not)(?: (?:ever|have to|need to))?"
    r" (?:think|reason)"
    rf"(?!\w| (?:about|of|that|so)\b)|\bnever thinks?{_STEPS}|\bwithout (?:it |the model )?thinking{_STEPS}",
]
_ON = [
    rf"\b(?:with|enabl\w+|(?:turn|switch)(?:ed|ing)?"
    rf" on|activate|allow|us(?:e|es|ing)|wants?|needs?|prefer|add|include|keep)"
    r"(?: (?:the|its|their|a|an|some|full|extended|deep|explicit|only|model's))*"
    rf" {_THOUGHT}{_MODE}\b{_NOT_OF_IT}",
    rf"\b(?:turn|switch|keep|set|leave|have)(?:ed|ing)?(?: (?:the|its))? {_THOUGHT}{_MODE}(?: to)? on\b",
    rf"\b{_THOUGHT}{_MODE}{_BE}[: ]+(?:on|enabled|activated|wanted|needed|required)\b"
    rf"(?! (?:the|our|my|a)\b)",
    rf"\b(?:only |a )?(?:{_THOUGHT}) models? (?:only|please)\b|\b(?:only|a) (?:thinking|reasoning) models?\b",
    rf"\b(?:should|must|shall|may|can|has to|needs? to|have to|to|it|models?|that|which|let it|make it)(?:"
    rf" (?:always|also|first))?"
    rf" (?:think|reason)s?{_STEPS}|^(?:please )?(?:think|reason){_STEPS}",
    r"(?<![\w/])/think\b|\benable_thinking\W{0,3}true\b",
]
LIFTED = (
    rf"\b{_THOUGHT}{_MODE}(?: on or off)? (?:doesn't|does not|don't|do not|no longer|needn't)"
    r" (?:matter|count)s?"
    r"|\b(?:don't|do not|doesn't) (?:care|mind) (?:about|whether|if) (?:it |the model |they"
    rf" )?(?:{_THOUGHT}|thinks?|reasons?)"
    rf"|\b(?:with or without|either way about) {_THOUGHT}|\b{_THOUGHT}{_MODE} (?:on or off|either way)(?:"
    r" is)? (?:fine|ok|okay)?"
    rf"|\b(?:forget|drop|remove|lift|ignore|lose|clear) (?:about )?(?:the )?{_THOUGHT}{_MODE}"
    r" (?:wish|preference|requirement|restriction"
    rf"|constraint|setting)"
)
"""How the wish is taken back."""
_PERSON = (
    r"(?:i|we|you|me|us|they|i'd|we'd|i'm|we're|let's|people|users|customers"
    r"|clients|students|developers|team|staff|everyone|lawyers)"
)
_SUBJECT = re.compile(
    rf"\b(?:(?P<person>{_PERSON})|it|models?|llm|answers?|bot|chatbot|assistant|endpoint|that|which)\b"
)


def mentions_thinking(low: str) -> bool:
    return kept.search(rf"\b(?:{_THOUGHT}|thinks?|thoughts?|reasons?)\b", low) is not None


def read_thinking(low: str, fields: dict[str, Any]) -> None:
    """The last that is said of it; a no is stronger than a yes that stands within it."""
    no = [(m.start(), m.end()) for p in _OFF for m in kept.finditer(p, low) if not _of_people(low, m)]
    yes = [m.start() for p in _ON for m in kept.finditer(p, low) if not _of_people(low, m)]
    said: list[tuple[int, Literal["off", "on"]]] = [(end, "off") for _, end in no]
    said += [(at, "on") for at in yes if not any(start <= at < end for start, end in no)]
    if said:
        fields["thinking"] = max(said)[1]


def _of_people(low: str, found: re.Match[str]) -> bool:
    """“we should think first” is of those who plan; “we want it to think first” is not."""
    if not kept.search(r"\b(?:think|reason)\b", found.group()):
        return False
    told = [*_SUBJECT.finditer(low[max(0, found.start() - 40) : found.start()])]
    if told:
        return told[-1]["person"] is not None and not kept.match(
            r"(?:that|which|it|models?|let it|make it)\b", found.group()
        )
    return kept.match(r"(?:to|needs? to|have to|may|can|do)\b", found.group()) is not None
