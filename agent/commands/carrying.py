"""`compass capacity`, `splits` and `batch`: what hardware takes, without a conversation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from agent.commands.errors import errors_in_words

Words = Annotated[
    str, typer.Argument(help="The question, or the need, in words: “how many users can 8 H100 take?”.")
]
SpecFile = Annotated[
    Path | None, typer.Option(help="A specification as JSON, as `compass recommend --json` prints it.")
]
Servers = Annotated[
    list[str] | None,
    typer.Option(help="In place of what the words name: 8xH100, or 2x8xH100 for two servers; several times."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def capacity(text: Words, spec: SpecFile = None, hardware: Servers = None, as_json: AsJson = False) -> None:
    """The most that hardware takes: requests per second, users, and which target breaks first."""
    _answer("capacity", text, spec, hardware, as_json)


def splits(text: Words, spec: SpecFile = None, hardware: Servers = None, as_json: AsJson = False) -> None:
    """The same GPUs as many small replicas or few large ones."""
    _answer("splits", text, spec, hardware, as_json)


def batch(text: Words, spec: SpecFile = None, hardware: Servers = None, as_json: AsJson = False) -> None:
    """How long so many items take and what they cost, without targets of latency."""
    _answer("batch", text, spec, hardware, as_json)


def _answer(what: str, text: str, spec: Path | None, hardware: list[str] | None, as_json: bool) -> None:
    with errors_in_words(as_json):
        from agent.answers.carried import batch_in_words, capacity_in_words, splits_in_words
        from agent.commands.recommend import specification_from_file
        from agent.words.carrying import AtHand, asked_of
        from knowledge.database import Database
        from knowledge.errors import CompassError
        from knowledge.settings import load_settings
        from tools.batch import BatchRequest
        from tools.batch import batch as batch_tool
        from tools.capacity import CapacityRequest
        from tools.capacity import capacity as capacity_tool
        from tools.compare_splits import SplitsRequest, compare_splits
        from tools.planning.hardware import hardware_typed

        settings = load_settings()
        named = [hardware_typed(one) for one in hardware or []]
        at_hand = AtHand(specification=specification_from_file(spec) if spec else None)
        asked = asked_of(text, at_hand, named)
        with closing(Database(settings)) as database:
            if what == "batch":
                if asked.items is None:
                    raise CompassError("How many items? For instance “1 million items on 8 H100”.")
                job = BatchRequest(
                    plan=asked.plan,
                    items=asked.items,
                    deadline_hours=asked.deadline_hours,
                    hardware=asked.hardware,
                )
                done = batch_tool(job, database)
                print(done.model_dump_json(indent=2) if as_json else batch_in_words(done, asked))
            elif what == "splits":
                ways = compare_splits(SplitsRequest(plan=asked.plan, hardware=asked.hardware), database)
                print(ways.model_dump_json(indent=2) if as_json else splits_in_words(ways, asked))
            else:
                most = capacity_tool(CapacityRequest(plan=asked.plan, hardware=asked.hardware), database)
                print(most.model_dump_json(indent=2) if as_json else capacity_in_words(most, asked))
