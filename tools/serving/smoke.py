"""The first prompt to an endpoint: does it serve the model, and answer in a language, as it was told to?"""

from __future__ import annotations

from knowledge.errors import CompassError
from tools.manifests.expectation import Expectation
from tools.serving.endpoint import PromptResult, send_prompt, served_models

SMOKE_PROMPT = "Reply with one short sentence."
SMOKE_PATIENCE_S = 30.0
THOUGHTS_SHOWN = (
    "Its thoughts stand in its answers, where users read them: vLLM runs without the reasoning parser of this"
    " model."
)
"""A failure where a mode was planned; of deployments from before modes were, a warning."""


class NotAsPlanned(CompassError):
    """What an endpoint serves isn't what was planned, whatever its latencies are."""


def first_answer(endpoint: str, model_id: str, expected: Expectation | None) -> PromptResult:
    """Raises NotAsPlanned for another model or other words than were planned, CompassError where
    the endpoint doesn't answer.
    """
    served = served_models(endpoint)
    if model_id not in served:
        raise NotAsPlanned(
            f"The endpoint {endpoint} serves {', '.join(served) or 'nothing'}, not {model_id}."
        )
    tokens = expected.thinking_tokens if expected else 0
    patience_s = SMOKE_PATIENCE_S + tokens * (expected.targets.loosest_ms("itl") if expected else 0.0) / 1000
    first = send_prompt(endpoint, model_id, SMOKE_PROMPT, max_tokens=16 + tokens, patience_s=patience_s)
    if shows_thoughts(first) and expected is not None and expected.thinking is not None:
        raise NotAsPlanned(THOUGHTS_SHOWN)
    if expected is not None and expected.thinking == "off" and first.thoughts:
        raise NotAsPlanned(
            "It thinks before it answers, though it is planned without: neither its tokens nor its waits are"
            " as planned."
        )
    if _is_gibberish(first.text) or _is_gibberish(first.thoughts):
        said = (first.text or first.thoughts)[:40]
        raise NotAsPlanned(
            f"It answered a first prompt with {said!r}, which is no language: its weights or their format are"
            " broken."
        )
    return first


def shows_thoughts(answer: PromptResult) -> bool:
    """In the answer itself, where they don't belong."""
    return "<think>" in answer.text or "</think>" in answer.text


def _is_gibberish(text: str) -> bool:
    """One character over and over (what overflowing weights give), or hardly any that can be printed."""
    dense = [c for c in text if not c.isspace()]
    unprintable = sum(not c.isprintable() or c == "�" for c in dense)
    return len(dense) >= 8 and (len(set(dense)) <= 2 or unprintable > 0.3 * len(dense))
