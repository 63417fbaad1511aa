"""A context that is pointed at another cluster between two messages: what was approved
for one is never done to the other.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.runtime import Runtime
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from simulator.cluster.control import order_role
from tests.pace import patient
from tests.talking import converse, deployed, facts_of, name_of
from tests.tools.test_manifests import request
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import Cluster
from tools.clusters.identity import Identity
from tools.clusters.simulated import simulator_address, simulator_kubeconfig
from tools.clusters.writer import Writer
from tools.deploying.approvals import ApprovalRequest, record_approval
from tools.deploying.audit import audited
from tools.deploying.listing import last_revision
from tools.get_status import StatusQuery, get_status
from tools.render_manifest import render_manifest

TO_APPROVAL = ["a chatbot for 1000 users", "looks good", "deploy the cheapest"]
EVERYTHING_IN_NAMESPACES = [
    {"apiGroups": [group], "resources": [resource], "verbs": ["*"]}
    for group, resource in (
        ("serving.kserve.io", "inferenceservices"),
        ("", "serviceaccounts"),
        ("", "pods"),
        ("", "events"),
        ("networking.k8s.io", "networkpolicies"),
        ("policy", "poddisruptionbudgets"),
        ("monitoring.coreos.com", "podmonitors"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
    )
]


class Contexts:
    """One context of one kubeconfig, which can be pointed at either of two clusters; each
    runtime is as of a process of its own.
    """

    def __init__(self, settings: Settings, kubeconfig: Path, addresses: dict[str, str]) -> None:
        self.settings = settings.model_copy(
            update={"cluster": "context:simulated", "ready_timeout_s": patient(60)}
        )
        self.addresses = addresses
        self._kubeconfig = kubeconfig
        self._runtimes: list[Runtime] = []

    def point(self, at: str) -> Runtime:
        self._kubeconfig.write_text(simulator_kubeconfig(self.addresses[at]))
        self._runtimes.append(Runtime(self.settings))
        return self._runtimes[-1]

    def close(self) -> None:
        for runtime in self._runtimes:
            runtime.close()


@pytest.fixture
def contexts(
    settings: Settings, simulator: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Contexts]:
    monkeypatch.setenv("KUBECONFIG", str(home / "kubeconfig"))
    found = Contexts(settings, home / "kubeconfig", {"A": simulator, "B": simulator_address(home)})
    yield found
    found.close()


def test_what_was_shown_for_one_cluster_is_shown_anew_for_the_other(contexts: Contexts, thread: str) -> None:
    a = contexts.point("A")
    shown = converse(a, thread, *TO_APPROVAL)
    assert facts_of(shown.pause)["server"] == contexts.addresses["A"]
    assert contexts.addresses["A"] in shown.text
    b = contexts.point("B")
    heard = converse(b, thread, "yes, approve")
    assert "That was shown for another cluster" in heard.text
    assert heard.tools == []
    assert facts_of(heard.pause)["server"] == contexts.addresses["B"]
    assert name_of(b, thread) not in deployed(b.cluster) | deployed(a.cluster)


def test_what_runs_on_the_other_cluster_is_neither_changed_nor_said_to_be_gone(
    contexts: Contexts, thread: str
) -> None:
    a = contexts.point("A")
    assert converse(a, thread, *TO_APPROVAL, "yes, approve").states[-1] == "basic_monitoring"
    name = name_of(a, thread)
    b = contexts.point("B")
    for words in ("delete it", "scale to 3", "status"):
        heard = converse(b, thread, words)
        assert f"{name} runs on another cluster ({contexts.addresses['A']})" in heard.text, (
            words,
            heard.text,
        )
        assert heard.states[-1] == "basic_monitoring"
    with pytest.raises(CompassError, match="runs on another cluster"):
        last_revision(name, b.cluster, b.database)
    assert get_status(StatusQuery(name=name), b.cluster, b.database).phase == "absent"
    assert last_revision(name, b.cluster, b.database, anywhere=True).name == name
    back = contexts.point("A")
    assert name in deployed(back.cluster)
    assert converse(back, thread, "delete it", "yes, approve").states[-1] == "post_deployment_validation"
    assert name not in deployed(back.cluster)


@pytest.fixture
def approve(database: Database, thread: str) -> Callable[..., ApplyRequest]:
    def approved(identity: Identity) -> ApplyRequest:
        bundle = render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))
        wanted = ApprovalRequest(
            thread_id=thread,
            interrupt_id="i1",
            digest=bundle.digest,
            cluster="sim",
            namespace="default",
            actor="me",
            name=bundle.name,
            identity=identity,
        )
        return ApplyRequest(approval_id=record_approval(wanted, database), files=bundle.files)

    return approved


def test_an_approval_for_another_cluster_of_that_name_does_not_count(
    approve: Callable[..., ApplyRequest], database: Database, cluster: Cluster
) -> None:
    wanted = approve(Identity(uid="00000000-0000-0000-0000-000000000000", server="https://192.0.2.1:6443"))
    with pytest.raises(
        CompassError, match=r"approved for another cluster \(https://192.0.2.1:6443\) than sim points to now"
    ):
        apply_to_cluster(wanted, database, Writer(cluster))
    assert [e.event for e in audited(database, 5)] == ["refused", "approved"]


@pytest.mark.parametrize("known", [Identity(), Identity(server="https://192.0.2.1:6443")])
def test_an_approval_that_knows_too_little_of_its_cluster_is_held_to_what_it_knows(
    known: Identity, approve: Callable[..., ApplyRequest], database: Database, cluster: Cluster
) -> None:
    """As all approvals from before; and as those of the simulator, whose address changes with each start."""
    assert apply_to_cluster(approve(known), database, Writer(cluster)).cluster == "sim"


def test_without_the_right_to_read_kube_system_a_cluster_is_known_by_its_server(
    contexts: Contexts, thread: str
) -> None:
    for address in contexts.addresses.values():
        order_role(address, EVERYTHING_IN_NAMESPACES)
    a = contexts.point("A")
    identity = a.cluster.identity()
    assert (identity.uid, identity.server) == ("", contexts.addresses["A"])
    converse(a, thread, *TO_APPROVAL)
    b = contexts.point("B")
    assert b.cluster.identity().is_other_than(identity)
    assert "That was shown for another cluster" in converse(b, thread, "yes, approve").text
    assert converse(b, thread, "yes, approve").states[-1] == "basic_monitoring"


def test_a_cluster_is_the_same_by_its_uid_at_whatever_address() -> None:
    one = Identity(uid="1", server="https://a", ca="x")
    assert not one.is_other_than(Identity(uid="1", server="https://b", ca="y"))
    assert one.is_other_than(Identity(uid="2", server="https://a", ca="x"))
    assert one.is_other_than(Identity(server="https://a", ca="y"))
    assert not one.is_other_than(Identity(server="https://a", ca="x"))
    assert not one.is_other_than(Identity())
