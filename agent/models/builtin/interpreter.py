"""The built-in interpreter: decides by rules, deterministic and offline, which of the offered moves a
person's words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent import moves
from agent.models.builtin import kept, phrases, questions
from agent.models.builtin.carrying import carrying_topic
from agent.models.builtin.deployed import read_deployed
from agent.models.builtin.glossary import GLOSSARY
from agent.models.builtin.mood import is_elliptic, mood, sentences
from agent.models.builtin.names import find_models, mentioned_gpus
from agent.models.builtin.nearest import OFF_TOPIC, nearest
from agent.models.builtin.quantities import find_quantities
from agent.models.builtin.reading import Reading, read_change
from agent.models.builtin.relative import without_amount
from agent.models.builtin.selection import ANOTHER_PLAN, read_selection
from agent.models.builtin.tidy import plain
from agent.words.checks import change_or_problem
from tools.specification import FIELDS, LOADS, SpecificationChange

MAX_CHARACTERS = 4000
"""What a person says in one turn; the rest of a longer text is not read, and they are told."""

ONLY_IN_PLAIN_WORDS = (
    "I take an approval only in plain words: “yes, approve”, with nothing else in the sentence."
)
MAX_SUBJECT = 500
LIKE_ENOUGH, CLEARLY_MORE = 0.45, 0.06
"""Of the nearest move: the least similarity to go by, and the least lead over the next."""
_PROMPT = re.compile(phrases.TEST_PROMPT, re.IGNORECASE | re.DOTALL)


def is_refusal(words: str) -> bool:
    """Whether the words begin as a no."""
    return kept.match(phrases.REJECT, _plain(words)) is not None


def interpret(words: str, offered: set[str]) -> moves.Move:
    """The move that `words` are, among the names in `offered`; `Unclear` with a question if none."""
    text = words.strip()
    if not text:
        return moves.Unclear(question="I didn't get any words.")
    if len(text) > MAX_CHARACTERS:
        return moves.Unclear(
            question=(
                f"That's {len(text):,} characters; I read up to {MAX_CHARACTERS:,}. Please say it shorter."
            )
        )
    low = _plain(text)
    bare = kept.sub(phrases.EMOJI, "", low).strip().rstrip(".!? ")
    of_deployments = read_deployed(bare, offered)
    if of_deployments is not None:
        return of_deployments
    language = _foreign(low)
    if language:
        return moves.Unclear(question=f"That looks like {language}; I read English only, sorry.")

    if "Finish" in offered and kept.fullmatch(phrases.FINISH, bare):
        return moves.Finish()
    if kept.fullmatch(phrases.CANCEL, bare) or (bare.startswith("cancel ") and "SelectOption" not in offered):
        return moves.Cancel()
    if kept.fullmatch(phrases.START_OVER, bare):
        return moves.StartOver()
    if "SendPrompt" in offered:
        prompt = _test_prompt(text, bare)
        if prompt:
            return moves.SendPrompt(prompt=prompt)
    heard = Heard.of(text, low, bare, offered)
    return (
        _of_what_is_there(heard)
        or _of_the_approval(heard)
        or _of_the_options(heard)
        or _of_the_values(heard)
        or _of_numbers_alone(heard)
        or _not_offered(low, bare, offered, heard.asks)
    )


@dataclass(frozen=True)
class Heard:
    """A text, what it may be, and the kind of sentence it is."""

    text: str
    low: str
    bare: str
    offered: set[str]
    reading: Reading
    asks: bool
    """Whether it is nothing but a question, so that nothing changes."""
    supposes: bool

    @classmethod
    def of(cls, text: str, low: str, bare: str, offered: set[str]) -> Heard:
        parts = sentences(low)
        asking = [part for part in parts if mood(part) == "question"]
        reading = Reading()
        if {"DescribeNeed", "EditSpecification", "Explore"} & offered:
            reading = read_change(text, of_a_need=_collects(offered))
            if asking and _collects(offered) and carrying_topic(low) is None and _a_need_asks(low, reading):
                asking = []  # “can you help me size a chatbot for 200 users?” tells of a need
            elif 0 < len(asking) < len(parts):
                reading = read_change(
                    " ".join(part for part in parts if part not in asking), of_a_need=_collects(offered)
                )
        moods = {mood(part) for part in parts if part not in asking}
        if {"supposition", "request"} & moods and not kept.search(phrases.WEIGHS, low):
            reading.fields = {
                k: v for k, v in reading.fields.items() if not k.endswith("_priority")
            }  # “to save money” is talk
        return cls(text, low, bare, offered, reading, asking == parts, "supposition" in moods)


def _collects(offered: set[str]) -> bool:
    """Whether what is needed is being found out; nothing is planned yet."""
    return "DescribeNeed" in offered and "Finish" not in offered


def _of_what_is_there(heard: Heard) -> moves.Move | None:
    """What is done with what runs, failed, or is up for approval."""
    low, offered = heard.low, heard.offered
    if "BackToOptions" in offered and kept.search(
        phrases.OPTIONS_IN_QUESTION if heard.asks else phrases.OPTIONS_ASKED, low
    ):
        return None if heard.reading.fields else moves.BackToOptions()
    if heard.asks:
        return None
    changed = None if heard.supposes else _of_what_runs(low, heard.bare, offered)
    if changed is not None or heard.reading.fields:
        return changed
    if "Retry" in offered and kept.search(phrases.RETRY, low) and not kept.search(phrases.NO_TO_IT, low):
        return moves.Retry()
    return (
        moves.BackToOptions()
        if "BackToOptions" in offered and kept.search(phrases.OTHER_OPTIONS, low)
        else None
    )


def _of_the_approval(heard: Heard) -> moves.Move | None:
    """A no, another option, or a question about what is up for approval; a yes comes another way."""
    low, bare, offered = heard.low, heard.bare, heard.offered
    if "Reject" in offered:
        if heard.asks or "explain" in low:
            return _question(low) or (_unanswered() if heard.asks else None)
        other_plan = "EditSpecification" in offered and ANOTHER_PLAN & set(
            heard.reading.fields
        )  # “no AWS, please” is no mere no
        if not other_plan and (kept.match(phrases.REJECT, low) or kept.search(phrases.NO_APPROVAL, low)):
            return moves.Reject(reason=heard.text[:500])
        other = read_selection(low, bare) if "SelectOption" in offered else None
        if (
            isinstance(other, moves.SelectOption) and other.criterion != "recommended"
        ):  # a mere “yes” is no choice here, nor an approval
            return other
        if kept.search(
            r"\bapprov\w+|\bapply\b", low
        ):  # with anything beside it, it is neither an approval nor another wish
            return _not_offered(low, bare, offered, heard.asks)
        if (
            heard.text.rstrip().endswith("?") and not heard.supposes and not heard.reading.empty
        ):  # it would end what is up for approval
            return moves.Unclear(
                question=(
                    "Asking changes nothing here. To plan with it instead, say so without a question mark."
                )
            )
    if (
        "Confirm" in offered
        and bare
        and kept.fullmatch(phrases.CONFIRM, bare)
        and (not heard.asks or "options" in bare)
    ):
        return moves.Confirm()
    return None


def _of_the_options(heard: Heard) -> moves.Move | None:
    """Keeping a plan, going back, choosing an option, leaving the choice to us."""
    low, bare, offered, reading = heard.low, heard.bare, heard.offered, heard.reading
    if "KeepPlan" in offered:
        of_plans = _of_plans(bare, reading, heard.asks)
        if of_plans:
            return of_plans
    if "UndoExplore" in offered and not heard.asks and not reading.fields and kept.search(phrases.UNDO, low):
        return moves.UndoExplore()
    if "SelectOption" in offered and "Reject" not in offered and not (heard.supposes or heard.asks):
        choice = read_selection(low, bare)
        if choice:
            return choice
    if _collects(offered) and kept.fullmatch(phrases.YOU_CHOOSE, bare):
        return moves.TakeDefault()
    return None


def _of_the_values(heard: Heard) -> moves.Move | None:
    """A need, an edit or a what-if; or the answer to a question, which changes nothing."""
    low, offered, reading = heard.low, heard.offered, heard.reading
    if heard.asks:
        about = _about_a_name(low) if reading.fields and _only_mentions(reading) else None
        return _question(low) or about or (_unanswered() if reading.fields or reading.problems else None)
    if (
        reading.fields
        and kept.search(phrases.REMARK, low)
        and not heard.supposes
        and "DescribeNeed" not in offered
    ):
        return moves.Unclear(
            question="I take that as a remark. If it should change the plan, say so plainly."
        )
    for name in (
        ("DescribeNeed", "Explore", "EditSpecification")
        if heard.supposes
        else ("DescribeNeed", "EditSpecification", "Explore")
    ):
        if (
            name in offered
            and not reading.empty
            and not (name == "DescribeNeed" and not _a_need(low, reading, offered))
        ):
            return _change(name, reading)
    how_far = without_amount(low) if {"EditSpecification", "Explore"} & offered and reading.empty else None
    return moves.Unclear(question=how_far) if how_far else _question(low)


def _a_need_asks(low: str, reading: Reading) -> bool:
    """Whether a question tells of a need: of what it is for and how much of it, or that somebody wants it."""
    serves = kept.search(phrases.TO_SERVE, low) is not None and "preferred_models" in reading.fields
    wants = not reading.empty and (
        kept.search(phrases.NEEDS, low) is not None or (is_elliptic(low) and len(reading.fields) > 1)
    )
    return serves or wants or ("use_case" in reading.fields and bool(set(LOADS) & set(reading.fields)))


def _unanswered() -> moves.Unclear:
    return moves.Unclear(
        question="I take that as a question, so nothing is changed, and it is one that I can't answer."
    )


def _of_numbers_alone(heard: Heard) -> moves.Move | None:
    """“about 300”, where only the number of users can be meant."""
    bare, offered = heard.bare, heard.offered
    name = "DescribeNeed" if _collects(offered) else "EditSpecification"
    said = rf"(?:no[, ]+)?(?:i (?:mean|meant) )?{phrases.BARE_NUMBER}"
    if heard.asks or name not in offered or {"Retry", "Reject"} & offered or not kept.fullmatch(said, bare):
        return None
    counted = read_change(f"{bare} users")
    return _change(name, counted) if counted.fields else None


def _of_what_runs(low: str, bare: str, offered: set[str]) -> moves.Move | None:
    """Scaling, deleting, rolling back; looking again at, or writing out, what is up for approval."""
    if "Scale" in offered and kept.search(phrases.SCALE, bare):
        counts = [
            q.value for q in find_quantities(kept.sub(r"\b(?:a single|only one|just one|one)\b", "1", bare))
        ]
        if len(counts) == 1 and counts[0] == int(counts[0]) and 1 <= counts[0] <= 10_000:
            more, fewer = kept.search(phrases.SO_MANY_MORE, bare), kept.search(phrases.SO_MANY_FEWER, bare)
            if (more or fewer) and not kept.search(
                r"\bto \d", kept.sub(r"\b(?:only |just |a )?(?:one|single)\b", "1", bare)
            ):
                return moves.Scale(by=int(-counts[0] if fewer else counts[0]))
            return moves.Scale(replicas=int(counts[0]))
        return moves.Unclear(question="How many replicas, from 1 to 10,000?")
    if "Delete" in offered and any(
        kept.fullmatch(phrases.DELETE, part.rstrip(".!, "))
        for part in (bare, *kept.split(r"(?<=[.!;,])\s+", bare))
    ):
        return moves.Delete()
    if "KeepAsItIs" in offered and kept.fullmatch(phrases.KEEP_AS_IT_IS, bare):
        return moves.KeepAsItIs()
    if "Validate" in offered and kept.fullmatch(phrases.VALIDATE, bare):
        return moves.Validate()
    if (
        "RollBack" in offered
        and kept.search(phrases.ROLL_BACK, low)
        and not kept.search(phrases.NO_TO_IT, low)
    ):
        return moves.RollBack()
    if "CheckAgain" in offered and kept.search(phrases.CHECK_AGAIN, bare):
        return moves.CheckAgain()
    if "Export" in offered and kept.search(phrases.EXPORT, bare):
        form = next(
            (form for form, named in phrases.EXPORT_FORMS.items() if kept.search(named, bare)), "yaml"
        )
        return moves.Export.model_validate({"form": form})
    return None


def _of_plans(bare: str, reading: Reading, asks: bool) -> moves.Move | None:
    """Keeping a plan by name, going back to one, listing the options by something else;
    “bring back AWS” is no plan's name.
    """
    keep, restore, view = (
        kept.fullmatch(phrases.KEEP, bare),
        kept.fullmatch(phrases.RESTORE, bare),
        kept.search(phrases.VIEW, bare),
    )
    if keep and not asks:
        return moves.KeepPlan(name=keep["name"].strip())
    if restore and not asks and not reading.fields:
        return moves.RestorePlan(name=restore["name"].strip())
    by = phrases.VIEWS.get(view["by"] or view["of"] or view["first"]) if view else None
    return moves.ShowView(view=by) if by else None


def _plain(text: str) -> str:
    """Lower case, single spaces, and a polite “could you …?” as the request it is."""
    low = plain(text)
    low = kept.sub(phrases.FILLER, "", low)
    request = kept.match(phrases.POLITE, low)
    return low[request.end() :].rstrip("? ") if request else low


def _change(name: str, reading: Reading) -> moves.Move:
    """A move with its values; the first value that can't be is turned into a question that says why."""
    if reading.problems:
        return moves.Unclear(question=" ".join(reading.problems)[:1000], understood=_beside(name, reading))
    kinds: dict[str, type[moves.Change]] = {
        "DescribeNeed": moves.DescribeNeed,
        "EditSpecification": moves.EditSpecification,
        "Explore": moves.Explore,
    }
    checked = change_or_problem(kinds[name], reading.fields)
    return moves.Unclear(question=checked) if isinstance(checked, str) else checked


def _beside(name: str, reading: Reading) -> SpecificationChange | None:
    """What a need says beside what can't be: nobody has to say it again."""
    found = change_or_problem(SpecificationChange, reading.fields) if name == "DescribeNeed" else None
    return found if isinstance(found, SpecificationChange) and not found.empty else None


def _a_need(low: str, reading: Reading, offered: set[str]) -> bool:
    """After a deployment, only words that ask for something new begin it; elsewhere any value helps."""
    if "Finish" not in offered:
        return True
    return "use_case" in reading.fields and (
        "user_count" in reading.fields or kept.search(phrases.WANTS, low) is not None
    )


def _only_mentions(reading: Reading) -> bool:
    """A question that names GPUs, models or priorities (“why not the H100?”, “which
    is cheapest?”) sets nothing.
    """
    return all(name in FIELDS and FIELDS[name].shape in ("choice", "choices") for name in reading.fields)


def _test_prompt(text: str, bare: str) -> str | None:
    """The words to send: those in quotes, or those after “send it:” and the like."""
    if kept.fullmatch(phrases.TRY_IT, bare):
        return "Hello! Who are you?"
    match = _PROMPT.match(text.strip())
    if match is None or kept.fullmatch(phrases.NOT_A_PROMPT, match["prompt"].lower()):
        return None
    quoted = kept.search(r"[“\"]([^”\"]+)[”\"]", match["prompt"])
    return quoted[1] if quoted else kept.sub(phrases.TO_IT, "", match["prompt"]).strip() or None


def _foreign(low: str) -> str | None:
    """The language that a text is in, if it is surely not English."""
    if kept.search(
        r"[\u0400-\u04ff\u0590-\u06ff\u0900-\u097f\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]{2}", low
    ):
        return "another language"
    words = [w for w in kept.findall(r"(?<!\w)[^\W\d_]{2,}(?!\w)", low) if w not in questions.SHARED]
    english = sum(w in questions.ENGLISH for w in words)
    found = {
        name: sum(w in common.split() and w not in questions.ENGLISH for w in words)
        for name, common in questions.FOREIGN.items()
    }
    name = max(found, key=lambda n: found[n])
    return name if found[name] >= 2 and found[name] > english else None


def _about_a_name(low: str) -> moves.Ask | None:
    """A question about one GPU or model, to be answered from the catalogue: “what is an H200?”."""
    named = [*mentioned_gpus(low), *find_models(low)[:1]]
    return moves.Ask(topic="catalogue", subject=named[0]) if named else None


def _question(low: str) -> moves.Ask | None:
    """What a question is about, from the most telling words to the least."""
    if kept.search(questions.HELP, low):
        return moves.Ask(topic="help")
    about_hardware = carrying_topic(low)
    if about_hardware:
        return moves.Ask(topic=about_hardware, subject=low[:MAX_SUBJECT])
    if kept.search(questions.PROVENANCE, low):
        return moves.Ask(topic="assumptions" if kept.search(questions.LOAD, low) else "provenance")
    if kept.search(questions.DEFINITION, low) and not kept.search(questions.OURS, low):
        for pattern, (name, _) in GLOSSARY.items():
            if kept.search(rf"\b(?:{pattern})\b", low):
                return moves.Ask(topic="term", subject=name)
    for pattern, topic in questions.ABOUT:
        if kept.search(pattern, low):
            named = [*mentioned_gpus(low), *find_models(low)] if topic == "why" else []
            numbers = (
                kept.findall(r"\b(\d{1,2})\b", low)
                if topic in ("why", "compare", "memory", "context")
                else []
            )
            return moves.Ask(topic=topic, subject=",".join(named or numbers))
    for pattern, (name, _) in GLOSSARY.items():
        if kept.search(rf"^(?:what about |and )?(?:the )?(?:{pattern})\??$", low):
            return moves.Ask(topic="term", subject=name)
    return None


def _not_offered(low: str, bare: str, offered: set[str], asks: bool) -> moves.Move:
    if kept.search(r"\bapprov\w+|\b(?:deploy|apply)\b", low):
        if "SelectOption" in offered and "Reject" not in offered:
            return moves.Unclear(
                question=(
                    "There is nothing to approve yet: choose an option first, and I'll show exactly what"
                    " would be deployed."
                )
            )
        if "Confirm" in offered:
            return moves.Unclear(
                question=(
                    "Nothing can be deployed yet: first the specification, then the options, then your"
                    " approval of the manifests."
                )
            )
        if "Reject" in offered:
            return moves.Unclear(question=ONLY_IN_PLAIN_WORDS)
        return moves.Unclear(question="There is nothing to deploy or approve now.")
    if "Confirm" in offered and not asks and kept.match(phrases.REJECT, low):
        return moves.Unclear(question="What should be different?")
    if "Reject" in offered and bare and kept.fullmatch(phrases.CONFIRM, bare):
        return moves.Unclear(question="I take an approval only with the word itself: “yes, approve”.")
    if kept.fullmatch(phrases.GREETING, bare):
        return moves.Unclear(question="Hello!")
    return _nearest_move(low, offered) or (
        _unanswered() if asks else moves.Unclear(question="I didn't understand that.")
    )


def _nearest_move(low: str, offered: set[str]) -> moves.Move | None:
    """What people mean who say something like it; only of moves that change nothing outside the plan."""
    if any(q for q in find_quantities(low)):
        return None
    near = nearest(low, "moves")
    if near is None or near.label == OFF_TOPIC or near.similarity < LIKE_ENOUGH or near.margin < CLEARLY_MORE:
        return None
    name, _, topic = near.label.partition(".")
    if name not in offered:
        return None
    if name == "Ask":
        return moves.Ask.model_validate({"topic": topic})
    if name == "Reject":
        return moves.Reject(reason=low[:500])
    kind: type[moves.Move] = getattr(moves, name)
    return kind()
