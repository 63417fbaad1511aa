"""Ollama's chat models, with tool turns that come whole: small models lose calls that
are streamed. Prose is streamed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_ollama import ChatOllama


class WholeOllama(ChatOllama):
    """ChatOllama, but for the way that tool turns come over the wire."""

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return super().bind_tools(tools, stream=False, **kwargs)
