"""What routes ask for: the runtime, and whose request it is. Asynchronous, since
none of it is worth a thread.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from agent.api.access import User
from agent.api.problems import TITLES, Wrong
from agent.runtime import Runtime


async def _runtime(request: Request) -> Runtime:
    found: Runtime = request.app.state.runtime
    return found


async def _user(request: Request) -> User:
    found: User = request.app.state.access.user(request)
    request.state.user = found.name
    return found


async def _key(
    idempotency_key: Annotated[
        str | None,
        Header(description="The same key again is the same request.", pattern=r"^[\x21-\x7e]{1,200}$"),
    ] = None,
) -> str:
    if idempotency_key is None:
        raise Wrong(
            428,
            TITLES[428],
            "Send a header Idempotency-Key of your own making, so that a repetition isn't done twice.",
        )
    return idempotency_key


ByRuntime = Annotated[Runtime, Depends(_runtime)]
ByUser = Annotated[User, Depends(_user)]
Key = Annotated[str, Depends(_key)]
