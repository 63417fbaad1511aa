"""In which mode a specification is planned, thinking first or answering at once, and how
many tokens of thoughts that takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.catalogue import SloTargets, TrafficProfile, UseCase, models
from knowledge.thinking import ThinkingMode


@dataclass(frozen=True)
class PlannedThinking:
    """`tokens` of thoughts come before each answer; 0 where nothing thinks. `origin`
    is where the mode is from.
    """

    mode: ThinkingMode
    tokens: int
    origin: str

    def assumed(
        self, profile: TrafficProfile, targets: SloTargets, e2e_is_set: bool, tokens_are_set: bool
    ) -> list[tuple[str, str, str]]:
        """(name, text, origin) of what follows for a traffic profile that has the
        thoughts in it, and its targets.
        """
        if self.mode == "off":
            return [
                (
                    "thinking",
                    "models answer at once, without thinking first: those that always think are left out",
                    self.origin,
                )
            ]
        answer = profile.output_tokens - self.tokens
        text = f"each answer of {answer:,} tokens comes after {self.tokens:,} tokens of thoughts"
        found = [
            (
                "thinking",
                "models think before they answer; TTFT is that of the first token, which is of the thoughts",
                self.origin,
            ),
            (
                "thinking_tokens",
                text,
                "your edit" if tokens_are_set else "our default: an assumption, see use_cases.json",
            ),
        ]
        if not e2e_is_set:
            seconds = self.tokens * targets.loosest_ms("itl") / 1000
            more = f"the E2E target has {seconds:,.1f} s more for the thoughts"
            found.append(("e2e_p95_ms", f"{more}, {self.tokens:,} tokens at the ITL target", "computed"))
        return found


def planned_thinking(
    wish: ThinkingMode | None, wanted_models: Sequence[str], tokens: int | None, template: UseCase
) -> PlannedThinking:
    """As the person asked; else as all models that they want have to; else as the
    use case's template has it.
    """
    mode, origin = template.thinking.mode, f"{template.title} template"
    ways = [models()[m].thinking for m in wanted_models if m in models()]
    if wish is not None:
        mode, origin = wish, "your words"
    elif ways and all(way is not None and way.modes == "always" for way in ways):
        mode, origin = "on", "what you want always thinks"
    return PlannedThinking(mode, (tokens or template.thinking.thinking_tokens) if mode == "on" else 0, origin)
