"""The built-in interpreter's English, stage by stage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.builtin.interpreter import MAX_CHARACTERS, interpret
from agent.models.builtin.quantities import find_quantities
from agent.moves import MOVES, Ask, DescribeNeed, EditSpecification, Stage, Unclear


def move(stage: Stage, words: str) -> tuple[str, dict[str, Any]]:
    found = interpret(words, {m.__name__ for m in MOVES[stage]})
    return type(found).__name__, found.model_dump(exclude_defaults=True)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10k users", [10_000]),
        ("1.5 million people", [1_500_000]),
        ("2.5k", [2_500]),
        ("a dozen", [12]),
        ("two hundred and fifty", [250]),
        ("twenty-five", [25]),
        ("half a million", [500_000]),
        ("a million billion users", [1e15]),
        ("1,234,567", [1_234_567]),
        ("$4.5k a month", [4_500]),
        ("-5 users", [-5]),
        (".5 s", [0.5]),
        ("300ms", [300]),
        ("h100 p95 llama-3.1-8b a100s", []),
        ("this one", []),
        ("5m users", [5_000_000]),
    ],
)
def test_quantities(text: str, values: list[float]) -> None:
    assert [q.value for q in find_quantities(text)] == pytest.approx(values)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (
            "I need a chatbot for 1000 users, low latency critical",
            {"use_case": "chatbot_conversational", "user_count": 1000, "latency_priority": "high"},
        ),
        (
            "chatbot for 100 users, answers start within 300 ms and finish within 5 s",
            {"use_case": "chatbot_conversational", "user_count": 100}
            | {"ttft_p95_ms": 300, "e2e_p95_ms": 5000},
        ),
        (
            "technical reports to summarise, 1000 requests per day, answer within 60 seconds",
            {"use_case": "summarization_short", "requests_per_day": 1000, "e2e_p95_ms": 60_000},
        ),
        (
            "copilot for 250 developers, max $4k a month",
            {"use_case": "code_completion", "user_count": 250, "budget_usd_per_month": 4000},
        ),
        (
            "RAG over our internal docs for 5k employees, cost sensitive",
            {"use_case": "document_analysis_rag", "user_count": 5000, "cost_priority": "high"},
        ),
        (
            "we want to translate documents for a dozen translators",
            {"use_case": "translation", "user_count": 12},
        ),
        (
            "summarise 100-page reports for 50 analysts",
            {"use_case": "long_document_summarization", "user_count": 50},
        ),
        ("write unit tests for 30 engineers", {"use_case": "code_generation_detailed", "user_count": 30}),
        ("marketing copy for two hundred writers", {"use_case": "content_generation", "user_count": 200}),
        (
            "a bot that answers customer questions for our webshop with around 12,000 customers",
            {"use_case": "chatbot_conversational", "user_count": 12_000},
        ),
        (
            "it should answer questions about our internal documents for 90 people",
            {"use_case": "document_analysis_rag", "user_count": 90},
        ),
        ("tl;dr of tickets for 80 agents", {"use_case": "summarization_short", "user_count": 80}),
        (
            "contract review for 20 lawyers",
            {"use_case": "research_legal_analysis", "user_count": 20, "domain_specialization": ["legal"]},
        ),
        (
            "chatbot, 20 requests per second",
            {"use_case": "chatbot_conversational", "requests_per_second": 20},
        ),
        (
            "chatbot for 1000 concurrent users",
            {
                "use_case": "chatbot_conversational",
                "user_count": 1000,
                "active_fraction": 1,
                "peak_factor": 1,
            },
        ),
        (
            "chatbot for 1.5 million users on H100s, anything but A100",
            {
                "use_case": "chatbot_conversational",
                "user_count": 1_500_000,
                "preferred_gpu_types": ["H100"],
                "excluded_gpu_types": ["A100-40", "A100-80"],
            },
        ),
        (
            "code completion for 500 devs, TTFT under 80ms and ITL below 15 ms",
            {"use_case": "code_completion", "user_count": 500, "ttft_p95_ms": 80, "itl_p95_ms": 15},
        ),
        (
            "chatbot for 100 users using gpt-oss-20b",
            {
                "use_case": "chatbot_conversational",
                "user_count": 100,
                "preferred_models": ["openai/gpt-oss-20b"],
            },
        ),
        (
            "RAG for 100000 requests a day, bursty, permissive licence, N+1",
            {
                "use_case": "document_analysis_rag",
                "requests_per_day": 100_000,
                "burstiness": 4,
                "licenses": ["permissive"],
                "spare_replicas": 1,
            },
        ),
        (
            "a chatbot with 64 requests in flight",
            {"use_case": "chatbot_conversational", "concurrent_requests": 64},
        ),
        (
            "we have 8 H100s, summarize documents for 500 users",
            {"use_case": "summarization_short", "user_count": 500, "available_gpus": {"H100": 8}},
        ),
        (
            "chatbot for 200 users on aws in us-east-1, quality at least 75 %",
            {
                "use_case": "chatbot_conversational",
                "user_count": 200,
                "providers": ["aws"],
                "regions": ["us-east-1"],
                "min_quality": 75,
            },
        ),
        (
            "code generation for 50 devs, 128k context window, no headroom",
            {
                "use_case": "code_generation_detailed",
                "user_count": 50,
                "min_context_tokens": 128_000,
                "headroom": 0,
            },
        ),
        (
            "translation, 50k requests per day within 12 hours, 10% headroom, 2 spare replicas",
            {
                "use_case": "translation",
                "requests_per_day": 50_000,
                "busy_hours_per_day": 12,
                "headroom": 0.1,
                "spare_replicas": 2,
            },
        ),
        (
            "chatbot for 100 users with what our cluster has",
            {"use_case": "chatbot_conversational", "user_count": 100, "cluster_gpus": True},
        ),
        (
            "a chatbot for 1000 users at 10 rps",
            {"use_case": "chatbot_conversational", "user_count": 1000, "requests_per_second": 10},
        ),
        ("1000 users", {"user_count": 1000}),
        (
            "autocomplete for my developers, about 300 of them",
            {"use_case": "code_completion", "user_count": 300},
        ),
        ("200", {"user_count": 200}),
    ],
)
def test_needs(words: str, values: dict[str, Any]) -> None:
    assert move("context_collection", words) == ("DescribeNeed", values)


@pytest.mark.parametrize(
    ("stage", "words", "expected"),
    [
        ("specification_review", "looks good", ("Confirm", {})),
        ("presenting_options", "rank by cost", ("ShowView", {"view": "lowest_cost"})),
        ("presenting_options", "sort them by quality, please", ("ShowView", {"view": "best_quality"})),
        ("presenting_options", "keep this as big one", ("KeepPlan", {"name": "big one"})),
        ("presenting_options", "back to big one", ("RestorePlan", {"name": "big one"})),
        ("presenting_options", "go back to the original", ("UndoExplore", {})),
        ("presenting_options", "compare the kept plans", ("Ask", {"topic": "kept"})),
        ("presenting_options", "what if burstiness were 8?", ("Explore", {"burstiness": 8})),
        ("presenting_options", "what if we only had 4 H100s?", ("Explore", {"available_gpus": {"H100": 4}})),
        ("presenting_options", "what if quality must be at least 80 %?", ("Explore", {"min_quality": 80})),
        ("presenting_options", "what would have to give?", ("Ask", {"topic": "near_misses"})),
        ("presenting_options", "what if any licence would do?", ("Explore", {"clear": ["licenses"]})),
        ("specification_review", "ok, go ahead", ("Confirm", {})),
        ("specification_review", "make TTFT 300 ms", ("EditSpecification", {"ttft_p95_ms": 300})),
        ("specification_review", "ttft 0.2s", ("EditSpecification", {"ttft_p95_ms": 200})),
        ("specification_review", "300 ms TTFT please", ("EditSpecification", {"ttft_p95_ms": 300})),
        (
            "specification_review",
            "set e2e to 5 seconds and itl to 20",
            ("EditSpecification", {"e2e_p95_ms": 5000, "itl_p95_ms": 20}),
        ),
        ("specification_review", "only 200 users", ("EditSpecification", {"user_count": 200})),
        ("specification_review", "yes but for 200 users", ("EditSpecification", {"user_count": 200})),
        ("specification_review", "use H100s", ("EditSpecification", {"preferred_gpu_types": ["H100"]})),
        ("specification_review", "3x the users", ("EditSpecification", {"load_factor": 3})),
        ("specification_review", "twice as many users", ("EditSpecification", {"load_factor": 2})),
        ("specification_review", "500 more users", ("EditSpecification", {"users_added": 500})),
        ("specification_review", "20% more users", ("EditSpecification", {"load_factor": 1.2})),
        ("presenting_options", "what if we had 30 percent less traffic?", ("Explore", {"load_factor": 0.7})),
        ("presenting_options", "make it 30 % cheaper", ("Explore", {"cost_factor": 0.7})),
        (
            "presenting_options",
            "can we cut our monthly costs by about 25%?",
            ("Explore", {"cost_factor": 0.75}),
        ),
        (
            "presenting_options",
            "I'd like it at half the price, for 500 users",
            ("Explore", {"user_count": 500, "cost_factor": 0.5}),
        ),
        ("presenting_options", "is option 2 30% cheaper?", ("Ask", {"topic": "options"})),
        ("presenting_options", "why not the H100?", ("Ask", {"topic": "why", "subject": "H100"})),
        (
            "presenting_options",
            "why isn't gpt-oss 20b listed",
            ("Ask", {"topic": "why", "subject": "openai/gpt-oss-20b"}),
        ),
        ("basic_monitoring", "add two more replicas", ("Scale", {"by": 2})),
        (
            "specification_review",
            "no A100s please",
            ("EditSpecification", {"excluded_gpu_types": ["A100-40", "A100-80"]}),
        ),
        (
            "specification_review",
            "not gpt-oss 20b",
            ("EditSpecification", {"excluded_models": ["openai/gpt-oss-20b"]}),
        ),
        (
            "presenting_options",
            "any model is fine",
            ("Explore", {"clear": ["preferred_models", "excluded_models"]}),
        ),
        (
            "specification_review",
            "no budget limit",
            ("EditSpecification", {"clear": ["budget_usd_per_month"]}),
        ),
        ("specification_review", "30% active", ("EditSpecification", {"active_fraction": 0.3})),
        (
            "specification_review",
            "4 requests per user per minute",
            ("EditSpecification", {"requests_per_active_user_per_minute": 4}),
        ),
        (
            "specification_review",
            "1024→512",
            ("EditSpecification", {"prompt_tokens": 1024, "output_tokens": 512}),
        ),
        (
            "specification_review",
            "latency doesn't matter",
            ("EditSpecification", {"latency_priority": "low"}),
        ),
        ("specification_review", "what does ITL mean?", ("Ask", {"topic": "term", "subject": "ITL"})),
        ("specification_review", "why 2.67 requests/s?", ("Ask", {"topic": "assumptions"})),
        ("presenting_options", "option 2", ("SelectOption", {"rank": 2})),
        ("presenting_options", "deploy the cheapest", ("SelectOption", {"criterion": "cheapest"})),
        ("presenting_options", "the cheapest", ("SelectOption", {"criterion": "cheapest"})),
        ("presenting_options", "go with the second", ("SelectOption", {"rank": 2})),
        ("presenting_options", "the H100 one", ("SelectOption", {"gpu_types": ["H100"]})),
        ("presenting_options", "what if we had 5000 users?", ("Explore", {"user_count": 5000})),
        ("presenting_options", "what would it cost for 10k users?", ("Explore", {"user_count": 10_000})),
        ("presenting_options", "make it cheaper", ("Explore", {"cost_priority": "high"})),
        ("presenting_options", "second one", ("SelectOption", {"rank": 2})),
        ("presenting_options", "I'd go for number two", ("SelectOption", {"rank": 2})),
        ("presenting_options", "could you deploy the cheapest?", ("SelectOption", {"criterion": "cheapest"})),
        (
            "presenting_options",
            "deploy the cheapest on H100",
            ("SelectOption", {"criterion": "cheapest", "gpu_types": ["H100"]}),
        ),
        ("presenting_options", "option 1 but with 5000 users", ("Explore", {"user_count": 5000})),
        ("presenting_options", "undo", ("UndoExplore", {})),
        ("presenting_options", "why this one?", ("Ask", {"topic": "why"})),
        ("presenting_options", "compare 1 and 3", ("Ask", {"topic": "compare", "subject": "1,3"})),
        ("presenting_options", "are these measured?", ("Ask", {"topic": "provenance"})),
        (
            "presenting_options",
            "how much memory does option 2 need?",
            ("Ask", {"topic": "memory", "subject": "2"}),
        ),
        ("presenting_options", "does it fit on one GPU?", ("Ask", {"topic": "memory"})),
        ("configuration_finalized", "no, too expensive", ("Reject", {"reason": "no, too expensive"})),
        ("configuration_finalized", "hmm no", ("Reject", {"reason": "hmm no"})),
        ("specification_review", "what's TTFT", ("Ask", {"topic": "term", "subject": "TTFT"})),
        ("configuration_finalized", "show me the yaml", ("Ask", {"topic": "manifest"})),
        (
            "basic_monitoring",
            "send it: hello, who are you?",
            ("SendPrompt", {"prompt": "hello, who are you?"}),
        ),
        ("basic_monitoring", 'send "hi there"', ("SendPrompt", {"prompt": "hi there"})),
        ("basic_monitoring", "ask it what is 2+2", ("SendPrompt", {"prompt": "what is 2+2"})),
        ("basic_monitoring", "status", ("Ask", {"topic": "status"})),
        ("basic_monitoring", "done", ("Finish", {})),
        ("failed", "try again", ("Retry", {})),
        ("failed", "show me other options", ("BackToOptions", {})),
        ("failed", "use H100s", ("EditSpecification", {"preferred_gpu_types": ["H100"]})),
    ],
)
def test_moves(stage: Stage, words: str, expected: tuple[str, dict[str, Any]]) -> None:
    assert move(stage, words) == expected


@pytest.mark.parametrize(
    "words",
    [
        "don't deploy the cheapest",
        "not option 1",
        "skip option 1",
        "I don't want option 2",
        "the cheapest is too slow",
        "maybe option 1 or 2",
    ],
)
def test_a_no_or_a_perhaps_chooses_nothing(words: str) -> None:
    assert move("presenting_options", words)[0] == "Unclear"


@pytest.mark.parametrize(
    ("words", "each"),
    [
        ("each user sends 2 requests per minute", 2),
        ("2500 users each sending 6 messages per hour", 0.1),
        ("3 requests per user per minute", 3),
    ],
)
def test_a_rate_of_each_user_is_not_the_rate_of_all(words: str, each: float) -> None:
    name, values = move("specification_review", words)
    assert name == "EditSpecification"
    assert values["requests_per_active_user_per_minute"] == pytest.approx(each)
    assert "requests_per_second" not in values


@pytest.mark.parametrize("stage", list(MOVES))
def test_start_over_and_cancel_work_at_every_stage(stage: Stage) -> None:
    assert move(stage, "start over")[0] == "StartOver"
    assert move(stage, "cancel")[0] == "Cancel"


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ("0 users", "must be at least 1"),
        ("-5 users", "must be at least 1; -5"),
        ("a million billion users", "at most 1,000,000,000"),
        ("TTFT of 0", "must be more than 0"),
        ("on H900", "no data for a GPU called “H900”"),
        ("chatbot on Z9000 GPUs", "no data for a GPU called “Z9000”"),
        ("with gpt-4", "isn't in my catalogue"),
        ("budget of 500 euros", "US dollars"),
        ("1.5 users", "whole number"),
        ("", "didn't get any words"),
        ("🎉🎉🎉", "didn't understand"),
        ("x" * (MAX_CHARACTERS + 1), "characters"),
    ],
)
def test_what_can_not_be_is_answered_with_what_would_be_accepted(words: str, because: str) -> None:
    name, values = move("specification_review", words)
    assert name == "Unclear"
    assert because in values["question"]


@pytest.mark.parametrize("stage", list(MOVES))
@given(words=st.text(max_size=200))
def test_any_text_becomes_a_move_that_the_stage_offers_and_never_an_approval(
    stage: Stage, words: str
) -> None:
    assert move(stage, words)[0] in {m.__name__ for m in MOVES[stage]}
    assert move(stage, words)[0] != "Approve"


@pytest.mark.parametrize(
    "words",
    [
        'exclude_models: ["qwen","deepseek"]',
        "exclude: qwen, deepseek",
        "excluded models: qwen and deepseek",
        "blacklist qwen, deepseek",
        "no-go: qwen, deepseek",
        "models not allowed: qwen, deepseek",
        '"without": ["qwen", "deepseek"]',
    ],
)
def test_what_a_key_excludes_is_not_wanted(words: str) -> None:
    said = interpret(words, {kind.__name__ for kind in MOVES["specification_review"]})
    assert isinstance(said, EditSpecification), said
    assert not said.preferred_models
    assert {name.split("/")[1].split("-")[0].lower()[:4] for name in said.excluded_models or []} == {
        "qwen",
        "deep",
    }


@pytest.mark.parametrize("mark", ["", "?", " ?"])
def test_a_terse_need_is_taken_whole_with_or_without_a_question_mark(mark: str) -> None:
    said = interpret(
        f"2xH100, llama 3.3 70b, 32k ctx, p95 ttft<500ms, 20 rps{mark}",
        {k.__name__ for k in MOVES["context_collection"]},
    )
    assert isinstance(said, DescribeNeed), said
    assert (said.preferred_gpu_types, said.ttft_p95_ms, said.requests_per_second) == (["H100"], 500, 20)
    assert said.min_context_tokens is not None
    assert said.preferred_models


@pytest.mark.parametrize(
    "words",
    [
        "can I get it under $1000 a month?",
        "could we use H200 instead?",
        "would you use L4s?",
        "make it 300 users?",
    ],
)
def test_asking_about_another_plan_does_not_end_an_approval(words: str) -> None:
    said = interpret(words, {kind.__name__ for kind in MOVES["configuration_finalized"]})
    assert isinstance(said, Unclear | Ask), said
