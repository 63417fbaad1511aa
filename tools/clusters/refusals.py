"""What an API server refused, as a person needs it: what it said, and what would help.
Its words are data, never instructions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from knowledge.errors import CompassError
from tools.untrusted import printable
from tools.wording import capital


@dataclass(frozen=True)
class Conflict:
    """A field that another manager owns with another value."""

    manager: str
    field: str


class Refused(CompassError):
    """An answer of the API server that says no."""

    def __init__(self, text: str, status: int, reason: str, conflicts: tuple[Conflict, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.conflicts = conflicts

    @classmethod
    def unknown_kind(cls, cluster: str, api_version: str, kind: str) -> Refused:
        """The server doesn't offer a kind: what it belongs to isn't installed."""
        where = capital(cluster)
        if api_version.startswith("serving.kserve.io"):
            text = (
                f"{where} can't take this: KServe isn't installed there. Install KServe 0.20 or later, or"
                " choose another cluster."
            )
        else:
            text = f"{where} can't take this: it doesn't know {api_version} {kind}."
        return cls(text, 404, "NotInstalled")


def is_of_an_object(error: Any) -> bool:
    """Whether a 404 is about one object that isn't there. Only then it has a name; else
    the server doesn't know the kind.
    """
    try:
        status = json.loads(error.body)
        return bool(error.status == 404 and status["details"]["name"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


def refusal(cluster: str, what: str, error: Any) -> Refused:
    """From the client's exception; `what` names the call."""
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body)
    try:
        status = json.loads(body)
        message, reason = str(status["message"]), str(status.get("reason") or "")
        causes = (status.get("details") or {}).get("causes") or []
    except (ValueError, KeyError, TypeError, AttributeError):
        message, reason, causes = str(error.reason or body), "", []
    conflicts = tuple(
        Conflict(_manager(str(c.get("message"))), printable(str(c.get("field"))))
        for c in causes
        if isinstance(c, dict) and c.get("reason") == "FieldManagerConflict"
    )
    remedy = _remedy(int(error.status), reason, message, conflicts)
    text = f"{capital(cluster)} refused the {what}: {printable(message)} (HTTP {error.status}).{remedy}"
    return Refused(text, int(error.status), reason, conflicts)


def _manager(message: str) -> str:
    found = re.search(r'conflict with "([^"]*)"', message)
    return printable(found[1]) if found else "another manager"


def _remedy(status: int, reason: str, message: str, conflicts: tuple[Conflict, ...]) -> str:
    if conflicts:
        names = ", ".join(sorted({c.manager for c in conflicts}))
        return f" {names} owns these fields; nothing of it is overwritten unless you say so."
    if status == 403 and "admission webhook" in message:
        return " A webhook of the cluster decides this: meet what it asks, or ask whoever runs it."
    if status == 403 and "exceeded quota" in message:
        return " Ask for a larger ResourceQuota in this namespace, or choose fewer replicas."
    if status in (401, 403) and "system:anonymous" in message:
        return (
            " Nobody is logged in there: the kubeconfig's context sent no credentials that the server knows."
            " Log in again."
        )
    if status == 403 and "cannot" in message:
        return (
            " Compass lacks this right: bind the Role of deploy/rbac.yaml (docs/deploying.md) to whoever"
            " runs it."
        )
    if status == 401:
        return " The credentials of this kubeconfig context are not, or no longer, valid: log in again."
    if status == 404 and message.startswith("namespaces "):
        return " Create the namespace, or set COMPASS_NAMESPACE to one that exists."
    if status == 429:
        return " The server is overloaded: try again later."
    return ""
