"""The conversation over HTTP: a turn goes in, its events come out as server-sent events while they happen."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from agent.api.access import User
from agent.api.contracts import Conversation, TurnRequest
from agent.api.parts import ByRuntime, ByUser
from agent.api.problems import TITLES, Wrong, documented
from agent.background import in_background
from agent.events import Event
from agent.services import Caller
from agent.threads import prefix_of

router = APIRouter(
    prefix="/conversations", tags=["conversations"], responses=documented(400, 401, 403, 413, 422, 429)
)
Id = Annotated[str, Path(pattern=r"^[0-9a-f]{12}-[0-9a-f]{16}$")]
STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": (
            "Server-sent events; `event` names the kind, `data` is the event as `compass chat --json`"
            " prints it."
        ),
        "content": {"text/event-stream": {}},
    }
}


@router.post("", status_code=201)
def begin(user: ByUser) -> Conversation:
    """A new conversation, which waits for a need in words. Nothing is stored before its first turn."""
    return Conversation(id=f"{prefix_of(user.name)}-{secrets.token_hex(8)}", state=None, checkpoint=None)


@router.get("/{id}", responses=documented(404))
def where(id: Id, user: ByUser, runtime: ByRuntime) -> Conversation:
    """Where it is, and what it waits for."""
    _check_owner(user, id)
    here = runtime.position(id)
    if not here.exists:
        raise Wrong(404, TITLES[404], "There is no such conversation.")
    return Conversation(id=id, state=here.state, checkpoint=here.checkpoint)


@router.post("/{id}/turns", response_class=StreamingResponse, responses=STREAM | documented(404))
async def turn(id: Id, request: TurnRequest, user: ByUser, runtime: ByRuntime) -> StreamingResponse:
    """Say something, or answer a pause. A reply to a pause that is no longer open changes
    nothing, so that a repetition is safe.
    """
    _check_owner(user, id)
    if (request.text is None) == (request.reply is None):
        raise Wrong(422, TITLES[422], "Send either text or reply.")
    caller, reply = Caller(user.name), request.reply

    def said() -> Iterator[Event]:
        return (
            runtime.reply(id, reply, caller)
            if reply
            else runtime.say(id, request.text or "", request.interrupt_id, caller)
        )

    return StreamingResponse(
        _lines(said), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


def _lines(said: Callable[[], Iterator[Event]]) -> AsyncIterator[str]:
    """A client that hangs up ends these lines and not the turn, which must not stay
    suspended, and with it the conversation locked.
    """
    return (f"event: {event.event}\ndata: {event.line()}\n\n" async for event in in_background(said))


def _check_owner(user: User, id: str) -> None:
    """Somebody else's is as unknown as none at all."""
    if not id.startswith(f"{prefix_of(user.name)}-"):
        raise Wrong(404, TITLES[404], "There is no such conversation.")
