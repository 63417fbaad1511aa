"""Reading a cluster: objects, logs, GPUs, and what an apply would give without keeping it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from knowledge.catalogue import gpus
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tools.clusters.connection import Connection
from tools.clusters.identity import Identity
from tools.clusters.kinds import CONSTRAINTS, POD_MONITOR
from tools.clusters.kinds import INFERENCE_SERVICE as INFERENCE_SERVICE
from tools.clusters.objects import Object, labels, name_of, status_of
from tools.clusters.refusals import Refused, is_of_an_object
from tools.specification import OwnedServers

FIELD_MANAGER = "compass"
REAL_WATCH_INTERVAL_S = 3.0
LOG_LINES, LOG_BYTES = 400, 400_000
"""Of a dead container: the cause stands first, and each worker of an engine writes a traceback after it."""


class Cluster:
    """One namespace of one cluster. Nothing here changes anything; see `writer.py`."""

    def __init__(self, settings: Settings, connection: Connection | None = None) -> None:
        self.connection = connection or Connection(settings)
        self.namespace = settings.namespace
        self._watch_interval_s = settings.watch_interval_s

    @property
    def target(self) -> str:
        return self.connection.target

    @property
    def simulated(self) -> bool:
        return self.connection.simulated

    @property
    def description(self) -> str:
        return self.connection.description

    def identity(self, max_age_s: float = 0.0) -> Identity:
        """Which cluster it is, asked anew unless an answer is no older than that. Raises
        CompassError if it can't be asked.
        """
        return self.connection.identity(max_age_s)

    @property
    def patience_s(self) -> float:
        """How long what is wrong may take to mend itself: a real cluster adds nodes, and
        starts what crashed again within 5 minutes.
        """
        return 1.0 if self.simulated else 300.0

    @property
    def watch_interval_s(self) -> float:
        """How often a rollout is looked at: a look is several requests, and others share a real server."""
        return (
            self._watch_interval_s if self.simulated else max(self._watch_interval_s, REAL_WATCH_INTERVAL_S)
        )

    def get(self, api_version: str, kind: str, name: str) -> Object | None:
        """One object of our namespace, or None."""
        from kubernetes.dynamic.exceptions import NotFoundError

        with self.connection.calling(f"get {kind} {name}", (api_version, kind)):
            try:
                return dict(
                    self.connection.resource(api_version, kind)
                    .get(name=name, namespace=self.namespace)
                    .to_dict()
                )
            except NotFoundError as error:
                if is_of_an_object(error):
                    return None
                raise

    def list(
        self, api_version: str, kind: str, label_selector: str = "", field_selector: str = ""
    ) -> list[Object]:
        """Objects of our namespace."""
        with self.connection.calling(f"list {kind}", (api_version, kind)):
            found = self.connection.resource(api_version, kind).get(
                namespace=self.namespace,
                label_selector=label_selector or None,
                field_selector=field_selector or None,
            )
            return [dict(item.to_dict()) for item in found.items]

    def monitors_pods(self) -> bool:
        """Whether the Prometheus operator is there, as of half a minute ago at most;
        False as well where nobody can be asked.
        """
        try:
            return self.connection.offers(*POD_MONITOR)
        except CompassError:
            return False

    def gives_user_ids(self) -> bool:
        """Whether it is an OpenShift, whose namespaces have user ids of their own; False
        as well where nobody can be asked.
        """
        try:
            return self.connection.offers(*CONSTRAINTS)
        except CompassError:
            return False

    def log(self, pod: str, container: str, previous: bool) -> str:
        """The last lines that a container wrote, empty where there are none; why,
        where we may not read them.
        """
        from kubernetes.client import CoreV1Api

        try:
            with self.connection.calling(f"log of {pod}"):
                api = CoreV1Api(self.connection.client().client)
                answer = api.read_namespaced_pod_log(
                    pod,
                    self.namespace,
                    container=container,
                    previous=previous,
                    tail_lines=LOG_LINES,
                    limit_bytes=LOG_BYTES,
                )
                return str(answer or "")
        except Refused as refused:
            return f"its log can't be read: {refused}" if refused.status == 403 else ""

    def metrics(self, pod: str, port: int) -> str:
        """What a pod shows at /metrics, fetched by way of the API server, so that the pod
        need not be reachable from here.
        """
        from kubernetes.client import CoreV1Api

        with self.connection.calling(f"metrics of {pod}"):
            api = CoreV1Api(self.connection.client().client)
            # The answer as text: the client would otherwise try to read it as a Python literal.
            answer: Any = api.connect_get_namespaced_pod_proxy_with_path(
                f"{pod}:{port}", self.namespace, "metrics", _preload_content=False
            )
            return bytes(answer.data).decode(errors="replace")

    def dry_run(self, document: Object, force: bool = False) -> Object:
        """What the object would be after an apply, checked strictly by the server and not kept.

        Raises Refused with the server's words, its `conflicts` filled where others own fields.
        """
        name, kind = name_of(document), document["kind"]
        exists = self.get(document["apiVersion"], kind, name) is not None
        with self.connection.calling(f"dry run of {kind} {name}", (document["apiVersion"], kind)):
            if exists:
                return self.apply_request(document, force, dry_run="All")
            # A strict POST says which field is unknown, where server-side apply answers 500.
            made = self.connection.resource(document["apiVersion"], kind).create(
                body=document,
                namespace=self.namespace,
                query_params=[
                    ("dryRun", "All"),
                    ("fieldValidation", "Strict"),
                    ("fieldManager", FIELD_MANAGER),
                ],
            )
            return dict(made.to_dict())

    def servers(self) -> Sequence[OwnedServers]:
        """The nodes that may give GPUs to pods, in use or not, by catalogued type and GPUs of one.
        Listing nodes is a right of its own (cluster-wide).
        """
        with self.connection.calling("list Node"):
            nodes = [dict(item.to_dict()) for item in self.connection.resource("v1", "Node").get().items]
        found = []
        for gpu in gpus().values():
            labelled = [n for n in nodes if labels(n).get(gpu.node_label_key) == gpu.node_label]
            each = Counter(int(status_of(n).get("allocatable", {}).get(gpu.resource, 0)) for n in labelled)
            found += [
                OwnedServers(servers=nodes_alike, gpus_per_server=count, gpu_type=gpu.id)
                for count, nodes_alike in sorted(each.items(), reverse=True)
                if count
            ]
        return found

    def version(self) -> str:
        """The server's version, to see that it answers."""
        from kubernetes.client import VersionApi

        with self.connection.calling("version"):
            return str(VersionApi(self.connection.client().client).get_code().git_version)

    def apply_request(self, document: Object, force: bool, **options: Any) -> Object:
        """One server-side apply as this field manager; kept unless `dry_run="All"` is among the options."""
        found = self.connection.resource(document["apiVersion"], document["kind"]).server_side_apply(
            body=document,
            name=name_of(document),
            namespace=self.namespace,
            field_manager=FIELD_MANAGER,
            force_conflicts=force or None,
            **options,
        )
        return dict(found.to_dict())
