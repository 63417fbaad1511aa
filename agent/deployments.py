"""What a person has deployed, from whatever conversation: told, found by name, and put up for deletion."""

from __future__ import annotations

from agent.moves import Remove
from agent.services import Services
from agent.state import Aside, ConversationState
from agent.turn import Turn
from knowledge.errors import CompassError
from tools.deploying.listing import last_revision, names_of
from tools.deploying.revisions import deletion_of
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.records import keep_window
from tools.wording import a_month, capital

MAX_TOLD = 20
"""Deployments that one answer lists."""


def tell_all(turn: Turn) -> None:
    """A line for each deployment of this person: how it is, and what it costs."""
    services = turn.services
    try:
        names = _names(services)
        told = [_status(turn, name, metrics=False) for name in names[:MAX_TOLD]]
    except CompassError as error:
        turn.say(str(error))
        return
    if not told:
        turn.say(_nothing(services))
        return
    where = services.cluster.description
    left_out = (
        f"\n{len(names) - MAX_TOLD} more: `compass deployments` lists all." if len(names) > MAX_TOLD else ""
    )
    one = "deployment" if len(names) == 1 else "deployments"
    lines = "\n".join(f"• {_line(status)}" for status in told)
    turn.say(
        f"{len(names)} {one} of yours on {where}:\n{lines}{left_out}\n“status of NAME” tells more, “delete"
        " NAME” ends one."
    )


def tell_one(turn: Turn, name: str) -> None:
    """How one deployment of this person is doing."""
    try:
        names = [find(name, turn.services)]
    except CompassError as error:
        turn.say(str(error))
        return
    tell_each(turn, names)


def tell_each(turn: Turn, names: list[str]) -> None:
    """How each of these deployments is doing, with its card."""
    for name in names:
        try:
            _tell(turn, _status(turn, name, metrics=True))
        except CompassError as error:
            turn.say(str(error))
            return


def _tell(turn: Turn, told: DeploymentStatus) -> None:
    verdict = f"{capital(told.live.verdict)}." if told.live else told.message
    advice = (
        f" {told.live.advice}" if told.live and told.live.advice else f" {told.live_problem or ''}".rstrip()
    )
    turn.say(
        f"{told.name} is {told.phase}: {verdict}{advice}",
        kind="status",
        details=told,
    )


def find(name: str, services: Services) -> str:
    """The deployment of this person that has this name, or the only one with it as a
    part; without a name the only one.

    Raises CompassError that names what there is.
    """
    names = _names(services)
    if not names:
        raise CompassError(_nothing(services))
    wanted = name.strip().lower()
    found = [n for n in names if n == wanted] or [n for n in names if wanted in n]
    if len(found) == 1:
        return found[0]
    listed = ", ".join((found or names)[:MAX_TOLD])
    if not found:
        raise CompassError(
            f"No deployment of yours is called {wanted[:80]}. There {'is' if len(names) == 1 else 'are'}:"
            f" {listed}."
        )
    raise CompassError(f"Which one? {len(found)} of your deployments could be meant: {listed}.")


def put_aside(turn: Turn, move: Remove) -> ConversationState:
    """The state in which the deletion of a named deployment is up for approval, and what was at
    hand waits until that is over.

    Raises CompassError where the name isn't that of one deployment of this person.
    """
    state, services = turn.state, turn.services
    name = find(move.name, services)
    kept = Aside(
        stage=turn.stage,
        bundle=state.get("bundle"),
        approval_id=state.get("approval_id"),
        attempted=state.get("attempted"),
        failure=state.get("failure"),
        asked_from=state.get("asked_from") or "presenting_options",
    )
    bundle = deletion_of(last_revision(name, services.cluster, services.database))
    # A second deletion asked for at the approval of a first replaces it.
    return {
        "bundle": bundle,
        "review": None,
        "takes_over_asked": False,
        "aside": state.get("aside") or kept,
        "incoming": None,
        "ended": None,
    }


def _nothing(services: Services) -> str:
    return f"Nothing of yours runs on {services.cluster.description}, namespace {services.cluster.namespace}."


def _names(services: Services) -> list[str]:
    return names_of(services.cluster, services.database, services.caller.actor)


def _status(turn: Turn, name: str, metrics: bool) -> DeploymentStatus:
    query = StatusQuery(name=name, metrics=metrics)
    found = turn.call("get_status", get_status, query, turn.services.cluster, turn.services.database)
    keep_window(found, turn.services.database)
    return found


def _line(status: DeploymentStatus) -> str:
    cost = f", {a_month(status.cost_usd_per_month)}" if status.cost_usd_per_month is not None else ""
    so_far = f" (${status.cost_usd:,.2f} so far)" if cost and status.cost_usd else ""
    replicas = f"{status.replicas_ready} of {status.replicas_wanted} replicas ready"
    phase = replicas if status.phase == "ready" else f"{status.phase}, {replicas}"
    return f"{status.name}: {status.model_id or 'unknown model'}, {phase}{cost}{so_far}"
