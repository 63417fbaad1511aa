"""What a chat model is shown of a conversation: its last turns as they were, and those before in
a few lines, within its window.

The specification, the options and whatever else a stage needs stand in the stage's prompt, made anew from the
state at every turn, so that nothing of them is ever summarised away.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage

CHARACTERS_PER_TOKEN = 3.0
"""On the safe side: English has about four."""
WINDOW_TOKENS = 12_288
"""Of prompt, tools, conversation and answer together. Ollama would cut a longer prompt without a word."""
ANSWER_TOKENS = 1024
RECENT_MESSAGES = 12
LONGEST_MESSAGE = 1500
"""Characters of an older message that are shown."""
DIGEST_LINES = 12
_CLIPPED = 90


def tokens_in(text: str) -> int:
    """At most so many tokens: an upper estimate that needs no tokenizer."""
    return int(len(text) / CHARACTERS_PER_TOKEN) + 1


def conversation_for(
    messages: Sequence[AnyMessage], words: str, system: str, tools: str
) -> list[BaseMessage]:
    """The last turns, then `words`; before them one message that sums up what came earlier, if anything did.

    `system` and `tools` are what else goes into the window of WINDOW_TOKENS, together with the answer.
    """
    spoken = [m for m in messages if isinstance(m, HumanMessage) or (isinstance(m, AIMessage) and m.content)]
    if spoken and isinstance(spoken[-1], HumanMessage) and spoken[-1].text == words:
        spoken.pop()
    left = (
        WINDOW_TOKENS
        - ANSWER_TOKENS
        - sum(map(tokens_in, (system, tools, words)))
        - DIGEST_LINES * tokens_in("x" * 2 * _CLIPPED)
    )
    recent: list[BaseMessage] = []
    for message in reversed(spoken[-RECENT_MESSAGES:]):
        text = _clipped(str(message.text), LONGEST_MESSAGE)
        left -= tokens_in(text)
        if left < 0:
            break
        recent.insert(0, type(message)(content=text))
    while recent and not isinstance(recent[0], HumanMessage):  # a conversation begins with the person
        recent.pop(0)
    older = spoken[: len(spoken) - len(recent)]
    digest = [HumanMessage(content=_digest(older))] if older else []
    return [*digest, *recent, HumanMessage(content=words)]


def _digest(older: Sequence[BaseMessage]) -> str:
    """Each earlier turn in a line: what the person said, and how the reply began."""
    lines: list[str] = []
    for position, message in enumerate(older):
        if isinstance(message, HumanMessage):
            reply = next((m for m in older[position + 1 : position + 2] if isinstance(m, AIMessage)), None)
            lines.append(
                f"- “{_clipped(str(message.text), _CLIPPED)}”"
                + (f": {_clipped(str(reply.text), _CLIPPED)}" if reply else "")
            )
    head = f"(Earlier in this conversation{', after more turns' if len(lines) > DIGEST_LINES else ''}:"
    return "\n".join([head, *lines[-DIGEST_LINES:]]) + ")"


def _clipped(text: str, longest: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
