"""What pods that don't come up are said to suffer from: by their states, and by the first
cause in logs of vLLM's and KServe's shape.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cluster.engine_logs import engine_log
from tests.present import present
from tools.deploying.causes import LOGS
from tools.deploying.diagnosis import Diagnosis, Signs, diagnose
from tools.deploying.log import first_cause

MAIN = "kserve-container"
INIT = "storage-initializer"
Object = dict[str, Any]


def pod(status: Object, name: str = "p", age_s: float = 60.0, **spec: Any) -> Object:
    created = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    return {"metadata": {"name": name, "creationTimestamp": created}, "spec": spec, "status": status}


def ended(
    name: str, reason: str = "Error", code: int = 1, state: str = "lastState", restarts: int = 0, **more: Any
) -> Object:
    return {
        "name": name,
        "ready": False,
        "restartCount": restarts,
        state: {"terminated": {"exitCode": code, "reason": reason} | more},
    }


def waits(name: str, reason: str, message: str) -> Object:
    return {
        "name": name,
        "image": "vllm/vllm-openai:v9",
        "ready": False,
        "state": {"waiting": {"reason": reason, "message": message}},
    }


def found(*pods: Object, log: str = "", events: list[Object] | None = None) -> Diagnosis:
    return present(diagnose(Signs(list(pods), [], events or [], lambda *_: log)))


def crashed(log: str) -> Diagnosis:
    return found(pod({"containerStatuses": [ended(MAIN)]}), log=log)


@pytest.mark.parametrize(
    ("restarts", "state", "repeated"), [(0, "state", False), (1, "lastState", False), (2, "lastState", True)]
)
def test_a_crash_is_said_to_come_again_when_it_did(restarts: int, state: str, repeated: bool) -> None:
    cause = found(
        pod({"containerStatuses": [ended(MAIN, code=3, state=state, restarts=restarts)]}),
        log="RuntimeError: no",
    ).cause
    assert "exit code 3" in cause
    assert "RuntimeError: no" in cause
    assert ("again and again" in cause) == repeated


def test_the_log_that_is_read_is_that_of_what_ended() -> None:
    """What ended and wasn't started anew yet wrote the current log; else it is the previous one."""
    asked: list[bool] = []

    def log(_pod: str, _container: str, anew: bool) -> str:
        asked.append(anew)
        return "x"

    for state in ("state", "lastState"):
        diagnose(Signs([pod({"containerStatuses": [ended(MAIN, state=state)]})], [], [], log))
    assert asked == [False, True]


ENGINE = [
    (
        (
            "ValueError: To serve at least one request with the model's max seq len (131072), (16.00 GiB KV"
            " cache is needed, which is larger than the available KV cache memory (9.31 GiB). Try increasing"
            " `gpu_memory_utilization` or decreasing `max_model_len`."
        ),
        "gpu_out_of_memory",
        "smaller context window",
    ),
    (
        (
            "ValueError: Free memory on device cuda:0 (31.44/79.19 GiB) on startup is less than desired GPU"
            " memory utilization (0.9, 71 GiB)."
        ),
        "gpu_busy",
        "aren't shared",
    ),
    (
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`.",
        "gpu_out_of_memory",
        "more or larger",
    ),
    (
        (
            "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.96 GiB. GPU 0 has a total"
            " capacity of 21.9 GiB"
        ),
        "gpu_out_of_memory",
        "bits",
    ),
    ("torch.OutOfMemoryError: HIP out of memory. Tried to allocate 2.00 GiB.", "gpu_out_of_memory", "bits"),
    (
        (
            "torch.AcceleratorError: CUDA error: no kernel image is available for execution on the"
            " device\nCUDA kernel errors might be late"
        ),
        "gpu_unsupported",
        "another GPU type",
    ),
    (
        (
            "ValueError: The quantization method fp8 is not supported for the current GPU. Minimum"
            " capability: 89. Current: 80."
        ),
        "gpu_unsupported",
        "format",
    ),
    (
        "RuntimeError: The NVIDIA driver on your system is too old (found version 12040).",
        "gpu_driver",
        "brought up to date",
    ),
    (
        (
            "pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, The checkpoint"
            " you are trying to load has model type `newest` but Transformers does not recognize this"
            " architecture. [type=value_error, input_value=ArgsKwargs(())]"
        ),
        "unsupported_model",
        "Choose another model",
    ),
    (
        "ValueError: Model architectures ['NewForCausalLM'] are not supported for now.",
        "unsupported_model",
        "Choose another model",
    ),
    (
        (
            "pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, The repository"
            " x/y contains custom code which must be executed to load the model. Please pass the argument"
            " `trust_remote_code=True`. [type=value_error]"
        ),
        "custom_code",
        "Choose another model",
    ),
    (
        "ValueError: Total number of attention heads (40) must be divisible by tensor parallel size (16).",
        "wrong_arguments",
        "number of GPUs",
    ),
    (
        (
            "safetensors_rust.SafetensorError: Error while deserializing header: incomplete metadata, file"
            " not fully covered"
        ),
        "broken_weights",
        "again",
    ),
    (
        "OSError: [Errno 28] No space left on device: '/cache/vllm/torch_compile_cache'",
        "disk_full",
        "larger disks",
    ),
    (
        "RuntimeError: NCCL error: unhandled system error (run with NCCL_DEBUG=INFO for details)",
        "gpu_connection",
        "one GPU per replica",
    ),
    (
        "RuntimeError: Failed to find C compiler. Please specify via CC environment variable.",
        "crash",
        "previous revision",
    ),
]


@pytest.mark.parametrize(("error", "failure", "remedy"), ENGINE)
def test_the_engines_first_error_is_the_cause_and_not_what_follows_from_it(
    error: str, failure: str, remedy: str
) -> None:
    log = "\n".join(engine_log(error))
    assert error.split("\n")[0] not in "\n".join(log.splitlines()[-10:])  # the last lines alone don't have it
    diagnosis = crashed(log)
    assert (diagnosis.failure, remedy in diagnosis.remedy) == (failure, True), diagnosis
    assert "root cause" not in diagnosis.cause
    assert "manifest" not in diagnosis.remedy
    words = error.split("Value error, ")[-1].split(" [type")[0].split("\n")[0]
    assert words[:200] in diagnosis.cause


def test_of_several_workers_and_a_nested_cause_the_innermost_is_said() -> None:
    """A worker's traceback, with a cause of its own, stands before the engine's."""
    worker = "(Worker_TP{} pid=30{}) ERROR 11-02 10:00:13 [multiproc_executor.py:597] "
    lines = [
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3.12/site-packages/x.py", line 3, in load',
        "KeyError: 'model.layers.0.qkv'",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3.12/site-packages/y.py", line 9, in init',
        "RuntimeError: Worker failed with error 'model.layers.0.qkv'",
    ]
    workers = [f"{worker.format(n, n)}{line}" for n in range(2) for line in lines]
    engine = "\n".join(
        engine_log(
            "Exception: WorkerProc initialization failed due to an exception in a background process. See"
            " stack trace"
        )
    )
    diagnosis = crashed("\n".join([*workers, engine]))
    assert "KeyError: 'model.layers.0.qkv'" in diagnosis.cause


def test_what_only_warned_or_was_caught_is_no_cause() -> None:
    log = "\n".join(
        [
            (
                "(EngineCore_DP0 pid=1) WARNING 11-02 10:00:00 [x.py:1] OSError: [Errno 28] No space left on"
                " device (retried)"
            ),
            "(EngineCore_DP0 pid=1) INFO 11-02 10:00:00 [x.py:1] ImportError: no flash_attn, using another",
            (
                "INFO 11-02 10:00:00 [weights.py:1] found 401 safetensors files from the hub at"
                " https://huggingface.co/x"
            ),
            *engine_log("RuntimeError: the real one"),
        ]
    )
    assert "the real one" in crashed(log).cause


HUB = "https://huggingface.co/meta-llama/Llama-3.1-8B-Instruct/resolve/main/config.json"


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        (f"requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: {HUB}", "hub_refused"),
        (f"httpx.HTTPStatusError: Client error '403 Forbidden' for url '{HUB}'", "hub_refused"),
        (
            (
                "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: x)\n\nCannot access"
                " gated repo for url x."
            ),
            "hub_refused",
        ),
        (
            (
                "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url:"
                f" {HUB}\n\n{'x' * 9}\nhuggingface_hub.errors.RepositoryNotFoundError: 401 Client"
                " Error.\n\nRepository Not Found for url: x"
            ),
            "model_not_found",
        ),
        (
            (
                "huggingface_hub.errors.LocalEntryNotFoundError: couldn't connect to https://huggingface.co"
                " to load the files"
            ),
            "hub_unreachable",
        ),
        (
            f"requests.exceptions.HTTPError: 429 Client Error: Too Many Requests for url: {HUB}",
            "hub_unreachable",
        ),
        ("OSError: [Errno 28] No space left on device", "disk_full"),
        (
            (
                "2026-11-02 10:00:00.123 1 kserve ERROR [initializer-entrypoint:31] x\nRuntimeError: found"
                " 401 safetensors files from the hub"
            ),
            "crash",
        ),
        ("ValueError: 403 tokens of the hub's repo", "crash"),
        (
            (
                "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url:"
                " https://example.org/metrics"
            ),
            "crash",
        ),
    ],
)
def test_a_download_that_fails_is_told_by_its_http_error(log: str, failure: str) -> None:
    traceback = (
        'INFO Copying contents of hf://x/y\nTraceback (most recent call last):\n  File "a.py", line 1, in'
        f" b\n{log}\n"
    )
    diagnosis = found(pod({"initContainerStatuses": [ended(INIT)]}), log=traceback)
    assert diagnosis.failure == failure, diagnosis


@given(st.text(max_size=400), st.sampled_from([e for e, *_ in ENGINE]))
def test_any_log_has_a_cause_that_is_one_line(noise: str, error: str) -> None:
    for log in (noise, f"{noise}\n" + "\n".join(engine_log(error))):
        _, words = first_cause(log)
        assert "\n" not in words
        assert bool(words) == bool(log.strip()) or not words.strip()


def test_every_remedy_can_be_done() -> None:
    for known in LOGS:
        assert "edit the manifest" not in known.remedy
        assert known.remedy.endswith(".")


def test_an_initializer_that_needs_more_memory_is_named_with_its_limit_and_where_that_is_set() -> None:
    resources = {"limits": {"memory": "1Gi"}}
    status = {
        "initContainerStatuses": [ended(INIT, "OOMKilled", 137)],
        "containerStatuses": [waits(MAIN, "PodInitializing", "")],
    }
    diagnosis = found(
        pod(status, initContainers=[{"name": INIT, "resources": resources}], containers=[{"name": MAIN}])
    )
    assert f"{INIT}, which downloads the model" in diagnosis.cause
    assert "limit of 1Gi" in diagnosis.cause
    for words in ("inferenceservice-config", "ClusterStorageContainer", "smaller model", "delete the pods"):
        assert words in diagnosis.remedy


def test_the_servers_own_limit_and_a_sidecar_are_told_apart() -> None:
    ours = found(pod({"containerStatuses": [ended(MAIN, "OOMKilled", 137)]}))
    theirs = found(
        pod(
            {
                "containerStatuses": [
                    {"name": MAIN, "ready": True, "state": {"running": {}}},
                    ended("istio-proxy", code=2),
                ]
            }
        )
    )
    assert "fewer bits" in ours.remedy
    assert "istio-proxy" in theirs.cause
    assert "isn't part of what Compass applies" in theirs.remedy


@pytest.mark.parametrize(
    ("reason", "message", "failure", "words"),
    [
        (
            "CreateContainerConfigError",
            'secret "hf-token" not found',
            "missing_secret",
            "kubectl create secret generic hf-token",
        ),
        ("CreateContainerConfigError", 'configmap "x" not found', "configuration", "Create it"),
        (
            "CreateContainerConfigError",
            "container has runAsNonRoot and image will run as root",
            "configuration",
            "injected container",
        ),
        ("CreateContainerConfigError", "something new", "configuration", "ask whoever runs it"),
        (
            "RunContainerError",
            "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=13.0",
            "gpu_driver",
            "another GPU type",
        ),
        ("CreateContainerError", "no space left on device", "disk_full", "larger disks"),
        ("ErrImagePull", "failed to resolve reference: 401 Unauthorized", "image_pull", "imagePullSecrets"),
        ("ImagePullBackOff", "toomanyrequests: rate limit exceeded", "image_pull", "tried again by itself"),
        ("ImagePullBackOff", "dial tcp: lookup docker.io: no such host", "image_pull", "proxy"),
        (
            "ImagePullBackOff",
            "write /var/lib/containerd/x: no space left on device",
            "disk_full",
            "larger disks",
        ),
        ("InvalidImageName", "couldn't parse", "image_pull", "image and tag exist"),
    ],
)
def test_a_container_that_cannot_begin_is_said_at_once(
    reason: str, message: str, failure: str, words: str
) -> None:
    diagnosis = found(pod({"containerStatuses": [waits(MAIN, reason, message)]}))
    assert (diagnosis.failure, words in diagnosis.remedy) == (failure, True), diagnosis
    assert message in diagnosis.cause


def test_a_process_that_never_began_is_told_by_its_message() -> None:
    message = (
        "failed to create shim task: nvidia-container-cli: initialization error: nvml error: driver not"
        " loaded"
    )
    assert (
        found(pod({"containerStatuses": [ended(MAIN, "StartError", 128, message=message)]})).failure
        == "gpu_driver"
    )


@pytest.mark.parametrize(
    ("code", "words"), [(139, "139 (segmentation fault)"), (132, "132 (illegal instruction)")]
)
def test_a_signal_is_named(code: int, words: str) -> None:
    assert words in found(pod({"containerStatuses": [ended(MAIN, code=code)]}), log="").cause


@pytest.mark.parametrize(("probe", "failure"), [("startup", "startup_timeout"), ("liveness", "unhealthy")])
def test_what_a_probe_stopped_is_said(probe: str, failure: str) -> None:
    killing = {
        "reason": "Killing",
        "message": f"Container {MAIN} failed {probe} probe, will be restarted",
        "involvedObject": {"name": "p"},
    }
    assert found(pod({"containerStatuses": [ended(MAIN, code=143)]}), events=[killing]).failure == failure


def evicted(name: str, age_s: float, message: str, lived_s: float) -> Object:
    at = (datetime.now(UTC) - timedelta(seconds=age_s - lived_s)).isoformat()
    disrupted = {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": at}
    return pod(
        {"phase": "Failed", "reason": "Evicted", "message": message, "conditions": [disrupted]}, name, age_s
    )


DISK = "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 7Gi."


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        (DISK, "disk_full"),
        ('Usage of EmptyDir volume "cache" exceeds the limit "20Gi".', "disk_full"),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 10Gi.", "disk_full"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi", "out_of_memory"),
        ("Pod was terminated in response to imminent node shutdown.", "evicted"),
    ],
)
def test_pods_that_nodes_take_away_again_and_again_are_said(message: str, failure: str) -> None:
    gone = [evicted(f"g{n}", 600 - 200 * n, message, 150) for n in range(2)]
    diagnosis = found(*gone, pod({"phase": "Pending"}, "new", age_s=20))
    assert (diagnosis.failure, diagnosis.waiting_may_help) == (failure, True)
    assert "2 pods were taken away" in diagnosis.cause
    assert message[:40] in diagnosis.cause
    assert found(gone[0]).failure == failure  # nothing takes its place


def test_a_pod_that_took_the_place_of_others_and_lives_longer_is_no_failure() -> None:
    gone = [evicted(f"g{n}", 2000 - 200 * n, DISK, 150) for n in range(2)]
    for others in (gone[:1], gone):
        new = pod({"phase": "Pending"}, "new", age_s=400)
        assert diagnose(Signs([*others, new], [], [], lambda *_: "")) is None
    assert (
        diagnose(Signs([gone[0], pod({"phase": "Pending"}, "new", age_s=1)], [], [], lambda *_: "")) is None
    )
