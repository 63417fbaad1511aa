"""`compass deployments` and `compass audit`: what runs, and who decided what, from the command line."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.told import told_in_words

if TYPE_CHECKING:
    from knowledge.database import Database
    from knowledge.settings import Settings
    from tools.clusters.cluster import Cluster

deployments = typer.Typer(help="What runs, and its end.", no_args_is_help=False)
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Name = Annotated[str, typer.Argument(help="Of a deployment, as `compass deployments` lists it.")]


@dataclass(frozen=True)
class Parts:
    settings: Settings
    database: Database
    cluster: Cluster


@contextmanager
def _parts() -> Iterator[Parts]:
    from knowledge.database import Database
    from knowledge.settings import load_settings
    from tools.clusters.cluster import Cluster

    settings = load_settings()
    cluster = Cluster(settings)
    database = Database(settings)
    try:
        yield Parts(settings, database, cluster)
    finally:
        database.close()


@deployments.callback(invoke_without_command=True)
def listed(context: typer.Context, as_json: AsJson = False) -> None:
    """Without a command: the list."""
    if context.invoked_subcommand is not None:
        return
    with told_in_words(as_json), _parts() as parts:
        from tools.deploying.listing import deployments as running
        from tools.deploying.listing import summary

        found = running(parts.cluster, parts.database)
        if as_json:
            print(json.dumps([summary(s) for s in found], indent=2))
            return
        from rich.console import Console

        from agent.terminal.cards import deployment_list

        if not found:
            print(f"Compass has deployed nothing in namespace {parts.settings.namespace} of {parts.cluster.description}.")
            return
        Console(highlight=False).print(deployment_list(found))


@deployments.command("status")
def status_of(name: Name, as_json: AsJson = False) -> None:
    """Conditions, pods, events, endpoint, age, and drift from what was approved."""
    with told_in_words(as_json), _parts() as parts:
        from tools.get_status import StatusQuery, get_status

        found = get_status(StatusQuery(name=name), parts.cluster, parts.database)
        if as_json:
            print(found.model_dump_json(indent=2))
        else:
            from rich.console import Console

            from agent.terminal.cards import status

            console = Console(highlight=False)
            console.print(status(found.model_dump(mode="json")))
            console.print(found.message)
    raise typer.Exit(0 if found.phase == "ready" else 1)


@deployments.command("export")
def export(
    name: Name,
    output: Annotated[Path, typer.Option(help="The folder to write to.")],
    form: Annotated[str, typer.Option(help="yaml, kustomize or helm.")] = "yaml",
) -> None:
    """The manifests that were applied last, as files."""
    with told_in_words(False), _parts() as parts:
        from tools.deploying.listing import last_revision
        from tools.manifests.export import as_form, write

        for path in write(last_revision(name, parts.cluster, parts.database), output, as_form(form)):
            print(path)


@deployments.command("delete")
def delete(
    name: Name,
    approve: Annotated[str | None, typer.Option(help="The digest that a first run showed, to go ahead without being asked.")] = None,
) -> None:
    """Delete a deployment and all that belongs to it, after an approval."""
    with told_in_words(False), _parts() as parts:
        from agent.approval import is_approval
        from agent.terminal.cards import plain_changes
        from knowledge.errors import CompassError
        from tools.apply_to_cluster import ApplyRequest, apply_to_cluster
        from tools.clusters.writer import Writer
        from tools.deploying.approvals import ApprovalRequest, record_approval
        from tools.deploying.listing import last_revision
        from tools.deploying.review import review
        from tools.deploying.revisions import deletion_of

        bundle = deletion_of(last_revision(name, parts.cluster, parts.database))
        found = review(bundle, parts.cluster, parts.settings.read_only)
        if parts.settings.read_only:
            raise CompassError("Compass runs read-only (COMPASS_READ_ONLY): it can't change a cluster.")
        if found.problems:
            raise CompassError("; ".join(p.text for p in found.problems))
        if found.owners:
            raise CompassError(f"{name} belongs to {found.owners[0].owner}: delete it there.")
        print(f"To be deleted, {parts.cluster.description}, namespace {parts.cluster.namespace}:\n{plain_changes(found)}")
        print(f"Digest {bundle.digest}")
        if approve is not None and approve != bundle.digest:
            raise CompassError("The digest given with --approve is another one. Nothing was deleted.")
        if approve is None and not is_approval(typer.prompt("Type “approve” to delete it, anything else to leave it")):
            raise CompassError("Not approved; nothing was deleted.")
        request = ApprovalRequest(
            thread_id="command line",
            interrupt_id=uuid.uuid4().hex,
            digest=bundle.digest,
            cluster=parts.cluster.target,
            namespace=bundle.namespace,
            actor=parts.settings.actor,
            action="delete",
            name=name,
            model_id=bundle.model_id,
            files=bundle.files,
            live=found.live,
        )
        approval_id = record_approval(request, parts.database)
        apply_to_cluster(ApplyRequest(approval_id=approval_id, files=bundle.files, action="delete"), parts.database, Writer(parts.cluster))
        print(f"{name} was deleted.")


def audit(
    name: Annotated[str | None, typer.Option(help="Of one deployment alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries, the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who approved what, where, and what came of it."""
    with told_in_words(as_json), _parts() as parts:
        from tools.deploying.audit import audited

        found = list(reversed(audited(parts.database, limit, name)))
        if as_json:
            print(json.dumps([e.model_dump(mode="json") for e in found], indent=2))
            return
        from rich.console import Console

        from agent.terminal.cards import audit_list

        if not found:
            print("Nothing was approved or rejected yet.")
            return
        Console(highlight=False).print(audit_list(found))
