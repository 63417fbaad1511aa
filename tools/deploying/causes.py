"""The failures that are known: the words of a cluster or a log that tell each, its cause
and what helps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tools.untrusted import printable

Failure = Literal[
    "unschedulable",
    "image_pull",
    "hub_refused",
    "hub_unreachable",
    "model_not_found",
    "missing_secret",
    "configuration",
    "out_of_memory",
    "gpu_out_of_memory",
    "gpu_busy",
    "gpu_unsupported",
    "gpu_driver",
    "gpu_connection",
    "unsupported_model",
    "custom_code",
    "broken_weights",
    "wrong_arguments",
    "disk_full",
    "evicted",
    "startup_timeout",
    "unhealthy",
    "crash",
    "quota",
    "pods_refused",
]
QUOTED = 300
SMALLER = "Choose an option with more or larger GPUs, or a model with fewer bits"


@dataclass(frozen=True)
class Known:
    """A failure by its `signs`, a regular expression that words of it match; `cause`
    begins the sentence that quotes these words.
    """

    failure: Failure
    signs: str
    cause: str
    remedy: str
    waiting_may_help: bool = False


DISK = Known(
    "disk_full",
    r"(?i)no space left|errno 28\b|disk quota exceeded|not enough (?:free )?disk space"
    r"|ephemeral[ -](?:local )?storage|emptydir|disk ?pressure",
    "There is too little disk for the image, the model's weights and the caches",
    "Give the nodes larger disks (the weights alone need their size once, some repositories more), or choose"
    " a smaller model.",
)
LOGS = (
    Known(
        "model_not_found",
        r"RepositoryNotFound|Repository Not Found|RevisionNotFound|404 (?:Client Error|Not"
        r" Found).*(?:hugging|\bhf\b)",
        "The model hub doesn't have this model, or hides it from this token",
        "See that the model's id is right; if it is private, that the token in the Secret hf-token may"
        " read it.",
    ),
    Known(
        "hub_refused",
        r"(?is)(?=.*(?:hugging|\bhf[_.\-]|\bhub\b))(?:.*(?:\b40[13] client error|client error '40[13]\b|\b401"
        r" unauthorized|\b403 forbidden"
        r"|gatedrepo|gated repo|access to model .* is restricted|invalid (?:user token|username or"
        r" password)))",
        "The model hub refused the download",
        "Accept the model's licence on its page with the account of the token, and see that the Secret"
        " hf-token is there and holds a valid token under the key HF_TOKEN. Then retry; if the Secret wasn't"
        " there before, delete the pods first: only new ones are given it.",
    ),
    DISK,
    Known(
        "hub_unreachable",
        r"(?is)(?=.*(?:hugging|\bhf[_.\-]|\bhub\b))(?:.*(?:couldn't connect|max retries exceeded|failed to"
        r" resolve|name resolution"
        r"|timed out|connecttimeout|readtimeout|connectionerror|network is unreachable"
        r"|429 client error|too many requests|\b5\d\d server error))",
        "The model hub couldn't be reached, or had no time",
        "See that the pods reach huggingface.co on port 443 (proxy, firewall, name lookups); the cluster goes"
        " on trying.",
        waiting_may_help=True,
    ),
    Known(
        "gpu_out_of_memory",
        r"larger than the available KV cache memory|tokens that can be stored in KV cache|No available memory"
        r" for the cache blocks",
        "Beside the weights, the GPUs' memory is too small for one request of the context that is to be"
        " served",
        f"{SMALLER}, or ask for a smaller context window.",
    ),
    Known(
        "gpu_busy",
        r"Free memory on device",
        "Something else holds memory of these GPUs",
        "Free them, or see that they aren't shared (time slicing, MPS, a process outside the cluster); the"
        " cluster goes on trying.",
        waiting_may_help=True,
    ),
    Known(
        "gpu_out_of_memory",
        r"(?:CUDA|HIP) out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED",
        "The GPUs' memory is too small for the model and its context",
        f"{SMALLER}.",
    ),
    Known(
        "gpu_driver",
        r"(?i)driver on your system is too old|driver version is insufficient|forward"
        r" compatibility|unsupported display driver"
        r"|found no nvidia driver|no cuda gpus are available|no hip gpus|failed to infer device type",
        "The node's GPU driver doesn't give vLLM its GPUs",
        "Their driver or device plugin must be brought up to date by whoever runs the cluster; or choose"
        " another GPU type.",
    ),
    Known(
        "gpu_unsupported",
        r"(?i)no kernel image|no kernel is|compute capability|minimum capability"
        r"|(?:isn't|is not|not) supported (?:on|by) (?:this|the|your|current) gpu"
        r"|sm_?\d+ is not compatible|requires device with capability",
        "The model's number format, or vLLM, has no kernels for this GPU type",
        "Choose another GPU type, or a model in another number format.",
    ),
    Known(
        "custom_code",
        r"trust[_-]remote[_-]code|contains custom code",
        "The model brings code of its own, which vLLM doesn't run unless told to",
        "Choose another model: Compass deploys none whose repository must be trusted with code.",
    ),
    Known(
        "unsupported_model",
        r"(?i)transformers does not recognize|architectures? \[?.*(?:not supported|failed to be inspected)|no"
        r" module or parameter named",
        "This vLLM doesn't know the model's architecture",
        "Choose another model, or wait for a Compass with a later vLLM.",
    ),
    Known(
        "wrong_arguments",
        r"unrecognized arguments|: error: argument |divisible by"
        r" (?:tensor|thread|weight)|input_size_per_partition|divisible by tp_size",
        "vLLM can't be started with these arguments",
        "Choose an option with another number of GPUs per replica or another model, or go back to the"
        " previous revision.",
    ),
    Known(
        "broken_weights",
        r"(?i)safetensorerror|headertoolarge|invalidheader|incompletebuffer|metadataincomplete"
        r"|unexpected end of (?:file|data)|consistency check failed",
        "The model's files arrived damaged",
        "Delete the pods: new ones download them again.",
    ),
    Known(
        "gpu_connection",
        r"(?i)\bnccl\b.*error|nccl(?:system|unhandledcuda|remote|internal)error|rccl error",
        "The GPUs of a replica don't reach each other",
        "See with whoever runs the cluster that GPUs of one node may talk to each other; or choose an option"
        " with one GPU per replica.",
    ),
)
"""In order: what others follow from comes first."""
IMAGES = (
    Known(
        "image_pull",
        r"(?i)unauthori[sz]ed|denied|authentication required|no basic auth",
        "can't be pulled: its registry wants a login",
        "Create a Secret of type docker-registry, name it in imagePullSecrets of the deployment's"
        " ServiceAccount, and delete the pods.",
    ),
    Known(
        "image_pull",
        r"(?i)toomanyrequests|too many requests|rate limit",
        "can't be pulled now: its registry limits downloads",
        "It is tried again by itself; an imagePullSecret of an account raises the limit.",
        waiting_may_help=True,
    ),
    Known(
        "image_pull",
        r"(?i)no such host|i/o timeout|connection refused|dial tcp|tls handshake|x509|network is unreachable",
        "can't be pulled: the node doesn't reach its registry",
        "See to the nodes' way there (proxy, firewall, name lookups, certificates); it is tried again by"
        " itself.",
        waiting_may_help=True,
    ),
    Known(
        "disk_full",
        DISK.signs,
        "can't be pulled: the node's disk is full",
        DISK.remedy,
        waiting_may_help=True,
    ),
    Known(
        "image_pull",
        "",
        "can't be pulled",
        "See that image and tag exist, that the nodes reach their registry, and that an imagePullSecret is"
        " set if needed.",
    ),
)
STARTS = (
    Known(
        "configuration",
        r"(?i)config ?map",
        "The container lacks its ConfigMap",
        "Create it, or see who in the cluster adds this to the pods: Compass applies none. It is tried again"
        " by itself.",
        waiting_may_help=True,
    ),
    Known(
        "configuration",
        r"(?i)runasnonroot|run as root|non-numeric user|security ?context|apparmor|seccomp",
        "The pod's security settings don't let the container start",
        "Something in the cluster changed the pod or its image's user (a webhook, an injected container): ask"
        " whoever runs it.",
    ),
    Known(
        "gpu_driver",
        r"(?i)nvidia|nvml|libcuda|cuda[><=]|amdgpu|rocm|\bkfd\b",
        "The node can't give the container its GPUs",
        "Its GPU driver or container toolkit doesn't work, or is older than the image needs: ask whoever runs"
        " the cluster, or choose another GPU type.",
    ),
    DISK,
    Known(
        "configuration",
        "",
        "The container can't be started",
        "The cluster says why; ask whoever runs it. It is tried again by itself once that is mended.",
    ),
)
UNPLACED = Known(
    "unschedulable",
    "",
    "The pods can't be placed",
    "Fewer replicas, another GPU type, or more nodes would help; if the nodes are there, see whether their"
    " GPUs are free and their labels are those of the manifest's nodeSelector.",
    waiting_may_help=True,
)
REFUSED = (
    Known(
        "quota",
        "exceeded quota",
        "The namespace's quota has no room for the pods",
        "Ask for a larger ResourceQuota, choose fewer replicas, or delete what is no longer needed there.",
    ),
    Known(
        "pods_refused",
        "",
        "The cluster refuses the pods",
        "The namespace's policy (quota, pod security, a webhook) decides this: ask whoever runs the cluster.",
    ),
)
NO_SECRET = Known(
    "missing_secret",
    "ecret",
    "The container lacks its Secret",
    "Create it: kubectl create secret generic {secret} --from-literal=HF_TOKEN=… with a token that may read"
    " the model.",
    waiting_may_help=True,
)
"""`{secret}` is the name that the cluster's words tell."""
DOWNLOAD_KILLED = Known(
    "out_of_memory",
    "",
    "The container {container}, which downloads the model before vLLM starts, was killed: it needed more"
    " memory than its limit{limit} (OOMKilled).",
    "That limit is KServe's own and in none of our manifests. Whoever runs the cluster raises it, to 8Gi or"
    " more for large models: `memoryLimit` of storageInitializer in the ConfigMap inferenceservice-config of"
    " KServe's namespace, or the resources in the ClusterStorageContainer that serves hf://, where"
    " HF_XET_NUM_CONCURRENT_RANGE_GETS=4 in its env lowers what it needs. Then delete the pods, since only"
    " new ones get it. Or choose a smaller model.",
)
KILLED = Known(
    "out_of_memory",
    "",
    "The container {container} was killed: it needed more memory than its limit{limit} (OOMKilled).",
    "Choose a smaller model, one with fewer bits, or an option with more GPUs per replica, whose pods get"
    " more memory. Or give it a higher memory limit on the cluster (kubectl edit inferenceservice).",
)
CRASH = Known(
    "crash",
    "",
    "The container {container} {ends}: {last}",
    "Its whole log says more (kubectl logs --previous). Retry after mending the cause, or go back to the"
    " previous revision.",
)
PROBES: tuple[tuple[str, Known], ...] = (
    (
        "failed startup probe",
        Known(
            "startup_timeout",
            "",
            "The model took longer to load than the start-up probe allows, and was stopped.",
            "See whether the disk or the download is slow; a larger failureThreshold of startupProbe (kubectl"
            " edit) gives it more time.",
        ),
    ),
    (
        "failed liveness probe",
        Known(
            "unhealthy",
            "",
            "The server stopped answering its health check, and was started anew.",
            "It was busier than it can bear, or hung: its log before that says more (kubectl logs"
            " --previous).",
        ),
    ),
)
TAKEN_AWAY = (
    DISK,
    Known(
        "out_of_memory",
        r"(?i)low on resource: memory|memory pressure|memorypressure",
        "The nodes' memory ran out",
        "Others on these nodes use more memory than they asked for: ask whoever runs the cluster, or choose a"
        " smaller model.",
    ),
    Known(
        "evicted",
        "",
        "The nodes took the pods away",
        "Ask whoever runs the cluster what these nodes are kept for, or choose another GPU type.",
    ),
)


def known(table: Sequence[Known], words: str) -> Known | None:
    """The first of a table whose signs the words show."""
    return next((k for k in table if re.search(k.signs, words)), None)


def quoted(text: str) -> str:
    return f"“{printable(text.strip(), QUOTED)}”"
