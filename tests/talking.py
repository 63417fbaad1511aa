"""Helpers to hold a conversation in a test and to look at what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from agent.events import CheckpointEvent, ErrorEvent, Event, MessageEvent, StateEvent, ToolCallEvent
from agent.runtime import Runtime
from tools.cluster import INFERENCE_SERVICE, Cluster

SCENARIOS = Path(__file__).parents[1] / "evals" / "scenarios"
MAIN_SCRIPT = (SCENARIOS / "chatbot.txt").read_text(encoding="utf-8").splitlines()


@dataclass
class Heard:
    """The events of some turns, sorted."""

    events: list[Event] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """Without the repetition of a pause that a reply re-enters."""
        found: list[str] = []
        for event in self.events:
            if isinstance(event, StateEvent) and (not found or found[-1] != event.state):
                found.append(event.state)
        return found

    @property
    def text(self) -> str:
        return "\n".join(e.text for e in self.events if isinstance(e, MessageEvent | ErrorEvent))

    @property
    def errors(self) -> list[str]:
        return [e.text for e in self.events if isinstance(e, ErrorEvent)]

    @property
    def tools(self) -> list[str]:
        return [e.tool for e in self.events if isinstance(e, ToolCallEvent)]

    @property
    def checkpoint(self) -> CheckpointEvent | None:
        last = self.events[-1] if self.events else None
        return last if isinstance(last, CheckpointEvent) else None


def converse(runtime: Runtime, thread: str, *words: str) -> Heard:
    """Say each of `words` in turn, as an answer to whatever is open."""
    heard = Heard()
    for text in words:
        heard.events.extend(runtime.say(thread, text))
    return heard


def deployed(cluster: Cluster) -> set[str]:
    """Names of the InferenceServices in the cluster."""
    return {str(s["metadata"]["name"]) for s in cluster.list(*INFERENCE_SERVICE)}
