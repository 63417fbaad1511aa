"""What a card is built from, and what programs read: the facts of each kind.

They are what events carry as `details`, and what a checkpoint keeps of an open pause.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from knowledge.catalogue import Gpu, SloTargets
from knowledge.model import Model
from tools.contract import Contract
from tools.deploying.review import ObjectChange, Ownership
from tools.get_status import DeploymentStatus
from tools.manifests.check import Problem
from tools.manifests.digests import Action, ManifestFile
from tools.planning.plan import Plan, Recommendation
from tools.serving.endpoint import PromptResult
from tools.serving.validation import Validation
from tools.specification import Specification

log = logging.getLogger(__name__)


class SpecificationFacts(Contract):
    specification: Specification


class PlanInShort(Contract):
    """What one compares plans by; `first` and `cheapest` are None where nothing holds."""

    peak_requests_per_second: float
    slo_targets: SloTargets
    holding_slo: int
    considered: int
    first: Recommendation | None
    cheapest: Recommendation | None


class OptionsFacts(Plan):
    """A plan as shown, and against what it is a what-if."""

    specification: Specification
    what_if: str | None = None
    before: PlanInShort | None = None
    now: PlanInShort | None = None


class ApprovalFacts(Contract):
    """What would be done, to what, where, at what cost; `owners` are others whose objects it would change."""

    action: Action
    digest: str
    cluster: str
    server: str = ""
    simulated: bool
    read_only: bool
    namespace: str
    name: str
    model_id: str
    context: str | None = None
    thinking: str | None = None
    recommendation: Recommendation | None
    files: list[ManifestFile]
    problems: list[Problem]
    changes: list[ObjectChange]
    owners: list[Ownership] = []
    notes: list[str] = []
    takes_over_asked: bool = False


class RunningFacts(Contract):
    """`context` and `thinking` as the manifests themselves say."""

    name: str
    model_id: str
    context: str | None = None
    thinking: str | None = None
    endpoint: str | None


class ManifestsFacts(Contract):
    files: list[ManifestFile]
    digest: str


class NamedPlan(PlanInShort):
    name: str


class PlansFacts(Contract):
    plans: list[NamedPlan]


PauseFacts = SpecificationFacts | OptionsFacts | ApprovalFacts | RunningFacts
MessageFacts = (
    SpecificationFacts
    | OptionsFacts
    | ManifestsFacts
    | PlansFacts
    | DeploymentStatus
    | Validation
    | PromptResult
    | Gpu
    | Model
)
KINDS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "specification_review": (SpecificationFacts,),
    "presenting_options": (OptionsFacts,),
    "configuration_finalized": (ApprovalFacts,),
    "basic_monitoring": (RunningFacts,),
    "manifests": (ManifestsFacts,),
    "status": (DeploymentStatus,),
    "validation": (Validation,),
    "kept": (PlansFacts,),
    "answer": (PromptResult,),
    "facts": (Gpu, Model),
}
"""Which facts go with which pause or message."""


def read(kind: str | None, value: Any) -> Any:
    """Facts as they were kept, maybe by an earlier release; None where they can't be read any more: then the
    words that stand beside them are all there is.
    """
    if not isinstance(value, dict):
        return value
    if not value:
        return None
    for facts in KINDS.get(kind or "", ()):
        try:
            return facts.model_validate(value)
        except ValidationError as error:
            log.warning("details of a %s can't be read: %s", kind, error)
    return None
