"""Where Ollama is, by Ollama's own reading of OLLAMA_HOST, and whether what answers there has a model."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from agent.background import apart
from knowledge.errors import CompassError
from knowledge.loopback import is_loopback
from tools.untrusted import printable

DEFAULT_PORT = "11434"
PORTS = {"http": "80", "https": "443"}
"""Where a scheme is written, its own port is meant."""
HOST_AND_PORT = re.compile(r"(?:\[([^][]*)]|([^][:]*)):([^][:]*)")
NAME = re.compile(r"[\w.-]+", re.ASCII)
CONNECT_S = 1.0
ANSWER_S = 6.0
"""For whatever connects: a server that loads a model answers slowly."""
LARGEST_BYTES = 10_000_000


@dataclass(frozen=True)
class OllamaServer:
    """`url` is for the client; `shown` is for people and holds no user or password."""

    url: str
    shown: str

    @property
    def through_proxy(self) -> bool:
        """Whether the proxies that the environment names are to be used."""
        return not is_loopback(self.url)


def server_at(setting: str) -> OllamaServer:
    """The server that OLLAMA_HOST means: a URL, host:port, host or :port; this machine
    where it names none, or 0.0.0.0.
    """
    text = setting.strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if separator else ("http", text)
    default = PORTS.get(scheme, DEFAULT_PORT) if separator else DEFAULT_PORT
    authority, _, path = rest.partition("/")
    user, at, where = authority.rpartition("@")
    found = HOST_AND_PORT.fullmatch(where)
    host, port = (found[1] or found[2] or "", found[3]) if found else (where.strip("[]"), default)
    if not (port.isascii() and port.isdecimal() and int(port) <= 65535):
        port = default
    try:
        address = ipaddress.ip_address(host)
        host = ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else str(address)
        plain = True
    except ValueError:
        plain = bool(NAME.fullmatch(host)) or not host
        host = host or "127.0.0.1"
    place = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    tail = f"/{path.rstrip('/')}" if path.rstrip("/") else ""
    # With a second @, or one behind the slash, nobody knows where a password ends.
    shown = f"{place}{tail}" if plain and "@" not in user + path else "the address"
    return OllamaServer(f"{scheme}://{user}{at}{place.partition('://')[2]}{tail}", shown)


def calls_tools(server: OllamaServer, name: str) -> bool:
    """Whether the model can call tools. Raises CompassError, with what to do, unless the server has it."""
    told = _asked(server, "/api/tags", None)
    models = told.get("models") if isinstance(told, dict) else None
    names = {str(m.get("name")) for m in models if isinstance(m, dict)} if isinstance(models, list) else set()
    if not isinstance(told, dict) or (models is not None and not isinstance(models, list)):
        raise CompassError(f"what answers at {server.shown} (OLLAMA_HOST) is no Ollama server")
    if name not in names and f"{name}:latest" not in names:
        raise CompassError(f"Ollama at {server.shown} doesn't have {name}; `ollama pull {name}` fetches it")
    shown = _asked(server, "/api/show", {"model": name})
    capabilities = shown.get("capabilities") if isinstance(shown, dict) else None
    return not isinstance(capabilities, list) or "tools" in capabilities


def _asked(server: OllamaServer, path: str, body: dict[str, str] | None) -> Any:
    """The JSON that comes, within a time that holds for all of it: looking up the name,
    and answers that drip, included.
    """
    where = f"{server.shown} (OLLAMA_HOST)"
    late = CompassError(f"what is at {where} didn't answer {path} within {ANSWER_S:g} s")
    try:
        answer = next(apart(lambda: [_answer(server, path, body)], ANSWER_S))
    except ImportError as error:  # httpx's, at a socks:// address
        raise CompassError(
            f"the way to {where} leads through a SOCKS proxy, for which a package is missing: pip install"
            " 'httpx[socks]', or name the server in NO_PROXY"
        ) from error
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CompassError(f"no Ollama server answers at {where}") from error
    except httpx.TimeoutException as error:
        raise late from error
    except Exception as error:
        broke = f"broke off while it answered {path} ({type(error).__name__})"
        raise CompassError(f"what is at {where} {broke}") from error
    if answer is None:
        raise late
    status, content = answer
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if status >= 400 or told is None:
        reason = told.get("error") if isinstance(told, dict) else None
        came = (
            f"HTTP {status}" + (f": {printable(str(reason), 200)}" if reason else "")
            if status >= 400
            else "something else than JSON"
        )
        raise CompassError(f"what answers at {where} is no Ollama server that works: {path} gave {came}")
    return told


def _answer(server: OllamaServer, path: str, body: dict[str, str] | None) -> tuple[int, bytes]:
    timeout = httpx.Timeout(ANSWER_S, connect=CONNECT_S)
    with (
        httpx.Client(timeout=timeout, trust_env=server.through_proxy) as client,
        client.stream("POST" if body else "GET", f"{server.url}{path}", json=body) as response,
    ):
        content = b""
        for piece in response.iter_bytes():
            content += piece
            if len(content) > LARGEST_BYTES:
                break
        return response.status_code, content
