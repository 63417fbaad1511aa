"""An apply that was cut off half way is told wherever somebody looks, and finished by whoever may."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from agent.commands.doctor import examine
from agent.finishing import Finisher, finish_cut_off
from agent.runtime import Runtime
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.postgres.locks import Key
from knowledge.settings import Settings
from tests.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.pace import until
from tests.talking import converse, name_of
from tests.tools.test_faults import Killed, changed, documents
from tests.tools.test_manifests import request
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import INFERENCE_SERVICE, Cluster
from tools.clusters.identity import Identity
from tools.clusters.writer import Writer
from tools.deploying.approvals import APPLY_LOCK, ApprovalRequest, find_approval, record_approval
from tools.deploying.audit import audited
from tools.deploying.cut import cut_off
from tools.deploying.live import drift
from tools.deploying.revisions import deletion_of
from tools.deployments import deployments
from tools.get_status import StatusQuery, get_status
from tools.manifests.bundle import ManifestBundle
from tools.render_manifest import render_manifest

CutAfter = Callable[[ManifestBundle, int], str]


@pytest.fixture
def bundle(thread: str) -> ManifestBundle:
    return render_manifest(request("openai/gpt-oss-20b", "L40S", 1, 1, thread))


@pytest.fixture
def applied(database: Database, cluster: Cluster, thread: str) -> Callable[[ManifestBundle], str]:
    """Approves and applies, and returns the approval's id."""

    def apply(bundle: ManifestBundle) -> str:
        wanted = ApprovalRequest(
            thread_id=thread,
            interrupt_id=f"{bundle.action} {bundle.digest}",
            digest=bundle.digest,
            cluster=cluster.target,
            namespace=cluster.namespace,
            actor="me",
            action=bundle.action,
            name=bundle.name,
            files=bundle.files,
            identity=cluster.identity(),
        )
        approval = record_approval(wanted, database)
        apply_to_cluster(
            ApplyRequest(approval_id=approval, files=bundle.files, action=bundle.action),
            database,
            Writer(cluster),
        )
        return approval

    return apply


@pytest.fixture
def cut_after(applied: Callable[[ManifestBundle], str], cluster: Cluster, database: Database) -> CutAfter:
    """Dies after so many writes; returns the approval's id."""

    def cut(bundle: ManifestBundle, writes: int) -> str:
        rest, seen = cluster.connection.client().client.rest_client, 0
        real = rest.request

        def dying(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            answer = real(method, url, *args, **kwargs)
            seen += method in ("PATCH", "DELETE") and "dryRun" not in url
            if seen == writes:
                raise Killed
            return answer

        rest.request = dying
        try:
            with pytest.raises(Killed):
                applied(bundle)
        finally:
            rest.request = real
        return str(audited(database, 1, bundle.name)[0].approval_id)

    return cut


def as_approved(bundle: ManifestBundle, cluster: Cluster) -> bool:
    found = [(d, cluster.get(d["apiVersion"], d["kind"], d["metadata"]["name"])) for d in documents(bundle)]
    if bundle.action == "delete":
        return all(live is None for _, live in found)
    return all(live is not None and drift(document, live) == [] for document, live in found)


def test_it_is_told_wherever_somebody_looks(
    bundle: ManifestBundle, cut_after: CutAfter, cluster: Cluster, database: Database, settings: Settings
) -> None:
    cut_after(bundle, 2)
    assert [c.approval.name for c in cut_off(database, cluster)] == [bundle.name]
    status = get_status(StatusQuery(name=bundle.name), cluster, database)
    assert (status.phase, status.cut) == ("absent", status.message)
    assert f"Applying {bundle.name} was cut off at" in status.message
    assert bundle.name in [s.name for s in deployments(cluster, database)]
    assert bundle.name in [s.name for s in deployments(cluster, database, "me")]
    assert bundle.name not in [s.name for s in deployments(cluster, database, "somebody else")]
    assert [f.text for f in examine(settings) if f.part == "apply" and not f.ok] == [status.cut]


def test_readiness_counts_it(api: Api) -> None:  # noqa: F811
    with api.client() as client:
        assert client.get(f"{api.url}/readyz").json() == {"status": "ready", "cut_off": 0}
        with api.runtime.database.connect() as connection:
            connection.execute(
                "INSERT INTO approvals (thread_id, interrupt_id, digest, cluster, namespace, actor, status)"
                f" VALUES ('t', 'i', 'sha256:{'0' * 64}', 'context:gone', 'default', 'me', 'applying')"
            )
            connection.execute(
                "INSERT INTO audit_log (actor, event, action, name, cluster, namespace, digest, thread_id,"
                " approval_id) SELECT actor, 'started', action, name, cluster, namespace, digest, thread_id,"
                " id FROM approvals"
            )
        assert client.get(f"{api.url}/readyz").json() == {"status": "ready", "cut_off": 1}


@pytest.mark.parametrize("writes", [1, 2, 3, 4])
def test_it_is_finished_once(
    writes: int,
    bundle: ManifestBundle,
    cut_after: CutAfter,
    cluster: Cluster,
    database: Database,
    settings: Settings,
) -> None:
    approval = cut_after(bundle, writes)
    assert finish_cut_off(settings, database) == [approval]
    assert as_approved(bundle, cluster)
    assert finish_cut_off(settings, database) == []
    assert cut_off(database) == []
    assert [e.event for e in reversed(audited(database, 9, bundle.name))] == ["approved", "started", "done"]
    assert get_status(StatusQuery(name=bundle.name), cluster, database).cut is None


@pytest.mark.parametrize("action", ["change", "delete"])
def test_changes_and_deletions_are_finished_too(
    action: str,
    bundle: ManifestBundle,
    applied: Callable[[ManifestBundle], str],
    cut_after: CutAfter,
    cluster: Cluster,
    database: Database,
    settings: Settings,
) -> None:
    applied(bundle)
    after = changed(bundle) if action == "change" else deletion_of(bundle)
    approval = cut_after(after, 2)
    status = get_status(StatusQuery(name=bundle.name), cluster, database)
    assert status.cut is not None
    assert status.cut in status.message
    assert finish_cut_off(settings, database) == [approval]
    assert as_approved(after, cluster)


def test_what_is_in_somebodys_hands_is_left_to_them(
    bundle: ManifestBundle, cut_after: CutAfter, database: Database, settings: Settings
) -> None:
    approval = cut_after(bundle, 2)
    other = Database(settings)  # as another process
    try:
        with other.locks.holding(Key(APPLY_LOCK, approval), 0, "busy"):
            assert cut_off(database) == []
            assert finish_cut_off(settings, database) == []
    finally:
        other.close()
    assert [c.approval.id for c in cut_off(database)] == [approval]


def test_two_processes_finish_it_once(
    bundle: ManifestBundle, cut_after: CutAfter, database: Database, settings: Settings
) -> None:
    cut_after(bundle, 2)
    others = [Database(settings) for _ in range(3)]
    workers = [threading.Thread(target=finish_cut_off, args=[settings, other]) for other in others]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for other in others:
        other.close()
    assert [e.event for e in audited(database, 9, bundle.name)].count("done") == 1


@pytest.mark.parametrize("why", ["changed since", "long ago", "told", "another cluster", "another namespace"])
def test_what_needs_a_person_is_told_and_not_finished(
    why: str,
    bundle: ManifestBundle,
    cut_after: CutAfter,
    cluster: Cluster,
    database: Database,
    settings: Settings,
) -> None:
    approval = cut_after(bundle, 2)
    with database.connect() as connection:
        if why == "changed since":
            body = {"metadata": {"name": bundle.name, "labels": {"app.kubernetes.io/managed-by": "somebody"}}}
            accounts = cluster.connection.resource("v1", "ServiceAccount")
            accounts.patch(
                body=body,
                namespace="default",
                field_manager="somebody",
                content_type="application/merge-patch+json",
            )
        elif why == "long ago":
            connection.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
            connection.execute("UPDATE audit_log SET at = at - interval '61 minutes'")
        elif why == "told":
            found = find_approval(approval, database)
            connection.execute(
                "INSERT INTO audit_log (actor, event, action, name, cluster, namespace, digest, thread_id,"
                " approval_id) VALUES ('me', 'incomplete', 'apply', %s, 'sim', 'default', %s, 't', %s)",
                [bundle.name, found.digest, approval],
            )
        elif why == "another cluster":
            identity = Identity(uid="00000000-0000-0000-0000-000000000000").model_dump_json()
            connection.execute("UPDATE approvals SET identity = %s::jsonb", [identity])
    elsewhere = (
        settings.model_copy(update={"namespace": "kserve"}) if why == "another namespace" else settings
    )
    assert finish_cut_off(elsewhere, database) == []
    assert not as_approved(bundle, cluster)
    (cut,) = cut_off(database)
    assert ("compass serve" in str(cut)) == (why not in ("long ago", "told"))


def test_a_server_finishes_it_at_its_start_and_one_that_only_reads_does_not(
    bundle: ManifestBundle, cut_after: CutAfter, cluster: Cluster, database: Database, settings: Settings
) -> None:
    cut_after(bundle, 2)
    Finisher(settings.model_copy(update={"read_only": True}), database).close()
    assert not as_approved(bundle, cluster)
    finisher = Finisher(settings, database)
    try:
        until(lambda: not cut_off(database))
    finally:
        finisher.close()
    assert as_approved(bundle, cluster)


def test_the_owners_next_words_finish_it_as_before(
    runtime: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And find it done where a server was faster."""
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "deploy the cheapest")
    with monkeypatch.context() as dying:
        dying.setattr("agent.nodes.deployment.apply_to_cluster", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            converse(runtime, thread, "yes, approve")
    heard = converse(runtime, thread, "go on")
    assert heard.states[-1] == "basic_monitoring", heard.text
    name = name_of(runtime, thread)
    assert [e.event for e in reversed(audited(runtime.database, 9, name))] == ["approved", "started", "done"]


def test_a_retry_after_a_lost_answer_closes_the_ledger(
    runtime: Runtime, thread: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is applied, but that couldn't be written down: the database was away."""

    def away(*_: object) -> None:
        raise CompassError("The database doesn't answer.")

    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "deploy the cheapest")
    with monkeypatch.context() as broken:
        broken.setattr("tools.apply_to_cluster.finish", away)
        assert converse(runtime, thread, "yes, approve").states[-1] == "failed"
    name = name_of(runtime, thread)
    assert runtime.cluster.get(*INFERENCE_SERVICE, name) is not None
    assert [c.approval.name for c in cut_off(runtime.database)] == [name]
    heard = converse(runtime, thread, "retry")
    assert heard.states[-1] == "basic_monitoring", heard.text
    assert [e.event for e in reversed(audited(runtime.database, 9, name))] == ["approved", "started", "done"]
    with runtime.database.connect() as connection:
        row = connection.execute(
            "SELECT status, applied_at IS NOT NULL AS dated FROM approvals WHERE name = %s", [name]
        ).fetchone()
    assert row == {"status": "applied", "dated": True}


def test_a_deletion_that_a_finalizer_holds_says_so_and_a_retry_finds_it_gone(
    runtime: Runtime, thread: str
) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "deploy the cheapest", "yes, approve")
    name = name_of(runtime, thread)
    services = runtime.cluster.connection.resource(*INFERENCE_SERVICE)

    def hold(finalizers: list[str] | None) -> None:
        body = {"metadata": {"name": name, "finalizers": finalizers}}
        services.patch(
            body=body,
            namespace="default",
            field_manager="somebody",
            content_type="application/merge-patch+json",
        )

    hold(["example.org/hold"])
    impatient = runtime.settings.model_copy(update={"ready_timeout_s": 1})
    runtime.settings = impatient
    heard = converse(runtime, thread, "delete it", "yes, approve")
    assert heard.states[-1] == "failed"
    assert "It is being deleted" in heard.text
    assert "example.org/hold" in heard.text
    assert "All replicas are ready" not in heard.text
    hold(None)
    heard = converse(runtime, thread, "retry")
    assert "is gone" in heard.text
    assert heard.checkpoint is None
