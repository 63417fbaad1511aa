"""Which chat model `COMPASS_MODEL` names, checked before the first turn; heavy libraries
are imported only when chosen.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage

from agent.models.asking import ANSWER_TIMEOUT_S, Asking
from agent.models.history import WINDOW_TOKENS
from agent.models.ollama_server import OllamaServer, calls_tools, server_at
from agent.state import fresh
from agent.words.by_model import ModelReader
from agent.words.by_rules import RULES
from agent.words.reader import Reader
from knowledge.errors import CompassError
from knowledge.loopback import PROXIES, keep_loopback_direct, without
from knowledge.settings import Settings

log = logging.getLogger(__name__)
DEFAULT_OLLAMA_MODEL = "llama3.1:8b"
KEPT_LOADED = "30m"


@dataclass(frozen=True)
class ChosenModel:
    """`label` tells a person what reads their words, and why it is this one."""

    reader: Reader
    name: str
    label: str


def choose_model(settings: Settings) -> ChosenModel:
    """The model of COMPASS_MODEL. Raises CompassError with a remedy if a forced one
    can't be used; `auto` never fails.
    """
    wanted = settings.model
    if wanted == "builtin":
        return _builtin("chosen by COMPASS_MODEL")
    if wanted == "auto":
        try:
            return _ollama(server_at(settings.ollama_host), DEFAULT_OLLAMA_MODEL)
        except CompassError as why:
            return _builtin(str(why))
        except Exception as error:  # whatever OLLAMA_HOST holds, and whatever answers there
            log.warning("no chat model at OLLAMA_HOST", exc_info=True)
            return _builtin(f"Ollama can't be used here ({type(error).__name__})")
    provider, separator, name = wanted.partition(":")
    if not separator or not name:
        raise CompassError(
            f"COMPASS_MODEL is {wanted!r}. It takes auto, builtin, ollama:NAME, gguf:PATH or PROVIDER:NAME"
            " (openai:gpt-4o, for instance)."
        )
    if provider == "ollama":
        return _ollama(server_at(settings.ollama_host), name)
    if provider == "gguf":
        return _gguf(Path(name).expanduser())
    return _provider(wanted)


def _builtin(why: str) -> ChosenModel:
    return ChosenModel(RULES, "builtin", f"the built-in interpreter (rules, no language model): {why}")


def _ollama(server: OllamaServer, name: str) -> ChosenModel:
    whole = calls_tools(server, name)
    with without(
        "OLLAMA_HOST", *PROXIES
    ):  # what it imports makes a client of its own, which needn't be able to use these
        from agent.models.whole_ollama import WholeOllama

    model = WholeOllama(
        model=name,
        base_url=server.url,
        temperature=0,
        num_ctx=WINDOW_TOKENS,
        keep_alive=KEPT_LOADED,
        client_kwargs={"timeout": ANSWER_TIMEOUT_S, "trust_env": server.through_proxy},
    )
    label = f"{name} on Ollama at {server.shown}"
    if whole:
        return ChosenModel(ModelReader(model), f"ollama:{name}", label)
    from agent.models.constrained import ConstrainedChoice, Spoken
    from agent.models.gguf import Completion

    def complete(turns: list[Spoken], schema: dict[str, Any] | None, max_tokens: int) -> Completion:
        answer = model.bind(format=schema or "", options={"num_predict": max_tokens}).invoke(_messages(turns))
        usage = answer.usage_metadata or {"input_tokens": 0, "output_tokens": 0}
        return Completion(str(answer.text), usage["input_tokens"], usage["output_tokens"])

    def pieces(turns: list[Spoken], max_tokens: int) -> Iterator[str]:
        yield from (str(chunk.text) for chunk in model.stream(_messages(turns)))

    chosen = ConstrainedChoice(complete=complete, pieces=pieces)
    return ChosenModel(
        ModelReader(chosen),
        f"ollama:{name}",
        f"{name} on Ollama at {server.shown} (it calls no tools; its answers are held to a schema)",
    )


def _messages(turns: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(turn["role"], turn["content"]) for turn in turns]


def _gguf(path: Path) -> ChosenModel:
    from agent.models.constrained import ConstrainedChoice
    from agent.models.gguf import GgufEngine

    engine = GgufEngine(path, WINDOW_TOKENS)
    model = ConstrainedChoice(complete=engine.complete, pieces=engine.stream)
    threading.Thread(target=_warm, args=(model,), daemon=True).start()
    return ChosenModel(ModelReader(model), f"gguf:{path}", f"{path.name}, in this process")


def _warm(model: BaseChatModel) -> None:
    """Read the prompt that a conversation begins with, so that the first words needn't wait for it."""
    with suppress(Exception):  # whoever speaks first is told what is wrong
        Asking(model).move(
            "hello",
            "context_collection",
            fresh(),
            run_tool=lambda call: ToolMessage("", tool_call_id=str(call["id"])),
        )


def _provider(wanted: str) -> ChosenModel:
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise CompassError(
            f"COMPASS_MODEL={wanted} needs the extra: pip install 'compass-llm[providers]' and the provider's"
            " own package."
        ) from error
    keep_loopback_direct()
    try:
        model = init_chat_model(wanted, temperature=0, timeout=ANSWER_TIMEOUT_S)
    except (ImportError, ValueError) as error:
        raise CompassError(
            f"COMPASS_MODEL={wanted} can't be used: {' '.join(str(error).split())[:300]}"
        ) from error
    except Exception as error:  # each provider has errors of its own, a missing key above all
        raise CompassError(
            f"COMPASS_MODEL={wanted} can't be used ({type(error).__name__}). Is its API key set in the"
            " environment?"
        ) from error
    return ChosenModel(ModelReader(model), wanted, f"{wanted} through its provider")
