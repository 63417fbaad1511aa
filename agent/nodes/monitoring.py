"""The running deployment: test prompts, status, and the end."""

from __future__ import annotations

from typing import Any, Literal

from langchain_core.messages import AnyMessage
from langgraph.runtime import Runtime
from langgraph.types import Command

from agent.checkpoints import pause
from agent.events import TokenEvent, emit
from agent.moves import BackToOptions, Delete, DescribeNeed, Finish, Scale, SendPrompt, Validate
from agent.nodes.common import anywhere, refuse
from agent.nodes.validating import say_validated, validated
from agent.services import Caller, Services, Stopped
from agent.state import ConversationState
from agent.transcript import say
from agent.words.understand import move_of, move_of_words
from knowledge.catalogue import prices
from knowledge.errors import CompassError
from tools.deploying.approvals import elsewhere
from tools.deploying.revisions import deletion_of
from tools.planning.scaling import rescaled
from tools.serving.endpoint import send_prompt
from tools.serving.expectation import expectation_of, inference_service_of

ANSWER_TOKENS = 256
"""Of a test prompt, beside twice the thoughts that are planned."""


def basic_monitoring(
    state: ConversationState, runtime: Runtime[Services]
) -> Command[
    Literal[
        "basic_monitoring",
        "success",
        "configuration_finalized",
        "presenting_options",
        "context_collection",
        "__end__",
    ]
]:
    """Pause: the person tries the endpoint, asks about it, changes it, or finishes. After
    `success`, a new message comes back here.
    """
    services = runtime.context
    record: list[AnyMessage] = []
    words = state.get("incoming")
    if words is None:
        move = move_of(
            pause("basic_monitoring", state, services), "basic_monitoring", state, services, record
        )
    else:
        move = move_of_words(words, "basic_monitoring", state, services, record)
    taken = {"incoming": None, "ended": None, "messages": record}
    if isinstance(move, Finish):
        return Command(goto="success", update=taken)
    if isinstance(move, Scale | Delete):
        change = _changed(move, state, services)
        if isinstance(change, str):
            refuse(change, "basic_monitoring", record)
            return Command(goto="basic_monitoring", update=taken)
        return Command(
            goto="configuration_finalized",
            update=taken | change | {"review": None, "asked_from": "basic_monitoring"},
        )
    if isinstance(move, BackToOptions):
        if state.get("plan") is None or state.get("specification") is None:
            refuse("There is no plan to choose from any more.", "basic_monitoring", record)
            return Command(goto="basic_monitoring", update=taken)
        say("What you choose replaces what runs, pod by pod, after your approval.", record)
        return Command(
            goto="presenting_options", update=taken | {"selected": None, "bundle": None, "review": None}
        )
    if isinstance(move, Validate):
        running, endpoint, approval_id = state.get("running"), state.get("endpoint"), state.get("approval_id")
        if running is None or endpoint is None or approval_id is None:
            refuse("Nothing of this conversation runs.", "basic_monitoring", record)
        else:
            say_validated(
                "Measured again.", validated(running, endpoint, approval_id, services, record), record
            )
        return Command(goto="basic_monitoring", update=taken)
    if isinstance(move, SendPrompt):
        _try_endpoint(move.prompt, state, runtime.context.caller, record)
        return Command(goto="basic_monitoring", update=taken)
    if isinstance(move, DescribeNeed):
        words = words or next((str(m.text) for m in record if m.type == "human"), "")
        return Command(
            goto="context_collection", update={"incoming": words, "ended": "success", "messages": record}
        )
    where, update = anywhere(move, "basic_monitoring", state, services, record) or ("stay", {})
    return Command(goto="basic_monitoring" if where == "stay" else where, update=taken | update)


def success(state: ConversationState) -> Command[Literal["__end__"]]:
    """The end: what runs, and where."""
    record: list[AnyMessage] = []
    bundle = state.get("bundle")
    name = bundle.name if bundle else "The deployment"
    say(
        f"{name} runs at {state.get('endpoint')}. Write again to test it, to see its status, or to plan"
        " something new.",
        record,
    )
    return Command(goto="__end__", update={"ended": "success", "messages": record})


def _changed(move: Scale | Delete, state: ConversationState, services: Services) -> dict[str, Any] | str:
    """What goes up for approval, or why nothing can."""
    running, selected, specification = state.get("running"), state.get("selected"), state.get("specification")
    if running is None:
        return "Nothing of this conversation runs."
    try:
        other = elsewhere(running.name, services.cluster, services.database)
    except CompassError as error:
        return str(error)
    if other:
        return f"{other} Point it back at that one to change what runs there."
    if isinstance(move, Delete):
        return {"bundle": deletion_of(running)}
    profile = state.get("benchmark_profile")
    if selected is None or specification is None or profile is None or selected.model_id != running.model_id:
        return (
            "What runs isn't the option that was chosen last, so I don't know its figures; choose an option"
            " instead."
        )
    wanted = move.replicas if move.replicas is not None else selected.replicas + (move.by or 0)
    if wanted == selected.replicas:
        return f"It has {wanted} replicas already."
    if wanted < 1:
        return f"It has {selected.replicas} replicas; at least 1 must stay. “Delete it” takes it away."
    try:
        scaled = rescaled(selected, wanted, specification, profile, prices(services.settings.prices))
    except CompassError as error:
        return str(error)
    return {"bundle": None, "selected": scaled}


def _try_endpoint(prompt: str, state: ConversationState, caller: Caller, record: list[AnyMessage]) -> None:
    def show(text: str) -> None:
        caller.unless_stopped()
        emit(TokenEvent(text=text))

    bundle, endpoint = state.get("bundle"), state.get("endpoint")
    if bundle is None or endpoint is None:
        say("There is no endpoint to send it to.", record)
        return
    try:
        expected = expectation_of(inference_service_of(bundle.files))
        room = ANSWER_TOKENS + 2 * (expected.thinking_tokens if expected else 0)
        seen = send_prompt(endpoint, bundle.model_id, prompt, max_tokens=room, on_text=show)
    except CompassError as error:
        say(str(error), record)
        return
    except Stopped:
        say("Stopped in the middle of the answer.", record)
        return
    itl = f", ITL {seen.itl_ms:,.1f} ms" if seen.itl_ms is not None else ""
    speed = f" ({seen.tokens_per_second:,.0f} tokens/s)" if seen.tokens_per_second else ""
    figures = (
        f"TTFT {seen.ttft_ms:,.0f} ms{itl}{speed}, {seen.output_tokens} tokens in {seen.e2e_ms / 1000:,.2f} s"
        " (this one request)"
    )
    if seen.thoughts and not seen.text:
        figures += ", all of them thoughts: it hadn't begun to answer"
    say(f"{figures}.", record, kind="answer", details=seen.model_dump(mode="json"))
