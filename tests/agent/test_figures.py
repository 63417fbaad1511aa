"""Figures in replies: planted ones are found, honest rounding passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.words.figures import Sources, find_figures, ungrounded
from agent.words.prose import Prose

RESULT = {
    "predicted": {"ttft_ms": {"p95": 65.2}, "e2e_ms": {"p95": 3287}},
    "cost_usd_per_month": 1058.4,
    "headroom": 0.2,
    "replicas": 3,
    "memory": {"weights_gib": 14.99},
    "reasons": ["carries 2.67 requests/s"],
    "itl": 0.14,
}


@pytest.fixture
def sources() -> Sources:
    return Sources().add(RESULT).add("a chatbot for 1000 users, at most $2k")


@pytest.mark.parametrize(
    "text",
    [
        "about 3.3 s end to end",
        "It answers in 3,287 ms.",
        "about 3 s",
        "TTFT is 65 ms, ITL error 14%",
        "$1,058 a month, about $1,000",
        "20 % of capacity is kept free",
        "3 replicas for 1,000 users and 2.67 requests/s",
        "15 GiB of weights",
        "within your budget of $2,000",
        "Llama 3.1 8B on an H100, sha256:6b608b13, on 2026-10-20, at http://127.0.0.1:37859",
        "no figures at all",
    ],
)
def test_honest_figures_pass(text: str, sources: Sources) -> None:
    assert ungrounded(text, sources) == []


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("It answers in 3.4 s.", "3.4 s"),
        ("TTFT is 66 ms.", "66 ms"),
        ("That costs $3,287.", "3,287"),
        ("It needs 4 replicas.", "4 repl"),
        ("$1,000 exactly", "1,000"),
        ("about $1,200", "1,200"),
        ("30% is kept free", "30%"),
        ("sixty-six ms", "sixty-six ms"),
        ("2000 users", "2000 us"),
        ("16 GiB of weights", "16 gi"),
        ("2.7k requests/s", "2.7k"),
    ],
)
def test_planted_figures_are_found(text: str, planted: str, sources: Sources) -> None:
    [found] = ungrounded(text, sources)
    assert found.text.lower().startswith(planted.lower())


@given(st.floats(0.5, 1e6), st.integers(0, 3))
def test_a_result_grounds_itself_however_it_is_rounded_and_not_its_double(value: float, digits: int) -> None:
    sources = Sources().add({"ttft_ms": value})
    assert ungrounded(f"TTFT {value:,.{digits}f} ms", sources) == []
    assert ungrounded(f"TTFT {value / 1000:,.{digits + 3}f} s", sources) == []
    assert ungrounded(f"TTFT {2 * value + 10:,.{digits}f} ms", sources) != []
    assert ungrounded(f"${value + 10:,.2f}", sources) != []


@given(st.text(max_size=200))
def test_any_text_can_be_looked_through(text: str) -> None:
    for figure in find_figures(text):
        assert figure.tolerance >= 0


def test_prose_loses_the_sentences_that_nothing_bears_out_and_claims_of_deeds(sources: Sources) -> None:
    prose = Prose(sources)
    pieces = [
        "It costs $1,0",
        "58 a month. It would take 9 GPUs. I have dep",
        "loyed it for you. ",
        "Your endpoint is now live! Ask me anything else.",
    ]
    assert "".join(prose.sentences(pieces)) == "It costs $1,058 a month. Ask me anything else."
    assert prose.removed == 3


@pytest.mark.parametrize("text", ["", "\x00\x01", "42", "}{" * 300, "\u202e\u200b"])
def test_what_is_no_language_leaves_nothing(text: str, sources: Sources) -> None:
    assert list(Prose(sources).sentences([text])) == []
