"""What counts as a typed approval: the word “approve”, alone but for politeness. Read by code alone,
and only at the approval pause.

No model takes part: whatever a model says of a person's words, only these words themselves
approve. “Yes” or “deploy it” are not among them: they choose an option one pause earlier, and
typed once too often they would deploy.
"""

from __future__ import annotations

import re

_YES = "(?:yes|yep|yeah|ok|okay|sure|confirmed)"
_OBJECT = "(?:it|this|that|these|the (?:plan|manifests?|deployment))"
_APPROVAL = re.compile(f"(?:{_YES}[,.!]? )?(?:please[,.!]? )?(?:i )?approved?(?: {_OBJECT})?(?:,? please)?")
TAKE_OVER = "approve and take over"
"""The second approval, of what others own; no other words will do."""


def is_takeover(text: str) -> bool:
    return re.sub(r"\s+", " ", text.strip().lower()).rstrip(".! ") in (TAKE_OVER, f"yes, {TAKE_OVER}")


def is_approval(text: str) -> bool:
    """True only if the whole text is one of the phrases that approve; any further
    word makes it something else.
    """
    plain = re.sub(r"\s+", " ", text.strip().lower()).rstrip(".! ")
    return _APPROVAL.fullmatch(plain) is not None
