"""Before a chat is deleted: what it deployed goes on running, which the browser's
dialog says with its cost.
"""

from __future__ import annotations

from typing import Annotated

from chainlit.auth import get_current_user
from chainlit.user import PersistedUser, User
from fastapi import Depends, FastAPI

from agent.runtime import Runtime
from agent.threads import runtime_thread
from tools.deploying.listing import Left, left_by
from tools.wording import a_month


def install_deleting(app: FastAPI, runtime: Runtime) -> None:
    """Before Chainlit is mounted, which takes every path that is left."""

    @app.get("/compass/left/{thread_id}", include_in_schema=False)
    def left(
        thread_id: str, user: Annotated[User | PersistedUser, Depends(get_current_user)]
    ) -> dict[str, str]:
        """Of this person's own thread: another's name leads to other conversations,
        which deployed nothing.
        """
        return {"warning": warning(left_by(runtime_thread(user.identifier, thread_id), runtime.database))}


def warning(found: list[Left]) -> str:
    """One sentence on what stays, empty where nothing does."""
    if not found:
        return ""
    known = [left.cost_usd_per_month for left in found if left.cost_usd_per_month is not None]
    cost = f", at {a_month(sum(known))}" if sum(known) else ""
    names = " and ".join(left.name for left in found[:3]) + (
        f" and {len(found) - 3} more" if len(found) > 3 else ""
    )
    ends = f"“delete {found[0].name}”" if len(found) == 1 else "“delete NAME”"
    goes = "goes" if len(found) == 1 else "go"
    return (
        f"{names} {goes} on running{cost}. Deleting this chat doesn’t end that: {ends}, said in any chat,"
        " does."
    )
