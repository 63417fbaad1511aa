"""Words about deployments by their names, whatever is at hand: what runs, how NAME is doing, delete NAME."""

from __future__ import annotations

from agent import moves
from agent.models.builtin import kept
from agent.models.builtin.phrases import AFTER_THAT, KINDLY, any_of
from agent.models.builtin.reading import read_change

NAME = r"[a-z](?:[-a-z0-9]*[a-z0-9])?-[0-9a-f]{8}"
"""As Compass names them: words and eight hexadecimal digits."""
_THING = r"(?:deployments?|endpoints?|inference ?services?)"
_NOW = (
    r"(?: (?:right )?now| currently| at the moment| at present| today| for me| here| (?:in|on) (?:the|my|our)"
    r" cluster| of (?:mine|ours))*"
)
_STILL = r"(?: currently| still| already| right now| now)?"
_UP = r"(?: running| deployed| live| up and running| up)"
_HAVE = r"(?: have| got| have got)?"
WHAT_RUNS = any_of(
    rf"(?:what|what else|what all|which (?:ones?|models?|(?:of )?(?:my |our )?{_THING}))(?:'s|'re| is|"
    rf" are)?{_STILL}{_UP}{_NOW}",
    rf"(?:how many|what|which) (?:of )?(?:my |our )?{_THING} (?:are|is)(?: there)?{_STILL}{_UP}?{_NOW}",
    rf"(?:what|which|how many)(?: {_THING})? (?:do|have) (?:i|we){_HAVE}{_STILL}{_UP}?{_NOW}",
    rf"(?:what|which)(?: {_THING})? (?:did|have) (?:i|we) deploy(?:ed)?{_NOW}",
    rf"(?:list|show|see|display|give me)(?: me)?(?: (?:all|of|my|our|the|current|active|running|live|every))*"
    rf" (?:{_THING}|what(?:'s| is){_UP}){_NOW}",
    rf"(?:is|are) (?:there )?(?:anything|something|any(?: of my| of our)? {_THING}){_NOW}{_STILL}{_UP}{_NOW}",
    rf"(?:do|have) (?:i|we){_HAVE} (?:anything|something|any {_THING}){_STILL}{_UP}?{_NOW}",
    rf"anything{_STILL}{_UP}{_NOW}",
    rf"what (?:all )?(?:still )?runs{_NOW}",
    rf"(?:all )?(?:my|our) (?:running )?{_THING}|(?:all|running|current|active)"
    rf" {_THING}|deployments|endpoints",
    rf"what (?:am i|are we){_STILL} paying for{_NOW}",
    rf"what(?:'s| is| are) (?:my|our) {_THING}",
)
_TAKE_AWAY = (
    r"(?:delete|remove|undeploy|destroy|(?:tear|take|shut|bring)(?= .* down$)|tear down|take down|shut"
    r" down|kill|get rid of|uninstall"
    r"|turn off|stop|drop|scrap)"
)
_NOUN = r"(?:deployment|endpoint|service)"
_WHOSE = r"(?:the |my |our |this |that )?"
REMOVE_NAMED = (
    rf"{_TAKE_AWAY} {_WHOSE}(?:{_NOUN} )?(?:called |named )?(?P<name>{NAME})(?: {_NOUN})?(?: down| again|"
    r" now)?"
)
REMOVE_SOME = (
    rf"{_TAKE_AWAY} {_WHOSE}(?:(?P<which>other|old|older|last|previous|running) )?"
    rf"(?:(?P<before>[a-z0-9][-a-z0-9]*) )?{_NOUN}(?: (?:called|named|of|with|for)"
    r" (?P<after>[a-z0-9][-a-z0-9]*))?(?: down| again| now)?"
)
_A_THING = r" (?:one|thing|bot|app|stuff)"
REMOVE_LOOSELY = (
    rf"(?:delete|undeploy|tear down|destroy|shut down|kill) {_WHOSE}"
    rf"(?:(?P<name>[a-z0-9]+(?:-[a-z0-9]+)+)(?:{_A_THING})?|(?P<thing>[a-z0-9]+){_A_THING})"
)
STATUS_OF = (
    r"(?:what(?:'s| is) )?(?:the )?(?:status|state|health) of"
    rf" {_WHOSE}(?P<name>[a-z0-9][-a-z0-9]*)(?:{_A_THING})?"
)
STATUS = any_of(
    r"\b(?:status|state|health|condition)\b",
    r"^(?:and |so )?(?:how|what|is|are|does|show|check|look at|tell me|describe|get)\b",
)


def read_deployed(bare: str, offered: set[str]) -> moves.Remove | moves.Ask | moves.Unclear | None:
    """What lower-case words without closing punctuation ask of deployments by name,
    or of all; None if nothing.

    `Remove` alone, without a name, is the one deployment there is; which one, where there are
    several, is asked. Words that name a deployment are about it and nothing else, so what else
    they may want of it is asked back.
    """
    words = kept.sub(rf"^{KINDLY}", "", kept.sub(r"[“”\"`]", "", bare))
    plain = kept.sub(rf"{AFTER_THAT}$", "", words)
    if "Remove" in offered:
        if found := kept.fullmatch(REMOVE_NAMED, plain):
            return moves.Remove(name=found["name"])
        found = kept.fullmatch(REMOVE_SOME, plain)
        if found and (found["before"] or found["after"]):
            return moves.Remove(name=found["after"] or found["before"])
        loosely = kept.fullmatch(REMOVE_LOOSELY, plain)
        if loosely and read_change(plain).empty:  # “delete the budget” is said of the plan
            return moves.Remove(name=loosely["name"] or loosely["thing"])
        if found and (
            found["which"] not in (None, "running") or "Delete" not in offered
        ):  # else it is the one that is at hand
            return moves.Remove()
    if "Ask" in offered:
        if kept.fullmatch(WHAT_RUNS, words) or kept.fullmatch(WHAT_RUNS, plain):
            return moves.Ask(topic="deployments")
        of_some = kept.fullmatch(STATUS_OF, plain)
        if of_some and of_some["name"] not in (
            "it",
            "this",
            "that",
            "everything",
            "things",
            "all",
            "deployment",
            "endpoint",
            "cluster",
        ):
            return moves.Ask(topic="status", subject=of_some["name"])
        named = kept.search(rf"(?<![-\w]){NAME}(?![-\w])", plain)
        if named and kept.search(STATUS, plain) and not kept.search(rf"\b{_TAKE_AWAY}\b", plain):
            return moves.Ask(topic="status", subject=named[0])
        if named:
            return moves.Unclear(
                question=f"What about {named[0]}? I do “status of {named[0]}” and “delete {named[0]}”."
            )
    return None
