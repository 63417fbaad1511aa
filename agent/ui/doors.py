"""Doors of the chat that Chainlit leaves wider than we want them, opened in its place:
before its own, and then by way of them.
"""

from __future__ import annotations

from typing import Annotated, Any

from chainlit import server
from chainlit.auth import get_current_user
from chainlit.session import WebsocketSession
from chainlit.types import CallActionRequest, DeleteFeedbackRequest, UpdateFeedbackRequest
from chainlit.user import PersistedUser, User
from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import Field, ValidationError

from agent.api.access import Access
from agent.api.problems import TITLES, Wrong
from agent.ui.store import Store
from tools.contract import Contract

SESSION_OVER = (
    "This page’s session is over: Compass was started again, or another of its processes answered. Nothing"
    " was done. Reload the page; the conversation goes on where it was."
)
ByCookie = Annotated[User | PersistedUser, Depends(get_current_user)]


class PressedAction(Contract):
    """What a card sends: which callback, and what it is told."""

    name: str = Field(max_length=100)
    payload: dict[str, Any]


class PageSession(Contract):
    """The name of a page's session, for balancers that keep both together by a cookie."""

    session_id: str = Field(max_length=100, pattern=r"^[\w-]+$")


def doors(store: Store, access: Access) -> APIRouter:
    """Routes to be there before Chainlit is mounted."""
    router = APIRouter(include_in_schema=False)

    async def check_said_to(user: User | PersistedUser, step_id: str) -> None:
        """A step of somebody else's is as unknown as none at all."""
        if await store.get_step_author(step_id) != user.identifier:
            raise Wrong(404, TITLES[404], "There is no such message.")

    @router.post("/login")
    async def login(
        request: Request, response: Response, form: Annotated[OAuth2PasswordRequestForm, Depends()]
    ) -> Response:
        """Tries are counted by name and address, so that nobody can keep others out by trying."""
        address = request.client.host if request.client else ""
        if not access.one_more(f"login of {form.username[:100]} from {address}"):
            raise Wrong(429, TITLES[429], "Too many tries; wait a moment.", {"Retry-After": "1"})
        done: Response = await server.login(request, response, form)
        return done

    @router.post("/set-session-cookie")
    async def name_session(request: Request, response: Response, session: PageSession) -> dict[str, str]:
        done: dict[str, str] = await server.set_session_cookie(request, response)
        return done

    @router.post("/project/action")
    async def press(request: CallActionRequest, user: ByCookie) -> Response:
        session = WebsocketSession.get_by_id(request.sessionId)
        if session is None or session.user is None or session.user.identifier != user.identifier:
            raise Wrong(410, TITLES[410], SESSION_OVER)
        try:
            pressed = PressedAction.model_validate(
                {k: v for k, v in request.action.items() if k in PressedAction.model_fields}
            )
            request.action = pressed.model_dump()
            done: Response = await server.call_action(request, user)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise Wrong(
                422, TITLES[422], f"That button sent something that can't be: {where}: {first['msg']}."
            ) from error
        return done

    @router.put("/feedback")
    async def rate(request: Request, update: UpdateFeedbackRequest, user: ByCookie) -> Response:
        await check_said_to(user, update.feedback.forId)
        done: Response = await server.update_feedback(request, update, user)
        return done

    @router.delete("/feedback")
    async def take_back(request: Request, payload: DeleteFeedbackRequest, user: ByCookie) -> Response:
        await check_said_to(user, payload.feedbackId)
        done: Response = await server.delete_feedback(request, payload, user)
        return done

    return router
