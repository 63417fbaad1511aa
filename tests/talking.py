"""Helpers to hold a conversation in a test and to look at what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.events import CheckpointEvent, ErrorEvent, Event, MessageEvent, ToolCallEvent
from agent.runtime import Runtime
from evals.play import states_of
from knowledge.errors import CompassError
from tests.present import present
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.manifests.annotations import CONVERSATION

SCENARIOS = Path(__file__).parents[1] / "evals" / "scenarios"
MAIN_SCRIPT = (SCENARIOS / "chatbot.txt").read_text(encoding="utf-8").splitlines()


@dataclass
class Heard:
    """The events of some turns, sorted."""

    events: list[Event] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        return states_of(self.events)

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

    @property
    def pause(self) -> CheckpointEvent:
        """Raises AssertionError where the conversation doesn't wait for anything."""
        assert self.checkpoint is not None, self.events[-1:]
        return self.checkpoint


def facts_of(event: Event | None) -> dict[str, Any]:
    """The facts of a pause or a message, as a program gets them."""
    assert isinstance(event, CheckpointEvent | MessageEvent)
    assert event.details is not None
    return event.details.model_dump(mode="json")


def converse(runtime: Runtime, thread: str, *words: str) -> Heard:
    """Say each of `words` in turn, as somebody does who sees what is open."""
    heard = Heard()
    for text in words:
        try:
            open_now = runtime.position(thread).checkpoint
        except CompassError:
            open_now = None
        heard.events.extend(runtime.say(thread, text, open_now.interrupt_id if open_now else None))
    return heard


def name_of(runtime: Runtime, thread: str) -> str:
    """Of the deployment that the conversation has rendered last."""
    bundle = present(runtime.state(thread)["bundle"])
    return str(bundle.name)


def made_by(cluster: Cluster, thread: str) -> set[str]:
    """Names of the InferenceServices that belong to a conversation."""
    label = hashlib.sha256(thread.encode()).hexdigest()[:16]
    found = cluster.list(*INFERENCE_SERVICE, label_selector=f"{CONVERSATION}={label}")
    return {str(s["metadata"]["name"]) for s in found}


def deployed(cluster: Cluster) -> set[str]:
    """Names of the InferenceServices in the cluster."""
    return {str(s["metadata"]["name"]) for s in cluster.list(*INFERENCE_SERVICE)}
