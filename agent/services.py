"""What nodes work with besides the state: passed to each run as LangGraph's context,
never stored in a checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.replies import Reply
from agent.words.reader import Reader
from knowledge.database import Database
from knowledge.settings import Settings
from tools.clusters.cluster import Cluster
from tools.clusters.writer import Writer


class Stopped(Exception):
    """The person stopped a turn; it is finished with their next words."""


@dataclass(frozen=True)
class Caller:
    """Whose turn it is: `actor` stands in approvals. Setting `stopped` ends what
    takes long, at its next step.
    """

    actor: str
    stopped: threading.Event = field(default_factory=threading.Event)

    def unless_stopped(self) -> None:
        """Raises Stopped if the person doesn't want to wait any longer."""
        if self.stopped.is_set():
            raise Stopped

    def wait(self, seconds: float) -> None:
        """Sleep, and wake early for a stop. Raises Stopped."""
        self.stopped.wait(seconds)
        self.unless_stopped()


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    cluster: Cluster
    writer: Writer | None
    """None in read-only mode: then nothing in this process can change a cluster."""
    reader: Reader
    thread_id: str
    """Of the run that these are passed to."""
    caller: Caller
    wait: Callable[[float], None]
    """Sleep so many seconds while others work. Raises Stopped."""
    reply: Reply | None = None
    """What the person answered to the pause that this run resumes."""
