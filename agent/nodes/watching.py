"""Watching a deployment until it is ready, or gone."""

from __future__ import annotations

import time
from typing import Literal

from agent.events import ProgressEvent, emit
from agent.telemetry import tool_call
from agent.turn import Turn
from knowledge.errors import CompassError
from tools.get_status import DeploymentStatus, StatusQuery, get_status


def watched(
    turn: Turn, name: str, until: Literal["ready", "absent"], patient: bool = False
) -> DeploymentStatus:
    """Watch until it is so, or fails for good; only the last status goes on record.

    What goes wrong is said as soon as it shows; `patient` knows of a failure already and gives the cluster
    time to get over it. Raises CompassError when waiting is over.
    """
    query = StatusQuery(name=name, metrics=False)
    deadline = time.monotonic() + turn.services.settings.ready_timeout_s
    wrong_since: float | None = None
    right_since: float | None = None
    wrong = ""
    shown = ""
    while True:
        with tool_call("get_status"):
            status = get_status(query, turn.services.cluster, turn.services.database)
        if status.phase == until or (
            until == "ready" and (status.phase == "absent" or (status.phase == "failed" and not patient))
        ):
            return turn.called("get_status", query, status)
        if status.message != shown:
            shown = status.message
            emit(ProgressEvent(text=shown))
        now = time.monotonic()
        if status.diagnosis:
            wrong_since, right_since, wrong = wrong_since or now, None, status.message
        else:  # what crashes again and again looks well in between
            right_since = right_since or now
            if now - right_since > turn.services.cluster.patience_s:
                wrong_since, wrong = None, ""
        if until == "ready" and wrong_since and now - wrong_since > turn.services.cluster.patience_s:
            turn.called("get_status", query, status)
            raise CompassError(wrong)
        if now > deadline:
            turn.called("get_status", query, status)
            wanted = "ready" if until == "ready" else "gone"
            raise CompassError(
                f"{name} wasn't {wanted} after {turn.services.settings.ready_timeout_s:,.0f} s."
                f" {wrong or status.message}"
            )
        turn.services.wait(turn.services.cluster.watch_interval_s)
