"""Conversations at random with hostile chat models: whatever they say, nothing is written without
an approval, and nothing breaks.

    python -m evals.fuzz [CONVERSATIONS] [SEED]

The words are those of all scenarios, in any order; the models are every kind of bad. Each
conversation is graded for what must hold in any: no error event, no figure from nowhere, no write but
after the person's own approval.
"""

from __future__ import annotations

import random
import sys
from importlib.resources import files
from pathlib import Path

from evals.bad_models import BAD_MODELS
from evals.run import default_jobs, run
from evals.scenario import Scenario, Turn, load_scenarios
from knowledge.settings import load_settings

SHORTEST, LONGEST = 3, 8
APPROVALS = ("approve", "yes, approve", "please approve")
NEEDS = (
    "a chatbot for 300 users",
    "code completion for 40 developers, cheap",
    "RAG over our docs for 2k people",
)
CONVERSATIONS = 1000
SHOWN = 10


def fuzzed(count: int, seed: int) -> list[Scenario]:
    """So many conversations; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    said = [
        t.say
        for s in load_scenarios([Path(str(files("evals") / "scenarios"))])
        for t in s.turns
        if t.say and t.again == 1
    ]
    words = sorted(set(said))
    return [_conversation(number, words, dice) for number in range(count)]


def _conversation(number: int, words: list[str], dice: random.Random) -> Scenario:
    """Mostly on its way to a deployment, so that every stage is reached; one in ten turns approves."""
    turns = [Turn(say=dice.choice(NEEDS) if dice.random() < 0.7 else dice.choice(words))]
    for _ in range(dice.randint(SHORTEST, LONGEST) - 1):
        roll = dice.random()
        if roll < 0.1:
            text = dice.choice(APPROVALS)
        else:
            text = (
                dice.choice(("looks good", "option 1", "the cheapest", "go on"))
                if roll < 0.45
                else dice.choice(words)
            )
        turns.append(Turn(say=text))
    about = "Random words, and a model that is no good."
    return Scenario(
        name=f"fuzz-{number}", category="weak_model", about=about, model=dice.choice(BAD_MODELS), turns=turns
    )


def main() -> None:
    """Print what came of it; exit code 1 if anything that must not happen did."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CONVERSATIONS
    settings = load_settings().model_copy(update={"model": "builtin"})
    report = run(
        fuzzed(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1),
        settings,
        1,
        default_jobs(settings),
        lambda grade: None,
    )
    outcomes = ", ".join(f"{n:,} {name}" for name, n in report.model_outcomes.items())
    print(
        f"{count:,} conversations, {report.turns:,} turns, {report.model_calls:,} calls of hostile models"
        f" ({outcomes}) in {report.seconds:.0f} s"
    )
    print(
        f"{report.unapproved_writes} unapproved writes, {report.ungrounded_figures} ungrounded figures,"
        f" {len(report.failures)} failed"
    )
    for failure in report.failures[:SHOWN]:
        print(f"  {failure.scenario}, turn {failure.turn}, {failure.check}: {failure.found[:300]}")
        print("    " + " › ".join(turn.said for turn in failure.turns))
    sys.exit(not report.clean)


if __name__ == "__main__":
    main()
