"""The browser's session that a callback of Chainlit runs in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import chainlit as cl
from chainlit.context import context

from knowledge.errors import CompassError


def here() -> Any:
    """The browser's session."""
    return context.session


@asynccontextmanager
async def errors_told() -> AsyncIterator[None]:
    """What a person can mend is shown to them, and ends what stands in here."""
    try:
        yield
    except CompassError as error:
        await cl.ErrorMessage(content=str(error)).send()
