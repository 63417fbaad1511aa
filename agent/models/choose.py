"""Which chat model `COMPASS_MODEL` names, checked before the first turn; heavy libraries are imported only when chosen."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from langchain_core.language_models import BaseChatModel

from agent.models.builtin.interpreter import BuiltinInterpreter
from knowledge.errors import CompassError
from knowledge.settings import Settings

DEFAULT_OLLAMA_MODEL = "llama3.1:8b"
PROBE_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class ChosenModel:
    """`label` tells a person what reads their words, and why it is this one."""

    model: BaseChatModel
    name: str
    label: str


def choose_model(settings: Settings) -> ChosenModel:
    """The model of COMPASS_MODEL. Raises CompassError with a remedy if a forced one can't be used; `auto` never fails."""
    wanted = settings.model
    if wanted == "builtin":
        return _builtin("chosen by COMPASS_MODEL")
    host = _url(settings.ollama_host)
    if wanted == "auto":
        try:
            _check_ollama(host, DEFAULT_OLLAMA_MODEL)
        except CompassError as why:
            return _builtin(str(why))
        return _ollama(host, DEFAULT_OLLAMA_MODEL)
    provider, separator, name = wanted.partition(":")
    if not separator or not name:
        raise CompassError(
            f"COMPASS_MODEL is {wanted!r}. It takes auto, builtin, ollama:NAME or PROVIDER:NAME (openai:gpt-4o, for instance)."
        )
    if provider == "ollama":
        _check_ollama(host, name)
        return _ollama(host, name)
    if provider == "gguf":
        raise CompassError("COMPASS_MODEL=gguf:PATH isn't available in this version. Use builtin, ollama:NAME or PROVIDER:NAME.")
    return _provider(wanted)


def _builtin(why: str) -> ChosenModel:
    return ChosenModel(BuiltinInterpreter(), "builtin", f"the built-in interpreter (rules, no language model): {why}")


def _ollama(host: str, name: str) -> ChosenModel:
    from langchain_ollama import ChatOllama

    model = ChatOllama(model=name, base_url=host, temperature=0, client_kwargs={"timeout": ANSWER_TIMEOUT_S, "trust_env": False})
    return ChosenModel(model, f"ollama:{name}", f"{name} on Ollama at {host}")


def _provider(wanted: str) -> ChosenModel:
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise CompassError(
            f"COMPASS_MODEL={wanted} needs the extra: pip install 'compass-llm[providers]' and the provider's own package."
        ) from error
    try:
        model = init_chat_model(wanted, temperature=0, timeout=ANSWER_TIMEOUT_S)
    except (ImportError, ValueError) as error:
        raise CompassError(f"COMPASS_MODEL={wanted} can't be used: {' '.join(str(error).split())[:300]}") from error
    except Exception as error:  # each provider has errors of its own, a missing key above all
        raise CompassError(
            f"COMPASS_MODEL={wanted} can't be used ({type(error).__name__}). Is its API key set in the environment?"
        ) from error
    return ChosenModel(model, wanted, f"{wanted} through its provider")


def _check_ollama(host: str, name: str) -> None:
    """Raise CompassError, with what to do, unless the server has the model and the model can call tools."""
    try:
        with httpx.Client(base_url=host, timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
            tags = client.get("/api/tags").raise_for_status().json()
            names = {str(m["name"]) for m in tags["models"]}
            if name not in names and f"{name}:latest" not in names:
                raise CompassError(f"Ollama at {host} doesn't have {name}; `ollama pull {name}` fetches it")
            shown = client.post("/api/show", json={"model": name}).raise_for_status().json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
        raise CompassError(f"no Ollama server answers at {host} (OLLAMA_HOST)") from error
    capabilities = shown.get("capabilities")
    if capabilities is not None and "tools" not in capabilities:
        raise CompassError(f"{name} on Ollama at {host} can't call tools; choose one that can, llama3.1:8b for instance")


def _url(host: str) -> str:
    """OLLAMA_HOST as Ollama itself reads it: a URL, host:port or host; 0.0.0.0 means this machine."""
    url = host if "://" in host else f"http://{host}"
    url = url.replace("://0.0.0.0", "://127.0.0.1").rstrip("/")
    return url if ":" in url.split("://", 1)[1] else f"{url}:11434"
