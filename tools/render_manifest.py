"""Tool: from a chosen configuration to files, their digest and a validation report. Touches no cluster."""

from __future__ import annotations

from collections.abc import Collection

from tools.contract import Contract
from tools.manifests.check import DEFAULT_IMAGES, Problem, check_bundle
from tools.manifests.digests import UNSEALED, Action, ManifestFile, digest_of, sealed
from tools.manifests.templating import TEMPLATES, rendered
from tools.manifests.values import ManifestRequest, images_of, template_values


class ManifestBundle(Contract):
    """What would be done, byte for byte: these objects applied, or deleted. `digest`
    covers action, paths and contents.
    """

    name: str
    namespace: str
    model_id: str
    files: list[ManifestFile]
    digest: str
    problems: list[Problem]
    action: Action = "apply"

    @property
    def valid(self) -> bool:
        return not self.problems


def render_manifest(request: ManifestRequest) -> ManifestBundle:
    """The files of a deployment. The same request always gives the same bytes."""
    values = template_values(request) | {"digest": UNSEALED}
    wanted = {
        path: template for path, template in TEMPLATES.items() if request.monitoring or "monitor" not in path
    }
    files = [ManifestFile(path=path, content=rendered(template, values)) for path, template in wanted.items()]
    model_id, images = request.recommendation.model_id, images_of(request.simulator_image)
    return bundle_of(sealed(files), str(values["name"]), request.namespace, model_id, images=images)


def bundle_of(
    files: list[ManifestFile],
    name: str,
    namespace: str,
    model_id: str,
    action: Action = "apply",
    images: Collection[str] | None = DEFAULT_IMAGES,
) -> ManifestBundle:
    """The bundle of files that are there already.

    `images` are those that may run; None for files that were approved and ran before, maybe
    rendered by an earlier Compass.
    """
    return ManifestBundle(
        name=name,
        namespace=namespace,
        model_id=model_id,
        files=files,
        digest=digest_of(files, action),
        problems=(
            check_bundle([(f.path, f.content) for f in files], images, complete=True)
            if action == "apply"
            else []
        ),
        action=action,
    )
