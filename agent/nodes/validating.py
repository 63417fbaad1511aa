"""Measuring an endpoint and saying how it went; after a deployment, and whenever the person asks for it."""

from __future__ import annotations

from agent.events import ProgressEvent, emit
from agent.turn import Turn
from tools.manifests.bundle import ManifestBundle
from tools.records import Subject, keep_validation
from tools.serving.validation import Validation
from tools.validate_endpoint import ValidationQuery, validate_endpoint
from tools.wording import rate

SAID = {
    "pass": "It meets its targets",
    "warn": "Look at this",
    "fail": "It fails its validation",
    "unjudged": "Whether it meets its targets can't be told yet",
}


def validated(turn: Turn, bundle: ManifestBundle, endpoint: str, approval_id: str) -> Validation:
    """Validate, and keep the outcome beside what was predicted."""
    services = turn.services
    query = ValidationQuery(
        name=bundle.name, endpoint=endpoint, model_id=bundle.model_id, seconds=services.settings.probe_s
    )
    subject = Subject(approval_id, bundle.files, services.cluster)

    def progress(text: str) -> None:
        services.caller.unless_stopped()
        emit(ProgressEvent(text=text))

    found = turn.call(
        "validate_endpoint", validate_endpoint, query, *subject.planned, services.database, progress
    )
    keep_validation(query, found, subject, services.database)
    return found


def say_validated(turn: Turn, before: str, found: Validation) -> None:
    """The outcome and its reasons, with the figures as details."""
    measured = (
        f" ({found.requests} requests, {rate(found.requests_per_second)} a second)"
        if found.requests_per_second
        else ""
    )
    ends = ":" if found.checks else "."  # what was measured, or a sentence of its own
    text = f"{before} {SAID[found.outcome]}{measured}{ends} {' '.join(found.reasons)}"
    turn.say(text, kind="validation", details=found)
