"""Whether something that a text names is wanted, not wanted, or allowed again: exceptions,
negations, and negations of those.

Names that stand in one list share what is said before the first and after the last of them. What is
said before counts in this order:

1. nothing but X, none other than X, don't use anything except X      X alone is wanted
2. don't exclude X, no longer avoid X, bring X back, allow X          X is allowed: no longer
  excluded, and not the only one
3. anything but X, everything except X, apart from X                  X is not wanted
4. no X, without X, avoid X, hide X, leave X out, not on X            X is not wanted

and after it: X is out, isn't allowed (not wanted); X is fine again, is no longer excluded, as well
(allowed). All else is a wish for X.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from agent.models.builtin import kept

T = TypeVar("T")
Polarity = Literal["wanted", "unwanted", "allowed"]
Mention = tuple[int, int, T]
"""Start and end of a name in the text, and what it names."""

_THING = (
    r"(?:gpus?|cards?|hardware|chips?|accelerators?|models?|llms?|famil(?:y|ies)|clouds?|providers?|regions?|machines?|instances?"
    r"|licen[cs]es?|stuff|ones?)"
)
_JOINED = re.compile(
    r"s?(?:"
    rf" {_THING})?[\"'”]?\s*(?:,|/|\+|&|\band\b|\bor\b|\bnor\b|,\s*(?:and|or"
    rf"|nor)\b)\s*(?:(?:the|on|in|at|with|any|an?)\s+)*[\"'“]?"
)
_KEYED = re.compile(
    r"(?:\b(?:exclud|avoid|bann?|block|forbid|forbidden|deny|disallow|prohibit|without|unwanted|no-?go|except|black-?list|deny-?list)\w*"
    r"|\bno\b|\bnot\b(?: (?:allowed|wanted|permitted|ok(?:ay)?|acceptable))?)[-_ ]?(?:\w+[-_"
    r" ]?){0,2}[\"']?\s*[:=]\s*[\[({\"'“ ]*$"
)
"""A key, of a table or a list of requirements, whose values aren't wanted."""
_TO_NAME = r"(?:(?!\b(?:and|but|then|instead|so|because|only|please)\b)[^,;.:!?]){0,32}$"
"""What may stand between such a word and the name: no new clause, and no new wish."""
_ANY = r"\b(?:any\w*|every\w*|all|each|whatever|whichever|whoever|wherever)\b"
_NO = r"(?:\b(?:not|never|no|nothing|none|nobody|neither|cannot|hardly)\b|n't\b)"
_EXCEPT = (
    r"(?:except(?:ing)?(?: for)?|apart from|other than|aside from|with the exception of|excluding|save for)"
)
_BUT = rf"(?:but|besides?|save|bar|minus|{_EXCEPT})"
_EXCLUDING = (
    r"(?:exclud\w+|avoid\w*|bann?\w*|block\w*|forbid\w*|hid(?:e|es|ing)|rul\w+ out|leav\w+"
    r" out|skip\w*|drop\w*|reject\w*|refus\w+"
    r"|ignor\w+|delet\w+|forget(?: about)?|scratch|strip\w* out|remov\w+|omit\w*|discard\w*|filter\w*"
    r" out|throw\w* out|kick\w* out"
    r"|tak\w+ out|cross\w* out|eliminat\w+|disallow\w*|prohibit\w*|steer\w* clear of|(?:keep|stay|get|move)"
    r" (?:\w+ )?away from"
    r"|black-?list\w*|deny-?list\w*|(?:get|be|getting) rid of|spare me|dislike|hate|disregard\w*|strike)"
)
_STOPPED = rf"(?:\b(?:no longer|stop|quit|cease|needn't|no need (?:to|for)|no reason to)\b|{_NO})"
_LETTING = (
    r"(?:allow\w*|permit\w*|bring\w*"
    r" back|re-?(?:include|allow|admit|enable|add|instate|introduce|consider)\w*"
    r"|un-?(?:exclude|hide|ban|block|forbid)\w*|(?:put|add|take|have|let) back|lift the"
    r" (?:ban|block|exclusion|restriction)s? (?:on|of|for)"
    r"|(?:nothing|no objections?) (?:against|to)|(?:n't|not) mind|no problem with"
    r"|forget (?:what i said|my (?:no|objections?)) (?:about|against|to)"
    r"|(?:also|even) (?:use|take|include|consider|list|show|plan with)|accept)"
)
_ONLY_BEFORE = re.compile(
    rf"(?:{_NO}(?:(?!\b(?:and|but)\b)[^,;.:!?]){{0,30}}?(?:{_ANY})?(?: \w+){{0,2}}|\bno one)"
    rf" {_BUT}\b{_TO_NAME}"
)
_LET_BEFORE = re.compile(rf"(?:{_STOPPED}(?: \w+){{0,3}}? {_EXCLUDING}|\b{_LETTING})\b{_TO_NAME}")
_NOT_LET = re.compile(rf"{_NO}(?: \w+){{0,2}}? {_LETTING}\b{_TO_NAME}")
_EXCEPT_BEFORE = re.compile(
    rf"(?:{_ANY}[^;.:!?]{{0,40}}?\s{_BUT}(?: not)?|\b{_EXCEPT}|\b(?:instead of|rather than|in place"
    rf" of))\b{_TO_NAME}"
)
_NOT_BEFORE = re.compile(
    rf"(?:\b(?:not?|never|neither|nor|without|cannot)\b|n't\b|\b{_EXCLUDING}\b|\bnothing"
    r" (?:with|on|at|from|in|under|by|of)\b|\bagainst\b"
    r"|\boutside(?: of)?\b|\bout of\b|\bno more\b|\bstop"
    rf" (?:using|showing|listing|planning|suggesting|offering)\b){_TO_NAME}"
    r"|\bnothing(?: (?:from|by|of|made in))? (?:the |an? )?$"
)
_NOT_ALONE = re.compile(
    r"\b(?:not|n't) (?:only|just|necessarily|exclusively)\b[^,;.:!?]{0,20}$"
    r"|\b(?:doesn't have|don't have|does not have|needn't|not have|not need) ?(?:to )?be\b[^,;.:!?]{0,20}$"
)
_OFF = re.compile(r"\b(?:keep|stay|get|take|put|run|move)\w*\b(?: \w+){0,3}? off(?: of)? (?:the )?$")
_INDIFFERENT = re.compile(
    r"(?:n't|\bnot|\bnever|\bwithout)\b[^,;.:!?]{0,14}\b(?:limit\w*|restrict\w*|confin\w*|insist\w*|just|only|exclusively)\b[^,;.:!?]{0,16}$"
    r"|(?:n't|\bnot) (?:really"
    r" )?(?:care|mind|matter)\b[^,;.:!?]{0,6}\b(?:whether|if|which|about|between)\b[^,;.:!?]{0,20}$"
    r"|\bprefer\w*\b[^,;.:!?]{0,40}\b(?:over|to) (?:the |an? )?$|\bwhat (?:i|we) said about[^,;.:!?]{0,12}$"
)
_NO_WISH_AFTER = re.compile(r"'?s? (?:preference|wish|requirement|restriction|constraint)s?\b")
_BANNED = (
    r"(?:exclusions?|ban|bans|block|blacklist|blocklist|(?:exclusion|excluded|black|block|ban|ignore)[-"
    r" ]?lists?)"
)
_UNBANNED_BEFORE = re.compile(
    r"\b(?:drop|remove|lift|undo|cancel|end|clear|forget|revoke|take|delete|strike|get)\w*\b[^,;.:!?]{0,16}$"
)
_UNBANNED_AFTER = re.compile(rf"'?s? (?:{_BANNED}\b|(?:from|off) (?:the |my |our )?{_BANNED}\b)")
_BANNED_AFTER = re.compile(rf"'?s? (?:to|on|onto) (?:the |my |our )?{_BANNED}\b")
_IT = r"(?:it|them|that|those)"
_LET_IT_AFTER = re.compile(
    r"[^.;!?,]{0,20}, (?:so |but |please |you can )*"
    rf"(?:(?:allow|permit|include|re-?allow|consider|use) {_IT}(?: again| after all)?|bring {_IT} back)\b"
)
_DROP_IT_AFTER = re.compile(
    rf"[^.;!?,]{{0,20}}, (?:so |but |please )*(?:exclude|drop|skip|avoid|hide|remove|leave {_IT}"
    rf" out|forget)(?: about)? {_IT}\b"
)
_SWAPPED = re.compile(
    r"\b(?:swap|replac|exchang|trad|substitut)\w*\b(?:(?!\b(?:with|for|by|and)\b)[^,;.:!?]){0,25}$"
)
_APART = re.compile(r"\b(?:rul|leav|tak|keep|kick|throw|cross|filter|strik|count|cut)\w*\b[^,;.:!?]{0,12}$")
_BACK = re.compile(r"\b(?:bring|brought|put|add|take|have|get|got|let|want|give)\w*\b[^,;.:!?]{0,12}$")
_AGAIN = re.compile(
    r"\b(?:show|consider|use|include|add|list|offer|accept|have|see|plan with|run on|look"
    r" at|try|on|with|allow)\w*\b[^,;.:!?]{0,20}$"
)
_TOO_MUCH = r"(?:expensive|slow|big|large|costly|dear|weak|small|old|pricey)"
_BAD = (
    rf"(?:(?:too|so|far too|way too) {_TOO_MUCH}|excluded|forbidden|banned|prohibited|blocked|off the"
    r" (?:table|list)|off[- ]limits"
    r"|out(?: of (?:the )?(?:question|bounds))?|unavailable|sold"
    r" out|unacceptable|unwanted|overkill|unnecessary|too much|overpriced"
    r"|a no-?go"
    r"|hidden|ruled out)\b"
)
_GOOD = (
    r"(?:fine|ok(?:ay)?|allowed|permitted|acceptable|accepted|possible|an option|options|welcome|back(?:"
    r" in)?|available|in again|alright"
    r"|all right|on the (?:table|list)|(?:to )?be (?:used|included|considered|shown|accepted)|usable)\b"
)
_BE = (
    r"(?:is|are|was|were|seems?|looks?|'s|'re|may|can|could|might|must"
    r"|should|shall|will|would|has|have|do|does|go(?:es)?)"
)
_AFTER = rf"(?: {_THING})?,? ?"
_SAID_AFTER = re.compile(
    rf"{_AFTER}{_BE}(?P<no>n't|not)?(?: (?P<not>not|no longer|never))?(?: \w+ly| be| also| still| now| quite|"
    r" just)*"
    rf" (?:(?P<bad>{_BAD})|(?P<good>{_GOOD}))"
)
_DISLIKED_AFTER = re.compile(
    rf"{_AFTER}(?:(?:i|we|they) (?:don't|do not|never|won't|can't) (?:want|like|use|need)|excluded"
    r"|(?:is|are) the (?:only )?(?:ones?|things?|\w+) (?:that )?(?:i|we) (?:don't|do"
    r" not|can't|cannot|won't|never) \w+"
    r"|(?:won't|will not|doesn't|don't|does not|can't|cannot) (?:do|work|fit|help)|(?:is|are) no"
    r" (?:good|use|option))\b"
)
_APART_AFTER = re.compile(rf"{_AFTER}(?:out|off|away|aside)\b")
_BACK_AFTER = re.compile(rf"{_AFTER}back\b")
_AGAIN_AFTER = re.compile(rf"{_AFTER}(?:again|once more)\b")
_TOO_AFTER = re.compile(
    rf"{_AFTER}(?:as well|too|also|to the (?:list|mix|options|candidates))\b(?! (?:{_TOO_MUCH}|much|many)\b)"
)


def sorted_by_polarity(low: str, mentions: Sequence[Mention[T]]) -> dict[Polarity, list[T]]:
    """What the mentions, in any order, name: wanted, unwanted or allowed."""
    found: dict[Polarity, list[T]] = {"wanted": [], "unwanted": [], "allowed": []}
    for group in _lists(low, sorted(mentions, key=lambda m: m[0])):
        polarity = _polarity(low[: group[0][0]], kept.sub(r"^'?s\b", "", low[group[-1][1] :]))
        if polarity is not None:
            found[polarity] += [named for _, _, named in group]
    return found


def _lists(low: str, mentions: list[Mention[T]]) -> list[list[Mention[T]]]:
    groups: list[list[Mention[T]]] = []
    for mention in mentions:
        if groups and _JOINED.fullmatch(low[groups[-1][-1][1] : mention[0]]):
            groups[-1].append(mention)
        else:
            groups.append([mention])
    return groups


def _polarity(before: str, after: str) -> Polarity | None:
    """None where the words only say that it needn't be this."""
    if _UNBANNED_BEFORE.search(before) and _UNBANNED_AFTER.match(after):
        return "allowed"
    if _NOT_ALONE.search(before) or _NO_WISH_AFTER.match(after):
        return None
    if _KEYED.search(before):
        return "unwanted"
    if _ONLY_BEFORE.search(before):
        return "wanted"
    if _INDIFFERENT.search(before):
        return None
    said = _SAID_AFTER.match(after)
    if said and not _EXCEPT_BEFORE.search(before):
        refused = (said["bad"] is not None) != bool(said["no"] or said["not"])
        return "unwanted" if refused else "allowed"
    if _DISLIKED_AFTER.match(after):
        return "unwanted"
    it_is: Polarity | None = (
        "allowed" if _LET_IT_AFTER.match(after) else "unwanted" if _DROP_IT_AFTER.match(after) else None
    )
    if it_is is not None and not kept.search(r"\b(?:use|take|want)\b", before[-12:]):
        return it_is
    rules: list[tuple[Callable[[], object], Polarity]] = [
        (lambda: _NOT_LET.search(before) and not kept.search(_EXCLUDING + _TO_NAME, before), "unwanted"),
        (lambda: _LET_BEFORE.search(before), "allowed"),
        (lambda: _BACK.search(before) and _BACK_AFTER.match(after), "allowed"),
        (
            lambda: (
                _SWAPPED.search(before)
                or _OFF.search(before)
                or _BANNED_AFTER.match(after)
                or _EXCEPT_BEFORE.search(before)
                or _NOT_BEFORE.search(before)
            ),
            "unwanted",
        ),
        (lambda: _APART.search(before) and _APART_AFTER.match(after), "unwanted"),
        (lambda: (_AGAIN.search(before) and _AGAIN_AFTER.match(after)) or _TOO_AFTER.match(after), "allowed"),
    ]
    return next((polarity for holds, polarity in rules if holds()), "wanted")
