"""What counts as a typed approval. Deliberately a closed list, read by code alone and only at the approval pause.

No model takes part: whatever a model says of a person's words, only these words themselves approve.
"""

from __future__ import annotations

import re

_YES = "(?:yes|yep|yeah|ok|okay|sure|confirmed|i confirm)"
_OBJECT = "(?:it|this|that|these|the (?:plan|manifests?|deployment))"
_APPROVE = f"(?:i )?approved?(?: {_OBJECT})?"
_GO = "(?:please )?(?:go ahead(?: and deploy(?: it)?)?|deploy it|do it|apply it|ship it)"
_APPROVAL = re.compile(f"(?:{_YES}[,.!]? )?(?:please )?(?:{_APPROVE}|{_GO})(?:,? please)?|yes(?:,? please)?")


def is_approval(text: str) -> bool:
    """True only if the whole text is one of the phrases that approve; any further word makes it something else."""
    plain = re.sub(r"\s+", " ", text.strip().lower()).rstrip(".! ")
    return _APPROVAL.fullmatch(plain) is not None
