"""Tool: does an endpoint that has just become ready do what was planned? The model it serves,
one prompt, then a short probe. It loads the endpoint, and changes nothing.
"""

from __future__ import annotations

from knowledge.database import Database
from knowledge.errors import CompassError
from tools.contract import Contract
from tools.manifests.expectation import Expectation
from tools.serving.probe import Progress, probe
from tools.serving.smoke import THOUGHTS_SHOWN, first_answer, shows_thoughts
from tools.serving.validation import Validation, failure, judged, probe_request
from tools.tool import tool

NO_PLAN = "It carries no plan to compare with."


class ValidationQuery(Contract):
    """`seconds` is how long requests are sent; 0 leaves the probe out."""

    name: str
    endpoint: str
    model_id: str
    seconds: float


@tool(reads=True)
def validate_endpoint(
    query: ValidationQuery,
    expected: Expectation | None,
    unplanned: str,
    database: Database,
    progress: Progress,
) -> Validation:
    """Check the endpoint against what was planned for it; `unplanned` says why that can't be read, if so.

    Takes at most LONGER times `seconds`, and twice the E2E target for the last request, and a minute.
    Whatever the endpoint does is in the outcome. Raises CompassError only for a database that is gone.
    """
    try:
        first = first_answer(query.endpoint, query.model_id, expected)
    except CompassError as error:
        return failure(str(error))
    shown = shows_thoughts(first)
    if expected is None or not query.seconds:
        said = f"A first prompt was answered after {first.ttft_ms:,.0f} ms."
        left_out = ("No probe was made.", (unplanned or NO_PLAN) if query.seconds else "")
        return Validation(
            outcome="unjudged",
            reasons=[" ".join(filter(None, (said, THOUGHTS_SHOWN if shown else "", *left_out)))],
            checks=[],
            requests=1,
            failed=0,
            requests_per_second=None,
        )
    request = probe_request(query.endpoint, expected, query.seconds)
    found = judged(request, probe(request, progress), expected, database)
    if not shown:
        return found
    outcome = "warn" if found.outcome == "pass" else found.outcome
    return found.model_copy(update={"outcome": outcome, "reasons": [*found.reasons, THOUGHTS_SHOWN]})
