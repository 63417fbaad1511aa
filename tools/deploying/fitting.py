"""What of the manifests depends on the cluster: user ids of ours, except where it
gives its own, and a PodMonitor.

The monitor goes along only where the cluster has its kind and takes ours, for without one a
deployment serves just as well.
"""

from __future__ import annotations

import yaml

from knowledge.errors import CompassError
from tools.clusters.cluster import Cluster
from tools.clusters.kinds import POD_MONITOR
from tools.clusters.refusals import Refused
from tools.manifests.values import ManifestRequest
from tools.render_manifest import render_manifest


def fitted(request: ManifestRequest, cluster: Cluster, read_only: bool) -> tuple[ManifestRequest, str]:
    """The request as this cluster takes it, and what to say where it has the kind of
    a PodMonitor and refuses ours.

    A right that is missing, and fields that others own, are no reason to leave it out: the
    review says what to do about them.
    """
    request = request.model_copy(update={"user_ids_by_cluster": cluster.gives_user_ids()})
    left_out = request.model_copy(update={"monitoring": False})
    if not cluster.monitors_pods():
        return left_out, ""
    wanted = request.model_copy(update={"monitoring": True})
    if read_only:
        return wanted, ""
    documents = (yaml.load(f.content, Loader=yaml.CSafeLoader) for f in render_manifest(wanted).files)
    monitor = next(d for d in documents if d["kind"] == POD_MONITOR[1])
    try:
        cluster.dry_run(monitor)
    except Refused as refused:
        if refused.status in (400, 422) or "admission webhook" in str(refused):
            return (
                left_out,
                f"It goes without a PodMonitor, so that Prometheus won't collect its metrics: {refused}",
            )
    except CompassError:
        pass  # so does the review
    return wanted, ""
