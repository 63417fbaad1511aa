"""Before anyone is asked: what the cluster says to a bundle, and what would change
there, object by object.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import yaml

from knowledge.catalogue import models
from knowledge.errors import CompassError
from knowledge.estimator.memory import weights_bytes
from tools.clusters.cluster import Cluster
from tools.clusters.identity import Identity
from tools.clusters.objects import Object, name_of
from tools.clusters.refusals import Refused
from tools.contract import Contract
from tools.deploying.live import difference, drift, fingerprint, owner_of, stripped, tool_of
from tools.manifests.bundle import ManifestBundle
from tools.manifests.check import Problem
from tools.untrusted import printable

LARGE_GB = 8.0
"""Of weights, from which on downloads have run out of KServe's shipped memory limit (kserve#5326)."""


class ObjectChange(Contract):
    """What would become of one object; `diff` is against the live one, empty for what is new or stays."""

    kind: str
    name: str
    change: Literal["create", "update", "unchanged", "delete", "absent"]
    diff: str = ""


class Ownership(Contract):
    """Somebody else's hold on an object: by fields, or by marking it as theirs."""

    kind: str
    name: str
    owner: str
    fields: list[str]


class Review(Contract):
    changes: list[ObjectChange]
    owners: list[Ownership]
    """Approving once is not enough where there are any."""
    problems: list[Problem]
    notes: list[str]
    live: str
    """Fingerprint of the live objects as they were looked at."""
    target: str = ""
    """The cluster that was asked, by its context's name."""
    identity: Identity = Identity()
    """Which cluster that was."""
    made_at: datetime

    def noting(self, note: str) -> Review:
        """With a sentence more for whoever decides; none where it is empty."""
        return self.model_copy(update={"notes": [*self.notes, note]}) if note else self

    @property
    def touches_nothing(self) -> bool:
        return all(c.change in ("unchanged", "absent") for c in self.changes)


def review(bundle: ManifestBundle, cluster: Cluster, read_only: bool) -> Review:
    """Look at each live object and let the server try each new one without keeping it.

    Nothing is raised: a cluster that refuses or doesn't answer is a problem, with what it said.
    """
    found = Review(
        changes=[],
        owners=[],
        problems=[],
        notes=[],
        live="",
        target=cluster.target,
        made_at=datetime.now(UTC),
    )
    live: list[Object | None] = []
    for file in bundle.files:
        document = yaml.load(file.content, Loader=yaml.CSafeLoader)
        kind, name = document["kind"], name_of(document)
        try:
            if file is bundle.files[0]:
                found.identity = cluster.identity()
            there = cluster.get(document["apiVersion"], kind, name)
            live.append(there)
            if bundle.action == "delete":
                found.changes.append(
                    ObjectChange(kind=kind, name=name, change="delete" if there else "absent")
                )
            else:
                found.changes.append(_applied(document, there, cluster, read_only, found))
            _mark_owner(document, there, found)
        except CompassError as error:
            found.problems.append(Problem(file=file.path, field=kind, text=str(error)))
            if not isinstance(error, Refused):
                break  # nobody answers: the others would only wait as long
    return found.model_copy(update={"live": fingerprint(live)}).noting(_of_download(bundle, live, cluster))


def _of_download(bundle: ManifestBundle, live: list[Object | None], cluster: Cluster) -> str:
    """What large models have failed by that are deployed anew: KServe's container that
    downloads them, whose limit isn't ours to set.
    """
    model = models().get(bundle.model_id)
    gb = weights_bytes(model) / 1e9 if model else 0.0
    if bundle.action != "apply" or cluster.simulated or not live or live[-1] is not None or gb < LARGE_GB:
        return ""
    return (
        f"KServe downloads the {gb:,.0f} GB of weights in a container of its own, whose memory limit as"
        f" shipped (1Gi) has been too small for models above {LARGE_GB:.0f} GB: `memoryLimit` of"
        " storageInitializer in the ConfigMap inferenceservice-config, or the ClusterStorageContainer that"
        " serves hf://, sets it."
    )


def _applied(
    document: Object, there: Object | None, cluster: Cluster, read_only: bool, found: Review
) -> ObjectChange:
    kind, name = document["kind"], name_of(document)
    if read_only:
        return _by_comparison(document, there)
    try:
        after = cluster.dry_run(document)
    except Refused as refused:
        if refused.conflicts:
            for manager in sorted({c.manager for c in refused.conflicts}):
                fields = [c.field for c in refused.conflicts if c.manager == manager]
                found.owners.append(Ownership(kind=kind, name=name, owner=tool_of(manager), fields=fields))
            after = cluster.dry_run(document, force=True)
        elif refused.status == 403 and "cannot" in str(refused):
            # Planning without the right to apply is fine: the difference is then worked out here.
            found.problems.append(Problem(file=kind, field=name, text=str(refused)))
            return _by_comparison(document, there)
        else:
            raise
    if there is None:
        return ObjectChange(kind=kind, name=name, change="create")
    change: Literal["update", "unchanged"] = "unchanged" if stripped(after) == stripped(there) else "update"
    return ObjectChange(kind=kind, name=name, change=change, diff=difference(there, after))


def _by_comparison(document: Object, there: Object | None) -> ObjectChange:
    """Without the server's help: the fields that we would set to something else."""
    changed = drift(document, there) if there else []
    change: Literal["create", "update", "unchanged"] = (
        "create" if there is None else "update" if changed else "unchanged"
    )
    return ObjectChange(
        kind=document["kind"],
        name=name_of(document),
        change=change,
        diff="\n".join(f"~ {p}" for p in changed),
    )


def _mark_owner(document: Object, there: Object | None, found: Review) -> None:
    tool = owner_of(there) if there else None
    kind, name = document["kind"], name_of(document)
    if tool and not any((o.kind, o.name) == (kind, name) for o in found.owners):
        found.owners.append(Ownership(kind=kind, name=name, owner=printable(tool), fields=[]))
