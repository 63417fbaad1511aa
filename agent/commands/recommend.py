"""A recommendation without a conversation, from words or from a specification file."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError, computed_field

from agent.cards.build import card_of
from agent.cards.card import Card
from agent.cards.facts import OptionsFacts, SpecificationFacts
from agent.manifests import manifest_request
from agent.models.choose import choose_model
from agent.words.checks import change_or_problem, in_sentences
from agent.words.intent import extract_intent
from knowledge.catalogue import METRICS, SloTargets, TrafficProfile
from knowledge.database import Database
from knowledge.errors import CompassError
from knowledge.settings import Settings
from knowledge.traffic.traced import Traced
from tools.manifests.export import as_form, write
from tools.plan_capacity import PlanRequest, plan_capacity
from tools.planning.plan import VIEWS, Plan
from tools.read_traffic import TrafficQuery, read_traffic
from tools.render_manifest import render_manifest
from tools.specification import (
    FIELDS,
    TARGETS,
    Demand,
    Intent,
    Overrides,
    Specification,
    SpecificationChange,
    build_specification,
    change_specification,
    of_a_trace,
    targets_asked,
)
from tools.traffic import map_to_benchmark_profile


class Recommended(OptionsFacts):
    """What `compass recommend --json` prints; `files` are those that were written."""

    files: list[str] = []

    @computed_field  # type: ignore[prop-decorator]
    @cached_property
    def cards(self) -> list[Card]:
        """As the terminal shows them."""
        shown = (card_of(SpecificationFacts(specification=self.specification)), card_of(self))
        return [card for card in shown if card]

    def tell(self, as_json: bool) -> None:
        """The specification, its options, and the files that were written."""
        if as_json:
            print(self.model_dump_json(indent=2))
            return
        from rich.console import Console

        from agent.terminal.cards import print_card

        for card in self.cards:
            print_card(Console(highlight=False, markup=False), card)
        for path in self.files:
            print(path)


def specified(
    text: str | None, file: Path | None, settings: Settings, trace: Path | None = None
) -> Specification:
    """From words or from a file; raises CompassError unless it is one of the two. A trace is beneath what
    words say, and above what a file says of the same figures.
    """
    traffic = traffic_from_file(trace) if trace else None
    if text is not None and file is None:
        return specification_from_words(text, settings, traffic)
    if file is not None and text is None:
        built = specification_from_file(file)
        return change_specification(built, of_a_trace(traffic)) if traffic else built
    raise CompassError(
        "Give either a text or --spec FILE, for instance: compass recommend 'a chatbot for 1000 users'."
    )


def with_owned(specification: Specification, typed: list[str]) -> Specification:
    """The specification on servers that somebody owns, as `--owned` names them; raises CompassError where
    they can't be read.
    """
    if not typed:
        return specification
    change = change_or_problem(SpecificationChange, {"owned": ", ".join(typed)})
    if isinstance(change, str):
        raise CompassError(change)
    return change_specification(specification, change)


def with_targets(specification: Specification, typed: list[str]) -> Specification:
    """With targets as they are typed, beside its own; raises CompassError for one that isn't any."""
    return change_specification(specification, targets_asked(typed))


def traffic_from_file(file: Path) -> Traced:
    """Raises CompassError for what is no trace, or one of more than any plan is for."""
    found = read_traffic(TrafficQuery(path=str(file)))
    if found.traced is None:
        raise CompassError(
            f"The traffic of {found.name} is more than a plan can be for: prompts of 1,000,000 tokens,"
            " answers of 100,000, 10,000,000 requests/s."
        )
    return found.traced


def specification_from_words(text: str, settings: Settings, traffic: Traced | None = None) -> Specification:
    """Raises CompassError where the words, and a trace, don't say enough."""
    intent, overrides = extract_intent(text, choose_model(settings).reader)
    if intent.use_case is None:
        raise CompassError("What is it for? Name a use case, for instance “a chatbot for 1000 users”.")
    if not intent.complete and traffic is None:
        raise CompassError(
            "For how many users, or requests per second? For instance “a chatbot for 1000 users”."
        )
    return build_specification(intent, overrides.model_copy(update={"traffic": traffic}))


def specification_from_file(file: Path) -> Specification:
    """A file as `compass recommend --json` prints it, or its `specification` alone;
    edited figures are what counts.

    Raises CompassError naming the field that is wrong.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CompassError(f"The file {file} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise CompassError(f"The file {file} isn't JSON: {error}.") from error
    if isinstance(values, dict) and isinstance(values.get("specification"), dict):
        values = values["specification"]
    try:
        intent = Intent.model_validate(values["intent"])
        figures = {
            **Overrides.model_validate(values.get("overrides") or {}).model_dump(exclude_none=True),
            **_tokens(values),
            **_targets(SloTargets.model_validate(values["slo_targets"])),
            **Demand.model_validate(values["demand"]).model_dump(include=set(Overrides.model_fields)),
        }
        said = Overrides.model_validate(figures)
        if said.traffic:
            told = said.traffic.figures
            own = {name: None for name in told if getattr(said, name) == told[name]}
            said = said.model_copy(update=own)
        built = build_specification(intent, said)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise CompassError(f"{file}, field {where}: {in_sentences(error)}") from error
    except (KeyError, TypeError) as error:
        raise CompassError(
            f"{file} isn't a specification: it needs intent, traffic_profile, slo_targets and demand."
        ) from error
    except ValueError as error:
        raise CompassError(f"{file}: {error}") from error
    checked = change_or_problem(SpecificationChange, intent.model_dump(include=set(FIELDS)))
    if isinstance(checked, str):
        raise CompassError(f"{file}: {checked}")
    return built


def _tokens(values: dict[str, Any]) -> dict[str, int]:
    """Of prompt, thoughts and answer: the traffic profile has thoughts and answer together."""
    profile, thoughts = (
        TrafficProfile.model_validate(values["traffic_profile"]),
        int(values.get("thinking_tokens") or 0),
    )
    thinking = {"thinking_tokens": thoughts} if thoughts else {}
    return {
        "prompt_tokens": profile.prompt_tokens,
        "output_tokens": profile.output_tokens - thoughts,
        **thinking,
    }


def _targets(targets: SloTargets) -> dict[str, Any]:
    """As fields of `Overrides`."""
    fields = {name: targets.of(metric).get(statistic) for name, (metric, statistic) in TARGETS.items()}
    return fields | {"no_target": [metric for metric in METRICS if not targets.of(metric)]}


def recommendation_for(
    specification: Specification, settings: Settings, limit: int, view: str = "balanced"
) -> Plan:
    """The plan that the conversation would show for this specification."""
    profile = map_to_benchmark_profile(specification.traffic_profile)
    if view not in VIEWS:
        raise CompassError(f"There is no view {view!r}; there are {', '.join(VIEWS)}.")
    request = PlanRequest(specification=specification, benchmark_profile=profile, limit=limit, view=view)
    database = Database(settings)
    try:
        return plan_capacity(request, database)
    finally:
        database.close()


def manifests_of(
    plan: Plan, option: int, specification: Specification, settings: Settings, folder: Path, form: str
) -> list[Path]:
    """Write the manifests of one option, checked; nothing is applied. Raises CompassError
    for an option that there isn't.
    """
    chosen = next((o for o in plan.recommendations if o.rank == option), None)
    if chosen is None:
        raise CompassError(f"There is no option {option}; there are {len(plan.recommendations)}.")
    # Whoever applies the files has a name of their own choosing for them: the folder's.
    request = manifest_request(
        chosen, specification, folder.resolve().name, folder.resolve().name, settings, monitoring=True
    )
    bundle = render_manifest(request)
    if not bundle.valid:
        raise CompassError("; ".join(f"{p.file}, {p.field}: {p.text}" for p in bundle.problems))
    return write(bundle, folder, as_form(form))
