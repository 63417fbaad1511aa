"""From words to manifests, each step by itself; nothing here changes anything."""

from __future__ import annotations

from fastapi import APIRouter

from agent.api.contracts import (
    BatchQuestion,
    CapacityQuestion,
    IntentAnswer,
    IntentRequest,
    ManifestsAnswer,
    ManifestsRequest,
    RecommendationRequest,
    SpecificationRequest,
    SplitsQuestion,
)
from agent.api.parts import ByRuntime, ByUser
from agent.api.problems import documented
from agent.manifests import manifest_request
from agent.runtime import Runtime
from agent.words.intent import extract_intent
from knowledge.catalogue import gpus, models
from knowledge.errors import CompassError
from tools.batch import Batch, BatchRequest, batch
from tools.capacity import Capacity, CapacityRequest, capacity
from tools.compare_splits import Splits, SplitsRequest, compare_splits
from tools.deploying.fitting import fitted
from tools.deploying.rendered import keep_rendered
from tools.deploying.review import review
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.planning.plan import Plan, Recommendation
from tools.render_manifest import render_manifest
from tools.specification import (
    MAX_GPUS,
    Specification,
    build_specification,
    change_specification,
    of_a_trace,
    targets_asked,
)
from tools.traffic import map_to_benchmark_profile

router = APIRouter(tags=["planning"], responses=documented(400, 401, 403, 413, 422, 429))


@router.post("/intents")
def read_intent(request: IntentRequest, user: ByUser, runtime: ByRuntime) -> IntentAnswer:
    """What a text asks for: only what it says, nothing assumed."""
    intent, overrides = extract_intent(request.text, runtime.chosen.reader)
    return IntentAnswer(intent=intent, overrides=overrides)


@router.post("/specifications")
def write_specification(request: SpecificationRequest, user: ByUser) -> Specification:
    """The specification of a complete intent: traffic profile, p95 targets, demand, and
    every assumption with its origin.
    """
    try:
        return build_specification(request.intent, request.overrides)
    except (ValueError, KeyError) as error:
        raise CompassError(str(error)) from error


@router.post("/recommendations")
def recommend(request: RecommendationRequest, user: ByUser, runtime: ByRuntime) -> Plan:
    """Configurations that hold the targets at the least cost, ranked; near misses;
    what was excluded and why.
    """
    specification = _consistent(request.specification)
    if request.traffic:
        specification = change_specification(specification, of_a_trace(request.traffic))
    asked = _plan(change_specification(specification, targets_asked(request.targets)))
    wanted = {"limit": request.limit, "view": request.view}
    return plan_capacity(asked.model_copy(update=wanted), runtime.database)


@router.post("/capacity")
def most(request: CapacityQuestion, user: ByUser, runtime: ByRuntime) -> Capacity:
    """The most that hardware takes within the targets, model by model: how to split it, requests per second,
    users, tokens, and which target breaks first.
    """
    asked = CapacityRequest(plan=_plan(request.specification), hardware=request.hardware, limit=request.limit)
    return capacity(asked, runtime.database)


@router.post("/splits")
def split(request: SplitsQuestion, user: ByUser, runtime: ByRuntime) -> Splits:
    """The same GPUs as many small replicas or few large ones, side by side; and why others are impossible."""
    if request.model_id is not None and request.model_id not in models():
        raise CompassError(f"model_id: there is no model “{request.model_id}” in the catalogue.")
    asked = SplitsRequest(
        plan=_plan(request.specification), hardware=request.hardware, model_id=request.model_id
    )
    return compare_splits(asked, runtime.database)


@router.post("/batch")
def job(request: BatchQuestion, user: ByUser, runtime: ByRuntime) -> Batch:
    """The time and the cost of so many items, with no target of latency: on given hardware, or on the
    cheapest that makes the deadline.
    """
    wanted = request.model_dump(include={"items", "deadline_hours", "limit"})
    asked = BatchRequest(plan=_plan(request.specification), hardware=request.hardware, **wanted)
    return batch(asked, runtime.database)


@router.post("/manifests")
def render(request: ManifestsRequest, user: ByUser, runtime: ByRuntime) -> ManifestsAnswer:
    """The files of one recommendation, checked, tried on the cluster without keeping
    anything, with the digest to approve.
    """
    chosen, specification, settings = (
        request.recommendation,
        _consistent(request.specification),
        runtime.settings,
    )
    _check_planned(chosen, specification, runtime)
    thread = f"api.{user.name}"
    wanted = manifest_request(chosen, specification, thread, f"{thread} {request.name}", settings)
    rendered, note = fitted(wanted, runtime.cluster, settings.read_only)
    bundle = render_manifest(rendered)
    if bundle.valid:
        keep_rendered(bundle, user.name, runtime.cluster, runtime.database)
    return ManifestsAnswer(
        bundle=bundle, review=review(bundle, runtime.cluster, settings.read_only).noting(note)
    )


def _check_planned(chosen: Recommendation, specification: Specification, runtime: Runtime) -> None:
    """Raises CompassError for what no plan of this specification can have: the
    figures are the client's own.
    """
    if chosen.model_id not in models() or chosen.gpu_type not in gpus():
        raise CompassError(f"The catalogue has no {chosen.model_id} on {chosen.gpu_type}.")
    profile = map_to_benchmark_profile(specification.traffic_profile)
    table = runtime.database.curves(profile)
    planned = zip(table.model_ids, table.gpu_types, table.gpu_counts.tolist(), strict=True)
    if (chosen.model_id, chosen.gpu_type, chosen.gpu_count) not in set(planned):
        raise CompassError(
            f"recommendation: there are no benchmarks of {chosen.model_id} on {chosen.gpu_count:,} ×"
            f" {chosen.gpu_type} for {profile.prompt_tokens}→{profile.output_tokens} tokens, so no plan has"
            " it. Send one of POST /api/v1/recommendations."
        )
    most = MAX_GPUS // chosen.gpu_count
    if chosen.replicas > most:
        raise CompassError(
            f"recommendation: {chosen.replicas:,} replicas are more than any plan has; from 1 to {most:,} are"
            " possible."
        )


def _plan(specification: Specification) -> PlanRequest:
    """Built anew from what was said, so that derived figures can't contradict it."""
    consistent = _consistent(specification)
    profile = map_to_benchmark_profile(consistent.traffic_profile)
    return PlanRequest(specification=consistent, benchmark_profile=profile)


def _consistent(specification: Specification) -> Specification:
    try:
        return build_specification(specification.intent, specification.overrides)
    except (ValueError, KeyError) as error:
        raise CompassError(f"specification: {error}") from error
