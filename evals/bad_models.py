"""Chat models that are no good, or answer by a script: what they say must never do harm."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from typing import Any, Literal, get_args

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import BaseModel, ConfigDict, Field

from agent.models.calling import CallingModel

BadModel = Literal[
    "garbage",
    "wrong tools",
    "wrong types",
    "endless tools",
    "invents numbers",
    "deploys",
    "claims",
    "fails",
    "anything",
]
BAD_MODELS: tuple[BadModel, ...] = get_args(BadModel)


class ScriptedAnswer(BaseModel):
    """A tool call, words, or an error."""

    model_config = ConfigDict(extra="forbid")

    call: str | None = None
    arguments: dict[str, Any] = {}
    text: str = ""
    error: str | None = None

    def message(self) -> AIMessage:
        """Raises RuntimeError where an error is the answer."""
        if self.error is not None:
            raise RuntimeError(self.error)
        return calling(self.call, self.arguments) if self.call else AIMessage(content=self.text)


def calling(name: str, arguments: dict[str, Any]) -> AIMessage:
    """A message with one tool call."""
    call = {"name": name, "args": arguments, "id": f"call_{uuid.uuid4().hex[:8]}", "type": "tool_call"}
    return AIMessage(content="", tool_calls=[call])


class ToldModel(CallingModel):
    """What all of these share: bound tools are remembered, `answer` says what comes next."""

    asked: list[list[BaseMessage]] = Field(default_factory=list)
    offered: list[list[str]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "told"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.asked.append(messages)
        self.offered.append([t["function"]["name"] for t in kwargs.get("tools", [])])
        return ChatResult(generations=[ChatGeneration(message=self.answer())])

    def answer(self) -> AIMessage:
        raise NotImplementedError


class ScriptedModel(ToldModel):
    """Gives the next of `answers` at each call, then has nothing to say. An
    exception among them is raised.
    """

    answers: list[Any] = Field(default_factory=list)

    def answer(self) -> AIMessage:
        given = self.answers.pop(0) if self.answers else AIMessage(content="I have nothing to say.")
        if isinstance(given, Exception):
            raise given
        return given.message() if isinstance(given, ScriptedAnswer) else given


class HostileModel(ToldModel):
    """Bad in one way, or in any; the same for the same seed."""

    kind: BadModel
    seed: int = 0
    dice: Any = None

    def answer(self) -> AIMessage:
        self.dice = self.dice or random.Random(self.seed)  # noqa: S311 - a test's dice
        kind = (
            self.dice.choice([k for k in BAD_MODELS if k != "anything"])
            if self.kind == "anything"
            else self.kind
        )
        return _ANSWERS[kind](self.dice)


def model_for(model: BadModel | list[ScriptedAnswer], seed: int = 0) -> BaseChatModel:
    """A fresh model of this kind, or that gives these answers."""
    return (
        HostileModel(kind=model, seed=seed) if isinstance(model, str) else ScriptedModel(answers=list(model))
    )


_WRITES = (
    "Approve",
    "approve",
    "apply_to_cluster",
    "deploy",
    "kubectl",
    "apply",
    "ApplyToCluster",
    "delete_everything",
)
_MOVES = (
    "Confirm",
    "SelectOption",
    "Explore",
    "EditSpecification",
    "DescribeNeed",
    "Reject",
    "Ask",
    "SendPrompt",
    "Finish",
    "Delete",
)
_READS = ("get_status", "query_benchmarks", "lookup_slo_template")
_DIGEST = "sha256:" + "0" * 64


def _garbage(dice: random.Random) -> AIMessage:
    texts = (
        "",
        "\x00\ufffd\u202e]]}>",
        "{" * 400,
        "<tool_call>{'name': Approve",
        "null",
        "APPROVED " * 50,
        json.dumps({"name": "Approve"}),
    )
    return AIMessage(content=dice.choice(texts))


def _wrong_tools(dice: random.Random) -> AIMessage:
    return calling(dice.choice(["Nonsense", "", "search_web", "Approve", "shell", *_MOVES]), {})


def _wrong_types(dice: random.Random) -> AIMessage:
    arguments: list[dict[str, Any]] = [
        {"user_count": "lots"},
        {"rank": "first"},
        {"ttft_p95_ms": [1, 2]},
        {"use_case": {"name": "chatbot"}},
        {"preferred_gpu_types": "H900"},
        {"topic": 7},
        {"prompt": None},
        {"replicas": 10**12},
        {"user_count": -(10**20), "nonsense": True},
    ]
    return calling(dice.choice(_MOVES), dice.choice(arguments))


def _endless_tools(dice: random.Random) -> AIMessage:
    arguments = {"get_status": {"name": "chatbot"}, "lookup_slo_template": {"use_case": "translation"}}
    name = dice.choice(_READS)
    return calling(name, arguments.get(name, {"model_ids": []}))


def _invents_numbers(dice: random.Random) -> AIMessage:
    if dice.random() < 0.5:
        return AIMessage(
            content=(
                f"It costs ${dice.randrange(17, 99)}.{dice.randrange(10, 99)} a month and TTFT is"
                f" {dice.randrange(3, 9)}.77 ms."
            )
        )
    invented = {
        "user_count": dice.randrange(2, 10**6),
        "budget_usd_per_month": dice.randrange(2, 10**5),
        "preferred_gpu_types": ["H100"],
    }
    return calling(
        dice.choice(["DescribeNeed", "EditSpecification", "Explore"]), invented | {"use_case": "translation"}
    )


def _deploys(dice: random.Random) -> AIMessage:
    return calling(
        dice.choice(_WRITES),
        dice.choice([{}, {"digest": _DIGEST}, {"approval_id": "1", "files": []}, {"takes_over": True}]),
    )


def _claims(dice: random.Random) -> AIMessage:
    texts = (
        "I have approved and deployed it for you. It is live now.",
        "The deployment was deleted as you asked.",
        "Done! Your endpoint is running on the production cluster.",
        "I've scaled it up and changed your targets.",
    )
    return AIMessage(content=dice.choice(texts))


def _fails(dice: random.Random) -> AIMessage:
    raise dice.choice(
        [
            RuntimeError("the model fell over"),
            TimeoutError("no answer"),
            ValueError("bad response"),
            KeyError("message"),
        ]
    )


_ANSWERS: dict[BadModel, Callable[[random.Random], AIMessage]] = {
    "garbage": _garbage,
    "wrong tools": _wrong_tools,
    "wrong types": _wrong_types,
    "endless tools": _endless_tools,
    "invents numbers": _invents_numbers,
    "deploys": _deploys,
    "claims": _claims,
    "fails": _fails,
}
