"""The options of a plan: a table, the details of each, what nearly fits, and how to read all that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from agent.cards.charts import tradeoffs
from agent.cards.comparing import side_by_side
from agent.cards.facts import OptionsFacts
from agent.cards.option import Option, option_of
from agent.cards.parts import Action, Chart, Column, Items, Piece, Proposal, Proposals, Sentence, Table, Words
from agent.cards.reading import footnotes
from tools.planning.defaults_in_words import defaults_in_words, relaxed_in_words
from tools.planning.plan import VIEW_NAMES, VIEWS, NearMiss, View
from tools.planning.several_servers import several_servers_in_words
from tools.planning.targets import every_target
from tools.wording import a_month, setup, short_name


class Ranking(Piece):
    """An order of the options, by rank."""

    name: View
    label: str
    ranks: list[int]


class Options(Piece):
    """The first column is the rank, the second the name."""

    part: Literal["options"] = "options"
    columns: list[Column]
    options: list[Option]
    rankings: list[Ranking]
    ranked_by: View
    tradeoffs: list[Chart]
    hint: str


Parts = list[Sentence | Table | Options | Items | Proposals]


def options_parts(facts: OptionsFacts) -> Parts:
    """What a plan's card shows, in order."""
    found, parts = facts.recommendations, Parts()
    if facts.what_if:
        parts.append(Sentence(text=f"What if: {facts.what_if}"))
    if facts.before and facts.now:
        parts.append(side_by_side([("before", facts.before), ("now", facts.now)]))
    if facts.relaxed:
        parts.append(Sentence(text=relaxed_in_words(facts)))
    parts += [_options(facts)] if found else _why_none(facts)
    parts += [Sentence(text=text) for text in defaults_in_words(facts)]
    if facts.near_misses:
        gain = "cheaper" if all(o.cost_usd_per_month for o in found) else "fewer GPUs"
        heading = f"Near misses: {gain}, if something gave" if found else "What would have to give"
        proposals = [_proposal(miss) for miss in facts.near_misses]
        parts.append(Proposals(heading=heading, proposals=proposals))
    if facts.several_servers:
        parts.append(Sentence(text=several_servers_in_words(facts.several_servers)))
    return [*parts, *(Sentence(text=text, tone="quiet") for text in footnotes(facts))] if found else parts


def actions(facts: OptionsFacts) -> list[Action]:
    """To go back to what was before."""
    return [Action(move="UndoExplore", label="Undo")] if facts.what_if else []


def title_of(facts: OptionsFacts) -> str:
    return "Options" if facts.recommendations else "Nothing holds the targets within your constraints"


def _why_none(facts: OptionsFacts) -> Iterator[Sentence | Items]:
    if not facts.considered:
        yield Sentence(text="No configuration could be considered: no benchmark covers what you asked for.")
        return
    excluded = [Words(text=f"{count:,} excluded: {reason}") for reason, count in facts.excluded.items()]
    yield Items(items=excluded)


def _proposal(miss: NearMiss) -> Proposal:
    would = f"{short_name(miss.model_id)} on {setup(miss)}, {a_month(miss.cost_usd_per_month)}"
    would += f" ({miss.offered_as})" if miss.offered_as else ""
    change = miss.change.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    action = Action(
        move="Explore", label="Try it", arguments=change, style="quiet", says=f"What if {miss.relaxation}?"
    )
    return Proposal(text=f"{miss.relaxation} → {would}", action=action)


def _options(facts: OptionsFacts) -> Options:
    found, targets = facts.recommendations, facts.specification.slo_targets
    columns = [
        Column(label="#"),
        Column(label="Model", figures=False),
        Column(label="GPUs", figures=False),
        Column(label="$/month"),
        *(Column(label=target.name, note=target.note) for target in every_target(targets)),
        Column(label="Max req/s", may_go=True),
        Column(label="Quality"),
    ]
    return Options(
        columns=columns,
        options=[option_of(o, facts) for o in found],
        rankings=[
            Ranking(name=view, label=VIEW_NAMES[view], ranks=facts.views[view])
            for view in VIEWS
            if view in facts.views
        ],
        ranked_by=facts.view,
        tradeoffs=tradeoffs(found, targets),
        hint="Bars: how much of a target is used. Tick two or three to compare.",
    )
