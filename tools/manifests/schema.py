"""The objects that Compass renders, field by field: anything else in a file is an
error before a cluster sees it.
"""

from __future__ import annotations

import reprlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

Quantity = Annotated[str, Field(pattern=r"^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]


class Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, validate_by_alias=True, validate_by_name=False
    )


class Metadata(Strict):
    name: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=40)]
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    labels: dict[
        str, Annotated[str, Field(max_length=63, pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$")]
    ]
    annotations: dict[str, str]


class Head(Strict):
    metadata: Metadata


class Selector(Strict):
    match_labels: dict[str, str]


class SecretName(Strict):
    name: Literal["hf-token"]


class ServiceAccount(Head):
    api_version: Literal["v1"]
    kind: Literal["ServiceAccount"]
    automount_service_account_token: Literal[False]
    secrets: Annotated[list[SecretName], Field(max_length=1)] = []


class DisruptionBudgetSpec(Strict):
    max_unavailable: Annotated[int, Field(ge=1)]
    unhealthy_pod_eviction_policy: Literal["AlwaysAllow"]
    selector: Selector


class PodDisruptionBudget(Head):
    api_version: Literal["policy/v1"]
    kind: Literal["PodDisruptionBudget"]
    spec: DisruptionBudgetSpec


class PolicyPort(Strict):
    port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["TCP", "UDP"]


class Peer(Strict):
    namespace_selector: Selector | dict[str, str]


class Ingress(Strict):
    from_: Annotated[list[Peer], Field(alias="from")] = []
    ports: Annotated[list[PolicyPort], Field(min_length=1)]


class Egress(Strict):
    to: list[Peer] = []
    ports: Annotated[list[PolicyPort], Field(min_length=1)]


class NetworkPolicySpec(Strict):
    pod_selector: Selector
    policy_types: list[Literal["Ingress", "Egress"]]
    ingress: list[Ingress]
    egress: list[Egress]


class NetworkPolicy(Head):
    api_version: Literal["networking.k8s.io/v1"]
    kind: Literal["NetworkPolicy"]
    spec: NetworkPolicySpec


class MetricsEndpoint(Strict):
    """By the name of the container's port, which each version of the operator knows;
    earlier revisions had its number.
    """

    port: str | None = None
    port_number: int | None = None
    path: str
    interval: str


class PodMonitorSpec(Strict):
    selector: Selector
    pod_metrics_endpoints: list[MetricsEndpoint]


class PodMonitor(Head):
    api_version: Literal["monitoring.coreos.com/v1"]
    kind: Literal["PodMonitor"]
    spec: PodMonitorSpec


class KeyRef(Strict):
    """Of the one Secret that a deployment may read, however many the namespace has.
    Earlier revisions had it in vLLM's environment.
    """

    name: Literal["hf-token"]
    key: Literal["HF_TOKEN"]


class SecretSource(Strict):
    secret_key_ref: KeyRef


class Variable(Strict):
    name: Text
    value: str | None = None
    value_from: SecretSource | None = None


class Resources(Strict):
    requests: dict[str, Quantity]
    limits: dict[str, Quantity]


class Mount(Strict):
    name: Text
    mount_path: Annotated[str, Field(pattern=r"^/")]


class HttpGet(Strict):
    path: Annotated[str, Field(pattern=r"^/")]
    port: int


class Probe(Strict):
    http_get: HttpGet
    period_seconds: Annotated[int, Field(ge=1)]
    timeout_seconds: Annotated[int, Field(ge=1)]
    failure_threshold: Annotated[int, Field(ge=1)]


class Capabilities(Strict):
    drop: list[str]


class ContainerSecurity(Strict):
    allow_privilege_escalation: Literal[False]
    run_as_non_root: Literal[True]
    capabilities: Capabilities


class ContainerPort(Strict):
    name: Text
    container_port: int
    protocol: Literal["TCP"]


class Container(Strict):
    image: Text
    args: list[str]
    env: list[Variable]
    ports: list[ContainerPort]
    resources: Resources
    volume_mounts: list[Mount]
    startup_probe: Probe
    readiness_probe: Probe
    liveness_probe: Probe
    security_context: ContainerSecurity


class NamedContainer(Container):
    name: Literal["kserve-container"]


class ModelFormat(Strict):
    name: Literal["vLLM"]


class ServedModel(Container):
    model_format: ModelFormat
    runtime: Literal["kserve-vllmserver"]
    storage_uri: Annotated[str, Field(pattern=r"^hf://")]


class SeccompProfile(Strict):
    type: Literal["RuntimeDefault"]


class PodSecurity(Strict):
    run_as_non_root: Literal[True]
    run_as_user: Annotated[int, Field(ge=1)] | None = None
    """With the next two; left to the cluster where it has ranges of its own for each namespace."""
    run_as_group: Annotated[int, Field(ge=1)] | None = None
    fs_group: Annotated[int, Field(ge=1)] | None = None
    seccomp_profile: SeccompProfile


class Toleration(Strict):
    key: Text
    operator: Literal["Exists"]
    effect: Literal["NoSchedule"]


class EmptyDir(Strict):
    medium: Literal["Memory"] | None = None
    size_limit: Quantity


class Volume(Strict):
    name: Text
    empty_dir: EmptyDir


class RollingUpdate(Strict):
    max_surge: Count
    max_unavailable: Count


class Strategy(Strict):
    type: Literal["RollingUpdate"]
    rolling_update: RollingUpdate


class ExternalMetric(Strict):
    backend: Literal["prometheus"]
    server_address: Annotated[str, Field(pattern=r"^https?://")]
    query: Text


class MetricTarget(Strict):
    type: Literal["Value"]
    value: Quantity


class External(Strict):
    metric: ExternalMetric
    target: MetricTarget


class ScalingMetric(Strict):
    type: Literal["External"]
    external: External


class AutoScaling(Strict):
    metrics: list[ScalingMetric]


class Predictor(Strict):
    min_replicas: Count
    max_replicas: Count
    auto_scaling: AutoScaling | None = None
    deployment_strategy: Strategy
    termination_grace_period_seconds: Count
    service_account_name: Text
    automount_service_account_token: Literal[False]
    security_context: PodSecurity
    node_selector: dict[str, str] = {}
    tolerations: list[Toleration] = []
    volumes: list[Volume]
    model: ServedModel | None = None
    containers: list[NamedContainer] | None = None

    @property
    def container(self) -> Container | None:
        return self.model or (self.containers[0] if self.containers else None)


class ServiceSpec(Strict):
    predictor: Predictor


class InferenceService(Head):
    api_version: Literal["serving.kserve.io/v1beta1"]
    kind: Literal["InferenceService"]
    spec: ServiceSpec


OPTIONAL = {PodMonitor.__name__}
"""Rendered only where the cluster knows the kind."""
KINDS: dict[str, type[Head]] = {
    kind.__name__: kind
    for kind in (ServiceAccount, NetworkPolicy, PodDisruptionBudget, PodMonitor, InferenceService)
}


def parsed(document: Any) -> Head | list[tuple[str, str]]:
    """The object, or each field that is wrong with what would be accepted."""
    kind = document.get("kind") if isinstance(document, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        return [("kind", f"must be one of {', '.join(KINDS)}")]
    try:
        return KINDS[kind].model_validate(document)
    except ValidationError as error:
        return [
            (".".join(map(str, e["loc"])), _in_words(e["type"], e["msg"], e.get("input")))
            for e in error.errors()
        ]


def _in_words(kind: str, message: str, value: Any) -> str:
    if kind == "extra_forbidden":
        return "is no field that Compass renders here"
    if kind == "missing":
        return "must be set"
    if kind == "string_type":
        return f"must be a string, and YAML reads {reprlib.repr(value)} as something else: put it in quotes"
    return message[0].lower() + message[1:]
