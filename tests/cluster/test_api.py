"""The API, as the official client sees it. Nothing here knows whether it talks to the
simulator or to a real server.
"""

import copy
import json
from typing import Any

import pytest
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError

from tests.cluster.conftest import Object
from tests.pace import patient

KSERVE = "serving.kserve.io/v1beta1"


class Kind:
    """One kind in one namespace, with plain dictionaries in and out."""

    def __init__(self, client: DynamicClient, api_version: str, kind: str, namespace: str) -> None:
        self.resource = client.resources.get(api_version=api_version, kind=kind)
        self.namespace = namespace

    def create(self, body: Object, **query: str) -> Object:
        return dict(
            self.resource.create(
                body=body, namespace=self.namespace, query_params=list(query.items())
            ).to_dict()
        )

    def get(self, name: str) -> Object:
        return dict(self.resource.get(name=name, namespace=self.namespace).to_dict())

    def names(self, **selectors: str) -> list[str]:
        return [
            i["metadata"]["name"]
            for i in self.resource.get(namespace=self.namespace, **selectors).to_dict()["items"]
        ]

    def apply(self, body: Object, manager: str = "compass", **more: Any) -> Object:
        found = self.resource.server_side_apply(
            body=body, name=body["metadata"]["name"], namespace=self.namespace, field_manager=manager, **more
        )
        return dict(found.to_dict())

    def patch(self, name: str, body: Any, content_type: str, **query: str) -> Object:
        found = self.resource.patch(
            body=body,
            name=name,
            namespace=self.namespace,
            content_type=content_type,
            query_params=list(query.items()),
        )
        return dict(found.to_dict())

    def replace(self, body: Object, **query: str) -> Object:
        return dict(
            self.resource.replace(
                body=body, namespace=self.namespace, query_params=list(query.items())
            ).to_dict()
        )

    def delete(self, name: str, **options: Any) -> None:
        self.resource.delete(name=name, namespace=self.namespace, **options)


def status_of(error: pytest.ExceptionInfo[DynamicApiError]) -> Object:
    """The Status body of an error."""
    body = error.value.body
    found: Object = json.loads(body.decode() if isinstance(body, bytes) else str(body))
    assert (found["kind"], found["status"], found["code"]) == ("Status", "Failure", error.value.status)
    return found


def config_map(name: str = "one", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"a": "1"}}


@pytest.fixture
def maps(client: DynamicClient, namespace: str) -> Kind:
    return Kind(client, "v1", "ConfigMap", namespace)


@pytest.fixture
def services(client: DynamicClient, namespace: str) -> Kind:
    return Kind(client, KSERVE, "InferenceService", namespace)


def test_a_life_of_an_object(maps: Kind) -> None:
    created = maps.create(config_map())
    meta = created["metadata"]
    assert meta["uid"]
    assert meta["resourceVersion"]
    assert meta["creationTimestamp"].endswith("Z")
    assert maps.get("one") == created
    assert "one" in maps.names()
    maps.delete("one")
    with pytest.raises(DynamicApiError) as error:
        maps.get("one")
    assert (error.value.status, status_of(error)["reason"]) == (404, "NotFound")
    assert status_of(error)["message"] == 'configmaps "one" not found'


def test_creating_twice_is_a_conflict(services: Kind, service: Object) -> None:
    services.create(service)
    with pytest.raises(DynamicApiError) as error:
        services.create(service)
    assert (error.value.status, status_of(error)["reason"]) == (409, "AlreadyExists")
    assert (
        status_of(error)["message"]
        == f'inferenceservices.serving.kserve.io "{service["metadata"]["name"]}" already exists'
    )


def test_selectors(maps: Kind) -> None:
    for name, tier in (("one", "gold"), ("two", "silver"), ("three", "")):
        body = config_map(name)
        body["metadata"]["labels"] = {"app": "x"} | ({"tier": tier} if tier else {})
        maps.create(body)
    for selector, expected in [
        ("app=x", {"one", "two", "three"}),
        ("tier=gold", {"one"}),
        ("app=x,tier!=gold", {"two", "three"}),
        ("tier in (gold, silver)", {"one", "two"}),
        ("app=x,tier notin (gold)", {"two", "three"}),
        ("tier", {"one", "two"}),
        ("app=x,!tier", {"three"}),
        ("app=y", set()),
    ]:
        assert set(maps.names(label_selector=selector)) == expected, selector
    assert maps.names(field_selector="metadata.name=two") == ["two"]
    for wrong in ({"field_selector": "data.a=1"}, {"label_selector": "a in ("}):
        with pytest.raises(DynamicApiError) as error:
            maps.names(**wrong)
        assert (error.value.status, status_of(error)["reason"]) == (400, "BadRequest")


def test_a_list_comes_in_pieces(client: DynamicClient, maps: Kind) -> None:
    for name in "abcde":
        maps.create(config_map(name))
    seen: list[str] = []
    token = ""
    for _ in range(10):
        found = maps.resource.get(
            namespace=maps.namespace, label_selector="", query_params=[("limit", "2"), ("continue", token)]
        ).to_dict()
        assert len(found["items"]) <= 2
        seen += [i["metadata"]["name"] for i in found["items"]]
        token = found["metadata"].get("continue") or ""
        if not token:
            break
    assert [n for n in seen if n in "abcde"] == list("abcde")


def test_a_strict_create_names_the_unknown_field(services: Kind, service: Object) -> None:
    service["spec"]["predictor"]["minReplica"] = 1
    with pytest.raises(DynamicApiError) as error:
        services.create(service, fieldValidation="Strict", dryRun="All")
    assert (error.value.status, status_of(error)["reason"]) == (400, "BadRequest")
    assert 'strict decoding error: unknown field "spec.predictor.minReplica"' in status_of(error)["message"]


def test_a_create_that_is_not_strict_drops_the_unknown_field(services: Kind, service: Object) -> None:
    service["spec"]["predictor"]["minReplica"] = 1
    assert "minReplica" not in services.create(service, fieldValidation="Ignore")["spec"]["predictor"]


def test_a_wrong_type_is_invalid(services: Kind, service: Object) -> None:
    service["spec"]["predictor"]["minReplicas"] = "two"
    with pytest.raises(DynamicApiError) as error:
        services.create(service, fieldValidation="Strict")
    assert (error.value.status, status_of(error)["reason"]) == (422, "Invalid")
    assert "spec.predictor.minReplicas" in status_of(error)["message"]


@pytest.mark.parametrize("change", [{"minReplica": 1}, {"minReplicas": "two"}])
def test_server_side_apply_answers_500_for_what_does_not_fit_the_schema(
    services: Kind, service: Object, change: Object
) -> None:
    service["spec"]["predictor"] |= change
    with pytest.raises(DynamicApiError) as error:
        services.apply(service)
    assert error.value.status == 500
    assert "failed to create typed patch object" in status_of(error)["message"]


def test_dry_runs_keep_nothing(services: Kind, service: Object) -> None:
    name = service["metadata"]["name"]
    assert services.apply(service, dry_run="All")["metadata"]["uid"]
    services.create(service, dryRun="All", fieldValidation="Strict")
    assert name not in services.names()
    services.apply(service)
    changed = copy.deepcopy(service)
    changed["spec"]["predictor"]["minReplicas"] = 1
    assert services.apply(changed, dry_run="All")["spec"]["predictor"]["minReplicas"] == 1
    assert services.get(name)["spec"]["predictor"]["minReplicas"] == 2
    services.delete(name, query_params=[("dryRun", "All")])
    assert name in services.names()


def test_apply_creates_once_and_changes_after(services: Kind, service: Object) -> None:
    first = services.apply(service)
    again = services.apply(service)
    assert first["metadata"]["uid"] == again["metadata"]["uid"]
    assert first["metadata"]["generation"] == again["metadata"]["generation"]
    changed = copy.deepcopy(service)
    changed["spec"]["predictor"]["minReplicas"] = 1
    assert services.apply(changed)["metadata"]["generation"] == first["metadata"]["generation"] + 1
    mine = [
        m
        for m in services.get(service["metadata"]["name"])["metadata"]["managedFields"]
        if m["manager"] == "compass"
    ]
    assert [(m["operation"], m["fieldsType"]) for m in mine] == [("Apply", "FieldsV1")]
    assert "f:minReplicas" in mine[0]["fieldsV1"]["f:spec"]["f:predictor"]


def test_applying_the_same_again_changes_no_version(maps: Kind) -> None:
    first = maps.apply(config_map())
    assert maps.apply(config_map())["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_what_is_no_longer_applied_goes(maps: Kind) -> None:
    body = config_map(a="1", b="2")
    body["metadata"]["labels"] = {"x": "1"}
    maps.apply(body)
    after = maps.apply(config_map(a="1"))
    assert after["data"] == {"a": "1"}
    assert not after["metadata"].get("labels")


def test_what_another_applied_stays(maps: Kind) -> None:
    maps.apply(config_map(a="1"))
    after = maps.apply(config_map(b="2"), manager="helm")
    assert after["data"] == {"a": "1", "b": "2"}
    assert maps.apply(config_map(c="3"))["data"] == {"b": "2", "c": "3"}


def test_a_field_of_another_is_a_conflict_that_names_both(services: Kind, service: Object) -> None:
    services.apply(service, manager="argocd-controller")
    changed = copy.deepcopy(service)
    changed["spec"]["predictor"]["minReplicas"] = 1
    with pytest.raises(DynamicApiError) as error:
        services.apply(changed)
    status = status_of(error)
    assert (error.value.status, status["reason"]) == (409, "Conflict")
    assert 'conflict with "argocd-controller"' in status["message"]
    assert [(c["reason"], c["field"]) for c in status["details"]["causes"]] == [
        ("FieldManagerConflict", ".spec.predictor.minReplicas")
    ]


def test_the_same_value_is_shared_and_no_conflict(maps: Kind) -> None:
    maps.apply(config_map(a="1"), manager="helm")
    after = maps.apply(config_map(a="1"))
    assert {m["manager"] for m in after["metadata"]["managedFields"]} == {"helm", "compass"}


def test_force_takes_the_field_over(maps: Kind) -> None:
    maps.apply(config_map(a="1", b="2"), manager="helm")
    after = maps.apply(config_map(a="9"), force_conflicts=True)
    assert after["data"] == {"a": "9", "b": "2"}
    theirs = next(m for m in after["metadata"]["managedFields"] if m["manager"] == "helm")
    assert theirs["fieldsV1"]["f:data"] == {"f:b": {}}
    with pytest.raises(DynamicApiError, match="409"):
        maps.apply(config_map(a="1", b="2"), manager="helm")


def test_a_plain_update_owns_what_it_changed(maps: Kind) -> None:
    maps.apply(config_map(a="1", b="2"))
    body = maps.get("one")
    body["data"]["a"] = "9"
    maps.replace(body, fieldManager="kubectl-edit")
    with pytest.raises(DynamicApiError) as error:
        maps.apply(config_map(a="1", b="2"))
    assert [c["field"] for c in status_of(error)["details"]["causes"]] == [".data.a"]
    assert 'conflict with "kubectl-edit"' in status_of(error)["message"]


def test_lists_with_keys_merge_item_by_item(client: DynamicClient, namespace: str) -> None:
    accounts = Kind(client, "v1", "ServiceAccount", namespace)
    head = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "one"}}
    accounts.apply(head | {"secrets": [{"name": "a"}]})
    both = accounts.apply(head | {"secrets": [{"name": "b"}]}, manager="helm")
    assert [s["name"] for s in both["secrets"]] == ["a", "b"]
    left = accounts.apply(head)
    assert [s["name"] for s in left["secrets"]] == ["b"]


def test_pull_secrets_of_an_account_are_one_value(client: DynamicClient, namespace: str) -> None:
    accounts = Kind(client, "v1", "ServiceAccount", namespace)
    head = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "one"}}
    accounts.apply(head | {"imagePullSecrets": [{"name": "a"}]})
    with pytest.raises(DynamicApiError) as error:
        accounts.apply(head | {"imagePullSecrets": [{"name": "b"}]}, manager="helm")
    assert [c["field"] for c in status_of(error)["details"]["causes"]] == [".imagePullSecrets"]
    patched = accounts.patch(
        "one", {"imagePullSecrets": [{"name": "b"}]}, "application/strategic-merge-patch+json"
    )
    assert patched["imagePullSecrets"] == [{"name": "b"}]


def test_patches_of_each_kind(client: DynamicClient, maps: Kind, services: Kind, service: Object) -> None:
    maps.create(config_map(a="1", b="2"))
    assert maps.patch("one", {"data": {"a": None, "c": "3"}}, "application/merge-patch+json")["data"] == {
        "b": "2",
        "c": "3",
    }
    assert (
        maps.patch(
            "one", [{"op": "replace", "path": "/data/b", "value": "9"}], "application/json-patch+json"
        )["data"]["b"]
        == "9"
    )
    assert maps.patch("one", {"data": {"d": "4"}}, "application/strategic-merge-patch+json")["data"] == {
        "b": "9",
        "c": "3",
        "d": "4",
    }
    accounts = Kind(client, "v1", "ServiceAccount", maps.namespace)
    accounts.create(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "one"},
            "secrets": [{"name": "a"}],
        }
    )
    merged = accounts.patch("one", {"secrets": [{"name": "b"}]}, "application/strategic-merge-patch+json")
    assert {s["name"] for s in merged["secrets"]} == {"a", "b"}
    gone = accounts.patch(
        "one", {"secrets": [{"name": "a", "$patch": "delete"}]}, "application/strategic-merge-patch+json"
    )
    assert [s["name"] for s in gone["secrets"]] == ["b"]
    services.create(service)
    with pytest.raises(DynamicApiError) as error:  # custom resources don't know it
        services.patch(service["metadata"]["name"], {"spec": {}}, "application/strategic-merge-patch+json")
    assert error.value.status == 415
    with pytest.raises(DynamicApiError) as error:
        maps.patch("one", [{"op": "test", "path": "/data/b", "value": "no"}], "application/json-patch+json")
    assert error.value.status == 422


def test_a_strict_patch_names_the_unknown_field(services: Kind, service: Object) -> None:
    services.create(service)
    patch = {"spec": {"predictor": {"minReplica": 1}}}
    with pytest.raises(DynamicApiError) as error:
        services.patch(
            service["metadata"]["name"], patch, "application/merge-patch+json", fieldValidation="Strict"
        )
    assert (error.value.status, status_of(error)["reason"]) == (422, "Invalid")
    assert "strict decoding error" in status_of(error)["message"]
    assert "minReplica" in status_of(error)["message"]


def test_an_old_version_can_not_be_written_back(maps: Kind) -> None:
    maps.create(config_map())
    old = maps.get("one")
    maps.patch("one", {"data": {"a": "2"}}, "application/merge-patch+json")
    old["data"]["a"] = "3"
    with pytest.raises(DynamicApiError) as error:
        maps.replace(old)
    assert (error.value.status, status_of(error)["reason"]) == (409, "Conflict")
    assert "the object has been modified" in status_of(error)["message"]


def test_status_and_specification_are_written_apart(
    client: DynamicClient, services: Kind, service: Object
) -> None:
    name = service["metadata"]["name"]
    before = services.apply(service | {"status": {"url": "http://sneaked.in"}})
    assert (before.get("status") or {}).get("url") != "http://sneaked.in"
    path = f"/apis/{KSERVE}/namespaces/{services.namespace}/inferenceservices/{name}/status"
    patch = {"status": {"address": {"url": "http://there"}}, "spec": {"predictor": {"minReplicas": 7}}}
    client.request("patch", path, body=patch, content_type="application/merge-patch+json")
    after = services.get(name)
    assert after["spec"]["predictor"]["minReplicas"] == 2
    assert after["metadata"]["generation"] == before["metadata"]["generation"]


def test_deletes_have_preconditions(maps: Kind) -> None:
    maps.create(config_map())
    with pytest.raises(DynamicApiError) as error:
        maps.delete("one", body={"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}})
    assert (error.value.status, status_of(error)["reason"]) == (409, "Conflict")
    maps.delete("one", body={"preconditions": {"uid": maps.get("one")["metadata"]["uid"]}})
    assert "one" not in maps.names()


def test_a_finalizer_holds_an_object_until_it_is_taken_off(maps: Kind) -> None:
    body = config_map()
    body["metadata"]["finalizers"] = ["compass.dev/hold"]
    maps.create(body)
    maps.delete("one")
    assert maps.get("one")["metadata"]["deletionTimestamp"]
    maps.patch("one", {"metadata": {"finalizers": None}}, "application/merge-patch+json")
    assert "one" not in maps.names()


def test_all_of_a_kind_can_be_deleted(maps: Kind) -> None:
    for name in "ab":
        body = config_map(name)
        body["metadata"]["labels"] = {"x": "1"}
        maps.create(body)
    maps.create(config_map("c"))
    maps.resource.delete(namespace=maps.namespace, label_selector="x=1")
    assert [n for n in maps.names() if n in "abc"] == ["c"]


def test_a_watch_tells_what_a_selector_sees(maps: Kind) -> None:
    start = maps.resource.get(namespace=maps.namespace).to_dict()["metadata"]["resourceVersion"]
    body = config_map()
    body["metadata"]["labels"] = {"x": "1"}
    maps.create(body)
    maps.create(config_map("unseen"))
    maps.patch("one", {"data": {"a": "2"}}, "application/merge-patch+json")
    maps.patch("one", {"metadata": {"labels": {"x": "2"}}}, "application/merge-patch+json")
    maps.patch("one", {"metadata": {"labels": {"x": "1"}}}, "application/merge-patch+json")
    maps.delete("one")
    seen = maps.resource.watch(
        namespace=maps.namespace, label_selector="x=1", resource_version=start, timeout=round(patient(2))
    )
    told = [(e["type"], e["raw_object"]["metadata"]["name"]) for e in seen]
    assert told == [(t, "one") for t in ("ADDED", "MODIFIED", "DELETED", "ADDED", "DELETED")]


def test_a_watch_from_nowhere_begins_with_what_there_is(maps: Kind) -> None:
    maps.create(config_map())
    events = maps.resource.watch(
        namespace=maps.namespace, field_selector="metadata.name=one", timeout=round(patient(1))
    )
    assert [(e["type"], e["raw_object"]["data"]) for e in events] == [("ADDED", {"a": "1"})]


def test_a_table_is_what_kubectl_prints(client: DynamicClient, services: Kind, service: Object) -> None:
    services.create(service)
    path = f"/apis/{KSERVE}/namespaces/{services.namespace}/inferenceservices"
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = client.request(
        "get", path, header_params={"Accept": accept}
    ).to_dict()  # with whatever token the kubeconfig has
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [c["name"] for c in table["columnDefinitions"]][:3] == ["Name", "URL", "Ready"]
    assert table["rows"][0]["cells"][0] == service["metadata"]["name"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_an_unknown_namespace_or_path_is_not_found(
    client: DynamicClient, services: Kind, service: Object
) -> None:
    nowhere = Kind(client, "v1", "ConfigMap", "compass-test-nowhere")
    with pytest.raises(DynamicApiError) as error:
        nowhere.create(config_map())
    assert status_of(error)["message"] == 'namespaces "compass-test-nowhere" not found'
    with pytest.raises(DynamicApiError) as error:
        client.request("get", "/apis/example.org/v1/things")
    assert error.value.status == 404


def test_body_and_path_must_agree(client: DynamicClient, maps: Kind) -> None:
    body = config_map()
    body["metadata"]["namespace"] = "another"
    with pytest.raises(DynamicApiError) as error:
        maps.create(body)
    assert (error.value.status, status_of(error)["reason"]) == (400, "BadRequest")
    with pytest.raises(DynamicApiError) as error:
        maps.create(config_map("Not_A_Name"))
    assert (error.value.status, status_of(error)["reason"]) == (422, "Invalid")


def test_who_may_do_what_can_be_asked(client: DynamicClient, namespace: str) -> None:
    reviews = client.resources.get(api_version="authorization.k8s.io/v1", kind="SelfSubjectAccessReview")
    attributes = {
        "verb": "get",
        "group": "serving.kserve.io",
        "resource": "inferenceservices",
        "namespace": namespace,
    }
    head = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    answer = reviews.create(body=head | {"spec": {"resourceAttributes": attributes}}).to_dict()
    assert answer["status"]["allowed"] is True
