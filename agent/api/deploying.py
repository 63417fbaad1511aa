"""What runs: deploying exactly what was approved, looking at it, trying it, and its end.
The same approvals as in the conversation.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from agent.api.access import User
from agent.api.contracts import Applied, DeploymentRequest, TestRequest
from agent.api.parts import ByRuntime, ByUser, Key
from agent.api.problems import TITLES, Wrong, documented
from agent.runtime import Runtime
from knowledge.errors import CompassError
from tools.apply_to_cluster import ApplyRequest, ApplyResult, apply_to_cluster
from tools.contract import Contract
from tools.deploying.approvals import ApprovalRequest, record_approval, revisions
from tools.deploying.listing import last_applied, owned_by
from tools.deploying.live import fingerprint
from tools.deploying.rendered import KEPT_FOR, rendered_for
from tools.deploying.review import review
from tools.deploying.revisions import deletion_of
from tools.deployments import deployments
from tools.get_status import DeploymentStatus, StatusQuery, get_status
from tools.manifests.bundle import ManifestBundle, bundle_of
from tools.manifests.digests import Action, ManifestFile, digest_of
from tools.manifests.values import images_of
from tools.records import keep_window, watched
from tools.serving.endpoint import PromptResult, send_prompt

router = APIRouter(
    prefix="/deployments", tags=["deployments"], responses=documented(400, 401, 403, 413, 422, 429)
)
NOT_RENDERED = (
    f"Nothing with this digest was rendered here for you in the last {KEPT_FOR.days * 24} hours, so nothing"
    " was applied. POST /api/v1/manifests renders what may be deployed, and answers with the digest to"
    " approve."
)
Name = Annotated[str, Path(pattern=r"^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$")]


class DeletionRequest(Contract):
    """`approve` and `live` must be what the first try, without them, is answered with:
    the deletion's digest, and what is there.
    """

    approve: str | None = Field(default=None, pattern=r"^sha256:[0-9a-f]{64}$")
    live: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


@router.get("")
def list_deployments(user: ByUser, runtime: ByRuntime) -> list[DeploymentStatus]:
    """What this user has deployed, as the cluster has it now."""
    found = deployments(runtime.cluster, runtime.database, user.name)
    for status in found:
        keep_window(status, runtime.database)
    return found


@router.post("", status_code=201, responses=documented(404, 409, 428))
def deploy(request: DeploymentRequest, user: ByUser, runtime: ByRuntime, key: Key) -> Applied:
    """Apply what was rendered for this user with the digest `approve`: all of it or nothing. The approval is
    written down under the user's name.
    """
    given = (
        digest_of([ManifestFile(path=f.path, content=f.content) for f in request.files])
        if request.files
        else request.approve
    )
    if given != request.approve:
        raise Wrong(
            409,
            TITLES[409],
            f"These files have the digest {given}, another one was approved. Nothing was applied.",
        )
    images = images_of(runtime.settings.simulator_image)
    bundle = rendered_for(user.name, request.approve, runtime.cluster, runtime.database, images)
    if bundle is None:
        raise Wrong(404, TITLES[404], NOT_RENDERED)
    if not bundle.valid:
        raise CompassError("; ".join(f"{p.file}, {p.field}: {p.text}" for p in bundle.problems))
    if _known(bundle.name, runtime) and not _owns(user, bundle.name, runtime):
        raise Wrong(403, TITLES[403], f"{bundle.name} belongs to somebody else.")
    # "" is what nobody has looked at: that holds where there is nothing.
    done = _carry_out(
        bundle, "apply", request.live or fingerprint([None] * len(bundle.files)), user, runtime, key
    )
    return _applied(bundle, done)


@router.get("/{name}", responses=documented(404))
def look(name: Name, user: ByUser, runtime: ByRuntime) -> DeploymentStatus:
    """Conditions, pods, events, endpoint, drift, and how it holds its targets."""
    _check_owner(user, name, runtime)
    found = watched(StatusQuery(name=name), runtime.cluster, runtime.database)
    if found.phase == "absent":
        raise Wrong(404, TITLES[404], found.message)
    return found


@router.post("/{name}/test", responses=documented(404, 409, 502))
def test(name: Name, request: TestRequest, user: ByUser, runtime: ByRuntime) -> PromptResult:
    """Send one prompt to the endpoint, and measure it."""
    _check_owner(user, name, runtime)
    found = get_status(StatusQuery(name=name, metrics=False), runtime.cluster, runtime.database)
    if found.endpoint is None or found.model_id is None:
        raise Wrong(409, TITLES[409], f"{name} isn't ready: {found.message}")
    try:
        return send_prompt(found.endpoint, found.model_id, request.prompt, request.max_tokens)
    except CompassError as error:
        raise Wrong(502, TITLES[502], str(error)) from error


@router.delete("/{name}", responses=documented(404, 409, 428))
def delete(name: Name, request: DeletionRequest, user: ByUser, runtime: ByRuntime, key: Key) -> Applied:
    """Delete it and all that belongs to it as it was when `live` was told; without
    `approve` and `live`, 409 tells both.
    """
    _check_owner(user, name, runtime)
    known = last_applied(name, runtime.cluster, runtime.database)
    bundle = deletion_of(bundle_of(known.files, name, runtime.cluster.namespace, known.model_id))
    if request.approve != bundle.digest or request.live is None:
        found = review(bundle, runtime.cluster, runtime.settings.read_only)
        if found.problems:
            raise CompassError("; ".join(p.text for p in found.problems))
        detail = (
            f"To delete {name} and all that belongs to it as it is now, send live: {found.live} and approve:"
            f" {bundle.digest}"
        )
        raise Wrong(409, TITLES[409], detail, approve=bundle.digest, live=found.live)
    return _applied(bundle, _carry_out(bundle, "delete", request.live, user, runtime, key))


def _carry_out(
    bundle: ManifestBundle, action: Action, live: str, user: User, runtime: Runtime, key: str
) -> ApplyResult:
    if runtime.writer is None:
        raise Wrong(
            403, TITLES[403], "Compass runs read-only (COMPASS_READ_ONLY): it can't change a cluster."
        )
    try:
        request = ApprovalRequest.of(bundle, runtime.cluster, user.name, _thread(user), key)
        request = request.seeing(live, runtime.cluster.identity())
        approval_id = record_approval(request, runtime.database)
        apply = ApplyRequest(approval_id=approval_id, files=bundle.files, action=action)
        return apply_to_cluster(apply, runtime.database, runtime.writer)
    except CompassError as error:
        raise Wrong(409, TITLES[409], str(error)) from error


def _thread(user: User) -> str:
    return f"api.{user.name}"


def _known(name: str, runtime: Runtime) -> bool:
    return bool(revisions(runtime.cluster, name, runtime.database, anywhere=True))


def _owns(user: User, name: str, runtime: Runtime) -> bool:
    return owned_by(user.name, name, runtime.cluster, runtime.database)


def _check_owner(user: User, name: str, runtime: Runtime) -> None:
    """Somebody else's is as unknown as none at all."""
    if not _owns(user, name, runtime):
        raise Wrong(404, TITLES[404], f"There is no deployment {name} of yours.")


def _applied(bundle: ManifestBundle, done: ApplyResult) -> Applied:
    objects = [f"{o.kind} {o.name}" for o in done.objects]
    return Applied(
        digest=done.digest, name=bundle.name, namespace=done.namespace, cluster=done.cluster, objects=objects
    )
