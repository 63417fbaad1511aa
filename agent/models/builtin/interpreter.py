"""The built-in interpreter: decides which of the offered moves a person's words are, and emits it as a tool call.

It is a `BaseChatModel` with `bind_tools`, deterministic and offline, so that everything works, and is tested, without a
language model. It sees what any chat model sees, the messages and the bound tools, and reads only the person's last words.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from agent import moves
from agent.checks import change_or_problem
from agent.models.builtin import phrases
from agent.models.builtin.reading import Reading, read_change
from agent.models.builtin.selection import read_selection
from agent.models.builtin.vocabulary import GLOSSARY

MAX_CHARACTERS = 4000
"""What a person says in one turn; the rest of a longer text is not read, and they are told."""

_PROMPT = re.compile(phrases.TEST_PROMPT, re.IGNORECASE | re.DOTALL)


class BuiltinInterpreter(BaseChatModel):
    """Reads the last human message by rules and answers with one tool call among those bound."""

    @property
    def _llm_type(self) -> str:
        return "compass-builtin"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], *, tool_choice: str | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **kwargs)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: CallbackManagerForLLMRun | None = None, **kwargs: Any
    ) -> ChatResult:
        offered = {tool["function"]["name"] for tool in kwargs.get("tools", [])}
        words = next((str(m.text) for m in reversed(messages) if isinstance(m, HumanMessage)), "")
        move = interpret(words, offered)
        call = {"name": type(move).__name__, "args": move_arguments(move), "id": f"call_{uuid.uuid4().hex[:12]}", "type": "tool_call"}
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="", tool_calls=[call]))])


def move_arguments(move: BaseModel) -> dict[str, Any]:
    return move.model_dump(exclude_defaults=True)


def interpret(words: str, offered: set[str]) -> BaseModel:
    """The move that `words` are, among the names in `offered`; `Unclear` with a question if none."""
    text = words.strip()
    if not text:
        return moves.Unclear(question="I didn't get any words.")
    if len(text) > MAX_CHARACTERS:
        return moves.Unclear(question=f"That's {len(text):,} characters; I read up to {MAX_CHARACTERS:,}. Please say it shorter.")
    low = _plain(text)
    bare = re.sub(phrases.EMOJI, "", low).strip().rstrip(".!? ")

    if "Finish" in offered and re.fullmatch(phrases.FINISH, bare):
        return moves.Finish()
    if re.fullmatch(phrases.CANCEL, bare) or (bare.startswith("cancel ") and "SelectOption" not in offered):
        return moves.Cancel()
    if re.fullmatch(phrases.START_OVER, bare):
        return moves.StartOver()
    if "SendPrompt" in offered:
        prompt = _test_prompt(text, bare)
        if prompt:
            return moves.SendPrompt(prompt=prompt)
    changed = _of_what_runs(low, bare, offered)
    if changed is not None:
        return changed
    if "Retry" in offered and re.search(phrases.RETRY, low) and not re.search(phrases.NO_TO_IT, low):
        return moves.Retry()
    if "BackToOptions" in offered and re.search(phrases.OTHER_OPTIONS, low):
        return moves.BackToOptions()
    what_if = re.search(phrases.WHAT_IF, low) is not None
    asks = (low.endswith("?") or re.match(phrases.QUESTION, low) is not None) and not what_if
    if "Reject" in offered:
        topic = _question(low) if low.endswith("?") or "explain" in low else None
        if topic:
            return topic
        if re.match(phrases.REJECT, low) or re.search(phrases.NO_APPROVAL, low):
            return moves.Reject(reason=text[:500])
        other = read_selection(low, bare) if "SelectOption" in offered else None
        if isinstance(other, moves.SelectOption) and other.criterion != "recommended":  # a mere “yes” is no choice here, nor an approval
            return other
    if "Confirm" in offered and bare and re.fullmatch(phrases.CONFIRM, bare):
        return moves.Confirm()
    if "KeepPlan" in offered:
        of_plans = _of_plans(bare)
        if of_plans:
            return of_plans
    if "UndoExplore" in offered and re.search(phrases.UNDO, low):
        return moves.UndoExplore()
    if "SelectOption" in offered and "Reject" not in offered and not what_if:
        choice = read_selection(low, bare)
        if choice:
            return choice
    reading = read_change(text)
    explains = re.match(phrases.EXPLAIN, low) is not None
    topic = _question(low) if asks or reading.empty else None
    if "Confirm" in offered and reading.fields and low.endswith("?") and re.match(phrases.OPINION, low):
        return topic or moves.Unclear(
            question="That shows once there is a plan. A value is changed when you say so plainly, without a question mark."
        )
    if topic and (explains or not reading.fields or _only_mentions(reading, topic)):
        return topic
    for name in ("DescribeNeed", "EditSpecification", "Explore"):
        if name in offered and not reading.empty and not (name == "DescribeNeed" and not _a_need(low, reading, offered)):
            return _change(name, reading)
    if topic:
        return topic
    if "DescribeNeed" in offered and "Finish" not in offered:
        bare_number = re.fullmatch(phrases.BARE_NUMBER, bare)
        if bare_number:
            counted = read_change(f"{bare} users")
            if counted.fields:
                return _change("DescribeNeed", counted)
    return _not_offered(low, bare, offered)


def _of_what_runs(low: str, bare: str, offered: set[str]) -> BaseModel | None:
    """Scaling, deleting, rolling back; looking again at, or writing out, what is up for approval."""
    scale = re.fullmatch(phrases.SCALE, bare) if "Scale" in offered else None
    if scale:
        count = int(scale["count"] or scale["plain"])
        return moves.Scale(replicas=count) if 1 <= count <= 10_000 else moves.Unclear(question="How many replicas, from 1 to 10,000?")
    if "Delete" in offered and re.fullmatch(phrases.DELETE, bare):
        return moves.Delete()
    if "RollBack" in offered and re.search(phrases.ROLL_BACK, low) and not re.search(phrases.NO_TO_IT, low):
        return moves.RollBack()
    if "CheckAgain" in offered and re.fullmatch(phrases.CHECK_AGAIN, bare):
        return moves.CheckAgain()
    export = re.fullmatch(phrases.EXPORT, bare) if "Export" in offered else None
    if export:
        form = (export["form"] or "yaml").split()[0]
        return moves.Export.model_validate({"form": form if form in ("kustomize", "helm") else "yaml"})
    return None


def _of_plans(bare: str) -> BaseModel | None:
    """Keeping a plan by name, going back to one, listing the options by something else."""
    keep, restore, view = re.fullmatch(phrases.KEEP, bare), re.fullmatch(phrases.RESTORE, bare), re.search(phrases.VIEW, bare)
    if keep:
        return moves.KeepPlan(name=keep["name"].strip())
    if restore:
        return moves.RestorePlan(name=restore["name"].strip())
    by = phrases.VIEWS.get(view["by"]) if view else None
    return moves.ShowView(view=by) if by else None


def _plain(text: str) -> str:
    """Lower case, single spaces, and a polite “could you …?” as the request it is."""
    low = re.sub(r"\s+", " ", text.lower().replace("’", "'")).strip().replace("that is all", "that's all")
    low = re.sub(phrases.FILLER, "", low)
    request = re.match(phrases.POLITE, low)
    return low[request.end() :].rstrip("? ") if request else low


def _change(name: str, reading: Reading) -> BaseModel:
    """A move with its values; the first value that can't be is turned into a question that says why."""
    if reading.problems:
        return moves.Unclear(question=" ".join(reading.problems)[:1000])
    kind = {"DescribeNeed": moves.DescribeNeed, "EditSpecification": moves.EditSpecification, "Explore": moves.Explore}[name]
    checked = change_or_problem(kind, reading.fields)
    return moves.Unclear(question=checked) if isinstance(checked, str) else checked


def _a_need(low: str, reading: Reading, offered: set[str]) -> bool:
    """After a deployment, only words that ask for something new begin it; elsewhere any value helps."""
    if "Finish" not in offered:
        return True
    return "use_case" in reading.fields and ("user_count" in reading.fields or re.search(phrases.WANTS, low) is not None)


def _only_mentions(reading: Reading, topic: moves.Ask) -> bool:
    """A question that names GPUs, models or priorities (“why not the H100?”, “which is cheapest?”) sets nothing."""
    passing = {
        "preferred_gpu_types",
        "excluded_gpu_types",
        "preferred_models",
        "cost_priority",
        "latency_priority",
        "accuracy_priority",
        "use_case",
        "domain_specialization",
    }
    return set(reading.fields) <= passing


def _test_prompt(text: str, bare: str) -> str | None:
    """The words to send: those in quotes, or those after “send it:” and the like."""
    if re.fullmatch(phrases.TRY_IT, bare):
        return "Hello! Who are you?"
    match = _PROMPT.match(text.strip())
    if match is None or re.fullmatch(phrases.NOT_A_PROMPT, match["prompt"].lower()):
        return None
    quoted = re.search(r"[“\"]([^”\"]+)[”\"]", match["prompt"])
    return quoted[1] if quoted else re.sub(phrases.TO_IT, "", match["prompt"]).strip() or None


def _question(low: str) -> moves.Ask | None:
    """What a question is about, from the most telling words to the least."""
    if re.search(phrases.HELP, low):
        return moves.Ask(topic="help")
    if re.search(phrases.PROVENANCE, low):
        return moves.Ask(topic="assumptions" if re.search(phrases.LOAD, low) else "provenance")
    if re.search(phrases.DEFINITION, low) and not re.search(phrases.OURS, low):
        for pattern, (name, _) in GLOSSARY.items():
            if re.search(rf"\b(?:{pattern})\b", low):
                return moves.Ask(topic="term", subject=name)
    for pattern, topic in phrases.ABOUT:
        if re.search(pattern, low):
            numbers = ",".join(re.findall(r"\b(\d{1,2})\b", low)) if topic in ("why", "compare", "memory") else ""
            return moves.Ask(topic=topic, subject=numbers)
    for pattern, (name, _) in GLOSSARY.items():
        if re.search(rf"^(?:what about |and )?(?:the )?(?:{pattern})\??$", low):
            return moves.Ask(topic="term", subject=name)
    return None


def _not_offered(low: str, bare: str, offered: set[str]) -> BaseModel:
    if re.search(r"\bapprov\w+|\bdeploy\b", low):
        if "SelectOption" in offered and "Reject" not in offered:
            return moves.Unclear(
                question="There is nothing to approve yet: choose an option first, and I'll show exactly what would be deployed."
            )
        if "Confirm" in offered:
            return moves.Unclear(
                question="Nothing can be deployed yet: first the specification, then the options, then your approval of the manifests."
            )
        if "Reject" in offered:
            return moves.Unclear(question="I take an approval only in plain words: “yes, approve”, with nothing else in the sentence.")
        return moves.Unclear(question="There is nothing to deploy or approve now.")
    if "Confirm" in offered and re.match(phrases.REJECT, low):
        return moves.Unclear(question="What should be different?")
    if "Reject" in offered and bare and re.fullmatch(phrases.CONFIRM, bare):
        return moves.Unclear(question="I take an approval only with the word itself: “yes, approve”.")
    if re.fullmatch(phrases.GREETING, bare):
        return moves.Unclear(question="Hello!")
    return moves.Unclear(question="I didn't understand that.")
