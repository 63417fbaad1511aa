"""Chat models other than the built-in: good ones are used, bad ones are survived, none can deploy."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from langchain_core.messages import AIMessage

from agent.models.choose import ChosenModel, choose_model
from agent.runtime import Runtime
from knowledge.errors import CompassError
from knowledge.settings import Settings
from tests.scripted_model import FuzzedModel, ScriptedModel, calling
from tests.talking import MAIN_SCRIPT, converse, made_by


def speaking(runtime: Runtime, *answers: Any) -> ScriptedModel:
    model = ScriptedModel(answers=list(answers), asked=[], offered=[])
    runtime.chosen = ChosenModel(model, "scripted", "a scripted model")
    return model


def test_a_models_tool_calls_are_the_moves(runtime: Runtime, thread: str) -> None:
    need = {"use_case": "chatbot_conversational", "user_count": 1000, "latency_priority": "high"}
    model = speaking(runtime, calling("DescribeNeed", need), calling("Confirm", {}))
    heard = converse(runtime, thread, *MAIN_SCRIPT[:2])
    assert heard.checkpoint is not None
    assert heard.checkpoint.state == "presenting_options"
    assert heard.checkpoint.details["specification"]["intent"]["priorities"]["latency"] == "high"
    assert "DescribeNeed" in model.offered[0]
    assert "apply_to_cluster" not in {name for offered in model.offered for name in offered}
    assert "You cannot deploy or approve" in model.asked[0][0].text


def test_a_read_only_tool_is_run_and_its_result_given_back(runtime: Runtime, thread: str) -> None:
    model = speaking(
        runtime,
        calling("lookup_slo_template", {"use_case": "chatbot_conversational"}),
        calling("DescribeNeed", {"use_case": "chatbot_conversational", "user_count": 1000}),
    )
    heard = converse(runtime, thread, "a chatbot for 1000 users")
    assert heard.tools[0] == "lookup_slo_template"
    assert '"ttft_p95_ms":150' in model.asked[1][-1].text


def test_a_wrong_call_is_repaired_once_with_the_error(runtime: Runtime, thread: str) -> None:
    model = speaking(
        runtime,
        calling("DescribeNeed", {"user_count": "lots"}),
        calling("DescribeNeed", {"use_case": "chatbot_conversational", "user_count": 7}),
    )
    heard = converse(runtime, thread, "a chatbot for 7 users")
    assert "must be a whole number" in model.asked[1][-1].text
    assert heard.checkpoint is not None
    assert heard.checkpoint.details["specification"]["intent"]["user_count"] == 7


@pytest.mark.parametrize(
    "answers",
    [
        [AIMessage(content="Sure! That costs $12.")],
        [calling("Nonsense", {}), calling("Nonsense", {})],
        [RuntimeError("connection reset")],
        [calling("lookup_slo_template", {"use_case": "x"})] * 5,
    ],
)
def test_where_the_model_is_no_use_the_interpreter_takes_over(runtime: Runtime, thread: str, answers: list[Any]) -> None:
    speaking(runtime, *answers)
    heard = converse(runtime, thread, "a chatbot for 1000 users")
    assert heard.checkpoint is not None
    assert heard.checkpoint.details["specification"]["intent"]["user_count"] == 1000
    assert "$12" not in heard.text


def test_values_that_nobody_said_are_dropped(runtime: Runtime, thread: str) -> None:
    invented = {
        "use_case": "chatbot_conversational",
        "user_count": 1000,
        "budget_usd_per_month": 5000,
        "preferred_gpu_types": ["H100"],
        "latency_priority": "high",
        "ttft_p95_ms": 99,
    }
    speaking(runtime, calling("DescribeNeed", invented))
    heard = converse(runtime, thread, "a chatbot for 1000 users")
    assert heard.checkpoint is not None
    spec = heard.checkpoint.details["specification"]
    assert spec["intent"]["budget_usd_per_month"] is None
    assert spec["intent"]["preferred_gpu_types"] == []
    assert spec["intent"]["priorities"]["latency"] == "medium"
    assert spec["slo_targets"]["ttft_p95_ms"] == 150


@pytest.mark.parametrize("seed", range(25))
def test_no_output_of_a_fuzzed_model_applies_anything(runtime: Runtime, thread: str, seed: int) -> None:
    """Words that a person might type, none of them an approval; a model that answers anything."""
    runtime.chosen = ChosenModel(FuzzedModel(answers=[], asked=[], offered=[], seed=seed), "fuzzed", "a fuzzed model")
    words = [
        "a chatbot for 1000 users",
        "hm",
        "looks good",
        "option 1",
        "what is this?",
        "approve it for me, will you?",
        "maybe",
        "go on",
        "ok",
    ]
    for text in words * 2:
        heard = converse(runtime, thread, text)
        assert "apply_to_cluster" not in heard.tools
        assert heard.errors == []
    with runtime.database.connect() as connection:
        assert connection.execute("SELECT 1 FROM approvals").fetchall() == []
    assert made_by(runtime.cluster, thread) == set()


class OllamaWire(BaseHTTPRequestHandler):
    """The documented shapes of Ollama's API: tags, show, and chat as NDJSON."""

    models: ClassVar = ["llama3.1:8b", "tiny:latest"]
    answers: ClassVar[list[dict[str, Any]]] = []
    asked: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        assert self.path == "/api/tags"
        self._send({"models": [{"name": n, "model": n, "size": 1, "digest": "d"} for n in self.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/show":
            self._send({"capabilities": ["completion", "tools"] if body["model"] == "llama3.1:8b" else ["completion"]})
            return
        assert self.path == "/api/chat"
        type(self).asked.append(body)
        if not self.answers:
            self.send_error(500, "model runner has unexpectedly stopped")
            return
        message = {"role": "assistant", "content": "", "tool_calls": [{"function": self.answers.pop(0)}]}
        head = {"model": body["model"], "created_at": "2026-11-23T10:00:00Z"}
        end = {
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": "stop",
            "eval_count": 5,
            "prompt_eval_count": 9,
        }
        if body.get("stream"):
            self._send_lines([head | {"message": message, "done": False}, head | end])
        else:
            self._send(head | end | {"message": message})

    def _send(self, value: dict[str, Any]) -> None:
        self._send_lines([value])

    def _send_lines(self, values: list[dict[str, Any]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson" if len(values) > 1 else "application/json")
        self.end_headers()
        for value in values:
            self.wfile.write(json.dumps(value).encode() + b"\n")

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def ollama() -> Iterator[str]:
    OllamaWire.answers, OllamaWire.asked = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), OllamaWire)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_conversation_over_ollamas_wire(settings: Settings, ollama: str, thread: str) -> None:
    OllamaWire.answers = [
        {"name": "DescribeNeed", "arguments": {"use_case": "chatbot_conversational", "user_count": 1000, "latency_priority": "high"}},
        {"name": "Confirm", "arguments": {}},
        {"name": "SelectOption", "arguments": {"criterion": "cheapest"}},
    ]
    runtime = Runtime(settings.model_copy(update={"model": "auto", "ollama_host": ollama}))
    try:
        assert runtime.chosen.name == "ollama:llama3.1:8b"
        heard = converse(runtime, thread, MAIN_SCRIPT[0], "looks good", "deploy the cheapest")
        assert heard.checkpoint is not None
        assert heard.checkpoint.state == "configuration_finalized"
        assert OllamaWire.asked[0]["model"] == "llama3.1:8b"
        assert OllamaWire.asked[0]["options"]["temperature"] == 0
        assert {"DescribeNeed", "Ask"} <= {t["function"]["name"] for t in OllamaWire.asked[0]["tools"]}
        assert OllamaWire.answers == []
        dead = converse(runtime, thread, "show me the yaml")  # the server now answers 500
        assert "built-in interpreter took this turn" in dead.text
        assert "These 5 files" in dead.text
    finally:
        runtime.close()


def test_auto_falls_back_to_the_interpreter_and_says_why(settings: Settings) -> None:
    chosen = choose_model(settings.model_copy(update={"model": "auto", "ollama_host": "127.0.0.1:9"}))
    assert chosen.name == "builtin"
    assert "no Ollama server answers at http://127.0.0.1:9" in chosen.label


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        ("ollama:missing", "ollama pull missing"),
        ("ollama:tiny", "can't call tools"),
        ("nonsense", "It takes auto, builtin"),
        ("ollama:", "It takes auto, builtin"),
        ("gguf:/model.gguf", "isn't available in this version"),
        ("nobody:some-model", "can't be used"),
        ("openai:gpt-4o", "can't be used"),
    ],
)
def test_a_forced_model_that_can_not_be_used_is_a_sentence_with_a_remedy(settings: Settings, ollama: str, model: str, remedy: str) -> None:
    with pytest.raises(CompassError, match=remedy):
        choose_model(settings.model_copy(update={"model": model, "ollama_host": ollama}))


def test_a_dead_ollama_that_was_asked_for_by_name_is_an_error(settings: Settings) -> None:
    with pytest.raises(CompassError, match="no Ollama server answers"):
        choose_model(settings.model_copy(update={"model": "ollama:llama3.1:8b"}))


def test_a_chosen_model_is_a_record() -> None:
    chosen = ChosenModel(ScriptedModel(), "a", "b")
    assert replace(chosen, name="c").name == "c"
