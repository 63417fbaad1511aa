"""From facts to the card that shows them."""

from __future__ import annotations

from functools import singledispatch

from agent.cards import approval, options, serving, specification
from agent.cards.card import Card
from agent.cards.comparing import kept_plans
from agent.cards.facts import (
    ApprovalFacts,
    ManifestsFacts,
    OptionsFacts,
    PlansFacts,
    RunningFacts,
    SpecificationFacts,
)
from agent.cards.parts import Sentence
from tools.get_status import DeploymentStatus
from tools.planning.plan import holding_in_words
from tools.serving.validation import Validation


@singledispatch
def card_of(facts: object) -> Card | None:
    """The card of some facts; None where words are enough."""
    return None


def failure() -> Card:
    """After a deployment that failed, which is no pause: what can be said now is beside it."""
    return Card(kind="failure", title="It failed, and nothing is lost", tone="alarm", parts=[])


def deployments(found: list[DeploymentStatus], where: str) -> Card:
    """A line for each of all that runs on a cluster."""
    return Card(kind="deployments", title="Deployments", note=where, parts=[serving.deployment_list(found)])


def earlier(question: str) -> Card:
    """Of what an earlier release has kept in a form that can't be read any more."""
    gone = "What was shown here is of an earlier release of Compass, and can’t be shown any more."
    return Card(kind="earlier", title=question or "Of an earlier release", parts=[Sentence(text=gone)])


@card_of.register
def _(facts: SpecificationFacts) -> Card:
    return Card(
        kind="specification",
        title="Specification",
        parts=specification.specification_parts(facts),
        answers=specification.ANSWERS,
    )


@card_of.register
def _(facts: OptionsFacts) -> Card:
    return Card(
        kind="options",
        title=options.title_of(facts),
        note=holding_in_words(facts),
        tone="plain" if facts.recommendations else "alarm",
        parts=options.options_parts(facts),
        actions=options.actions(facts),
    )


@card_of.register
def _(facts: ApprovalFacts) -> Card:
    return Card(
        kind="approval",
        title="Approval of a deletion" if facts.action == "delete" else "Approval",
        note=facts.name,
        tone="alarm" if approval.is_grave(facts) else "plain",
        parts=approval.approval_parts(facts),
        actions=approval.actions(facts),
        answers=approval.ANSWERS,
    )


@card_of.register
def _(facts: RunningFacts) -> Card:
    return Card(
        kind="running",
        title=facts.name,
        note="runs",
        tone="good",
        parts=serving.running_parts(facts),
        actions=serving.running_actions(),
        answers=serving.ANSWERS,
    )


@card_of.register
def _(facts: ManifestsFacts) -> Card:
    return Card(kind="manifests", title="Manifests", note=facts.digest, parts=[approval.manifests(facts)])


@card_of.register
def _(facts: PlansFacts) -> Card:
    return Card(kind="plans", title="Plans kept", parts=[kept_plans(facts.plans)])


@card_of.register
def _(facts: DeploymentStatus) -> Card:
    return Card(kind="status", title="Status", note=facts.name, parts=serving.status_parts(facts))


@card_of.register
def _(facts: Validation) -> Card | None:
    if not facts.checks:
        return None
    return Card(
        kind="validation",
        title="Validation",
        note=f"{facts.requests:,} requests, {facts.failed:,} failed",
        tone="alarm" if facts.outcome == "fail" else "plain",
        parts=serving.validation_parts(facts),
    )
