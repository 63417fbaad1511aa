"""What is rendered is valid, stable, free of secrets; and what a bad bundle is told."""

import hashlib

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.catalogue import gpus, models, traffic_profiles, use_cases
from tools.manifest_check import KSERVE_NAME, check_bundle
from tools.planning.memory import memory_of
from tools.recommendation import Autoscaling, Predicted, PredictedLatency, Quality, Recommendation
from tools.render_manifest import ManifestFile, ManifestRequest, deployment_name, digest_of, render_manifest


def request(
    model: str = "meta-llama/Llama-3.1-8B-Instruct", gpu: str = "H100", count: int = 2, replicas: int = 3, thread: str = "t"
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
        use_case="chatbot_conversational",
        thread_id=thread,
        plan_id=thread,
        namespace="default",
    )


def service_of(bundle_files: list[ManifestFile]) -> dict:  # type: ignore[type-arg]
    return next(d for d in (yaml.safe_load(f.content) for f in bundle_files) if d["kind"] == "InferenceService")


def test_the_inference_service_says_what_was_planned() -> None:
    service = service_of(render_manifest(request()).files)
    predictor = service["spec"]["predictor"]
    assert service["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == "Standard"
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (3, 3)
    assert predictor["nodeSelector"] == {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3"}
    assert predictor["model"]["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert "--tensor-parallel-size=2" in predictor["model"]["args"]
    assert predictor["model"]["storageUri"] == "hf://meta-llama/Llama-3.1-8B-Instruct"


def test_a_gated_model_takes_its_token_from_a_secret_and_others_none() -> None:
    gated = service_of(render_manifest(request()).files)["spec"]["predictor"]["model"]
    assert gated["env"] == [{"name": "HF_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "HF_TOKEN"}}}]
    assert "env" not in service_of(render_manifest(request("openai/gpt-oss-20b")).files)["spec"]["predictor"]["model"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(list(models())),
    gpu=st.sampled_from(list(gpus())),
    count=st.sampled_from([1, 2, 4, 8]),
    replicas=st.integers(1, 500),
    thread=st.text(min_size=1, max_size=100),
)
def test_every_bundle_is_valid_stable_and_round_trips(model: str, gpu: str, count: int, replicas: int, thread: str) -> None:
    wanted = request(model, gpu, count, replicas, thread)
    bundle = render_manifest(wanted)
    assert bundle.problems == []
    assert bundle == render_manifest(wanted)
    assert bundle.digest == digest_of(bundle.files)
    for file in bundle.files:
        assert yaml.safe_load(yaml.safe_dump(yaml.safe_load(file.content))) == yaml.safe_load(file.content)


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
        assert KSERVE_NAME.match(deployment_name(use_case, "x"))
        assert len(deployment_name(use_case, "x")) <= 33
    assert deployment_name("chatbot_conversational", "x") == deployment_name("chatbot_conversational", "x")


def test_a_label_that_looks_like_a_number_stays_text() -> None:
    """About one conversation in a thousand has a hash that YAML would take for a number."""
    digests = ((n, hashlib.sha256(f"thread {n}".encode()).hexdigest()[:16]) for n in range(100_000))
    numeric = [n for n, digest in digests if not isinstance(yaml.safe_load(digest), str)][:5]
    assert numeric
    for n in numeric:
        bundle = render_manifest(request(thread=f"thread {n}"))
        assert bundle.problems == []
        for file in bundle.files:
            assert isinstance(yaml.safe_load(file.content)["metadata"]["labels"]["compass.dev/conversation"], str)


def test_each_thing_that_a_reviewer_would_refuse_is_named() -> None:
    text = service_text()
    for old, new, field in [
        ('nvidia.com/gpu: "2"\n        limits', 'nvidia.com/gpu: "2"\n        limit', "resources.limits.memory"),
        ("--tensor-parallel-size=2", "--tensor-parallel-size=4", "spec.predictor.model.args"),
        ("minReplicas: 3", "minReplicas: 9", "spec.predictor.minReplicas"),
        ("kind: InferenceService", "kind: ClusterRoleBinding", "kind"),
        ("name: chatbot", "name: 3.chatbot", "metadata.name"),
        ("managed-by: compass", "managed-by: 13", "metadata.labels.app.kubernetes.io/managed-by"),
        ("runtime: kserve-vllmserver", "image: vllm/vllm-openai:latest", "spec.predictor.model.image"),
        ("storageUri: hf://", "storageUri: hf_abcdefghijklmnopqrstuvwxyz//", "(whole file)"),
        ("    minReplicas", "    hostNetwork: true\n    minReplicas", "spec.predictor"),
    ]:
        assert old in text, old
        found = check_bundle([("service.yaml", text.replace(old, new, 1))])
        assert field in [p.field for p in found], (field, found)


def service_text() -> str:
    return render_manifest(request()).files[1].content


def test_what_is_not_yaml_is_a_problem_and_no_exception() -> None:
    assert check_bundle([("x.yaml", "a: [")])[0].text.startswith("is not YAML")
    assert check_bundle([("x.yaml", "just words")])[0].field == "kind"
