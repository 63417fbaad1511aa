"""Thinking in a conversation: told at each pause, turned on and off in words and by
buttons, and served as it was approved.
"""

from typing import Any

import openai
import pytest

from agent.runtime import Runtime
from tests.drawing import drawn
from tests.talking import Heard, converse, facts_of, name_of
from tools.get_status import StatusQuery, get_status


def details_of(heard: Heard) -> dict[str, Any]:
    return facts_of(heard.pause)


def manifest(details: dict[str, Any]) -> str:
    return str(next(f["content"] for f in details["files"] if "kind: InferenceService" in f["content"]))


def asked(runtime: Runtime, thread: str) -> tuple[openai.OpenAI, str]:
    status = get_status(StatusQuery(name=name_of(runtime, thread)), runtime.cluster)
    client = openai.OpenAI(base_url=f"{status.endpoint}/v1", api_key="none", max_retries=0)
    return client, str(status.model_id)


@pytest.mark.parametrize(
    ("wish", "mode", "flag"),
    [
        ("no thinking please", "off", '{"enable_thinking": false}'),
        ("it should think step by step first", "on", '{"enable_thinking": true}'),
    ],
)
def test_what_was_asked_for_is_approved_deployed_and_served(
    wish: str, mode: str, flag: str, runtime: Runtime, thread: str
) -> None:
    """The first option answered with its thoughts first, against the tokens, the targets
    and the quality that it was planned with.
    """
    first = details_of(converse(runtime, thread, "a chatbot for 200 users with Qwen3 4B"))
    assert first["specification"]["thinking"] == "off"
    assert "off: the model answers at once" in drawn("specification_review", first)
    heard = converse(runtime, thread, wish)
    options = details_of(heard)
    assert options["specification"]["intent"]["thinking"] == mode
    assert {o["thinking_in_words"] for o in options["recommendations"]} == {f"thinking {mode}"}
    assert f"thinking {mode} (" in drawn("presenting_options", options)
    assert all((o["first_answer_p95_ms"] is not None) == (mode == "on") for o in options["recommendations"])
    why = converse(runtime, thread, "why this one?").text
    assert {"off": "without thinking: ", "on": "with thinking: "}[mode] in why
    assert ("its answer begins after" in why) == (mode == "on")
    approval = details_of(converse(runtime, thread, "deploy the cheapest"))
    assert "--reasoning-parser=qwen3" in manifest(approval)
    assert flag in manifest(approval).replace("\\", "")
    assert f"thinking {mode}" in drawn("configuration_finalized", approval)
    running = converse(runtime, thread, "yes, approve")
    assert running.states[-1] == "basic_monitoring", running.text
    assert details_of(running)["thinking"] == f"thinking {mode}"
    client, model = asked(runtime, thread)
    message = (
        client.chat.completions.create(model=model, messages=[{"role": "user", "content": "hi"}])
        .choices[0]
        .message
    )
    assert (getattr(message, "reasoning", None) is not None) == (mode == "on")
    assert "<think>" not in str(message.content)
    tried = converse(runtime, thread, "send it: hello")
    assert "TTFT" in tried.text


def test_it_is_turned_on_off_and_left_open_and_only_that_changes(runtime: Runtime, thread: str) -> None:
    before = details_of(converse(runtime, thread, "a chatbot for 500 users", "looks good"))["specification"]
    on = converse(runtime, thread, "what if it thinks step by step first?")
    assert "thinking off → on" in on.text
    assert "768 tokens" in on.text
    assert details_of(on)["specification"]["thinking_tokens"] == 768
    more = details_of(converse(runtime, thread, "what if it had 500 tokens of thoughts?"))["specification"]
    assert (more["thinking_tokens"], more["traffic_profile"]["output_tokens"]) == (500, 756)
    off = details_of(converse(runtime, thread, "thinking off"))["specification"]
    assert (off["thinking"], off["intent"]["thinking"], off["traffic_profile"]) == (
        "off",
        "off",
        before["traffic_profile"],
    )
    open_ = details_of(converse(runtime, thread, "thinking doesn't matter"))["specification"]
    assert open_["intent"]["thinking"] is None
    assert {**open_, "overrides": None} == {**before, "overrides": None}


def test_a_question_about_it_changes_nothing(runtime: Runtime, thread: str) -> None:
    before = details_of(converse(runtime, thread, "a chatbot for 500 users", "looks good"))["specification"]
    for question in ("does it think first?", "what is thinking mode?", "is reasoning on?"):
        assert details_of(converse(runtime, thread, question))["specification"] == before
