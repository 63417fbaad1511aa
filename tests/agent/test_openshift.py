"""A cluster that gives each namespace user ids of its own, and refuses pods that
name others, as OpenShift does.
"""

from agent.runtime import Runtime
from simulator.cluster.control import heal, order_failure
from tests.present import present
from tests.talking import converse, name_of
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster

TO_APPROVAL = ["a chatbot for 1000 users", "looks good", "deploy the cheapest"]


def security(cluster: Cluster, name: str) -> dict[str, object]:
    service = present(cluster.get(*INFERENCE_SERVICE, name))
    return dict(service["spec"]["predictor"]["securityContext"])


def test_it_is_left_to_the_cluster_whose_user_the_pods_are(
    runtime: Runtime, thread: str, simulator: str
) -> None:
    order_failure(simulator, "openshift", "*")
    heard = converse(runtime, thread, *TO_APPROVAL, "yes, approve")
    assert heard.states[-1] == "basic_monitoring", heard.text
    found = security(runtime.cluster, name_of(runtime, thread))
    assert found["runAsNonRoot"] is True
    assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(found)


def test_elsewhere_they_are_an_ordinary_user(runtime: Runtime, thread: str, simulator: str) -> None:
    assert converse(runtime, thread, *TO_APPROVAL, "yes, approve").states[-1] == "basic_monitoring"
    assert security(runtime.cluster, name_of(runtime, thread))["runAsUser"] == 1000


def test_pods_with_users_of_ours_are_refused_there_and_the_cause_is_told(
    runtime: Runtime, thread: str, simulator: str
) -> None:
    converse(runtime, thread, *TO_APPROVAL)
    order_failure(simulator, "openshift", "*")  # after the manifests were made
    heard = converse(runtime, thread, "yes, approve")
    assert heard.states[-1] == "failed"
    assert "security context constraint" in heard.text
    heal(simulator)
    assert converse(runtime, thread, "retry").states[-1] == "basic_monitoring"
