"""What the API takes and gives, beyond the contracts of the tools themselves."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from agent.events import CheckpointEvent
from agent.replies import Reply
from knowledge.traffic.traced import Traced
from tools.contract import Contract
from tools.deploying.review import Review
from tools.manifests.bundle import ManifestBundle
from tools.manifests.form import PATH
from tools.planning.hardware import Hardware
from tools.planning.plan import Recommendation, View
from tools.specification import Intent, Overrides, Specification

Text = Annotated[str, Field(min_length=1, max_length=200_000)]
Name = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]


class IntentRequest(Contract):
    text: Text


class IntentAnswer(Contract):
    """`intent` has only what was said; `overrides` are figures that were stated."""

    intent: Intent
    overrides: Overrides


class SpecificationRequest(Contract):
    intent: Intent
    overrides: Overrides = Overrides()


class RecommendationRequest(Contract):
    """`traffic` is the `traced` of `POST /traffic`: it takes the place of what is set of its figures."""

    specification: Specification
    targets: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[],
        max_length=50,
        description="Targets beside its own: “ttft_p90=500ms”, “tokens_per_s_per_user=20”, “e2e=none”",
    )
    traffic: Traced | None = None
    limit: int = Field(default=5, ge=1, le=1000)
    view: View = "balanced"


class CapacityQuestion(Contract):
    """`hardware` stands in place of all wishes for GPUs; without any it is what the specification has."""

    specification: Specification
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=3, ge=1, le=100)


class SplitsQuestion(Contract):
    """Of the model that is named; else, of those that the specification asks for, of the best that fits."""

    specification: Specification
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    model_id: str | None = Field(default=None, max_length=200)


class BatchQuestion(Contract):
    """Without hardware, as few replicas are rented as make the deadline, or one."""

    specification: Specification
    items: int = Field(ge=1, le=10**12)
    deadline_hours: float | None = Field(default=None, gt=0, le=1e6)
    hardware: list[Hardware] = Field(default_factory=list, max_length=50)
    limit: int = Field(default=3, ge=1, le=100)


class ManifestsRequest(Contract):
    """`name` is what the deployment is told apart by; the same name is the same deployment."""

    specification: Specification
    recommendation: Recommendation
    name: str = Field(min_length=1, max_length=100)


class ManifestsAnswer(Contract):
    """`review` is what the cluster said to it; `live` in there goes into the approval."""

    bundle: ManifestBundle
    review: Review


class SentFile(Contract):
    """As `POST /manifests` gave it."""

    path: str = Field(max_length=100, pattern=f"^{PATH.pattern}$")
    content: str


class DeploymentRequest(Contract):
    """`approve` is the digest of what `POST /manifests` rendered for this user in the last
    day: sending it is the approval.

    `files` may be left out; if they are sent, they must be exactly those. `live` is the review's, so that
    what has changed since isn't overwritten; "" only where there is nothing yet.
    """

    files: list[SentFile] = Field(default_factory=list, max_length=20)
    model_id: str | None = Field(default=None, deprecated=True)
    """Told by the digest."""
    approve: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    live: str


class TestRequest(Contract):
    prompt: Annotated[str, Field(min_length=1, max_length=20_000)]
    max_tokens: int = Field(default=256, ge=1, le=4096)


class Conversation(Contract):
    """Where a conversation is; `checkpoint` is what it waits for, if it waits for a decision."""

    id: str
    state: str | None
    checkpoint: CheckpointEvent | None


class TurnRequest(Contract):
    """Either words, with the pause that was before the person, or a button's reply to it."""

    text: Annotated[str, Field(max_length=200_000)] | None = None
    interrupt_id: Annotated[str, Field(max_length=200)] | None = None
    reply: Reply | None = None


class Applied(Contract):
    digest: str
    name: str
    namespace: str
    cluster: str
    objects: list[str]


class BenchmarkRow(Contract):
    model_id: str
    gpu_type: str
    gpu_count: int
    prompt_tokens: int
    output_tokens: int
    requests_per_second: float
    ttft_p95_ms: float | None
    itl_p95_ms: float | None
    e2e_p95_ms: float | None
    provenance: str
    source: str
    engine: str
    date: str
