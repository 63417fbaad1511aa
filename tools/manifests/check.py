"""What must hold of a bundle before a person is asked to approve it, without a cluster;
`deploying/review.py` then asks the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from knowledge.errors import CompassError
from tools.contract import Contract
from tools.manifests.form import foreign
from tools.manifests.policy import TOKEN_LIKE, violations
from tools.manifests.reading import read_yaml
from tools.manifests.schema import KINDS, OPTIONAL, Head, parsed
from tools.manifests.values import images_of

DEFAULT_IMAGES = images_of(None)


class Problem(Contract):
    """Where a bundle is wrong, and what would be accepted."""

    file: str
    field: str
    text: str


def check_bundle(
    files: Sequence[tuple[str, str]], images: Collection[str] | None = DEFAULT_IMAGES, complete: bool = False
) -> list[Problem]:
    """The problems of (path, YAML text) pairs; empty when a person may be asked.

    `images` are those that may run, any pinned one if None. `complete` asks for every kind that Compass
    renders and, unless an earlier Compass may have rendered them, for files as this one does.
    """
    problems: list[Problem] = []
    heads: list[tuple[str, Head]] = []
    for path, text in files:
        if TOKEN_LIKE.search(text):
            problems.append(
                Problem(
                    file=path,
                    field="(whole file)",
                    text="looks as if it held a secret: name a Secret instead",
                )
            )
        try:
            document = parsed(read_yaml(text))
        except CompassError as error:
            problems.append(Problem(file=path, field="(whole file)", text=str(error)))
            continue
        if isinstance(document, Head):
            heads.append((path, document))
            problems.extend(
                Problem(file=path, field=field, text=why) for field, why in violations(document, images)
            )
        else:
            problems.extend(Problem(file=path, field=field, text=why) for field, why in document)
    problems.extend(_between(heads))
    if complete and images is not None:
        problems.extend(_otherwise_than_rendered(files, {p.file for p in problems}))
    if complete and not problems:  # a file that can't be read would be said to lack as well
        there = {type(head).__name__ for _, head in heads}
        lacking = [kind for kind in KINDS if kind not in there | OPTIONAL]
        problems.extend(
            Problem(file=kind, field="(whole file)", text="must be among the files") for kind in lacking
        )
    return problems


def _otherwise_than_rendered(files: Sequence[tuple[str, str]], named: Collection[str]) -> Iterator[Problem]:
    """Of the files that nothing else was said about."""
    for path, text in files:
        if path not in named and (why := foreign(path, text)):
            yield Problem(file=path[:80], field="(whole file)", text=why)


def _between(heads: Sequence[tuple[str, Head]]) -> Iterator[Problem]:
    """All objects are of one deployment in one namespace, each kind once."""
    kinds = [type(head).__name__ for _, head in heads]
    for index, (path, head) in enumerate(heads):
        first = heads[0][1].metadata
        if (head.metadata.name, head.metadata.namespace) != (first.name, first.namespace):
            yield Problem(
                file=path,
                field="metadata",
                text=f"must be named {first.name} in namespace {first.namespace}, as the others are",
            )
        if kinds[index] in kinds[:index]:
            yield Problem(file=path, field="kind", text=f"there is a {kinds[index]} already")
