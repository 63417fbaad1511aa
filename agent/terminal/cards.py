"""What the terminal shows for each pause, with rich, and the card of an approval."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.syntax import Syntax
from rich.text import Text

from agent.events import CheckpointEvent
from agent.terminal.plan import options, side_by_side, specification
from agent.terminal.running import status, validation
from agent.terminal.style import ACCENT, labelled
from tools.deploying.review import Review

CHANGES = {
    "create": "Creates",
    "update": "Changes",
    "unchanged": "Keeps",
    "delete": "Deletes",
    "absent": "Already gone",
}


def show_checkpoint(console: Console, event: CheckpointEvent, draw: bool = True) -> None:
    """A pause: its card (unless it was drawn already), the question, and examples of replies."""
    if draw:
        for part in card(event.state, event.details):
            console.print(part)
    console.print(Text(event.question, style="bold"))
    console.print(Text(" · ".join(event.replies), style="dim"))


def card(kind: str, details: dict[str, Any]) -> list[RenderableType]:
    """What to draw for a pause or for a message's details."""
    if kind == "specification_review":
        return [specification(details["specification"])]
    if kind == "presenting_options":
        return options(details)
    if kind == "configuration_finalized":
        return approval(details)
    if kind == "manifests":
        return [
            Panel(
                Syntax(f["content"].rstrip(), "yaml", background_color="default"),
                title=f["path"],
                box=box.ROUNDED,
            )
            for f in details["files"]
        ]
    if kind == "status":
        return [status(details)]
    if kind == "validation":
        return [validation(details)] if details["checks"] else []
    if kind == "kept":
        return [side_by_side([(plan["name"], plan) for plan in details["plans"]])]
    return []


def approval(details: dict[str, Any]) -> list[RenderableType]:
    """What would be done, where, at what cost; the digest is what is approved. Below it,
    what changes in what is there.
    """
    deletes, chosen = details["action"] == "delete", details["recommendation"]
    rows = labelled()
    target = "the simulated cluster" if details["simulated"] else details["cluster"]
    at = f" at {details['server']}" if details.get("server") else ""
    rows.add_row(
        "Target",
        Text(
            f"{target}{at}, namespace {details['namespace']}",
            style="bold" if details["simulated"] else "bold red",
        ),
    )
    rows.add_row("Deployment", Text(details["name"]))
    for change, label in CHANGES.items():
        kinds = [c["kind"] for c in details["changes"] if c["change"] == change]
        if kinds:
            rows.add_row(label, Text(", ".join(kinds), style="red" if change == "delete" else ""))
    rows.add_row("Model", Text(details["model_id"]))
    if details.get("thinking") and not deletes:
        rows.add_row("Mode", Text(details["thinking"]))
    if details["context"] and not deletes:
        rows.add_row("Context", Text(details["context"]))
    if chosen and not deletes:
        rows.add_row("Replicas", Text(f"{chosen['replicas']} × {chosen['gpu_count']} {chosen['gpu_type']}"))
        billed = f"{chosen['gpus_billed']} × {chosen['price']}"
        rows.add_row("Cost", Text(f"${chosen['cost_usd_per_month']:,.2f} a month  ({billed})"))
        if not chosen["meets_slo"]:
            rows.add_row(
                "Too few",
                Text("At the planned peak this many replicas would not hold the targets.", style="red"),
            )
    elif chosen:
        rows.add_row("Saves", Text(f"${chosen['cost_usd_per_month']:,.2f} a month"))
    rows.add_row("Files", Text(f"{len(details['files'])}  (“show the manifests”)"))
    rows.add_row("Digest", Text(details["digest"], style=ACCENT))
    for owner in details["owners"]:
        fields = f": {', '.join(owner['fields'])}" if owner["fields"] else ""
        rows.add_row("Belongs to", Text(f"{owner['owner']}, the {owner['kind']}{fields}", style="red"))
    for problem in details["problems"]:
        rows.add_row(
            "Problem", Text(f"{problem['file']}, {problem['field']}: {problem['text']}", style="red")
        )
    for note in details["notes"]:
        rows.add_row("Note", Text(note))
    parts: list[RenderableType] = [
        Panel(rows, title="Approval", border_style="red" if deletes else "yellow", box=box.ROUNDED)
    ]
    for change in details["changes"]:
        if change["diff"]:
            title = f"{change['kind']} {change['name']}"
            parts.append(
                Panel(
                    Syntax(change["diff"], "diff", background_color="default", word_wrap=True),
                    title=title,
                    box=box.ROUNDED,
                )
            )
    return parts


def plain_changes(found: Review) -> str:
    """One line for each object."""
    return "\n".join(f"  {CHANGES[c.change].lower()} {c.kind} {c.name}" for c in found.changes)
