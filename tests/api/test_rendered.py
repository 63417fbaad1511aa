"""Nothing is deployed over the API but what this server rendered, for this person, lately."""

import copy
from typing import Any

import httpx
import pytest

from tests.api.conftest import Api
from tests.api.test_api import NEED, planned, problem, to_delete, to_deploy
from tests.talking import deployed
from tests.tools.test_form import HOSTILE
from tools.deploying.rendered import MOST_KEPT
from tools.manifests.digests import ManifestFile, digest_of

NOT_OURS = "POST /api/v1/manifests renders what may be deployed"


def approving(wanted: dict[str, Any], files: list[dict[str, str]]) -> dict[str, Any]:
    """These files, with their own digest: approved by whoever sends them."""
    return wanted | {"files": files, "approve": digest_of([ManifestFile(**f) for f in files])}


def sent(client: httpx.Client, body: dict[str, Any], key: str = "k") -> httpx.Response:
    return client.post("/deployments", json=body, headers={"Idempotency-Key": key})


def test_files_of_somebody_elses_making_are_refused_whatever_they_hold(api: Api) -> None:
    before = deployed(api.runtime.cluster)
    with api.client() as client:
        wanted = to_deploy(planned(client))
        service = wanted["files"][-1]
        # A line that no file of ours has, where each of these would stand in this one.
        hostile = [
            service["content"].replace("spec:\n", f"    {new.strip().splitlines()[0]}\nspec:\n", 1)
            for _, new in HOSTILE.values()
            if new
        ]
        hostile += [
            service["content"].replace("vllm/vllm-openai", "evil.example/miner"),
            service["content"] + "# more\n",
        ]
        for n, content in enumerate(hostile):
            body = approving(wanted, [*wanted["files"][:-1], service | {"content": content}])
            assert NOT_OURS in problem(sent(client, body, f"a{n}"), 404)
        assert NOT_OURS in problem(sent(client, approving(wanted, wanted["files"][-1:]), "less"), 404)
        assert NOT_OURS in problem(
            sent(client, wanted | {"files": [], "approve": f"sha256:{'0' * 64}"}, "none"), 404
        )
        for n, path in enumerate(
            ["/tmp/x.yaml", "../../x.yaml", "authorized_keys", "a/b.yaml", "C:x.yaml", "x.yaml\n", ""]
        ):
            body = approving(wanted, [*wanted["files"], {"path": path, "content": "evil\n"}])
            assert "path" in problem(sent(client, body, f"b{n}"), 422)
    assert deployed(api.runtime.cluster) == before
    with api.runtime.database.connect() as connection:
        assert connection.execute("SELECT count(*) AS n FROM approvals").fetchone() == {"n": 0}


def test_a_digest_alone_is_enough_and_another_users_is_as_unknown_as_none(api: Api) -> None:
    with api.client("ann") as ann, api.client("bob") as bob:
        manifests = planned(ann)
        body = {"approve": manifests["bundle"]["digest"], "live": manifests["review"]["live"]}
        assert NOT_OURS in problem(sent(bob, body), 404)
        assert NOT_OURS in problem(sent(bob, to_deploy(manifests)), 404)
        done = sent(ann, body).raise_for_status().json()
        assert done["name"] in deployed(api.runtime.cluster)
        ann.request(
            "DELETE",
            f"/deployments/{done['name']}",
            json=to_delete(ann, done["name"]),
            headers={"Idempotency-Key": "x"},
        )


def test_what_was_rendered_is_kept_for_a_day_and_not_without_end(api: Api) -> None:
    with api.client() as client:
        first = to_deploy(planned(client))
        with api.runtime.database.connect() as connection:
            row = "cluster, namespace, name, model_id, files, rendered_at + n * interval '1 second'"
            connection.execute(
                "INSERT INTO rendered (owner, digest, cluster, namespace, name, model_id, files,"
                f" rendered_at) SELECT 'ann', 'sha256:' || lpad(to_hex(n), 64, '0'), {row} FROM rendered,"
                " generate_series(1, %s) n",
                [MOST_KEPT + 20],
            )
        planned(client, "another")
        assert NOT_OURS in problem(sent(client, first), 404)
        with api.runtime.database.connect() as connection:
            assert connection.execute("SELECT count(*) AS n FROM rendered").fetchone() == {"n": MOST_KEPT}
            connection.execute("UPDATE rendered SET rendered_at = now() - interval '25 hours'")
        again = to_deploy(planned(client, "one more"))
        with api.runtime.database.connect() as connection:
            assert connection.execute("SELECT count(*) AS n FROM rendered").fetchone() == {"n": 1}
            connection.execute("UPDATE rendered SET rendered_at = now() - interval '25 hours'")
        assert NOT_OURS in problem(sent(client, again), 404)


@pytest.mark.parametrize(
    ("field", "value"), [("replicas", 10**9), ("replicas", 10_001), ("gpu_count", 10**6), ("gpu_count", 3)]
)
def test_figures_that_no_plan_can_have_are_refused(api: Api, field: str, value: int) -> None:
    with api.client() as client:
        read = client.post("/intents", json=NEED).raise_for_status().json()
        specification = client.post("/specifications", json=read).raise_for_status().json()
        plan = (
            client.post("/recommendations", json={"specification": specification, "limit": 1})
            .raise_for_status()
            .json()
        )
        chosen = copy.deepcopy(plan["recommendations"][0]) | {field: value}
        body = {"specification": specification, "recommendation": chosen, "name": "mine"}
        said = problem(client.post("/manifests", json=body), 422)
    assert f"{value:,}" in said
    assert "plan" in said
