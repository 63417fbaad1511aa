"""What is said of a turn is so: replies to our questions, what wasn't used, what stands
already, and questions that change nothing.
"""

from typing import Any

import pytest

from agent.cards.approval import approval_parts
from agent.cards.build import card_of
from agent.cards.facts import ApprovalFacts
from agent.models.builtin.answering import completed, declines
from agent.models.builtin.interpreter import interpret
from agent.moves import MOVES, DescribeNeed, Stage
from agent.runtime import Runtime
from agent.words.grounding import beside_excluded, not_used
from tests.agent.sentences import QUESTION_FILLS, QUESTIONS
from tests.drawing import printed
from tests.present import present
from tests.talking import converse
from tools.planning.least_quality import shortfall
from tools.planning.ranking import pick
from tools.specification import Intent, SpecificationChange

START = ("a chatbot for 1000 users", "looks good")


def intent_of(runtime: Runtime, thread: str) -> Intent:
    specification = present(runtime.state(thread).get("specification"))
    return specification.intent


def understood(stage: Stage, words: str) -> tuple[str, dict[str, Any]]:
    move = interpret(words, {m.__name__ for m in MOVES[stage]})
    return type(move).__name__, move.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("stage", "words", "reply", "meant"),
    [
        ("specification_review", "raise the headroom by 10 %", "points", {"added": {"headroom": 0.1}}),
        (
            "specification_review",
            "raise the headroom by 10 %",
            "the second one",
            {"factors": {"headroom": 1.1}},
        ),
        ("specification_review", "20 ms less, please", "TTFT", {"added": {"ttft_p95_ms": -20}}),
        ("specification_review", "move TTFT by 50 ms", "less", {"added": {"ttft_p95_ms": -50}}),
        ("specification_review", "raise the budget", "3000", {"budget_usd_per_month": 3000}),
        ("specification_review", "raise the budget", "to $3,500", {"budget_usd_per_month": 3500}),
        ("specification_review", "raise the budget", "by 500", {"added": {"budget_usd_per_month": 500}}),
        ("specification_review", "could you lower the TTFT a bit?", "about 120 ms", {"ttft_p95_ms": 120}),
        ("specification_review", "300 tokens", "prompts", {"prompt_tokens": 300}),
        ("basic_monitoring", "double the replicas", "three", {"replicas": 3}),
    ],
)
def test_a_reply_to_our_question_is_read_as_its_answer(
    stage: Stage, words: str, reply: str, meant: dict[str, Any]
) -> None:
    name, asked = understood(stage, words)
    assert name == "Unclear"
    whole = present(completed(reply, asked["question"]))
    assert understood(stage, whole)[1] == meant


def test_what_is_no_answer_is_not_taken_for_one() -> None:
    asked = "Do you mean a budget of $3,018 a month? Choose one (“option 2”), or ask."
    assert completed("yes please", asked) == "a budget of $3,018 a month"
    assert completed("make it 300 users", asked) is None
    assert completed("what would that cost?", "How many replicas, from 1 to 10,000?") is None
    assert completed("300 users on H100", "What should the budget be?") is None
    assert completed("yes", "Is this what you need?") is None
    assert declines("no, thanks", asked)
    assert not declines("no", "Shall I plan with what I know?")


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("a chatbot for 200 users, must comply with GDPR, say 50k", ["must comply with gdpr", "say 50k"]),
        ("a chatbot for 200 users, and data must stay on our own racks", ["data must stay on our own racks"]),
        ("chatbot for 1000 employees, about 200 of them will use it, cheap, low cost please", []),
        ("RAG over our internal docs for 5k employees, cost sensitive, max $4k a month, TTFT under 80ms", []),
        (
            "accuracy is the thing here, nothing over 6k a month and must be an apache or mit model, chatbot",
            [],
        ),
        ("chatbot for 45 associates and 12 partners, not on Azure", []),
        ("chatbot for 200 users, we need 4 H100", ["4 h100"]),
        ("we have 3 offices and want a chatbot for 200 users", ["3 offices"]),
        ("summaries of 300 page reports for 20 users since 2019, 24/7", ["300 page reports"]),
        ("we are a 40 year old company, chatbot for 200 users, 95% of answers within 4 s", []),
        ("chatbot for 200 users on Java 21", ["java 21"]),
    ],
)
def test_what_left_no_trace_is_named_and_nothing_else(words: str, left: list[str]) -> None:
    move = interpret(words, {m.__name__ for m in MOVES["context_collection"]})
    assert isinstance(move, DescribeNeed)
    assert not_used(words, move) == left


def test_exclusions_come_beside_each_other() -> None:
    before = Intent(excluded_gpu_types=["H100"], excluded_providers=["aws"])
    after = beside_excluded(
        SpecificationChange(excluded_gpu_types=["B200"], excluded_providers=["aws", "gcp"]), before
    )
    assert (after.excluded_gpu_types, after.excluded_providers) == (["H100", "B200"], ["aws", "gcp"])


def test_exceptions_and_what_is_allowed_again_through_a_conversation(runtime: Runtime, thread: str) -> None:
    converse(
        runtime, thread, "a chatbot for 1000 users", "everything but H100 and B200", "no L4", "not on Azure"
    )
    intent = intent_of(runtime, thread)
    assert set(intent.excluded_gpu_types) == {"H100", "B200", "L4"}
    assert intent.excluded_providers == ["azure"]
    heard = converse(runtime, thread, "H100 is fine again")
    assert "excluded GPUs L4, B200" in heard.text or "excluded GPUs" in heard.text
    assert set(intent_of(runtime, thread).excluded_gpu_types) == {"B200", "L4"}
    assert intent_of(runtime, thread).preferred_gpu_types == []


def test_a_relative_wish_starts_from_what_stands_there_and_a_missing_budget_from_what_the_first_option_costs(
    runtime: Runtime, thread: str
) -> None:
    converse(runtime, thread, *START)
    converse(runtime, thread, "lower TTFT by 20 ms")
    assert present(runtime.state(thread).get("specification")).slo_targets.ttft_p95_ms == 130
    asked = converse(runtime, thread, "raise the budget by 500 dollars").text
    assert intent_of(runtime, thread).budget_usd_per_month is None
    plan = present(runtime.state(thread).get("plan"))
    wanted = round(plan.recommendations[0].cost_usd_per_month + 500)
    assert f"${wanted:,}" in asked
    converse(runtime, thread, "yes")
    assert intent_of(runtime, thread).budget_usd_per_month == wanted
    converse(runtime, thread, "200 users fewer")
    assert intent_of(runtime, thread).user_count == 800


def test_before_anything_is_known_a_relative_wish_is_asked_back_and_nothing_is_lost(
    runtime: Runtime, thread: str
) -> None:
    heard = converse(runtime, thread, "a chatbot, 50 more users, at most $3000 a month")
    assert "How many users will there be in all?" in heard.text
    assert "TTFT p95" not in heard.text
    converse(runtime, thread, "300")
    assert intent_of(runtime, thread).user_count == 300
    assert intent_of(runtime, thread).budget_usd_per_month == 3000


def test_what_stands_already_is_said_and_only_what_does(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *START)
    first, again = converse(runtime, thread, "use AWS"), converse(runtime, thread, "use AWS")
    assert "already" not in first.text
    assert "providers aws is planned like that already" in again.text
    other = converse(runtime, thread, "use GCP, must be green energy")
    assert "already" not in other.text
    assert "“must be green energy”" in other.text
    assert intent_of(runtime, thread).providers == ["gcp"]
    converse(runtime, thread, "plan for 20 requests per second")
    assert "nothing in the plan depends on it" in converse(runtime, thread, "40 % active").text


def test_with_no_option_nothing_is_said_of_options_that_there_are(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users, budget $1", "looks good")
    chosen = converse(runtime, thread, "deploy the cheapest").text
    assert "There is no option to choose" in chosen
    assert "Choose one" not in chosen
    for question in (
        "what does it cost?",
        "why this one?",
        "how much memory does it take?",
        "compare 1 and 2",
    ):
        told = converse(runtime, thread, question).text
        assert "comes after the specification" not in told, question
        assert "No option holds the targets" in told, question


def test_questions_in_a_conversation_change_nothing_and_reject_nothing(runtime: Runtime, thread: str) -> None:
    fills = {key: values[0] for key, values in QUESTION_FILLS.items()}
    converse(runtime, thread, *START)
    for stage, words in (("presenting_options", ()), ("configuration_finalized", ("deploy the cheapest",))):
        before = present(
            converse(runtime, thread, *words).checkpoint
            if words
            else converse(runtime, thread, "what is TTFT?").checkpoint
        )
        assert before.state == stage
        for question in QUESTIONS[::6]:
            heard = converse(runtime, thread, question.format(**fills))
            assert heard.errors == [], question
            assert heard.checkpoint is not None, question
            assert (heard.checkpoint.state, heard.checkpoint.details) == (
                before.state,
                before.details,
            ), question


@pytest.mark.parametrize("words", ["deploy the cheapest", "rank by cost"])
def test_that_the_cheapest_is_weaker_is_said_before_it_is_chosen(
    runtime: Runtime, thread: str, words: str
) -> None:
    shown = converse(runtime, thread, *START)
    cheapest = pick(present(runtime.state(thread).get("plan")).recommendations, "cheapest")
    assert cheapest.offered_as == "cheaper, weaker"
    assert present(present(runtime.state(thread).get("plan")).recommendations[0]).offered_as is None
    assert "cheaper, weaker" in printed(card_of(present(shown.checkpoint).details))
    heard = converse(runtime, thread, words)
    if words == "rank by cost":
        assert present(runtime.state(thread).get("plan")).recommendations[0].offered_as == "cheaper, weaker"
        heard = converse(runtime, thread, "option 1")
    assert heard.states[-1] == "configuration_finalized"
    caveat = present(shortfall(cheapest))
    assert caveat in heard.text
    facts = present(heard.checkpoint).details
    assert isinstance(facts, ApprovalFacts)
    assert any(row.text == caveat for part in approval_parts(facts) for row in getattr(part, "rows", []))
