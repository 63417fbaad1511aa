"""`compass traffic`: what a trace of requests says of the traffic."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.errors import errors_in_words


def traffic(
    file: Annotated[
        Path,
        typer.Argument(
            help="Azure's or another CSV, Mooncake's or a gateway's JSON lines; plain or packed by gzip."
        ),
    ],
    time_unit: Annotated[
        str | None,
        typer.Option(help="What a bare number of its times counts, if not as shown: s, ms, us or ns."),
    ] = None,
    cache_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, max=10**12, help="Tokens that the prefix cache holds; without, one that keeps everything."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Lengths, rates, bursts, the day's curve, prefix reuse and sessions of a trace of requests."""
    with errors_in_words(as_json):
        from rich.console import Console

        from agent.words.checks import change_or_problem
        from knowledge.errors import CompassError
        from tools.read_traffic import TrafficQuery, read_traffic

        query = change_or_problem(
            TrafficQuery, {"path": str(file), "time_unit": time_unit, "cache_tokens": cache_tokens}
        )
        if isinstance(query, str):
            raise CompassError(query)
        console = Console(highlight=False, markup=False)
        waiting = Console(stderr=True).status(f"Reading {file.name} …")
        with nullcontext() if as_json or not sys.stderr.isatty() else waiting:
            found = read_traffic(query)
        if as_json:
            print(found.model_dump_json(indent=2))
            return
        from agent.terminal.traffic import traffic_summary

        console.print(traffic_summary(found))
