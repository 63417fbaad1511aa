"""The files of a deployment, what would be done with them, and the digest that a person approves."""

from __future__ import annotations

from collections.abc import Collection

from tools.contract import Contract
from tools.manifests.check import DEFAULT_IMAGES, Problem, check_bundle
from tools.manifests.digests import Action, ManifestFile, digest_of


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
