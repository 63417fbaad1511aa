"""Who may use the chat: on loopback the one local user without asking, anywhere else by
token, by a proxy's header, or by OAuth.
"""

from __future__ import annotations

from typing import Any

import chainlit as cl
from chainlit.oauth_providers import get_configured_oauth_providers
from starlette.datastructures import Headers

from agent.api.access import Access
from knowledge.errors import CompassError


def install_login(access: Access) -> None:
    """Tell Chainlit how to log somebody in. Once in a process. Raises CompassError
    for OAuth without a provider.
    """
    if access.local:

        @cl.header_auth_callback
        async def local_user(headers: Headers) -> cl.User | None:
            return cl.User(identifier=access.actor)

        return

    if access.header:

        @cl.header_auth_callback
        async def by_header(headers: Headers) -> cl.User | None:
            name = headers.get(access.header, "").strip()
            return cl.User(identifier=name) if name else None

    if access.tokens:

        @cl.password_auth_callback
        async def by_token(name: str, token: str) -> cl.User | None:
            return cl.User(identifier=name) if access.knows(name, token) else None

    if access.oauth_users:
        if not get_configured_oauth_providers():
            raise CompassError(
                "COMPASS_OAUTH_USERS needs a provider: set its OAUTH_…_CLIENT_ID and OAUTH_…_CLIENT_SECRET,"
                " as Chainlit documents."
            )

        @cl.oauth_callback
        async def by_oauth(
            provider_id: str, token: str, raw: dict[str, Any], user: cl.User, id_token: str | None = None
        ) -> cl.User | None:
            return user if access.oauth_users == {"*"} or user.identifier in access.oauth_users else None
