"""Whether a sentence asks, supposes, or wants something: a question never changes anything.

The border, in the order in which it is drawn:

1. A supposition (“what if …”, “suppose …”, “how about …”, “and with …?”, “what would it cost for …?”) tries
   values out, where there are options to try them on.
2. A request in the form of a question (“can you make it …?”, “could we use …?”, “would you mind
   setting …?”) asks *us to do* something now: its verb is one of planning. “Could it …?”, “can you
   tell me …?”, “… later?” are no requests.
3. An order stays one with a question mark after it (“use H100s, ok?”).
4. All else that ends with a question mark, begins with a question word or an inverted verb, asks
   whether we know something (“I wonder …”, “tell me why …”), or ends with “right?” and the like, is
   a question about what there is.
5. In a text of several sentences each is taken for itself: what a question names is
  left out of what the others want.

What a request or a supposition wants must be said: a figure, a name, a constraint lifted. “To save money”,
“the cheapest” in one is talk.
"""

from __future__ import annotations

import re
from typing import Literal

from agent.models.builtin import kept
from agent.models.builtin.phrases import WHAT_IF

Mood = Literal["question", "supposition", "request", "statement"]

_OPENING = re.compile(
    r"^(?:(?:so|and|but|or|ok(?:ay)?|well|hm+|um+|er|oh|ah|hi|hey|hello|wait(?: a"
    r" (?:moment|minute|second|sec))?|hold on"
    r"|hang on|one (?:more thing|moment|sec)|sorry|actually|also|then|now|please|pls|just|by the"
    r" way|btw|quick question|question"
    r"|anyway|right|great|thanks?|thank you"
    r"|no,? but|yes,? but|still)\b[,.:;!–-]*\s*)+"
)
_WE_DO = r"(?:(?:can|could|may|might) (?:you|we|i(?! use)|u)|(?:would|will) (?:you|u)|shall we)"
_ORDERS = (
    r"(?:make|set|use|chang\w+|rais\w+|lower\w*|reduc\w+|increas\w+|cut|bring|put|plan\w*|go|have|get|take|try|drop|exclud\w+"
    r"|remov\w+|add|hid\w+|allow"
    r"|switch|limit|keep|leav\w+|avoid|skip|run|host|do it|double|halve|triple|assum\w+|give|show"
    r" (?:it|me|us|them) (?:with|without"
    r"|on|for|only)"
    r"|extend|shorten|decreas\w+|move|stay|stick|restrict|prefer|ban|block|permit|include|consider|bump|trim|tighten|relax|lift"
    r"|ignore|forget|clear"
    r"|(?:re-?)?run|repeat|measure|validate|test|download|see|write|save|undo|restore|rank|sort|order|list"
    r"|adjust|update|correct|edit|rule|adapt|let|start"
    r" with|calculate|compute|reckon|deploy|pick|choose|select|scal\w+|delete|roll"
    r"|retry|send|export|check)"
)
_REQUEST = re.compile(
    rf"^(?:{_WE_DO}|do you mind|would you mind|is it possible to|is there (?:a|any) way to|why (?:don't|not"
    rf"|do not) (?:we|you|i)"
    rf"|let's|let us|i'd like (?:you )?to|i want (?:you )?to) (?:please |just |maybe |perhaps |also |kindly"
    rf" |instead |then |rather "
    rf"|not |all )*{_ORDERS}\b"
)
_MIND = re.compile(rf"^(?:would|do) you mind (?:please |just )*(?:{_ORDERS}|\w+ing)\b")
_SOME_DAY = re.compile(
    r"\b(?:later|still|eventually|afterwards|some ?(?:day|time)|one day|at some point|in (?:the )?future|next"
    r" (?:year|month|week)|ever)\b"
)
_ORDER = re.compile(
    r"^(?!(?:have|do|did) (?:i|we|you|they|it)\b)(?:please |pls |just |let's |then |now |instead |only"
    rf" )*{_ORDERS}\b"
    r"(?! (?:i|we|you|it|this|that)\b\s?\w*\?)"
)
_WH = r"(?:what|whats|why|how|hows|which|who|whos|whose|when|where|wheres|whether)"
_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|should|shall|may|might|must|am"
    r"|isn't|aren't|wasn't|weren't|don't|doesn't|didn't|hasn't|haven't|can't|couldn't|wouldn't|won't|shouldn't|mustn't)"
)
_SUBJECT = (
    r"(?:it|this|that|these|those|there|we|you|i|they|he|she|the"
    r"|your|our|my|any\w*|some\w*|all|both|one|each)"
)
_TELL_ME = r"(?:(?:tell|explain|remind|describe)|show (?:me|us) (?:why|how|what|where|when|which|whether|if))"
_ASKS = re.compile(
    rf"^(?:{_WH}\b(?!ever)|{_AUXILIARY} (?:not )?{_SUBJECT}\b(?!,)|(?:by|for|with|on|in|at|to|from) {_WH}\b"
    rf"|(?:(?:can|could|would|will) you )?(?:please )?{_TELL_ME}\b|define\b|explain\b|any idea\b|no"
    r" idea\b[^.]*\?$"
    r"|i'm wondering\b|i'd like to know\b"
    r"|do you know\b|(?:i|we) (?:'d like to know|want to know|wonder|was wondering|am wondering"
    r"|don't (?:know|understand|see|get)|do not (?:know|understand|see))\b)"
)
_TAG = re.compile(
    r"(?:,\s*|\s)(?:right|correct|yes|no|true|really|or not|isn't it|is it|is that"
    r" (?:right|so|correct|true)|aren't (?:we|they|you)"
    r"|(?:did|do|does|don't|didn't"
    r"|doesn't|won't|will|is|are|was|were|wasn't|weren't|haven't|have) (?:you|we|they|it|i))\s*\?+$"
)
_SUPPOSES = re.compile(
    rf"^(?:{WHAT_IF})|^(?:and |or |but )?(?:with|without|for|on|only|maybe|perhaps)\b[^?]*\?$|\b(?:what|how"
    r" much|how) (?:would|does"
    rf"|will|do) "
    r"(?:it|that|this|the (?:plan|price|cost|bill)|things?|they)\b[^?]*\b(?:cost|be|look|take|come"
    r" to|run|work)\b[^?]*\b(?:with"
    r"|without|for|on|at|if|in|under)\b"
    r"|\bwhat (?:if|happens if)\b|^if\b|\bwhat (?:it|that|this) would\b[^?]*\b(?:on|with|without|for|at)\b"
    r"|^(?:suppose|supposing|imagine|assum(?:e|ing)|let's (?:say|assume|suppose)|say (?:we|it|there)"
    r"|if (?:we|i|there|it))\b"
)
_TAKES_ONE = re.compile(
    r"\bif (?:i|we) (?:take|choose|pick|select|go (?:with|for)|use|deploy|buy|chose|took|picked)"
    r" (?:the|option|number|#)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|;\s+")
_HUNG_ON = re.compile(
    r",\s+(?=(?:and |so )?(?:(?:can|could|would|will|is|are|do|does|did)"
    r" (?:you|that|this|it|we|i)|what|which|how|why|who"
    r"|where)\b[^,?]*\?+$)"
)
_WANTS = re.compile(r"(?:we|i|our|there|they) (?:need|want|have|must|require|would|are|will|should)\b")


def sentences(low: str) -> list[str]:
    """The sentences of a text in lower case; a question that hangs on a wish by a comma is one of its own."""
    found: list[str] = []
    for sentence in _SENTENCE.split(low):
        parts = _HUNG_ON.split(sentence)
        found += parts if len(parts) > 1 and _WANTS.match(_OPENING.sub("", parts[0])) else [sentence]
    return [part.strip() for part in found if part.strip()]


def mood(sentence: str) -> Mood:
    """Of one sentence in lower case, without what it opens with (“ok, so …”)."""
    bare = kept.sub(r",? (?:ok(?:ay)?|please|alright|all right)\s*\?$", "", sentence.strip())
    bare = _OPENING.sub("", bare) or bare
    mark = bare.endswith("?")
    if bare.endswith("??") or _TAG.search(bare):
        return "question"
    if _SUPPOSES.search(bare) and not _TAKES_ONE.search(bare):
        return "supposition"
    if _REQUEST.match(bare) or _MIND.match(bare):
        return "question" if _SOME_DAY.search(bare) and mark else "request"
    if _ORDER.match(bare) and not kept.search(r"\bor\b[^?]*\?$", bare):
        return "statement"
    if _ASKS.match(bare):
        return "question"
    if not mark:
        return "statement"
    return "question"


def is_elliptic(low: str) -> bool:
    """Whether a text has nothing of a question but its mark: “2 x H100, 32k context, 20 requests/s?”."""
    bare = _OPENING.sub("", low.strip())
    asked = (
        _ASKS.match(bare)
        or kept.match(rf"(?:{_WH}|{_AUXILIARY})\b", bare)
        or _TAG.search(bare)
        or bare.endswith("??")
    )
    return len(sentences(low)) == 1 and mood(low) == "question" and not asked
