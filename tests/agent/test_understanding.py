"""How well the interpreter understands people: labelled utterances, of which those in
`unseen.yaml` no rule was made for.
"""

import pytest

from tests.agent.utterances import FIELDS, Score, load, needs_score, turns_score

LEAST = 0.95


def told(name: str, score: Score, capsys: pytest.CaptureFixture[str]) -> Score:
    """Print how it did, field by field, whether or not it passes."""
    with capsys.disabled():
        print(f"\n{name}: {score.accuracy:.1%} of {sum(score.total.values())} fields")
    return score


def test_no_need_stands_twice_and_a_third_is_unseen() -> None:
    seen, unseen = load("needs.yaml"), load("unseen.yaml")
    assert len(unseen) >= (len(seen) + len(unseen)) / 3
    assert {label for e in (*seen, *unseen) for label in e["expect"]} <= set(FIELDS)
    texts = [e["text"] for e in (*seen, *unseen)]
    assert len(set(texts)) == len(texts)


def test_needs_that_the_rules_were_made_with(capsys: pytest.CaptureFixture[str]) -> None:
    score = told("needs, seen", needs_score(load("needs.yaml")), capsys)
    assert score.accuracy >= LEAST, "\n".join([score.table(), *score.wrong])


def test_needs_that_nothing_was_tuned_on(capsys: pytest.CaptureFixture[str]) -> None:
    score = told("needs, unseen", needs_score(load("unseen.yaml")), capsys)
    with capsys.disabled():
        print(score.table())
    assert score.total  # no share of it is a gate: whoever mends its lines tunes on it


def test_turns_in_the_middle_of_a_conversation(capsys: pytest.CaptureFixture[str]) -> None:
    score = told("turns", turns_score(load("turns.yaml")), capsys)
    assert score.accuracy >= LEAST, "\n".join([score.table(), *score.wrong])
