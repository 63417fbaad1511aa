"""What is there, shown again: the specification, the options, the manifests, the plans kept, what runs."""

from __future__ import annotations

from agent.cards.facts import ManifestsFacts, SpecificationFacts
from agent.cards.taken import of_kept_plans, of_options
from agent.deployments import tell_all, tell_each, tell_one
from agent.turn import Turn

MAX_STATUS = 5
"""Deployments whose status is told at once, the newest."""


def specification(turn: Turn, subject: str) -> str | None:
    found = turn.state.get("specification")
    if found is None:
        return "There is no specification yet: say what it is for, and for how many."
    details = SpecificationFacts(specification=found)
    turn.say("The specification:", kind="specification_review", details=details)
    return None


def options(turn: Turn, subject: str) -> str | None:
    plan, found = turn.state.get("plan"), turn.state.get("specification")
    if plan is None or found is None:
        return without_options(turn)
    details = of_options(turn.state, found, plan)
    turn.say("The options:", kind="presenting_options", details=details)
    return None


def without_options(turn: Turn) -> str:
    """Why there is nothing to tell of: no plan yet, or one in which nothing holds the targets."""
    if turn.state.get("plan") is None:
        return "That is known with the plan, which comes after the specification."
    return (
        "No option holds the targets within your constraints, so there is none to tell of. “What would have"
        " to give?” names the nearest."
    )


def manifest(turn: Turn, subject: str) -> str | None:
    bundle = turn.state.get("bundle")
    if bundle is not None:
        details = ManifestsFacts(files=bundle.files, digest=bundle.digest)
        turn.say(f"These {len(bundle.files)} files, {bundle.digest}:", kind="manifests", details=details)
        return None
    if not turn.options:
        return without_options(turn)
    return "There are no manifests now: they come with the option that is chosen."


def kept(turn: Turn, subject: str) -> str | None:
    found, plan = turn.state.get("specification"), turn.state.get("plan")
    if not turn.state.get("kept") or found is None or plan is None:
        return "No plan is kept yet. “Keep this as A” keeps the one that is shown."
    details = of_kept_plans(turn.state, found, plan)
    turn.say("The plans kept, and the one shown now:", kind="kept", details=details)
    return None


def status(turn: Turn, subject: str) -> None:
    """Of the deployment that was named; else of this conversation's, and where it has
    none of all that this person has.
    """
    names = turn.state.get("deployed")
    if subject:
        tell_one(turn, subject)
    elif names:
        tell_each(turn, names[-MAX_STATUS:])
    else:
        turn.say("Nothing has been deployed in this conversation yet.")
        tell_all(turn)


def deployments(turn: Turn, subject: str) -> None:
    tell_all(turn)
