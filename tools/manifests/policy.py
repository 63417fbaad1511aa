"""Rules that no schema holds: KServe's webhook, figures that must agree, and what a
cluster admin would refuse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from knowledge.catalogue import gpus, models
from knowledge.estimator.memory import plan_memory
from knowledge.quantities import quantity
from tools.clusters.objects import SERVICE_LABEL
from tools.manifests.expectation import UnreadablePlan, expectation_of
from tools.manifests.schema import (
    Container,
    Head,
    InferenceService,
    NetworkPolicy,
    PodDisruptionBudget,
    PodMonitor,
    Predictor,
    ServedModel,
)

TOKEN_LIKE = re.compile(
    r"hf_[A-Za-z0-9]{20,}|sk-[A-Za-z0-9_-]{20,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE"
    r" KEY|eyJ[\w-]{20,}\.[\w-]{20,}"
)
SECRET_NAME = re.compile(r"TOKEN|PASSWORD|SECRET|CREDENTIAL|API_?KEY", re.IGNORECASE)
PINNED = re.compile(r"^[\w./:-]+(:(?!latest$)[\w][\w.-]*|@sha256:[0-9a-f]{64})$")
INWARD = {8080}
OUTWARD = {53, 443}
THINKING_ARGUMENT = re.compile(
    r"--(?:reasoning|default[-_]chat[-_]template[-_]kwargs|enable[-_]reasoning|structured[-_]outputs[-_]config)"
)
WHOLE = re.compile(r"[1-9][0-9]{0,8}")
AUTOSCALER_CLASSES = {"hpa", "keda", "external", "none"}


def violations(document: Head, images: Collection[str] | None) -> Iterator[tuple[str, str]]:
    """(field, what must hold) for each rule that an object breaks; `images` are those
    that may run, any pinned one if None.
    """
    ours = {SERVICE_LABEL: document.metadata.name}
    if isinstance(document, PodDisruptionBudget | PodMonitor) and document.spec.selector.match_labels != ours:
        yield "spec.selector.matchLabels", "must be the pods of this deployment"
    if isinstance(document, NetworkPolicy):
        yield from _network(document, ours)
    if isinstance(document, InferenceService):
        annotations = document.metadata.annotations
        if annotations.get("serving.kserve.io/deploymentMode") != "Standard":
            yield (
                "metadata.annotations.serving.kserve.io/deploymentMode",
                "must be Standard: the shipped default is Serverless",
            )
        scaler = annotations.get("serving.kserve.io/autoscalerClass")
        if scaler not in AUTOSCALER_CLASSES:
            yield (
                "metadata.annotations.serving.kserve.io/autoscalerClass",
                f"must be one of {', '.join(sorted(AUTOSCALER_CLASSES))}",
            )
        if document.spec.predictor.service_account_name != document.metadata.name:
            yield (
                "spec.predictor.serviceAccountName",
                "must be this deployment's own: others have rights and Secrets of their own",
            )
        yield from _predictor(document.spec.predictor, scaler, images)
        yield from _plan(document, rendered_now=images is not None)


def _network(policy: NetworkPolicy, ours: dict[str, str]) -> Iterator[tuple[str, str]]:
    if policy.spec.pod_selector.match_labels != ours:
        yield "spec.podSelector.matchLabels", "must be the pods of this deployment"
    if {*policy.spec.policy_types} != {"Ingress", "Egress"}:
        yield "spec.policyTypes", "must be Ingress and Egress: what isn't named is open"
    for name, rules, ports in (
        ("ingress", policy.spec.ingress, INWARD),
        ("egress", policy.spec.egress, OUTWARD),
    ):
        if not {p.port for rule in rules for p in rule.ports} <= ports:
            yield f"spec.{name}", f"may open no ports but {', '.join(map(str, sorted(ports)))}"


def _predictor(
    predictor: Predictor, scaler: str | None, images: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    where = "spec.predictor"
    if not 1 <= predictor.min_replicas <= predictor.max_replicas:
        yield f"{where}.minReplicas", "must be at least 1 and at most maxReplicas"
    if scaler == "none" and (predictor.min_replicas != predictor.max_replicas or predictor.auto_scaling):
        yield f"{where}.maxReplicas", "must equal minReplicas where nothing scales"
    if scaler == "keda" and not predictor.auto_scaling:
        yield f"{where}.autoScaling", "must say what KEDA scales by"
    rolling = predictor.deployment_strategy.rolling_update
    if rolling.max_surge == rolling.max_unavailable == 0:
        yield (
            f"{where}.deploymentStrategy",
            "must allow a pod more or a pod less: with neither an update never begins",
        )
    container = predictor.container
    if (
        container is None
        or (predictor.model and predictor.containers)
        or len(predictor.containers or [0]) != 1
    ):
        yield where, "must have exactly one implementation: model, or one container"
        return
    mounted = {m.name for m in container.volume_mounts}
    if mounted != {v.name for v in predictor.volumes}:
        yield f"{where}.volumes", "must be those that the container mounts"
    if isinstance(container, ServedModel):
        yield from _container(container, f"{where}.model", images)
        yield from _gpus(container, predictor, f"{where}.model", None if images is None else models())
        yield from _thinking(container, f"{where}.model", rendered_now=images is not None)
    else:
        yield from _container(container, f"{where}.containers", images)


def _container(container: Container, where: str, images: Collection[str] | None) -> Iterator[tuple[str, str]]:
    limits, requests = container.resources.limits, container.resources.requests
    for name in ("cpu", "memory"):
        if name not in limits:
            yield f"{where}.resources.limits.{name}", "must be set"
    for name, value in requests.items():
        if name in limits and quantity(value) > quantity(limits[name]):
            yield f"{where}.resources.requests.{name}", "must not be above the limit"
    if not PINNED.match(container.image):
        yield f"{where}.image", "must be pinned to a version or a digest, not latest"
    elif images is not None and container.image not in images:
        yield f"{where}.image", f"must be {' or '.join(sorted(images))}: nothing else is run"
    if container.security_context.capabilities.drop != ["ALL"]:
        yield f"{where}.securityContext.capabilities.drop", "must be [ALL]"
    for entry in container.env:
        if (entry.value is None) == (entry.value_from is None):
            yield f"{where}.env.{entry.name}", "must have a value or a source, not both"
        if entry.value is not None and SECRET_NAME.search(entry.name):
            yield f"{where}.env.{entry.name}", "must come from a Secret"
    names = [entry.name for entry in container.env]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"{where}.env.{name}", "must be set once"


def _plan(service: InferenceService, rendered_now: bool) -> Iterator[tuple[str, str]]:
    """What is served is what the plan promised, and room for the requests that it was planned for."""
    container = service.spec.predictor.container
    try:
        promised = expectation_of({"metadata": {"annotations": service.metadata.annotations}})
    except UnreadablePlan as error:
        promised = None
        if rendered_now:
            yield "metadata.annotations", str(error)
    if promised is None or promised.context_tokens is None or container is None:
        return
    where = (
        "spec.predictor.model.args"
        if isinstance(container, ServedModel)
        else "spec.predictor.containers.args"
    )
    request = max(promised.prompt_tokens + promised.output_tokens, promised.longest_tokens or 0)
    if _arguments(container.args).get("max-model-len") != str(promised.context_tokens):
        yield (
            where,
            f"the context must be the one that was planned: --max-model-len={promised.context_tokens}",
        )
    elif promised.context_tokens < request:
        yield (
            where,
            f"{promised.context_tokens} tokens of context are too few: {request} must be possible",
        )


def _arguments(args: Sequence[str]) -> dict[str, str]:
    return dict(a.removeprefix("--").split("=", 1) for a in args if a.startswith("--") and "=" in a)


def _gpus(
    model: ServedModel, predictor: Predictor, where: str, allowed: Collection[str] | None
) -> Iterator[tuple[str, str]]:
    """GPU count = tensor parallel, of a kind that the node selector names, with room for
    a model that is `allowed` and its context.
    """
    name = model.storage_uri.removeprefix("hf://").split(":")[0]
    if allowed is not None and name not in allowed:
        yield f"{where}.storageUri", "must be a model of the catalogue: hf://ORGANISATION/NAME"
    limits = {k: v for k, v in model.resources.limits.items() if k.endswith("/gpu")}
    arguments = _arguments(model.args)
    if len(limits) != 1 or arguments.get("tensor-parallel-size") != next(iter(limits.values())):
        yield f"{where}.args", "the tensor parallel size must equal the GPUs in resources.limits"
        return
    resource, count = next(iter(limits.items()))
    if not WHOLE.fullmatch(count):
        yield f"{where}.resources.limits.{resource}", f"must have a whole number of {resource}, at least 1"
        return
    selected = next(
        (g for g in gpus().values() if predictor.node_selector.get(g.node_label_key) == g.node_label), None
    )
    if selected is None:
        yield "spec.predictor.nodeSelector", "must name a GPU of the catalogue"
        return
    if selected.resource != resource:
        yield f"{where}.resources.limits", f"a {selected.id} is asked for as {selected.resource}"
    if not any(t.key == resource for t in predictor.tolerations):
        yield "spec.predictor.tolerations", f"must tolerate {resource}: GPU nodes are tainted with it"
    served = models().get(name)
    context = arguments.get("max-model-len", "")
    if served is None:
        return
    if not WHOLE.fullmatch(context):
        yield f"{where}.args", "a context needs at least one token"
        return
    longest = plan_memory(served, selected, int(count), int(context)).max_context_tokens
    if longest < int(context):
        yield (
            f"{where}.args",
            f"{context} tokens of context don't fit: beside the weights there is room for {longest}",
        )


def _thinking(model: ServedModel, where: str, rendered_now: bool) -> Iterator[tuple[str, str]]:
    """How a model is told to think or not: as the catalogue has it, in one of its modes;
    a Compass before this one said nothing.
    """
    served = models().get(model.storage_uri.removeprefix("hf://").split(":")[0])
    if served is None:
        return
    way = served.thinking
    allowed = [way.arguments(mode) for mode in ("off", "on")] if way else [[]]
    if not rendered_now:
        allowed.append([])
    if [a for a in model.args if THINKING_ARGUMENT.match(a)] not in allowed:
        first = " ".join(allowed[0]) or "no arguments for thinking"
        yield (
            f"{where}.args",
            f"must tell {served.id} whether to think, and keep its thoughts out of its answers, by {first}",
        )
