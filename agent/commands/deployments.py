"""`compass deployments` and `compass audit`: what runs, and who decided what, from the command line."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.errors import errors_in_words

if TYPE_CHECKING:
    from knowledge.database import Database
    from knowledge.settings import Settings
    from tools.clusters.cluster import Cluster
    from tools.get_status import DeploymentStatus, StatusQuery

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
    with errors_in_words(as_json), _parts() as parts:
        from tools.deployments import deployments as running
        from tools.deployments import summary
        from tools.records import keep_window

        found = running(parts.cluster, parts.database)
        for status in found:
            keep_window(status, parts.database)
        if as_json:
            print(json.dumps([summary(s).model_dump(mode="json") for s in found], indent=2))
            return
        from rich.console import Console

        from agent.cards.build import deployments as card_of_all
        from agent.terminal.cards import print_card

        if not found:
            print(
                f"Compass has deployed nothing in namespace {parts.settings.namespace} of"
                f" {parts.cluster.description}."
            )
            return
        print_card(Console(highlight=False, markup=False), card_of_all(found, parts.cluster.description))


@deployments.command("status")
def status_of(
    name: Name,
    as_json: AsJson = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again and again, a line each time, until Ctrl-C.")
    ] = False,
    every: Annotated[
        float, typer.Option(min=1, max=86_400, help="With --watch: seconds between two looks.")
    ] = 60.0,
    times: Annotated[
        int | None, typer.Option(min=1, help="With --watch: how many looks; without it, no end.")
    ] = None,
) -> None:
    """Conditions, pods, events, endpoint, age, drift from what was approved, and how it
    holds its targets. Exit code 1: not ready.
    """
    with errors_in_words(as_json), _parts() as parts:
        from tools.get_status import StatusQuery
        from tools.records import watched

        query = StatusQuery(name=name)
        found = watched(query, parts.cluster, parts.database)
        if watch:
            _watch(found, query, parts, every, times, as_json)
        elif as_json:
            print(found.model_dump_json(indent=2))
        else:
            from rich.console import Console

            from agent.cards.build import card_of
            from agent.terminal.cards import print_card

            console = Console(highlight=False, markup=False)
            print_card(console, card_of(found))
            console.print(found.message)
    raise typer.Exit(0 if found.phase == "ready" else 1)


def _watch(
    found: DeploymentStatus, query: StatusQuery, parts: Parts, every: float, times: int | None, as_json: bool
) -> None:
    """A line for each look; what was seen in between goes on record."""
    from knowledge.errors import CompassError
    from tools.records import watched

    looks = 0
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            if as_json:
                print(found.model_dump_json(), flush=True)
            else:
                said = found.live.verdict if found.live else found.live_problem or found.message
                advice = f" → {found.live.advice}" if found.live and found.live.advice else ""
                ready = f"{found.replicas_ready}/{found.replicas_wanted}"
                print(f"{datetime.now():%H:%M:%S}  {found.phase} {ready}  {said}{advice}", flush=True)
            looks += 1
            if times is not None and looks >= times:
                return
            time.sleep(every)
            try:
                found = watched(query, parts.cluster, parts.database)
            except CompassError as error:  # a cluster that is away for a moment ends no watch
                print(f"{datetime.now():%H:%M:%S}  {error}", file=sys.stderr, flush=True)


@deployments.command("validate")
def validate(
    name: Name,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long requests are sent.")] = 15.0,
    as_json: AsJson = False,
) -> None:
    """Send the endpoint a safe share of its planned load and compare what comes back with
    its targets. Exit code 1: it fails.
    """
    with errors_in_words(as_json), _parts() as parts:
        from rich.console import Console

        from agent.cards.build import card_of
        from agent.terminal.cards import print_card
        from knowledge.errors import CompassError
        from tools.deploying.listing import last_applied
        from tools.get_status import StatusQuery, get_status
        from tools.records import Subject, validated
        from tools.validate_endpoint import ValidationQuery

        found = get_status(StatusQuery(name=name, metrics=False), parts.cluster, parts.database)
        if found.endpoint is None:
            raise CompassError(f"{name} has no endpoint to validate: {found.message}")
        revision = last_applied(name, parts.cluster, parts.database)
        query = ValidationQuery(
            name=name, endpoint=found.endpoint, model_id=revision.model_id, seconds=seconds
        )
        with Console(stderr=True, highlight=False, markup=False).status("Probing") as shown:
            outcome = validated(
                query, Subject(revision.id, revision.files, parts.cluster), parts.database, shown.update
            )
        if as_json:
            print(outcome.model_dump_json(indent=2))
        else:
            print_card(Console(highlight=False, markup=False), card_of(outcome))
            print(f"{outcome.outcome}: {' '.join(outcome.reasons)}")
    raise typer.Exit(1 if outcome.outcome == "fail" else 0)


@deployments.command("export")
def export(
    name: Name,
    output: Annotated[Path, typer.Option(help="The folder to write to.")],
    form: Annotated[str, typer.Option(help="yaml, kustomize or helm.")] = "yaml",
) -> None:
    """The manifests that were applied last, as files."""
    with errors_in_words(False), _parts() as parts:
        from tools.deploying.listing import last_revision
        from tools.manifests.export import as_form, write

        for path in write(
            last_revision(name, parts.cluster, parts.database, anywhere=True), output, as_form(form)
        ):
            print(path)


@deployments.command("delete")
def delete(
    name: Name,
    approve: Annotated[
        str | None, typer.Option(help="The digest that a first run showed, to go ahead without being asked.")
    ] = None,
) -> None:
    """Delete a deployment and all that belongs to it, after an approval."""
    with errors_in_words(False), _parts() as parts:
        from agent.cards.approval import plain_changes
        from agent.words.approval import is_approval
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
        at = f" at {found.identity.server}" if found.identity.server else ""
        print(
            f"To be deleted, {parts.cluster.description}{at}, namespace"
            f" {parts.cluster.namespace}:\n{plain_changes(found.changes)}"
        )
        print(f"Digest {bundle.digest}")
        if approve is not None and approve != bundle.digest:
            raise CompassError("The digest given with --approve is another one. Nothing was deleted.")
        if approve is None and not is_approval(
            typer.prompt("Type “approve” to delete it, anything else to leave it")
        ):
            raise CompassError("Not approved; nothing was deleted.")
        actor, pause = parts.settings.actor, uuid.uuid4().hex
        request = ApprovalRequest.of(bundle, parts.cluster, actor, "command line", pause)
        request = request.seeing(found.live, found.identity)
        approval_id = record_approval(request, parts.database)
        apply_to_cluster(
            ApplyRequest(approval_id=approval_id, files=bundle.files, action="delete"),
            parts.database,
            Writer(parts.cluster),
        )
        print(f"{name} was deleted.")


def outcomes(
    name: Annotated[str | None, typer.Option(help="Of one deployment alone.")] = None,
    days: Annotated[float, typer.Option(min=0.01, max=3650, help="How far back.")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Predicted against observed: each deployment's validation, and what was watched of it."""
    with errors_in_words(as_json), _parts() as parts:
        from tools.serving.report import outcomes_of

        found = outcomes_of(name, days, parts.database)
        if as_json:
            print(json.dumps([o.model_dump(mode="json") for o in found], indent=2))
            return
        from rich.console import Console

        from agent.terminal.running import outcome_list

        if not found:
            print(
                "Nothing was observed yet. A deployment is validated when it is ready; `compass deployments"
                " status --watch` observes it."
            )
            return
        Console(highlight=False, markup=False).print(outcome_list(found))


def audit(
    name: Annotated[str | None, typer.Option(help="Of one deployment alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many entries, the latest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Who approved what, where, and what came of it."""
    with errors_in_words(as_json), _parts() as parts:
        from tools.deploying.audit import audited

        found = list(reversed(audited(parts.database, limit, name)))
        if as_json:
            print(json.dumps([e.model_dump(mode="json") for e in found], indent=2))
            return
        from rich.console import Console

        from agent.terminal.running import audit_list

        if not found:
            print("Nothing was approved or rejected yet.")
            return
        Console(highlight=False, markup=False).print(audit_list(found))
