"""What is rendered is valid, stable, free of secrets; and what a bad bundle is told."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.catalogue import gpus, models, traffic_profiles, use_cases
from knowledge.errors import CompassError
from knowledge.estimator.memory import plan_memory
from tests.soak import examples
from tools.manifests import annotations
from tools.manifests.bundle import bundle_of
from tools.manifests.check import check_bundle
from tools.manifests.digests import ManifestFile, digest_of
from tools.manifests.export import exported, write
from tools.manifests.policy import TOKEN_LIKE
from tools.manifests.values import ManifestRequest, deployment_name, images_of
from tools.planning.memory import memory_of
from tools.planning.plan import Autoscaling, Predicted, PredictedLatency, Quality, Recommendation
from tools.render_manifest import render_manifest

KSERVE_NAME = r"[a-z]([-a-z0-9]*[a-z0-9])?"


def request(
    model: str = "meta-llama/Llama-3.1-8B-Instruct",
    gpu: str = "H100",
    count: int = 2,
    replicas: int = 3,
    thread: str = "t",
) -> ManifestRequest:
    latency = PredictedLatency(p50=1, p95=2, p99=3)
    return ManifestRequest(
        recommendation=Recommendation(
            rank=1,
            model_id=model,
            gpu_type=gpu,
            gpu_count=count,
            replicas=replicas,
            cost_usd_per_month=1,
            predicted=Predicted(ttft_ms=latency, itl_ms=latency, e2e_ms=latency),
            max_requests_per_second=10,
            meets_slo=True,
            simulated=True,
            provenance="estimated",
            price="1",
            gpus_billed=count * replicas,
            autoscaling=Autoscaling(min_replicas=1, max_replicas=replicas, cost_at_min_usd_per_month=1),
            pareto=True,
            quality=Quality(score=None, base_score=None, scores="", source="-"),
            memory=memory_of(model, gpu, count, traffic_profiles()[0]),
            estimate_error=None,
            score=1,
            reasons=[],
        ),
        traffic_profile=traffic_profiles()[0],
        slo_targets=use_cases()["chatbot_conversational"].slo_targets,
        peak_requests_per_second=5.0,
        use_case="chatbot_conversational",
        thread_id=thread,
        plan_id=thread,
        namespace="default",
    )


def service_of(bundle_files: list[ManifestFile]) -> dict:  # type: ignore[type-arg]
    return next(
        d for d in (yaml.safe_load(f.content) for f in bundle_files) if d["kind"] == "InferenceService"
    )


def test_the_monitor_names_the_port_as_the_container_does() -> None:
    """Operators before 2024 and Alloy know no `portNumber`."""
    documents = [
        yaml.safe_load(f.content)
        for f in render_manifest(request().model_copy(update={"monitoring": True})).files
    ]
    endpoints = next(d for d in documents if d["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"]
    ports = {p["name"]: p["containerPort"] for p in documents[-1]["spec"]["predictor"]["model"]["ports"]}
    assert [ports[e["port"]] for e in endpoints] == [8080]
    assert all("portNumber" not in e for e in endpoints)


def test_the_inference_service_says_what_was_planned() -> None:
    service = service_of(render_manifest(request()).files)
    predictor = service["spec"]["predictor"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (3, 3)
    assert predictor["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    assert predictor["model"]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert "--tensor-parallel-size=2" in predictor["model"]["args"]
    assert predictor["model"]["storageUri"] == "hf://meta-llama/Llama-3.1-8B-Instruct"
    notes = service["metadata"]["annotations"]
    assert json.loads(notes["compass.dev/targets"]) == {
        "ttft_p95_ms": 150.0,
        "itl_p95_ms": 25.0,
        "e2e_p95_ms": 7000.0,
    }
    assert json.loads(notes["compass.dev/predicted"])["provenance"] == "estimated"


def test_templates_write_the_names_that_everything_else_reads() -> None:
    written = {
        name
        for template in Path("templates").glob("*.j2")
        for name in re.findall(r"compass\.dev/\w+", template.read_text())
    }
    assert written == set(annotations.EVERY)


def test_the_digest_stands_in_the_object_that_it_digests() -> None:
    bundle = render_manifest(request())
    assert service_of(bundle.files)["metadata"]["annotations"]["compass.dev/digest"] == bundle.digest
    assert digest_of(bundle.files, "delete") != bundle.digest


def test_a_gated_model_takes_its_token_from_a_secret_and_others_none() -> None:
    """By the ServiceAccount: KServe doesn't show the model's own environment to the
    container that downloads.
    """

    def secrets(model: str) -> list[dict[str, str]] | None:
        bundle = render_manifest(request(model))
        assert "HF_TOKEN" not in [
            e["name"] for e in service_of(bundle.files)["spec"]["predictor"]["model"]["env"]
        ]
        account = yaml.safe_load(bundle.files[0].content)
        assert (account["kind"], bundle.problems) == ("ServiceAccount", [])
        found: list[dict[str, str]] | None = account.get("secrets")
        return found

    assert secrets("meta-llama/Llama-3.1-8B-Instruct") == [{"name": "hf-token"}]
    assert secrets("openai/gpt-oss-20b") is None


def test_amd_gpus_are_asked_for_by_their_own_name_and_image() -> None:
    predictor = service_of(render_manifest(request("openai/gpt-oss-20b", "MI300X")).files)["spec"][
        "predictor"
    ]
    assert predictor["model"]["resources"]["limits"]["amd.com/gpu"] == "2"
    assert "rocm" in predictor["model"]["image"]
    assert predictor["tolerations"][0]["key"] == "amd.com/gpu"


def test_a_large_model_is_given_time_to_load() -> None:
    def patience_s(model: str, gpu: str, count: int) -> int:
        probe = service_of(render_manifest(request(model, gpu, count)).files)["spec"]["predictor"]["model"][
            "startupProbe"
        ]
        return int(probe["periodSeconds"]) * int(probe["failureThreshold"])

    assert patience_s("openai/gpt-oss-20b", "H100", 1) == 1800
    assert patience_s("RedHatAI/Kimi-K2-Instruct-quantized.w4a16", "B200", 8) > 2400


def test_one_replica_is_replaced_without_a_gap_and_several_without_more_gpus() -> None:
    def strategy(replicas: int) -> tuple[int, int]:
        predictor = service_of(render_manifest(request(replicas=replicas)).files)["spec"]["predictor"]
        rolling = predictor["deploymentStrategy"]["rollingUpdate"]
        return rolling["maxSurge"], rolling["maxUnavailable"]

    assert strategy(1) == (1, 0)
    assert strategy(4) == (0, 1)


def test_with_prometheus_the_replicas_follow_the_load() -> None:
    wanted = request().model_copy(
        update={"prometheus": "http://prometheus:9090", "peak_requests_per_second": 3000.0}
    )
    bundle = render_manifest(wanted)
    service = service_of(bundle.files)
    assert bundle.problems == []
    assert service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "keda"
    assert (service["spec"]["predictor"]["minReplicas"], service["spec"]["predictor"]["maxReplicas"]) == (
        1,
        3,
    )
    external = service["spec"]["predictor"]["autoScaling"]["metrics"][0]["external"]
    # 1,000 requests/s on each of 3 replicas x 1 ms each = 1 in flight (Little's law)
    assert external["target"] == {"type": "Value", "value": "1"}
    assert 'namespace="default"' in external["metric"]["query"]
    # Its own pods: another deployment of the same model counts its requests itself.
    assert f'pod=~"{bundle.name}-predictor-.*"' in external["metric"]["query"]


def test_the_simulator_can_be_served_instead_without_gpus_or_tokens() -> None:
    bundle = render_manifest(request().model_copy(update={"simulator_image": "compass-simulator:0.1.0"}))
    predictor = service_of(bundle.files)["spec"]["predictor"]
    assert bundle.problems == []
    assert predictor["containers"][0]["image"] == "compass-simulator:0.1.0"
    assert "nvidia.com/gpu" not in bundle.files[-1].content
    assert not any("hf-token" in f.content or "HF_TOKEN" in f.content for f in bundle.files)


FITTING = [
    (model, gpu, count)
    for model in models()
    for gpu in gpus()
    for count in (1, 2, 4, 8)
    if plan_memory(models()[model], gpus()[gpu], count, 768).fits
]


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    configuration=st.sampled_from(FITTING),
    replicas=st.integers(1, 500),
    thread=st.text(min_size=1, max_size=100),
    monitoring=st.booleans(),
    prometheus=st.sampled_from([None, "http://prometheus.monitoring:9090"]),
    image=st.sampled_from([None, "compass-simulator:0.1.0"]),
)
def test_every_bundle_is_valid_stable_and_round_trips(
    configuration: tuple[str, str, int],
    replicas: int,
    thread: str,
    monitoring: bool,
    prometheus: str | None,
    image: str | None,
) -> None:
    more = {"monitoring": monitoring, "prometheus": prometheus, "simulator_image": image}
    wanted = request(*configuration, replicas, thread).model_copy(update=more)
    bundle = render_manifest(wanted)
    assert bundle.problems == []
    assert bundle == render_manifest(wanted)
    assert bundle.digest == digest_of(bundle.files)
    for file in bundle.files:
        document = yaml.load(file.content, yaml.CSafeLoader)
        assert yaml.load(yaml.dump(document, Dumper=yaml.CSafeDumper), yaml.CSafeLoader) == document
        assert document["metadata"]["annotations"]["compass.dev/thread"] == thread
        assert not TOKEN_LIKE.search(file.content)
        secrets_named = re.findall(r"(?i)(?:token|password|secret|key): *(\S+)", file.content)
        assert set(secrets_named) <= {
            "HF_TOKEN",
            "nvidia.com/gpu",
            "amd.com/gpu",
            "false",
        }  # automountServiceAccountToken: false


@given(st.data())
def test_changing_any_byte_changes_the_digest(data: st.DataObject) -> None:
    bundle = render_manifest(request())
    index = data.draw(st.integers(0, len(bundle.files) - 1))
    content = bundle.files[index].content
    at = data.draw(st.integers(0, len(content) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda c: c != content[at]))
    changed = list(bundle.files)
    changed[index] = ManifestFile(path=changed[index].path, content=content[:at] + letter + content[at + 1 :])
    assert digest_of(changed) != bundle.digest


def test_moving_text_between_files_changes_the_digest() -> None:
    one = [ManifestFile(path="a", content="xy"), ManifestFile(path="b", content="z")]
    other = [ManifestFile(path="a", content="x"), ManifestFile(path="b", content="yz")]
    assert digest_of(one) != digest_of(other)


def test_names_are_valid_distinct_and_stable() -> None:
    names = {deployment_name("chatbot_conversational", f"plan {n}") for n in range(200)}
    assert len(names) == 200
    for use_case in use_cases():
        assert re.fullmatch(KSERVE_NAME, deployment_name(use_case, "x"))
        assert len(deployment_name(use_case, "x")) <= 33
    assert deployment_name("chatbot_conversational", "x") == deployment_name("chatbot_conversational", "x")


def test_a_label_that_looks_like_a_number_stays_text() -> None:
    """About one conversation in a thousand has a hash that YAML would take for a number."""
    digests = ((n, hashlib.sha256(f"thread {n}".encode()).hexdigest()[:16]) for n in range(100_000))
    likely = ((n, digest) for n, digest in digests if set(digest) <= set("0123456789e"))
    numeric = [n for n, digest in likely if not isinstance(yaml.safe_load(digest), str)]
    assert len(numeric) > 5
    for n in numeric[:5]:
        bundle = render_manifest(request(thread=f"thread {n}"))
        assert bundle.problems == []
        for file in bundle.files:
            assert isinstance(
                yaml.safe_load(file.content)["metadata"]["labels"]["compass.dev/conversation"], str
            )


SOUND = render_manifest(request())


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("--tensor-parallel-size=2", "--tensor-parallel-size=4", "spec.predictor.model.args"),
        ("--max-model-len=131072", "--max-model-len=9999999", "spec.predictor.model.args"),
        ("--max-model-len=131072", "--max-model-len=0", "spec.predictor.model.args"),
        (r"\"itl_p95_ms\":2", r"\"itl_p95\":2", "metadata.annotations"),
        ("    minReplicas: 3", "    minReplicas: 9", "spec.predictor.minReplicas"),
        ("    minReplicas: 3", "    minReplicas: 0", "spec.predictor.minReplicas"),
        ("    minReplicas: 3", "    minReplicas: 1", "spec.predictor.maxReplicas"),
        ("    minReplicas: 3", "    minReplicas: three", "spec.predictor.minReplicas"),
        ("    minReplicas: 3", "    minReplica: 3", "spec.predictor.minReplica"),
        ("    minReplicas: 3", "    hostNetwork: true\n    minReplicas: 3", "spec.predictor.hostNetwork"),
        (
            "    minReplicas: 3",
            "    priorityClassName: system-cluster-critical\n    minReplicas: 3",
            "spec.predictor.priorityClassName",
        ),
        ("kind: InferenceService", "kind: ClusterRoleBinding", "kind"),
        ("  name: chatbot", "  name: 3.chatbot", "metadata.name"),
        ("  name: chatbot", "  name: " + "x" * 60, "metadata.name"),
        ("managed-by: compass", "managed-by: 13", "metadata.labels.app.kubernetes.io/managed-by"),
        (
            "deploymentMode: Standard",
            "deploymentMode: Serverless",
            "metadata.annotations.serving.kserve.io/deploymentMode",
        ),
        (
            "autoscalerClass: none",
            "autoscalerClass: magic",
            "metadata.annotations.serving.kserve.io/autoscalerClass",
        ),
        ("autoscalerClass: none", "autoscalerClass: keda", "spec.predictor.autoScaling"),
        ("image: vllm/vllm-openai:v0.24.0", "image: vllm/vllm-openai:latest", "spec.predictor.model.image"),
        ("image: vllm/vllm-openai:v0.24.0", "image: vllm/vllm-openai", "spec.predictor.model.image"),
        ("image: vllm/vllm-openai:v0.24.0", "image: evil.example/miner:1", "spec.predictor.model.image"),
        (
            "image: vllm/vllm-openai:v0.24.0",
            "image: evil.example/vllm/vllm-openai:v0.24.0",
            "spec.predictor.model.image",
        ),
        ("runtime: kserve-vllmserver", "runtime: my-own", "spec.predictor.model.runtime"),
        ("serviceAccountName: chatbot", "serviceAccountName: builder", "spec.predictor.serviceAccountName"),
        ("storageUri: hf://", "storageUri: http://", "spec.predictor.model.storageUri"),
        ("storageUri: hf://", "storageUri: oci://", "spec.predictor.model.storageUri"),
        (
            "        - name: USER\n          value: vllm",
            "        - name: USER\n          valueFrom: {secretKeyRef: {name: db-password, key: HF_TOKEN}}",
            "spec.predictor.model.env.1.valueFrom.secretKeyRef.name",
        ),
        ("storageUri: hf://", "storageUri: hf://hf_abcdefghijklmnopqrstuvwxyz/", "(whole file)"),
        (
            "        - name: USER\n          value: vllm",
            "        - name: API_KEY\n          value: vllm",
            "spec.predictor.model.env.API_KEY",
        ),
        ("        - name: USER", "        - name: HOME", "spec.predictor.model.env.HOME"),
        (
            '          memory: 31Gi\n          nvidia.com/gpu: "2"\n        limits',
            '          memory: 99Gi\n          nvidia.com/gpu: "2"\n        limits',
            "spec.predictor.model.resources.requests.memory",
        ),
        (
            '          memory: 31Gi\n          nvidia.com/gpu: "2"\n      volumeMounts',
            '          nvidia.com/gpu: "2"\n      volumeMounts',
            "spec.predictor.model.resources.limits.memory",
        ),
        ("memory: 31Gi", "memory: 31GB", "spec.predictor.model.resources.requests.memory"),
        (
            "allowPrivilegeEscalation: false",
            "privileged: true",
            "spec.predictor.model.securityContext.privileged",
        ),
        ("runAsNonRoot: true", "runAsNonRoot: false", "spec.predictor.securityContext.runAsNonRoot"),
        ("runAsUser: 1000", "runAsUser: 0", "spec.predictor.securityContext.runAsUser"),
        ("drop: [ALL]", "drop: [NET_RAW]", "spec.predictor.model.securityContext.capabilities.drop"),
        ("NVIDIA-H100-80GB-HBM3", "NVIDIA-H1000", "spec.predictor.nodeSelector"),
        ("NVIDIA-H100-80GB-HBM3", "NVIDIA-L4", "spec.predictor.model.args"),
        ("      - key: nvidia.com/gpu", "      - key: amd.com/gpu", "spec.predictor.tolerations"),
        ("maxUnavailable: 1", "maxUnavailable: 0", "spec.predictor.deploymentStrategy"),
        (
            "        - name: cache\n          mountPath",
            "        - name: nothing\n          mountPath",
            "spec.predictor.volumes",
        ),
    ],
)
def test_each_thing_that_a_reviewer_would_refuse_is_named(old: str, new: str, field: str) -> None:
    text = SOUND.files[-1].content
    if "H100" in old and "L4" in new:  # a model that an L4 has no room for
        text = text.replace("meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.3-70B-Instruct")
    assert old in text
    assert check_bundle([("service.yaml", SOUND.files[-1].content)]) == []
    found = check_bundle([("service.yaml", text.replace(old, new, 1))])
    assert any(p.field.startswith(field) for p in found), found


def test_the_network_policy_lets_nodes_in_and_names_be_looked_up_on_them() -> None:
    """The API server reads metrics from a node's address, and NodeLocal DNSCache answers
    on one: no selector matches either.
    """
    spec = yaml.safe_load(SOUND.files[1].content)["spec"]
    assert spec["ingress"] == [{"ports": [{"port": 8080, "protocol": "TCP"}]}]
    assert spec["egress"] == [
        {"ports": [{"port": 53, "protocol": p} for p in ("UDP", "TCP")]},
        {"ports": [{"port": 443, "protocol": "TCP"}]},
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "field"),
    [
        ("01-service-account.yaml", "name: hf-token", "name: db-password", "secrets.0.name"),
        (
            "02-network-policy.yaml",
            "inferenceservice: chatbot",
            "inferenceservice: other",
            "spec.podSelector.matchLabels",
        ),
        ("02-network-policy.yaml", "[Ingress, Egress]", "[Ingress]", "spec.policyTypes"),
        ("02-network-policy.yaml", "port: 443", "port: 22", "spec.egress"),
        ("02-network-policy.yaml", "port: 8080", "port: 22", "spec.ingress"),
        (
            "03-pod-disruption-budget.yaml",
            "inferenceservice: chatbot",
            "inferenceservice: other",
            "spec.selector.matchLabels",
        ),
        (
            "04-pod-monitor.yaml",
            "inferenceservice: chatbot",
            "inferenceservice: other",
            "spec.selector.matchLabels",
        ),
    ],
)
def test_what_goes_with_the_service_is_its_own_and_no_wider_than_rendered(
    file: str, old: str, new: str, field: str
) -> None:
    text = {
        f.path: f.content for f in render_manifest(request().model_copy(update={"monitoring": True})).files
    }[file]
    assert check_bundle([(file, text)]) == []
    assert old in text
    assert [p.field for p in check_bundle([(file, text.replace(old, new))])] == [field]


def test_a_bundle_is_whole_and_runs_only_what_is_rendered_here() -> None:
    for missing in SOUND.files:
        rest = [f for f in SOUND.files if f != missing]
        kind = yaml.safe_load(missing.content)["kind"]
        assert [(p.file, p.text) for p in bundle_of(rest, "x", "default", "x").problems] == [
            (kind, "must be among the files")
        ]
    simulated = render_manifest(
        request().model_copy(update={"simulator_image": "compass-simulator:0.1.0"})
    ).files
    assert [p.field for p in bundle_of(simulated, "x", "default", "x").problems] == [
        "spec.predictor.containers.image"
    ]
    assert (
        bundle_of(simulated, "x", "default", "x", images=images_of("compass-simulator:0.1.0")).problems == []
    )
    assert bundle_of(simulated, "x", "default", "x", images=None).problems == []


@pytest.mark.parametrize("count", ["0", "1.5", "2k"])
def test_gpus_are_counted_whole_and_from_one(count: str) -> None:
    """Both places say the same, and it can't be."""
    text = (
        SOUND.files[-1]
        .content.replace('gpu: "2"', f'gpu: "{count}"')
        .replace("parallel-size=2", f"parallel-size={count}")
    )
    found = [p.field for p in check_bundle([("service.yaml", text)])]
    assert any(f.startswith("spec.predictor.model.resources.limits") for f in found), found


def test_objects_of_different_deployments_make_no_bundle() -> None:
    other = render_manifest(request(thread="another"))
    mixed = [(f.path, f.content) for f in [*SOUND.files[:-1], other.files[-1]]]
    assert [p.field for p in check_bundle(mixed)] == ["metadata"]
    twice = [(f.path, f.content) for f in [*SOUND.files, SOUND.files[0]]]
    assert [p.text for p in check_bundle(twice)] == ["there is a ServiceAccount already"]


def _filled(text: str, values: dict[str, object]) -> str:
    """As Helm fills these templates in."""

    def value(match: re.Match[str]) -> str:
        found = values[match[1]]
        return json.dumps(str(found)) if match[2] else str(found)

    return re.sub(r"\{\{ \.Values\.(\w+)( \| quote)? \}\}", value, text).replace("{{ `{{` }}", "{{")


def test_a_chart_gives_the_approved_manifests_back_and_takes_other_values() -> None:
    files = exported(SOUND, "helm")
    values = yaml.safe_load(files["values.yaml"])
    for file in SOUND.files:
        assert _filled(files[f"templates/{file.path}"], values) == file.content
    more = _filled(files["templates/05-inference-service.yaml"], values | {"replicas": 7})
    assert yaml.safe_load(more)["spec"]["predictor"]["maxReplicas"] == 7
    assert check_bundle([("x", more)]) == []


def test_a_kustomization_names_every_file() -> None:
    files = exported(SOUND, "kustomize")
    assert yaml.safe_load(files["kustomization.yaml"])["resources"] == [f.path for f in SOUND.files]
    assert all(files[f.path] == f.content for f in SOUND.files)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="there is no kubectl on this machine")
@pytest.mark.parametrize("namespace", ["default", "12e4"])  # the second is a number for YAML 1.2
def test_kubectl_builds_the_kustomization(tmp_path: Path, namespace: str) -> None:
    write(SOUND.model_copy(update={"namespace": namespace}), tmp_path / "base", "kustomize")
    built = subprocess.run(
        ["kubectl", "kustomize", str(tmp_path / "base")], capture_output=True, text=True, check=True
    )
    assert {d["kind"] for d in yaml.safe_load_all(built.stdout)} == {
        yaml.safe_load(f.content)["kind"] for f in SOUND.files
    }


def test_a_folder_that_can_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CompassError, match="can't be written"):
        write(SOUND, tmp_path / "file", "yaml")


def test_what_is_not_yaml_is_a_problem_and_no_exception() -> None:
    assert check_bundle([("x.yaml", "a: [")])[0].text.startswith("is not YAML")
    assert check_bundle([("x.yaml", "just words")])[0].field == "kind"


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(30))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 2024-13-45", "is not YAML: month must be in 1..12"),
        ("a: !!timestamp soon", "is not YAML"),
        ("a: !!bool soon", "is not YAML"),
        ("a: !!int ''", "is not YAML"),
        ("a: 1\n---\nb: 2", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("a: " + "1" * 5000, "is not YAML"),
        ("[" * 100_000, "nested more than"),
        ("- " * 50_000, "nested more than"),
        ("kind: [a]", "must be one of"),
        ("kind: {a: b}", "must be one of"),
        ("kind: InferenceService\n1: 2", "keys should be strings"),
        (LAUGHS, "has an alias"),
        (f"kind: InferenceService\nmetadata: {{name: [{'abc, ' * 9000}]}}", "put it in quotes"),
    ],
)
def test_no_text_makes_the_check_fail_or_talk_without_end(text: str, words: str) -> None:
    found = check_bundle([("x.yaml", text)])
    assert any(words in p.text for p in found), found
    assert all(len(p.text) < 500 for p in found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "2k"'),
        ('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "0"'),
        ('nvidia.com/gpu: "2"', 'nvidia.com/gpu: "1.5"'),
        ("--max-model-len=131072", "--max-model-len=²"),
        ("--max-model-len=131072", "--max-model-len=" + "9" * 5000),
    ],
)
def test_no_figure_makes_the_check_fail(old: str, new: str) -> None:
    count = new.split('"')[1] if '"' in new else "2"
    text = (
        SOUND.files[-1]
        .content.replace(old, new)
        .replace("--tensor-parallel-size=2", f"--tensor-parallel-size={count}")
    )
    found = check_bundle([("service.yaml", text)])
    assert [p.field for p in found if "gpu" in p.field] == (
        ["spec.predictor.model.resources.limits.nvidia.com/gpu"] if count != "2" else []
    )
