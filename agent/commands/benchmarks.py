"""`compass benchmarks`: the table behind every recommendation. Each command imports
what it needs when it runs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.errors import errors_in_words

if TYPE_CHECKING:
    from knowledge.database import Database

benchmarks = typer.Typer(
    help="The benchmark table: what is in it, your own measurements, how good the estimates are.",
    no_args_is_help=True,
)
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@contextmanager
def _database() -> Iterator[Database]:
    from knowledge.database import Database
    from knowledge.settings import load_settings

    database = Database(load_settings())
    try:
        yield database
    finally:
        database.close()


@benchmarks.command("import")
def import_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="A report of GuideLLM or another benchmarker, a JSON with a `benchmarks` list, or CSV."
        ),
    ],
    model: Annotated[
        str | None, typer.Option(help="The model's id, such as where it is served under an alias.")
    ] = None,
    gpu: Annotated[str | None, typer.Option(help="The GPU type, which hardly any report says.")] = None,
    gpu_count: Annotated[int | None, typer.Option(min=1, help="GPUs of one replica.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="The engine and its version, such as 'vLLM 0.24.0'.")
    ] = None,
    prompt_tokens: Annotated[
        int | None, typer.Option(min=1, help="Of each prompt, where the report only counts what was sent.")
    ] = None,
    output_tokens: Annotated[int | None, typer.Option(min=2, help="Of each answer.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put your own measurements into the table: all of a file, or nothing. What you
    say wins over what the file says.
    """
    with errors_in_words(as_json), _database() as database:
        from knowledge.importer.formats import Stated
        from knowledge.importer.write import import_file

        done = import_file(
            file, Stated(model, gpu, gpu_count, engine, prompt_tokens, output_tokens), database
        )
        if as_json:
            print(json.dumps(asdict(done) | {"used": done.used}))
            return
        print(
            f"{file.name} ({done.kind}): {done.rows:,} rows imported, of which {done.updated:,} replace"
            " earlier ones."
        )
        for text in done.replaced:
            print(f"Taken: {text}.")
        if done.left_out:
            print(f"Left out, {len(done.left_out):,}:")
            print("\n".join(f"  {text}" for text in done.left_out))
        print(f"Plans use {'all of them' if done.used == done.rows else f'{done.used:,} of them'}.")
        for why, rows in done.unused.items():
            print(f"  Not used, {rows:,}: {why}.")


@benchmarks.command("list")
def list_command(
    model: Annotated[str | None, typer.Option(help="Part of the model's id.")] = None,
    gpu: Annotated[str | None, typer.Option(help="The GPU type.")] = None,
    profile: Annotated[str | None, typer.Option(help="The traffic profile, such as 512/256.")] = None,
    provenance: Annotated[str | None, typer.Option(help="measured, observed or estimated.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Rows of the table, the most trusted first."""
    with errors_in_words(as_json), _database() as database:
        from knowledge.coverage import find_rows

        rows, found = find_rows(database, model, gpu, profile, provenance, limit)
        if as_json:
            print(json.dumps([dict(zip(row.COLUMNS, row.values(), strict=True)) for row in rows], indent=2))
            return
        from rich.console import Console

        from agent.terminal.benchmarks import row_table

        console = Console(highlight=False, markup=False)
        console.print(row_table(rows))
        if found > len(rows):
            console.print(
                f"{len(rows):,} of {found:,} rows; --limit shows more, --json all columns.", style="dim"
            )


@benchmarks.command()
def stats(as_json: AsJson = False) -> None:
    """What the table covers, by GPU and by provenance."""
    with errors_in_words(as_json), _database() as database:
        from knowledge.coverage import coverage

        found = coverage(database)
        if as_json:
            print(json.dumps(asdict(found), indent=2))
            return
        from rich.console import Console

        from agent.terminal.benchmarks import coverage_table, coverage_text

        console = Console(highlight=False, markup=False)
        console.print(coverage_table(found))
        console.print(coverage_text(found))


@benchmarks.command()
def generate(
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; otherwise benchmarks.csv.gz under COMPASS_HOME.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the arrivals; the shipped table's is 0.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes; by default one a core.")
    ] = None,
) -> None:
    """Compute the shipped table again, bit for bit. Interrupted, it goes on where it was."""
    with errors_in_words(False):
        import gzip

        from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

        from knowledge.catalogue import models
        from knowledge.errors import CompassError
        from knowledge.estimator.table import generate as generate_table
        from knowledge.settings import load_settings
        from knowledge.shipped import packed_bytes

        target = out or load_settings().home_dir / "benchmarks.csv.gz"
        shipped = packed_bytes("benchmarks.csv.gz")
        try:
            with Progress(
                *Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn()
            ) as progress:
                task = progress.add_task("Models", total=len(models()))
                generate_table(target, seed, jobs or os.cpu_count() or 1, lambda _: progress.advance(task))
        except OSError as error:
            raise CompassError(f"{target} can't be written: {error.strerror}.") from error
        same = gzip.decompress(target.read_bytes()) == gzip.decompress(
            shipped
        )  # zlib's versions pack alike text differently
        print(f"{target}: {'identical to' if same else 'different from'} the shipped table.")


@benchmarks.command()
def validate(as_json: AsJson = False) -> None:
    """How good the estimates are: the estimator against every measured row that it can price."""
    with errors_in_words(as_json):
        from knowledge.estimator.accuracy import report, unpriced

        groups, left = report(), unpriced()
        if as_json:
            print(
                json.dumps(
                    {
                        "groups": [
                            asdict(g) | {"ttft": g.ttft.model_dump(), "itl": g.itl.model_dump()}
                            for g in groups
                        ],
                        "unpriced": left,
                    }
                )
            )
            return
        from rich.console import Console

        from agent.terminal.benchmarks import accuracy_table, accuracy_text

        console = Console(highlight=False, markup=False)
        console.print(accuracy_table(groups))
        console.print(accuracy_text(left))
