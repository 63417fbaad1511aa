"""The running deployment: test prompts, status, and the end."""

from __future__ import annotations

from typing import Literal

from langgraph.types import Command

from agent.checkpoints import pause
from agent.events import TokenEvent, emit
from agent.moves import BackToOptions, Delete, DescribeNeed, Finish, Scale, SendPrompt, Validate
from agent.nodes.common import ANYWHERE, Handlers, take
from agent.nodes.validating import say_validated, validated
from agent.services import Stopped
from agent.turn import CantBeDone, Turn
from agent.words.understand import move_of, move_of_words
from knowledge.errors import CompassError
from knowledge.prices import prices
from tools.deploying.approvals import elsewhere
from tools.deploying.revisions import deletion_of
from tools.manifests.bundle import ManifestBundle
from tools.manifests.expectation import expectation_if_any
from tools.manifests.served import inference_service_of
from tools.planning.scaling import rescaled
from tools.serving.endpoint import PromptResult, send_prompt

ANSWER_TOKENS = 256
"""Of a test prompt, beside twice the thoughts that are planned."""


Next = Command[
    Literal[
        "basic_monitoring",
        "success",
        "configuration_finalized",
        "presenting_options",
        "context_collection",
        "__end__",
    ]
]


def basic_monitoring(turn: Turn) -> Next:
    """Pause: the person tries the endpoint, asks about it, changes it, or finishes. After
    `success`, a new message comes back here.
    """
    words = turn.state.get("incoming")
    move = move_of(pause(turn), turn) if words is None else move_of_words(words, turn)
    turn.changes |= {"incoming": None, "ended": None}
    return take(turn, move, HANDLERS)


def _finish(turn: Turn, move: Finish) -> Next:
    return turn.goto("success")


def _scale(turn: Turn, move: Scale) -> Next:
    running, state = _running_here(turn), turn.state
    selected, specification = state.get("selected"), state.get("specification")
    if selected is None or specification is None or selected.model_id != running.model_id:
        raise CantBeDone(
            "What runs isn't the option that was chosen last, so I don't know its figures; choose an option"
            " instead."
        )
    wanted = move.replicas if move.replicas is not None else selected.replicas + (move.by or 0)
    if wanted == selected.replicas:
        raise CantBeDone(f"It has {wanted} replicas already.")
    if wanted < 1:
        raise CantBeDone(
            f"It has {selected.replicas} replicas; at least 1 must stay. “Delete it” takes it away."
        )
    try:
        scaled = rescaled(selected, wanted, specification, prices(turn.services.settings.prices))
    except CompassError as error:
        raise CantBeDone(str(error)) from error
    turn.changes |= {"selected": scaled, "bundle": None, "review": None}
    return turn.goto("configuration_finalized", asked_from="basic_monitoring")


def _delete(turn: Turn, move: Delete) -> Next:
    bundle = deletion_of(_running_here(turn))
    return turn.goto("configuration_finalized", bundle=bundle, review=None, asked_from="basic_monitoring")


def _running_here(turn: Turn) -> ManifestBundle:
    """What runs, on the cluster that is looked at. Raises CantBeDone where nothing does."""
    running = turn.state.get("running")
    if running is None:
        raise CantBeDone("Nothing of this conversation runs.")
    try:
        other = elsewhere(running.name, turn.services.cluster, turn.services.database)
    except CompassError as error:
        raise CantBeDone(str(error)) from error
    if other:
        raise CantBeDone(f"{other} Point it back at that one to change what runs there.")
    return running


def _back_to_options(turn: Turn, move: BackToOptions) -> Next:
    if turn.state.get("plan") is None or turn.state.get("specification") is None:
        raise CantBeDone("There is no plan to choose from any more.")
    turn.say("What you choose replaces what runs, pod by pod, after your approval.")
    return turn.goto("presenting_options", selected=None, bundle=None, review=None)


def _validate(turn: Turn, move: Validate) -> Next:
    running, endpoint = turn.state.get("running"), turn.state.get("endpoint")
    approval_id = turn.state.get("approval_id")
    if running is None or endpoint is None or approval_id is None:
        raise CantBeDone("Nothing of this conversation runs.")
    say_validated(turn, "Measured again.", validated(turn, running, endpoint, approval_id))
    return turn.stay()


def _describe(turn: Turn, move: DescribeNeed) -> Next:
    said = turn.state.get("incoming") or next((str(m.text) for m in turn.record if m.type == "human"), "")
    return turn.goto("context_collection", incoming=said, ended="success")


def _send_prompt(turn: Turn, move: SendPrompt) -> Next:
    def show(text: str) -> None:
        turn.services.caller.unless_stopped()
        emit(TokenEvent(text=text))

    bundle, endpoint = turn.state.get("bundle"), turn.state.get("endpoint")
    if bundle is None or endpoint is None:
        turn.say("There is no endpoint to send it to.")
        return turn.stay()
    try:
        expected = expectation_if_any(inference_service_of(bundle.files))
        room = ANSWER_TOKENS + 2 * (expected.thinking_tokens if expected else 0)
        seen = send_prompt(endpoint, bundle.model_id, move.prompt, max_tokens=room, on_text=show)
    except CompassError as error:
        turn.say(str(error))
        return turn.stay()
    except Stopped:
        turn.say("Stopped in the middle of the answer.")
        return turn.stay()
    turn.say(f"{_figures(seen)}.", kind="answer", details=seen)
    return turn.stay()


HANDLERS: Handlers = ANYWHERE | {
    Finish: _finish,
    Scale: _scale,
    Delete: _delete,
    BackToOptions: _back_to_options,
    Validate: _validate,
    SendPrompt: _send_prompt,
    DescribeNeed: _describe,
}


def _figures(seen: PromptResult) -> str:
    itl = f", ITL {seen.itl_ms:,.1f} ms" if seen.itl_ms is not None else ""
    speed = f" ({seen.tokens_per_second:,.0f} tokens/s)" if seen.tokens_per_second else ""
    thought = ", all of them thoughts: it hadn't begun to answer" if seen.thoughts and not seen.text else ""
    return (
        f"TTFT {seen.ttft_ms:,.0f} ms{itl}{speed}, {seen.output_tokens} tokens in {seen.e2e_ms / 1000:,.2f} s"
        f" (this one request){thought}"
    )


def success(turn: Turn) -> Command[Literal["__end__"]]:
    """The end: what runs, and where."""
    bundle = turn.state.get("bundle")
    name = bundle.name if bundle else "The deployment"
    turn.say(
        f"{name} runs at {turn.state.get('endpoint')}. Write again to test it, to see its status, or to plan"
        " something new."
    )
    return turn.goto("__end__", ended="success")
