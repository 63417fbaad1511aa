"""What nodes work with besides the state: passed to each run as LangGraph's context, never stored in a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from langchain_core.language_models import BaseChatModel

from agent.replies import Reply
from knowledge.database import Database
from knowledge.settings import Settings
from tools.clusters.cluster import Cluster
from tools.clusters.writer import Writer


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    cluster: Cluster
    writer: Writer | None
    """None in read-only mode: then nothing in this process can change a cluster."""
    model: BaseChatModel
    thread_id: str
    """Of the run that these are passed to."""
    reply: Reply | None = None
    """What the person answered to the pause that this run resumes."""
