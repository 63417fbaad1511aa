"""The `compass` command. Each command imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

import json
import logging
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.benchmarks import benchmarks
from agent.commands.carrying import batch, capacity, splits
from agent.commands.deployments import audit, deployments, outcomes
from agent.commands.errors import errors_in_words
from agent.commands.eval import evaluate
from agent.commands.simulate import simulate
from agent.commands.traffic import traffic
from agent.terminal.plain import plain_where_needed

app = typer.Typer(
    help="Plan and deploy LLM inference in one conversation.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(simulate, name="simulate")
app.add_typer(benchmarks, name="benchmarks")
app.add_typer(deployments, name="deployments")
app.command()(capacity)
app.command()(splits)
app.command()(batch)
app.command()(audit)
app.command()(outcomes)
app.command()(traffic)
app.command("eval")(evaluate)

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def main() -> None:
    """Entry point."""
    plain_where_needed()
    # A log that can't be written, on a full disk, is no reason for a traceback on the terminal, and errors
    # reach people as sentences; see telemetry.
    logging.raiseExceptions = False
    logging.basicConfig(level=logging.CRITICAL, format="%(message)s")
    app()


def _version(asked: bool) -> None:
    if asked:
        from compass_llm import __version__

        print(f"compass {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and leave.")
    ] = False,
) -> None:
    """Without a command: the chat."""
    if context.invoked_subcommand is None:
        serve()


@app.command()
def chat(
    thread: Annotated[
        str | None, typer.Option(help="Continue, or begin, the conversation of this name.")
    ] = None,
    script: Annotated[Path | None, typer.Option(help="A file with one turn a line.")] = None,
    as_json: AsJson = False,
) -> None:
    """The conversation in the terminal."""
    with errors_in_words(as_json):
        from rich.console import Console

        with Console().status("Starting Compass…") if not as_json and sys.stdout.isatty() else nullcontext():
            from agent.runtime import Runtime
            from agent.telemetry import log_to
            from agent.terminal.chat import start
            from knowledge.settings import load_settings

            settings = load_settings()
            log_to(settings.home_dir / "compass.log")
            runtime = Runtime(settings)
        try:
            code = start(runtime, thread, script, as_json)
        finally:
            runtime.close()
    raise typer.Exit(code)


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Another address than loopback needs authentication.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8765,
) -> None:
    """The chat in the browser, and the REST API with its documentation at /api/docs."""
    with errors_in_words(False):
        from agent.commands.serve import serve_until_stopped
        from knowledge.settings import load_settings

        serve_until_stopped(load_settings(), host, port)


@app.command()
def intent(
    text: Annotated[
        str,
        typer.Argument(help="What somebody needs, in words; - reads one text a line from standard input."),
    ],
    as_json: AsJson = False,
) -> None:
    """What is understood of a text: use case, users, priorities, constraints."""
    with errors_in_words(as_json):
        from agent.models.choose import choose_model
        from agent.words.intent import extract_intent
        from knowledge.errors import CompassError
        from knowledge.settings import load_settings

        reader = choose_model(load_settings()).reader
        many = text == "-"
        for line in sys.stdin if many else [text]:
            try:
                found, overrides = extract_intent(line.rstrip("\n"), reader)
            except CompassError as error:
                if not many:
                    raise
                print(json.dumps({"error": str(error)}), flush=True)
                continue
            values = found.model_dump(mode="json") | overrides.model_dump(mode="json", exclude_none=True)
            if as_json or many:
                print(json.dumps(values), flush=True)
            else:
                _print_pairs(values)


@app.command()
def recommend(
    text: Annotated[str | None, typer.Argument(help="What somebody needs, in words.")] = None,
    spec: Annotated[Path | None, typer.Option(help="A specification as JSON, as `--json` prints it.")] = None,
    owned: Annotated[
        list[str] | None,
        typer.Option(
            help="Servers that you own, for instance 2x8xH100, 4xL40S, or 8xH100@1.90 with your own price in"
            " USD per GPU-hour. Several times for several kinds.",
        ),
    ] = None,
    traffic: Annotated[
        Path | None,
        typer.Option(help="A trace, as `compass traffic` reads it; what the text says otherwise counts."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many options.")] = 5,
    view: Annotated[
        str, typer.Option(help="Rank by: balanced, lowest_cost, lowest_latency, best_quality or simplest.")
    ] = "balanced",
    output: Annotated[
        Path | None,
        typer.Option(help="A folder to write the manifests of one option to; nothing is applied."),
    ] = None,
    form: Annotated[str, typer.Option(help="Of the manifests: yaml, kustomize or helm.")] = "yaml",
    option: Annotated[int, typer.Option(min=1, help="Which option's manifests.")] = 1,
    target: Annotated[
        list[str] | None,
        typer.Option(help="ttft_p90=500ms, itl_mean=40ms, tokens_per_s_per_user=20, e2e=none …"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ranked options and near misses, without a conversation."""
    with errors_in_words(as_json):
        from agent.commands.recommend import (
            Recommended,
            manifests_of,
            recommendation_for,
            specified,
            with_owned,
            with_targets,
        )
        from knowledge.settings import load_settings

        settings = load_settings()
        specification = with_owned(specified(text, spec, settings, traffic), owned or [])
        specification = with_targets(specification, target or [])
        plan = recommendation_for(specification, settings, limit, view)
        written: list[Path] = []
        if output is not None:
            written = manifests_of(plan, option, specification, settings, output, form)
        files = [str(path) for path in written]
        Recommended(**dict(plan), specification=specification, files=files).tell(as_json)


@app.command()
def schema(
    command: Annotated[str, typer.Argument(help="chat, recommend, deployments, “deployments status” …")],
) -> None:
    """The JSON Schema of what a command prints with --json; of `chat`, of one line."""
    with errors_in_words(True):
        from agent.commands.schema import schema_of

        print(json.dumps(schema_of(command), indent=2))


@app.command()
def graph() -> None:
    """The state machine as a Mermaid diagram."""
    from agent.graph import build_graph
    from agent.transitions import mermaid

    print(mermaid(build_graph()))


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Which model, database and cluster are in use, and whether each works."""
    with errors_in_words(as_json):
        from agent.commands.doctor import examine
        from knowledge.settings import load_settings

        findings = examine(load_settings())
        if as_json:
            print(json.dumps([f.model_dump() for f in findings], indent=2))
        else:
            for finding in findings:
                print(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.part:<9} {finding.text}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


def _print_pairs(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        print(f"{name:<36} {'not said' if value in (None, '') else value}")


if __name__ == "__main__":
    main()
