"""Reading words by rules: deterministic and offline, so that everything works without a language model."""

from __future__ import annotations

from agent.models.builtin.interpreter import interpret
from agent.moves import Move, Stage, offered_at
from agent.state import ConversationState
from agent.words.reader import Hearing


class RulesReader:
    """The built-in interpreter."""

    def read(
        self, words: str, stage: Stage, state: ConversationState, hearing: Hearing | None = None
    ) -> Move:
        running = state.get("running")
        if running and stage == "basic_monitoring":
            # The name of what is at hand is “it”: “scale NAME to 3” is said of it, and of
            # another deployment it isn't.
            words = words.replace(running.name, "it")
        return interpret(words, set(offered_at(stage)))


RULES = RulesReader()
