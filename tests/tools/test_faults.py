"""Whichever call of an apply breaks: the cluster is as before or as approved, the audit
log says which, and it can be finished.
"""

import copy
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests.pace import at_some_pace
from tests.soak import sample
from tests.tools.faulty import FAULTS, Fault, FaultyProxy, faulty_proxy
from tests.tools.test_manifests import request
from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
from tools.clusters.cluster import Cluster
from tools.clusters.simulated import simulator_address
from tools.clusters.writer import Writer
from tools.deploying.approvals import ApprovalRequest, record_approval
from tools.deploying.audit import audited
from tools.deploying.live import drift, stripped
from tools.deploying.revisions import deletion_of
from tools.deploying.transaction import Incomplete, Undone
from tools.manifests.bundle import ManifestBundle
from tools.manifests.digests import Action
from tools.render_manifest import render_manifest

Object = dict[str, Any]
State = list[Object | None]


class Killed(BaseException):
    """The process ends here: nothing that catches errors sees it."""


class Bench:
    """Applies bundles through the faulty proxy, and looks at what came of it without it."""

    def __init__(self, proxy: FaultyProxy, through: Cluster, direct: Cluster, database: Database) -> None:
        self.proxy, self.through, self.direct, self.database = proxy, through, direct, database
        self._pauses = 0

    def approve(self, bundle: ManifestBundle) -> str:
        self._pauses += 1
        wanted = ApprovalRequest(
            thread_id="faults",
            interrupt_id=str(self._pauses),
            digest=bundle.digest,
            cluster=self.through.target,
            namespace="default",
            actor="me",
            action=bundle.action,
            name=bundle.name,
            files=bundle.files,
        )
        return record_approval(wanted, self.database)

    def apply(self, bundle: ManifestBundle, approval: str) -> None:
        action: Action = bundle.action
        apply_to_cluster(
            ApplyRequest(approval_id=approval, files=bundle.files, action=action),
            self.database,
            Writer(self.through),
        )

    def state(self, bundle: ManifestBundle) -> State:
        found = [
            self.direct.get(d["apiVersion"], d["kind"], d["metadata"]["name"]) for d in documents(bundle)
        ]
        return [stripped(o) if o else None for o in found]

    def approved(self, bundle: ManifestBundle) -> bool:
        """Whether every object is as the bundle says."""
        state = self.state(bundle)
        if bundle.action == "delete":
            return state == [None] * len(state)
        return all(o is not None and drift(d, o) == [] for d, o in zip(documents(bundle), state, strict=True))

    def forget(self, bundle: ManifestBundle) -> None:
        """Its pods are of no interest, and would only keep the simulator busy."""
        what = ("serving.kserve.io/v1beta1", "InferenceService", bundle.name)
        service = self.direct.get(*what)
        if service is not None:
            Writer(self.direct).delete(*what, service["metadata"]["uid"])

    def outcome(self, bundle: ManifestBundle) -> str:
        return audited(self.database, 1, bundle.name)[0].event


def documents(bundle: ManifestBundle) -> list[Object]:
    return [yaml.safe_load(f.content) for f in bundle.files]


@pytest.fixture
def bench(
    settings: Settings, database: Database, shared_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    monkeypatch.setattr("tools.clusters.connection.BACK_OFF_S", 0.01)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    with faulty_proxy(simulator_address(shared_home), tmp_path / "kubeconfig") as proxy:
        through = Cluster(settings.model_copy(update={"cluster": "context:simulated"}))
        yield Bench(proxy, through, Cluster(settings), database)


@pytest.fixture
def bundles(thread: str) -> Callable[[int], ManifestBundle]:
    """A new deployment each time, with so many replicas."""
    made = iter(range(10_000))

    def bundle(replicas: int) -> ManifestBundle:
        return render_manifest(request("openai/gpt-oss-20b", "MI300X", 1, replicas, f"{thread}-{next(made)}"))

    return bundle


def changed(bundle: ManifestBundle) -> ManifestBundle:
    """The same deployment with a replica more and two GPUs each."""
    plan = documents(bundle)[-1]["metadata"]["annotations"]["compass.dev/thread"]
    return render_manifest(request("openai/gpt-oss-20b", "MI300X", 2, 2, plan))


def at_each_pace(fault: Fault, check: Callable[[], None]) -> None:
    """Where the fault is an answer that doesn't come, the client waits as long as the pace has it; else it is
    in no hurry, so that a busy machine adds no fault of its own.
    """

    def at(pace: float) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("tools.clusters.connection.REQUEST_TIMEOUT_S", 0.4 * pace)
            try:
                check()
            except CompassError as error:  # the next attempt met one too
                raise AssertionError(str(error)) from error

    at_some_pace(at) if fault == "timeout" else check()


def calls_of(bench: Bench, bundle: ManifestBundle) -> int:
    bench.proxy.arm("reset", lambda *_: False)
    bench.apply(bundle, bench.approve(bundle))
    bench.proxy.disarm()
    return bench.proxy.count


def spoil_once(bench: Bench, bundle: ManifestBundle, fault: Fault, at: int) -> None:
    """One fault at one call; then the cluster and the audit log must agree, and the
    next attempt must finish.
    """
    before = bench.state(bundle)
    bench.proxy.arm(fault, lambda number, method, path: number == at)
    try:
        bench.apply(bundle, bench.approve(bundle))
        failed = None
    except CompassError as error:
        failed = error
    finally:
        bench.proxy.disarm()
    where = f"{fault} at call {at}: {failed}"
    outcome = bench.outcome(bundle)
    if failed is None:
        assert bench.approved(bundle), where
        assert outcome == "done", where
        return
    assert not isinstance(failed, Incomplete), where
    if outcome == "done":  # only the answer to the last look was lost
        assert bench.approved(bundle), where
    else:
        assert outcome in ("undone", "refused", "approved"), where
        assert bench.state(bundle) == before, where
    bench.apply(bundle, bench.approve(bundle))
    assert bench.approved(bundle), where
    assert bench.outcome(bundle) == "done", where
    bench.forget(bundle)


@pytest.mark.parametrize("fault", sample(FAULTS, 4))
def test_one_fault_at_each_call_of_a_first_apply(
    bench: Bench, bundles: Callable[[int], ManifestBundle], fault: Fault
) -> None:
    for at in range(1, calls_of(bench, bundles(1)) + 1):
        at_each_pace(fault, lambda at=at: spoil_once(bench, bundles(1), fault, at))  # type: ignore[misc]


@pytest.mark.parametrize("fault", sample(["reset after", "500", "403"], 1))
def test_one_fault_at_each_call_of_a_change(
    bench: Bench, bundles: Callable[[int], ManifestBundle], fault: Fault
) -> None:
    first = bundles(1)
    bench.apply(first, bench.approve(first))
    for at in range(1, calls_of(bench, changed(first)) + 1):
        bench.apply(first, bench.approve(first))
        spoil_once(bench, changed(first), fault, at)


@pytest.mark.parametrize("fault", sample(["reset", "reset after", "403"], 1))
def test_one_fault_at_each_call_of_a_deletion(
    bench: Bench, bundles: Callable[[int], ManifestBundle], fault: Fault
) -> None:
    first = bundles(1)
    bench.apply(first, bench.approve(first))
    for at in range(1, calls_of(bench, deletion_of(first)) + 1):
        bench.apply(first, bench.approve(first))
        spoil_once(bench, deletion_of(first), fault, at)


@pytest.mark.parametrize("fault", sample(["reset", "500", "403", "429"], 2))
@pytest.mark.parametrize("new", [True, False])
def test_when_a_kind_can_no_longer_be_written_all_is_put_back(
    bench: Bench, bundles: Callable[[int], ManifestBundle], fault: Fault, new: bool
) -> None:
    """The fault stays: every write of that kind fails, however often it is tried."""
    for plural in ("networkpolicies", "poddisruptionbudgets", "inferenceservices"):
        bundle = bundles(1)
        if not new:
            bench.apply(bundle, bench.approve(bundle))
            bundle = changed(bundle)
        before = bench.state(bundle)

        def spoils(number: int, method: str, path: str, plural: str = plural) -> bool:
            return method == "PATCH" and plural in path and "dryRun" not in path

        bench.proxy.arm(fault, spoils)
        with pytest.raises(Undone if new or plural != "networkpolicies" else CompassError):
            bench.apply(bundle, bench.approve(bundle))
        bench.proxy.disarm()
        assert bench.state(bundle) == before
        assert bench.outcome(bundle) in ("undone", "refused")


@pytest.mark.parametrize("fault", sample(["timeout", "409", "reset after", "500 after"], 2))
@pytest.mark.parametrize("new", [True, False])
def test_when_the_last_object_fails_at_every_attempt_all_is_put_back(
    bench: Bench, bundles: Callable[[int], ManifestBundle], fault: Fault, new: bool
) -> None:
    """Also where each attempt arrives and only its answer is lost, that of the undoing as well."""

    def check() -> None:
        bundle = bundles(1)
        if not new:
            bench.apply(bundle, bench.approve(bundle))
            bundle = changed(bundle)
        before = bench.state(bundle)
        bench.proxy.arm(
            fault,
            lambda number, method, path: (
                method == "PATCH" and "inferenceservices" in path and "dryRun" not in path
            ),
        )
        with pytest.raises(Undone) as error:
            bench.apply(bundle, bench.approve(bundle))
        bench.proxy.disarm()
        assert "InferenceService" in str(error.value)
        assert bench.state(bundle) == before
        assert bench.outcome(bundle) == "undone"

    at_each_pace(fault, check)


def test_when_nothing_can_be_written_any_more_each_object_is_named_and_the_same_approval_finishes(
    bench: Bench, bundles: Callable[[int], ManifestBundle]
) -> None:
    bundle = bundles(1)
    approval = bench.approve(bundle)
    writes = 0

    def spoils(number: int, method: str, path: str) -> bool:
        nonlocal writes
        writes += method in ("PATCH", "DELETE", "PUT") and "dryRun" not in path
        return writes > 2

    bench.proxy.arm("500", spoils)
    with pytest.raises(Incomplete) as error:
        bench.apply(bundle, approval)
    bench.proxy.disarm()
    assert "ServiceAccount" in str(error.value)
    assert "NetworkPolicy" in str(error.value)
    assert bench.outcome(bundle) == "incomplete"
    bench.apply(bundle, approval)
    assert bench.approved(bundle)
    assert bench.outcome(bundle) == "done"


@pytest.mark.parametrize("new", [True, False])
def test_killed_at_each_call_the_same_approval_finishes(
    bench: Bench, bundles: Callable[[int], ManifestBundle], new: bool
) -> None:
    for at in itertools.count(1):
        bundle = bundles(1)
        if not new:
            bench.apply(bundle, bench.approve(bundle))
            bundle = changed(bundle)
        approval = bench.approve(bundle)
        rest = bench.through.connection.client().client.rest_client
        real, seen = rest.request, 0

        def dying(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == at:  # noqa: B023 - used within this turn of the loop
                raise Killed
            return real(*args, **kwargs)  # noqa: B023

        rest.request = dying
        try:
            bench.apply(bundle, approval)
            break  # it makes fewer calls than that
        except Killed:
            pass
        finally:
            rest.request = real
        bench.apply(bundle, approval)
        assert bench.approved(bundle), at
        assert bench.outcome(bundle) == "done", at
        bench.forget(bundle)
    assert at > 15


def test_killed_and_then_refused_it_goes_back_to_what_was_there_first(
    bench: Bench, bundles: Callable[[int], ManifestBundle]
) -> None:
    """The first attempt dies half way; the second finds that it may no longer: the half is undone."""
    first = bundles(1)
    bench.apply(first, bench.approve(first))
    before = bench.state(first)
    second = changed(first)
    approval = bench.approve(second)
    client = bench.through.connection.client()
    real, writes = client.client.rest_client.request, 0

    def dying(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        nonlocal writes
        answer = real(method, url, *args, **kwargs)
        if method == "PATCH" and "dryRun" not in url:
            writes += 1
            if writes == 4:
                raise Killed
        return answer

    client.client.rest_client.request = dying
    with pytest.raises(Killed):
        bench.apply(second, approval)
    client.client.rest_client.request = real
    assert bench.state(first) != before
    bench.proxy.arm("403", lambda number, method, path: method == "PATCH" and "dryRun" in path)
    with pytest.raises(Undone):
        bench.apply(second, approval)
    bench.proxy.disarm()
    assert copy.deepcopy(bench.state(first)) == before
    assert bench.outcome(second) == "undone"
