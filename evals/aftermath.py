"""After people deployed and deleted under adversity: the cluster, object by object, against the audit log."""

from __future__ import annotations

from collections import defaultdict

from knowledge.database import Database
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.clusters.objects import annotation, name_of
from tools.deploying.audit import audited
from tools.deploying.listing import MANAGED
from tools.manifests.annotations import DIGEST

KINDS = (
    ("v1", "ServiceAccount"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    INFERENCE_SERVICE,
)
"""What every deployment has, without the Prometheus operator."""


def aftermath(kept: set[str], cluster: Cluster, database: Database) -> tuple[int, list[str]]:
    """How many applies and deletions there were, and everything that must not be: lost,
    doubled, unapproved, half done.

    `kept` names the deployments that should be there, each applied once.
    """
    log = list(reversed(audited(database, 1_000_000)))
    done = [entry for entry in log if entry.event == "done"]
    wrong: list[str] = []
    by_approval: dict[str, list[str]] = defaultdict(list)
    for entry in log:
        by_approval[str(entry.approval_id)].append(entry.event)
    for approval, seen in by_approval.items():
        if "started" in seen and "approved" not in seen[: seen.index("started")]:
            wrong.append(f"approval {approval} was used before it was given: {', '.join(seen)}")
        if seen.count("done") > 1 or seen.count("started") > 1:
            wrong.append(f"approval {approval} was used twice: {', '.join(seen)}")
        if "started" in seen and seen[-1] not in ("done", "undone"):
            wrong.append(f"approval {approval} was left half way: {', '.join(seen)}")
    there: dict[str, set[str]] = defaultdict(set)
    digests: dict[str, str] = {}
    for version, kind in KINDS:
        for found in cluster.list(version, kind, label_selector=MANAGED):
            name = name_of(found)
            there[name].add(kind)
            if (version, kind) == INFERENCE_SERVICE:
                digests[name] = annotation(found, DIGEST) or ""
    wrong += [f"{name} is lost" for name in sorted(kept - there.keys())]
    wrong += [f"{name} is there, though nobody kept it" for name in sorted(there.keys() - kept)]
    wrong += [
        f"{name} is torn: {', '.join(sorted(kinds))}"
        for name, kinds in there.items()
        if len(kinds) < len(KINDS)
    ]
    for name in sorted(kept & there.keys()):
        applied = [entry for entry in done if entry.name == name and entry.action == "apply"]
        if len(applied) != 1:
            wrong.append(f"{name} was applied {len(applied)} times")
        elif applied[0].digest != digests.get(name):
            wrong.append(f"{name} isn't what was approved")
    return len(done), wrong
