"""The facts of a pause, or of a message that shows the same, taken from the state."""

from __future__ import annotations

from agent.cards.facts import (
    ApprovalFacts,
    NamedPlan,
    OptionsFacts,
    PlanInShort,
    PlansFacts,
    RunningFacts,
)
from agent.state import ConversationState
from knowledge.settings import Settings
from tools.manifests.bundle import ManifestBundle
from tools.manifests.served import inference_service_of, served_context, served_thinking
from tools.planning.memory import context_in_words
from tools.planning.plan import Plan
from tools.planning.ranking import pick
from tools.specification import Specification


def of_options(state: ConversationState, specification: Specification, plan: Plan) -> OptionsFacts:
    explored, what_if = state.get("explored") or [], state.get("what_if")
    before = explored[-1] if what_if and explored else None
    return OptionsFacts(
        **{name: getattr(plan, name) for name in Plan.model_fields},
        specification=specification,
        what_if=what_if,
        before=None if before is None else in_short(before.specification, before.plan),
        now=None if before is None else in_short(specification, plan),
    )


def in_short(specification: Specification, plan: Plan) -> PlanInShort:
    found = plan.recommendations
    return PlanInShort(
        peak_requests_per_second=specification.demand.peak_requests_per_second,
        slo_targets=specification.slo_targets,
        holding_slo=plan.holding_slo,
        considered=plan.considered,
        first=found[0] if found else None,
        cheapest=pick(found, "cheapest") if found else None,
    )


def of_kept_plans(state: ConversationState, specification: Specification, plan: Plan) -> PlansFacts:
    """Those that were kept, and the one that is shown."""
    plans = [(k.name, in_short(k.specification, k.plan)) for k in state.get("kept") or []]
    plans.append(("shown now", in_short(specification, plan)))
    return PlansFacts(plans=[NamedPlan(name=name, **dict(plan)) for name, plan in plans])


def of_approval(state: ConversationState, bundle: ManifestBundle, settings: Settings) -> ApprovalFacts:
    review, selected = state.get("review"), state.get("selected")
    return ApprovalFacts(
        action=bundle.action,
        digest=bundle.digest,
        cluster=settings.cluster,
        server=review.identity.server if review else "",
        simulated=settings.cluster == "sim",
        read_only=settings.read_only,
        namespace=bundle.namespace,
        name=bundle.name,
        model_id=bundle.model_id,
        context=_context(bundle),
        thinking=served_thinking(inference_service_of(bundle.files)),
        recommendation=selected if selected and selected.model_id == bundle.model_id else None,
        files=bundle.files,
        problems=[*bundle.problems, *(review.problems if review else [])],
        changes=review.changes if review else [],
        owners=review.owners if review else [],
        notes=review.notes if review else [],
        takes_over_asked=bool(state.get("takes_over_asked")),
    )


def of_running(bundle: ManifestBundle, endpoint: str | None) -> RunningFacts:
    return RunningFacts(
        name=bundle.name,
        model_id=bundle.model_id,
        context=_context(bundle),
        thinking=served_thinking(inference_service_of(bundle.files)),
        endpoint=endpoint,
    )


def _context(bundle: ManifestBundle) -> str | None:
    """In words, what the manifests themselves say."""
    tokens = served_context(inference_service_of(bundle.files))
    return None if tokens is None else context_in_words(tokens, bundle.model_id)
