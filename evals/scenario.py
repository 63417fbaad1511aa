"""A scripted conversation as a file: what the person says and presses, and what must come of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from agent.moves import Stage
from evals.bad_models import BadModel, ScriptedAnswer
from evals.musts import Must
from knowledge.errors import CompassError
from simulator.cluster.orders import Order

Category = Literal[
    "happy_path",
    "editing",
    "what_if",
    "rejection",
    "missing_information",
    "infeasible",
    "tool_failure",
    "restart",
    "double_approval",
    "injection",
    "off_topic",
    "long_conversation",
    "weak_model",
    "asks",
]
CATEGORIES: tuple[Category, ...] = get_args(Category)


class Strict(BaseModel):
    """A misspelled expectation must not pass for one that was met."""

    model_config = ConfigDict(extra="forbid")


class ToolExpectation(Strict):
    """One call. `arguments` are those that it must have, by dotted path; others may be there as well."""

    tool: str
    arguments: dict[str, Any] = {}


class Expectations(Strict):
    """What one turn must do. Whatever isn't named isn't asked."""

    state: str | None = None
    """Where the conversation is after the turn: a node, or success, failed, cancelled."""
    passes: list[str] | None = None
    """The states that the turn goes through, all of them and in this order."""
    checkpoint: Stage | Literal["none"] | None = None
    tools: list[ToolExpectation] | None = None
    """All tool calls of the turn, in this order. A bare name stands for any arguments."""
    fields: dict[str, Any] | None = None
    """Everything of the specification that stems from the person: the intent's fields, priorities as
    `latency_priority`, and what they overrode. What is found and not listed counts against the turn.
    """
    shows: dict[str, Any] = {}
    """Values in what the pause shows, by dotted path; `*` in a path stands for every
    item of a list, `-1` for the last.
    """
    says: list[str] = []
    """Parts of the replies, whatever their case; between slashes, a regular expression."""
    says_not: list[str] = []
    error: bool = False
    """Whether an error event is what must come."""

    @model_validator(mode="before")
    @classmethod
    def _bare_names(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("tools"), list):
            values = values | {"tools": [{"tool": t} if isinstance(t, str) else t for t in values["tools"]]}
        return values


class Press(Strict):
    """A button. `$digest` among the arguments is the digest that the open pause shows."""

    move: str
    arguments: dict[str, Any] = {}


class Turn(Strict):
    """One turn of the person, by words or by a button."""

    say: str | None = None
    press: Press | None = None
    again: int = Field(default=1, ge=1, le=40)
    """How many times, one after the other; the expectations are of the last."""
    stale: bool = False
    """In answer to the first pause of the conversation instead of to the open one."""
    at_once: int = Field(default=1, ge=1, le=4)
    """From so many windows at the same time."""
    restart: bool = False
    """The process is restarted first: nothing in memory survives."""
    cut_off_at: str | None = None
    """The process dies when the turn reaches this state; the expectations are of
    what had happened until then.
    """
    fault: Order | None = None
    """Strikes what is up for approval, from before this turn on."""
    heal: bool = False
    """Before this turn, no fault strikes any more."""
    expect: Expectations = Expectations()

    @model_validator(mode="after")
    def _one_way(self) -> Turn:
        if (self.say is None) == (self.press is None):
            raise ValueError("a turn has either `say` or `press`")
        return self


class End(Strict):
    """What must be true when the conversation is over."""

    deployments: int | None = None
    """InferenceServices of this conversation in the cluster."""
    audit: list[str] | None = None
    """The events of the audit log about this conversation, in order."""
    never: list[str] = []
    """Tools that must not have been called at all."""


class Scenario(Strict):
    """`name` is the file's."""

    name: str
    category: Category
    about: str
    model: BadModel | list[ScriptedAnswer] | None = None
    """Who reads the words in place of the model that is evaluated."""
    read_only: bool = False
    probe_s: float = 0.0
    """For how long a new endpoint is measured."""
    turns: list[Turn] = Field(min_length=1)
    end: End = End()
    case: str = ""
    """Which case of those that were collected it tells anew."""
    musts: list[Must] = []

    @model_validator(mode="after")
    def _turns_that_there_are(self) -> Scenario:
        for number, must in enumerate(self.musts, 1):
            if any((seen.turn or 0) > len(self.turns) for seen in must.seen):
                raise ValueError(f"line {number} is seen in a turn that there isn't")
        return self


def load_scenarios(paths: list[Path]) -> list[Scenario]:
    """All scenarios in these files and folders, by name. Raises CompassError naming the
    file and the field that is wrong.
    """
    files = sorted(
        {f for path in paths for f in ([path] if path.is_file() else sorted(path.rglob("*.yaml")))}
    )
    missing = [str(path) for path in paths if not path.exists()]
    if missing or not files:
        raise CompassError(
            f"There are no scenarios at {', '.join(missing or map(str, paths))}. Name YAML files, or folders"
            " of them."
        )
    return [scenario for file in files for scenario in _load(file)]


def _load(file: Path) -> list[Scenario]:
    """A file holds one scenario or more, as YAML documents; those after the first
    are named by their number.
    """
    try:
        documents = [d for d in yaml.safe_load_all(file.read_text(encoding="utf-8")) if d is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CompassError(f"{file} is no YAML: {' '.join(str(error).split())[:300]}") from error
    found = []
    for number, document in enumerate(documents, 1):
        name = file.stem if len(documents) == 1 else f"{file.stem}-{number}"
        if not isinstance(document, dict):
            raise CompassError(f"{file}: a scenario is a mapping with category, about and turns.")
        try:
            found.append(Scenario.model_validate({"name": name} | document))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise CompassError(f"{file}, scenario {name}, at {where}: {first['msg']}.") from error
    return found
