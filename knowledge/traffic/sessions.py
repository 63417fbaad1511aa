"""Sessions of a trace: how many turns they have, and how long people think between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from knowledge.traffic.trace import Floats, Ints, Trace


@dataclass(frozen=True)
class Turns:
    """`per_session` has one figure a session. `think_s` has one for each turn but the first of its session:
    since the answer before was whole, or, where the trace doesn't say when, since the request before.
    """

    per_session: Ints
    think_s: Floats
    after_answers: bool


def turns(trace: Trace) -> Turns | None:
    """None where the trace names no sessions."""
    if trace.sessions is None:
        return None
    named = np.flatnonzero(trace.sessions >= 0)
    order = named[np.argsort(trace.sessions[named], kind="stable")]
    sessions, at_s = trace.sessions[order], trace.at_s[order]
    same = sessions[1:] == sessions[:-1]
    ended_s = None if trace.ended_s is None else trace.ended_s[order][:-1][same]
    after_answers = ended_s is not None and len(ended_s) > 0 and bool(np.isfinite(ended_s).all())
    since_s = ended_s if after_answers and ended_s is not None else at_s[:-1][same]
    think_s = np.maximum(0.0, at_s[1:][same] - since_s)
    return Turns(np.unique(sessions, return_counts=True)[1], think_s, after_answers)
