"""Putting the chat under `/` of the server: Chainlit's settings, files and secret first,
since it reads them when imported.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable
from importlib.resources import as_file, files
from pathlib import Path

from fastapi import FastAPI

from agent.api.access import Access
from agent.runtime import Runtime
from agent.ui.secret import chat_secret
from knowledge.errors import CompassError

OUR_PART = re.compile(r"^import (?!type )[^'\";]*? from '(\.[^']+)'\n", re.MULTILINE)
"""What a card imports of ours, and not of Chainlit's libraries; types are nothing that runs."""


def mount_chat(app: FastAPI, runtime: Runtime, access: Access) -> None:
    """Below everything that is there already. Once in a process: Chainlit is configured by its modules.

    Raises CompassError if its files can't be written, or without a database.
    """
    folder = runtime.settings.home_dir / "chat"
    try:
        _put_files(folder)
    except OSError as error:
        raise CompassError(f"The chat's files can't be written below {folder}: {error.strerror}.") from error
    os.environ["CHAINLIT_APP_ROOT"] = str(folder)
    os.environ["CHAINLIT_ENV_FILE"] = (
        os.devnull
    )  # or it takes settings from a .env in whatever folder this is started in
    os.environ["CHAINLIT_AUTH_SECRET"] = chat_secret(runtime.settings, runtime.database)

    # Chainlit asks for the profiles in a way that can't work while a server runs, and goes on
    # without; the page asks again.
    warnings.filterwarnings("ignore", "coroutine .*profiles. was never awaited", RuntimeWarning)
    from chainlit import server

    from agent.ui.chat import install
    from agent.ui.deleting import install_deleting
    from agent.ui.doors import doors
    from agent.ui.login import install_login
    from agent.ui.plain import plainly
    from agent.ui.runtimes import Runtimes
    from agent.ui.store import Store

    store = Store(runtime)
    install(Runtimes(runtime, access.local), store)
    install_login(access)
    install_deleting(app, runtime)
    app.include_router(doors(store, access))
    server.sio.emit = plainly(server.sio.emit)
    server.get_html_template = _from_here(server.get_html_template)
    app.mount("/", server.app)


def _from_here(template: Callable[[str], str]) -> Callable[[str], str]:
    """Chainlit's page without style sheets of other sites, which its policy forbids: the
    fonts are ours, and there are no formulas.
    """
    return lambda root: re.sub(r"<link[^>]*https://[^>]*>", "", template(root))


def _put_files(folder: Path) -> None:
    """What the browser loads, and Chainlit's settings, as this version has them."""
    (folder / ".chainlit").mkdir(parents=True, exist_ok=True)
    with as_file(files("agent.ui")) as ours:
        shutil.copyfile(ours / "config.toml", folder / ".chainlit" / "config.toml")
        shutil.copyfile(ours / "chainlit.md", folder / "chainlit.md")
        shutil.copytree(ours / "web" / "public", folder / "public", dirs_exist_ok=True)
        elements = folder / "public" / "elements"
        elements.mkdir(exist_ok=True)
        for card in (ours / "web" / "elements").glob("*.tsx"):
            (elements / f"{card.stem}.jsx").write_text(in_one(card), encoding="utf-8")


def in_one(card: Path) -> str:
    """A card with all that it imports of ours before it, since Chainlit draws each from one file. Types may
    stay: the page leaves them out.
    """
    parts: dict[Path, str] = {}

    def take(file: Path) -> None:
        if file in parts:
            return
        text = file.read_text(encoding="utf-8")
        for imported in OUR_PART.findall(text):
            take((file.parent / imported).resolve())
        parts[file] = OUR_PART.sub("", text)

    take(card.resolve())
    return f"// {card.stem}, and the parts that it imports.\n" + "\n".join(parts.values())
