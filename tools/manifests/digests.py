"""The digest that a person approves: a SHA-256 of every byte, written into the InferenceService itself.

The annotation that holds the digest can't be part of what it digests: it is left out, and
must then say exactly that digest.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from tools.contract import Contract
from tools.manifests.annotations import DIGEST

Action = Literal["apply", "delete"]
UNSEALED = "sha256:" + "0" * 64
_SEAL = re.compile(rf'({re.escape(DIGEST)}: ")(sha256:[0-9a-f]{{64}})(")')


class ManifestFile(Contract):
    path: str
    content: str


def digest_of(files: list[ManifestFile], action: Action = "apply") -> str:
    """`sha256:` over the action, and each file's path and content in order, each with its length
    before it so that no two collide.

    A seal that says anything but this digest is itself part of what is digested, so
    that it can't be changed unseen.
    """
    digest = _hash([(f.path, _SEAL.sub(r"\1\3", f.content)) for f in files], "apply")
    seals = {match[2] for f in files for match in _SEAL.finditer(f.content)}
    if not seals <= {digest, UNSEALED}:
        digest = _hash([(f.path, f.content) for f in files], "apply")
    # What is deleted is digested as what it was, and as its end.
    return digest if action == "apply" else _hash([("delete", digest)], action)


def sealed(files: list[ManifestFile]) -> list[ManifestFile]:
    """The files with their digest written into them."""
    digest = digest_of(files)
    return [f.model_copy(update={"content": _SEAL.sub(rf"\g<1>{digest}\g<3>", f.content)}) for f in files]


def _hash(parts: list[tuple[str, str]], action: Action) -> str:
    state = hashlib.sha256()
    for pair in parts:
        for part in (p.encode() for p in pair):
            state.update(len(part).to_bytes(8))
            state.update(part)
    return f"sha256:{state.hexdigest()}"
