"""What would be done, where, at what cost; the digest is what is approved."""

from __future__ import annotations

from collections.abc import Iterator

from agent.cards.facts import ApprovalFacts, ManifestsFacts
from agent.cards.parts import Action, Diff, File, Files, Row, Rows, Sentence
from tools.deploying.review import ObjectChange, Ownership
from tools.planning.least_quality import shortfall
from tools.wording import a_month, setup

CHANGES = {
    "create": "Creates",
    "update": "Changes",
    "unchanged": "Keeps",
    "delete": "Deletes",
    "absent": "Already gone",
}
"""By what becomes of an object."""
ANSWERS = ["yes, approve", "no", "show the manifests"]

Parts = list[Sentence | Rows | Diff | Files]


def approval_parts(facts: ApprovalFacts) -> Parts:
    """What an approval's card shows, in order."""
    parts: Parts = [Rows(rows=[row for row in _rows(facts) if row.text])]
    parts += [Sentence(text=_ownership(owner), tone="bad") for owner in facts.owners]
    parts += [Sentence(text=f"{p.file}, {p.field}: {p.text}", tone="bad") for p in facts.problems]
    if not facts.problems:
        tried = "" if facts.read_only else ", and tried on the cluster without keeping anything"
        parts.append(Sentence(text=f"Checked against our schema{tried}.", tone="good"))
    parts += [Sentence(text=note, tone="quiet") for note in facts.notes]
    if facts.read_only:
        only = "This chat only plans: “export” writes the files for somebody who may apply them."
        parts.append(Sentence(text=only, tone="quiet"))
    parts += [Diff(title=f"What changes in {c.kind} {c.name}", text=c.diff) for c in facts.changes if c.diff]
    files = [File(path=f.path, content=f.content) for f in facts.files]
    return [*parts, Files(name=facts.name, files=files, summary=f"{len(files)} files")]


def actions(facts: ApprovalFacts) -> list[Action]:
    """To do it, to leave it, to look again."""
    if facts.action == "delete":
        does = f"Delete from {where(facts)}"  # noqa: S608 - no SQL
    elif facts.takes_over_asked:
        does = f"Take over on {where(facts)}"
    else:
        does = f"Approve and apply to {where(facts)}"
    return [
        Action(
            move="Approve",
            label=does,
            arguments={"digest": facts.digest, "takes_over": facts.takes_over_asked},
            style="danger" if is_grave(facts) else "primary",
            blocked=facts.read_only or bool(facts.problems),
        ),
        Action(move="Reject", label="Not now"),
        Action(move="CheckAgain", label="Check again", style="quiet"),
    ]


def is_grave(facts: ApprovalFacts) -> bool:
    """What can't be undone, or touches what is real."""
    return facts.action == "delete" or not facts.simulated


def where(facts: ApprovalFacts) -> str:
    return "the simulated cluster" if facts.simulated else facts.cluster


def manifests(facts: ManifestsFacts) -> Files:
    return Files(name="manifests", files=[File(path=f.path, content=f.content) for f in facts.files])


def plain_changes(changes: list[ObjectChange]) -> str:
    """One line for each object."""
    return "\n".join(f"  {CHANGES[c.change].lower()} {c.kind} {c.name}" for c in changes)


def _rows(facts: ApprovalFacts) -> Iterator[Row]:
    deletes, chosen = facts.action == "delete", facts.recommendation
    at = f" at {facts.server}" if facts.server else ""
    real = "nothing real is touched" if facts.simulated else "a real cluster"
    target = f"{where(facts)}{at}, namespace {facts.namespace}: {real}"
    yield Row(label="Target", text=target, tone="plain" if facts.simulated else "bad")
    yield Row(label="Deployment", text=facts.name)
    for change, label in CHANGES.items():
        kinds = ", ".join(c.kind for c in facts.changes if c.change == change)
        yield Row(label=label, text=kinds, tone="bad" if change == "delete" else "plain")
    yield Row(label="Model", text=facts.model_id)
    if not deletes:
        yield Row(label="Mode", text=facts.thinking or "")
        yield Row(label="Context", text=facts.context or "")
    if chosen and deletes and chosen.cost_usd_per_month:
        yield Row(label="Saves", text=a_month(chosen.cost_usd_per_month, cents=True))
    elif chosen and not deletes:
        yield Row(label="Replicas", text=setup(chosen))
        cost = a_month(chosen.cost_usd_per_month, cents=True)
        yield Row(label="Cost", text=f"{cost} ({chosen.gpus_billed} × {chosen.price})")
        yield Row(label="Quality", text=shortfall(chosen) or "", tone="warn")
        if not chosen.meets_slo:
            few = "At the planned peak this many replicas would not hold the targets."
            yield Row(label="Too few", text=few, tone="bad")
    yield Row(label="Digest", text=facts.digest, code=True)


def _ownership(owner: Ownership) -> str:
    fields = f": {', '.join(owner.fields)}" if owner.fields else ""
    return f"The {owner.kind} {owner.name} belongs to {owner.owner}{fields}."
