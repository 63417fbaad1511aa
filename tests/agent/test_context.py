"""The context length in a conversation: asked for, told at each pause, changed in either
direction, and served as it was approved.
"""

import json
from typing import Any

import openai
import pytest

from agent.models.builtin.interpreter import interpret
from agent.moves import MOVES, Ask, EditSpecification, Explore, Stage, Unclear
from agent.runtime import Runtime
from agent.ui.cards import of_pause
from tests.drawing import drawn
from tests.talking import Heard, converse, facts_of, name_of
from tools.get_status import StatusQuery, get_status

ASKED = ["a chatbot for 1000 users, needs a 32k context window", "looks good"]
QUESTION = "what context length does it have?"


def details_of(heard: Heard) -> dict[str, Any]:
    return facts_of(heard.pause)


def served_by(details: dict[str, Any]) -> int:
    """By the manifests of an approval."""
    text = next(f["content"] for f in details["files"] if "kind: InferenceService" in f["content"])
    return int(text.split("--max-model-len=")[1].split()[0])


def test_what_was_asked_for_is_approved_deployed_and_served(runtime: Runtime, thread: str) -> None:
    """Understood, and rendered as 2,048: each longer request got HTTP 400."""
    options = details_of(converse(runtime, thread, *ASKED))
    assert all(o["context_tokens"] >= 32_768 for o in options["recommendations"])
    assert "Longest request" in drawn("presenting_options", options)
    approval = details_of(converse(runtime, thread, "deploy the cheapest"))
    served = served_by(approval)
    assert served >= 32_768
    assert f"{served:,} tokens of prompt and answer" in drawn("configuration_finalized", approval)
    heard = converse(runtime, thread, "yes, approve")
    assert heard.states[-1] == "basic_monitoring"
    assert f"{served:,} tokens" in details_of(heard)["context"]
    assert f"{served:,} tokens" in json.dumps(of_pause(heard.pause)[1])
    status = get_status(StatusQuery(name=name_of(runtime, thread)), runtime.cluster)
    assert status.context_tokens == served
    assert f"{served:,} tokens" in drawn("status", status.model_dump(mode="json"))
    client = openai.OpenAI(base_url=f"{status.endpoint}/v1", api_key="none", max_retries=0)
    model = str(status.model_id)

    def ask(tokens: int) -> Any:
        return client.chat.completions.create(
            model=model, max_tokens=4, messages=[{"role": "user", "content": "word" * tokens}]
        )

    assert ask(20_000).usage.prompt_tokens >= 20_000
    assert ask(served - 200).usage.prompt_tokens >= served - 200
    with pytest.raises(openai.BadRequestError, match=f"maximum context length is {served} tokens"):
        ask(served + 10)


def test_it_is_told_at_every_pause_and_asking_changes_nothing(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users")
    heard = converse(runtime, thread, QUESTION)
    assert heard.states == ["specification_review"]
    assert "as far as memory holds it" in heard.text
    converse(runtime, thread, "at least 32k of context")
    options = converse(runtime, thread, QUESTION)
    assert options.states == ["presenting_options"]
    recommended = details_of(options)["recommendations"]
    assert all(f"{o['context_tokens']:,} tokens of prompt and answer" in options.text for o in recommended)
    served = served_by(details_of(converse(runtime, thread, "option 1")))
    for stage, words in (("configuration_finalized", None), ("basic_monitoring", "yes, approve")):
        if words:
            converse(runtime, thread, words)
        heard = converse(runtime, thread, QUESTION)
        assert heard.states == [stage]
        assert f"up to {served:,} tokens" in heard.text


def test_an_edit_at_the_approval_leads_back_to_options_that_hold_it(runtime: Runtime, thread: str) -> None:
    before = details_of(converse(runtime, thread, *ASKED, "option 1"))
    heard = converse(runtime, thread, "make the context 100k")
    assert heard.states[-1] == "presenting_options"
    assert "Not approved; nothing was deployed." in heard.text
    assert "context at least 32,000 tokens → at least 100,000 tokens" in heard.text
    assert details_of(heard)["specification"]["intent"]["min_context_tokens"] == 100_000
    after = details_of(converse(runtime, thread, "option 1"))
    assert served_by(after) >= 102_400
    assert after["digest"] != before["digest"]
    back = converse(runtime, thread, "any context will do")
    assert back.states[-1] == "presenting_options"
    assert details_of(back)["specification"]["intent"]["min_context_tokens"] is None


def test_a_value_beside_a_no_is_said_not_to_be_planned(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good", "option 1")
    heard = converse(runtime, thread, "no, 32k context please")
    assert heard.states[-1] == "presenting_options"
    assert "isn't in the plan: say it as a what-if" in heard.text
    assert details_of(heard)["specification"]["intent"]["min_context_tokens"] is None
    converse(runtime, thread, "option 1")
    assert "what-if" not in converse(runtime, thread, "no, I changed my mind").text


def test_a_what_if_on_context_is_planned_and_undone(runtime: Runtime, thread: str) -> None:
    first = details_of(converse(runtime, thread, "a chatbot for 1000 users", "looks good"))
    heard = converse(runtime, thread, "what if the context was 64k")
    assert heard.states[-1] == "presenting_options"
    assert details_of(heard)["what_if"] == "context any → at least 64,000 tokens"
    assert all(o["context_tokens"] >= 65_536 for o in details_of(heard)["recommendations"])
    assert "context" in drawn("presenting_options", details_of(heard))
    undone = details_of(converse(runtime, thread, "undo"))
    assert undone["recommendations"] == first["recommendations"]
    approval = converse(runtime, thread, "option 1", "what if the context was 100k?")
    assert approval.states[-1] == "presenting_options"
    assert details_of(approval)["what_if"] == "context any → at least 100,000 tokens"


def test_more_than_any_model_has_is_said(runtime: Runtime, thread: str) -> None:
    heard = converse(runtime, thread, "a chatbot for 1000 users with a context of 20M tokens", "looks good")
    assert details_of(heard)["recommendations"] == []
    assert "no model has a context of 20,000,000 tokens (the longest, Llama 4 Scout" in heard.text


QUESTIONS = [
    QUESTION,
    "how long can a prompt be?",
    "how many tokens can I send?",
    "what is the longest request it takes?",
    "which context window do we get",
    "what's the max context?",
    "is the context 64k?",
    "can it do 128k context?",
    "does it have a long context",
]


@pytest.mark.parametrize("stage", list(MOVES))
@pytest.mark.parametrize("text", QUESTIONS)
def test_questions_about_it_are_read_as_such_at_every_stage(stage: Stage, text: str) -> None:
    found = interpret(text, {move.__name__ for move in MOVES[stage]})
    assert isinstance(found, Ask)
    assert found.topic == "context"


@pytest.mark.parametrize("size", ["64k", "64,000 tokens", "64000"])
@pytest.mark.parametrize(
    "frame",
    ["make the context {}", "the context must hold {}", "context: {}", "set the context length to {}"],
)
def test_a_wish_at_the_approval_is_an_edit_and_a_hypothesis_a_what_if(frame: str, size: str) -> None:
    offered = {move.__name__ for move in MOVES["configuration_finalized"]}
    found = interpret(frame.format(size), offered)
    assert isinstance(found, EditSpecification)
    assert found.min_context_tokens == 64_000
    for text in (f"what if the context was {size}", f"what if the context were {size}?"):
        found = interpret(text, offered)
        assert isinstance(found, Explore)
        assert found.min_context_tokens == 64_000


@pytest.mark.parametrize(
    "text", ["is the context 64k?", "can it do 128k context?", "would 500 users be fine?"]
)
def test_a_question_at_the_approval_edits_nothing(text: str) -> None:
    found = interpret(text, {move.__name__ for move in MOVES["configuration_finalized"]})
    assert isinstance(found, Ask | Unclear)
