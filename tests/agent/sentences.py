"""Sentences whose meaning is known because of how they are composed: exceptions, negations,
relative edits, questions, requests.

The phrases are those of people, from lists of their own: nothing here looks at the rules that read them.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Literal

from agent.moves import MOVES, Stage
from knowledge.catalogue import models
from knowledge.model import WEIGHT_FORMATS
from tools.specification import Intent, Overrides, Priorities, Specification, build_specification

Kind = Literal["gpu_types", "models", "providers", "regions", "licenses", "weight_formats"]
Meaning = Literal["without", "only", "again", "relative", "absolute", "question", "request", "scale"]

NAMES: dict[Kind, dict[str, set[str]]] = {
    "gpu_types": {
        "H100": {"H100"},
        "H200": {"H200"},
        "B200": {"B200"},
        "L40S": {"L40S"},
        "L4": {"L4"},
        "A10G": {"A10G"},
        "MI300X": {"MI300X"},
        "A100": {"A100-40", "A100-80"},
    },
    "models": {
        name: {m for m in models() if name.lower() in m.lower()}
        for name in (
            "Qwen3-32B",
            "Qwen3-30B-A3B",
            "Qwen3.5-122B-A10B",
            "gemma-4-26B-A4B",
            "gpt-oss-120b",
            "gpt-oss-20b",
            "Mixtral",
            "Granite",
            "Kimi-K2",
        )
    },
    "providers": {
        "AWS": {"aws"},
        "Amazon": {"aws"},
        "Azure": {"azure"},
        "GCP": {"gcp"},
        "Google Cloud": {"gcp"},
        "Oracle": {"oci"},
        "Crusoe": {"crusoe"},
    },
    "regions": {"us-east-1": {"us-east-1"}, "eastus": {"eastus"}, "us-ashburn-1": {"us-ashburn-1"}},
    "licenses": {
        "community licences": {"community"},
        "permissive licenses": {"permissive"},
        "non-commercial licences": {"non-commercial"},
    },
}
FORMATS: dict[Kind, dict[str, set[str]]] = {
    "weight_formats": {
        "FP8": {"fp8", "fp8_block"},
        "INT8": {"int8"},
        "8-bit weights": {"fp8", "fp8_block", "int8"},
        "4 bit": {"w4a16", "mxfp4"},
        "AWQ": {"w4a16"},
        "BF16": {"bf16"},
    }
}
PLURAL = {"gpu_types": "s"}

WITHOUT = [
    "everything but {x}",
    "anything but {x}",
    "anything except {x}",
    "all but {x}",
    "all except for {x}",
    "everything apart from {x}",
    "anything other than {x}",
    "everything besides {x}",
    "anything save {x}",
    "all of them, excluding {x}",
    "exclude {x}",
    "please exclude {x} from the plan",
    "no {x}",
    "no {x} please",
    "no more {x}",
    "not {x}",
    "avoid {x}",
    "please avoid {x} altogether",
    "without {x}",
    "I don't want {x}",
    "I do not want to see {x}",
    "we don't want to use {x}",
    "we won't use {x}",
    "we can't use {x}",
    "we must not use {x}",
    "never {x}",
    "never use {x}",
    "don't use {x}",
    "do not use {x} for this",
    "don't plan with {x}",
    "don't show me {x}",
    "stop showing {x}",
    "hide {x}",
    "hide anything with {x}",
    "leave out {x}",
    "leave {x} out",
    "take {x} off the list",
    "rule out {x}",
    "rule {x} out",
    "drop {x}",
    "skip {x}",
    "ban {x}",
    "block {x}",
    "forbid {x}",
    "get rid of {x}",
    "{x} is out of the question",
    "{x} is not an option",
    "{x} isn't an option for us",
    "{x} is forbidden here",
    "{x} is not allowed",
    "{x} isn't allowed in our company",
    "{x} is off the table",
    "we are not allowed to use {x}",
    "we have a policy against {x}",
    "our boss refuses {x}",
    "I'd rather not use {x}",
    "I would prefer not to have {x}",
    "use whatever you like except {x}",
    "anything goes, just not {x}",
    "you can take any of them but not {x}",
    "steer clear of {x}",
    "keep away from {x}",
    "nothing with {x}",
    "nothing on {x}",
    "it must not be {x}",
    "it shouldn't be {x}",
    "any of them as long as it's not {x}",
    "leave {x} out of it",
    "we hate {x}",
    "my company banned {x}",
    "{x} is a no-go",
    "{x} is overkill for us",
    "forget about {x}",
    "scratch {x}",
    "delete {x} from the plan",
    "{x} won't do",
    "{x} is the only one I don't want",
    "under no circumstances {x}",
    "put {x} on the blacklist",
    "ideally not {x}",
    "{x} are too old for this",
]
WITHOUT_OF: dict[Kind, list[str]] = {
    "gpu_types": [
        "don't run it on {x}",
        "not on {x}",
        "no {x} cards",
        "any GPU other than {x}",
        "everything but {x} GPUs",
        "any card except {x}",
    ],
    "models": [
        "no model called {x}",
        "any model but {x}",
        "don't serve {x}",
        "all models apart from {x}",
        "hide every model with {x} in its name",
    ],
    "providers": [
        "not on {x}",
        "don't host it on {x}",
        "any cloud but {x}",
        "nothing at {x}",
        "every provider except {x}",
        "not with {x}",
    ],
    "regions": [
        "not in {x}",
        "any region but {x}",
        "don't run it in {x}",
        "every region except {x}",
        "outside of {x}",
    ],
    "licenses": ["nothing under {x}", "no models with {x}", "we can't accept {x}", "{x} are not acceptable"],
}
ONLY = [
    "only {x}",
    "only {x} please",
    "nothing but {x}",
    "nothing except {x}",
    "nothing other than {x}",
    "none other than {x}",
    "{x} only",
    "just {x}",
    "exclusively {x}",
    "use nothing but {x}",
    "don't use anything but {x}",
    "don't show me anything other than {x}",
    "never anything except {x}",
    "we can only use {x}",
    "we may use only {x}",
    "it has to be {x}",
    "it must be {x}",
    "limit it to {x}",
    "restrict the plan to {x}",
    "we don't want anything but {x}",
    "{x} and nothing else",
    "{x}, nothing else",
]
AGAIN = [
    "allow {x} again",
    "allow {x}",
    "bring back {x}",
    "bring {x} back",
    "bring {x} back in",
    "{x} is fine again",
    "{x} is OK again",
    "{x} is allowed",
    "{x} is allowed again",
    "{x} is allowed after all",
    "{x} may be used again",
    "{x} can be used after all",
    "{x} is acceptable after all",
    "permit {x}",
    "re-include {x}",
    "include {x} again",
    "put {x} back on the list",
    "add {x} back",
    "don't exclude {x}",
    "don't exclude {x} any more",
    "no longer exclude {x}",
    "stop excluding {x}",
    "you needn't avoid {x} any more",
    "there's no need to avoid {x}",
    "{x} isn't excluded any more",
    "{x} is no longer forbidden",
    "{x} isn't forbidden any longer",
    "lift the ban on {x}",
    "un-exclude {x}",
    "unhide {x}",
    "show {x} again",
    "consider {x} again",
    "I have nothing against {x} any more",
    "we can use {x} again",
    "we are allowed to use {x} again",
    "forget what I said against {x}",
    "drop the {x} exclusion",
    "remove {x} from the exclusions",
    "take {x} off the exclusion list",
    "lift the {x} ban",
    "{x} is not sold out any more",
    "I was wrong about {x}, allow it",
    "I no longer want to exclude {x}",
]

BASE = Specification.model_validate(
    build_specification(
        Intent(
            use_case="chatbot_conversational",
            user_count=1000,
            budget_usd_per_month=2000,
            min_context_tokens=16_000,
            min_quality=60,
        ),
        Overrides(
            ttft_p95_ms=200,
            itl_p95_ms=40,
            e2e_p95_ms=8000,
            prompt_tokens=512,
            output_tokens=256,
            headroom=0.3,
            spare_replicas=3,
        ),
    ).model_dump()
)
RATED = build_specification(Intent(use_case="chatbot_conversational", requests_per_second=40), BASE.overrides)
DAILY = build_specification(
    Intent(use_case="chatbot_conversational", requests_per_day=50_000), BASE.overrides
)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of the specification: what people call it, how they write amounts of
    it, and what it is now.
    """

    field: str
    names: tuple[str, ...]
    unit: str
    now: float
    amounts: tuple[float, ...]
    countable: str = ""
    """“200 fewer …”: the noun, where it is counted."""
    base: Specification = dataclasses.field(default_factory=lambda: BASE)
    scale: float = 1.0
    """Of an amount as written in the figure's own unit."""

    def written(self, amount: float) -> str:
        return self.unit.format(f"{amount:g}")


FIGURES = [
    Figure(
        "user_count",
        ("the number of users", "the users", "the user count"),
        "{} users",
        1000,
        (50, 200, 300, 120),
        "users",
    ),
    Figure(
        "budget_usd_per_month",
        ("the budget", "our budget", "the monthly budget"),
        "{} dollars",
        2000,
        (500, 250, 300),
    ),
    Figure("budget_usd_per_month", ("the budget", "our budget"), "${}", 2000, (500, 150, 400)),
    Figure(
        "ttft_p95_ms",
        ("TTFT", "the TTFT", "the time to first token", "the TTFT target"),
        "{} ms",
        200,
        (20, 50, 100),
    ),
    Figure("itl_p95_ms", ("ITL", "the ITL", "the inter-token latency"), "{} ms", 40, (5, 10, 15)),
    Figure(
        "e2e_p95_ms", ("E2E", "the end-to-end latency", "the E2E target"), "{} s", 8000, (1, 2, 3), scale=1000
    ),
    Figure(
        "requests_per_second",
        ("the load", "the peak", "the request rate"),
        "{} requests per second",
        40,
        (5, 10),
        "requests per second",
        base=RATED,
    ),
    Figure(
        "requests_per_day",
        ("the load", "the traffic"),
        "{} requests a day",
        50_000,
        (5000, 10_000),
        "requests a day",
        base=DAILY,
    ),
    Figure(
        "min_context_tokens",
        ("the context", "the context window", "the context length"),
        "{} tokens",
        16_000,
        (2000, 8000),
    ),
    Figure("min_quality", ("the minimum quality", "the quality"), "{} points", 60, (5, 10)),
    Figure("headroom", ("the headroom",), "{} points", 0.3, (5, 10), scale=0.01),
    Figure(
        "spare_replicas",
        ("the spare replicas", "the number of spare replicas"),
        "{}",
        3,
        (1, 2),
        "spare replicas",
    ),
    Figure("prompt_tokens", ("the prompts", "the prompt length"), "{} tokens", 512, (100, 64)),
    Figure("output_tokens", ("the answers", "the answer length"), "{} tokens", 256, (50, 100)),
]
UP = [
    "raise {n} by {a}",
    "increase {n} by {a}",
    "up {n} by {a}",
    "bump {n} up by {a}",
    "add {a} to {n}",
    "put {a} on top of {n}",
    "extend {n} by {a}",
    "let {n} grow by {a}",
    "{n} should be {a} higher",
    "make {n} {a} higher",
    "{n}: {a} more",
    "{a} more for {n}",
    "plus {a} for {n}",
    "what if {n} were {a} higher?",
    "what if we raised {n} by {a}?",
    "{n} up {a}",
    "{n} can go up by {a}",
]
DOWN = [
    "lower {n} by {a}",
    "reduce {n} by {a}",
    "decrease {n} by {a}",
    "cut {n} by {a}",
    "bring {n} down by {a}",
    "take {a} off {n}",
    "subtract {a} from {n}",
    "shave {a} off {n}",
    "trim {n} by {a}",
    "{n} should be {a} lower",
    "make {n} {a} lower",
    "{n}: {a} less",
    "{n} minus {a}",
    "what if {n} were {a} lower?",
    "what if we cut {n} by {a}?",
    "{n} down {a}",
    "{n} went down by {a}",
]
UP_COUNTED = [
    "{a} more {c}",
    "another {a} {c}",
    "an additional {a} {c}",
    "{a} {c} more",
    "{a} extra {c}",
    "we have {a} more {c} than that",
    "add {a} {c}",
    "add another {a} {c}",
    "plus {a} {c}",
]
DOWN_COUNTED = [
    "{a} fewer {c}",
    "{a} {c} fewer",
    "{a} {c} less",
    "{a} less {c}",
    "we have {a} fewer {c}",
    "remove {a} {c}",
    "minus {a} {c}",
    "there are {a} {c} fewer than I said",
]
TIMES: list[tuple[str, float]] = [
    ("double {n}", 2),
    ("halve {n}", 0.5),
    ("half {n}", 0.5),
    ("cut {n} in half", 0.5),
    ("triple {n}", 3),
    ("raise {n} by 20 %", 1.2),
    ("increase {n} by 50 percent", 1.5),
    ("lower {n} by 25%", 0.75),
    ("cut {n} by a third", 2 / 3),
    ("cut {n} by half", 0.5),
    ("reduce {n} by a quarter", 0.75),
    ("make {n} twice as high", 2),
    ("{n} should be 10 % lower", 0.9),
    ("{n} should be 30% higher", 1.3),
    ("what if {n} doubled?", 2),
    ("what if we halved {n}?", 0.5),
    ("a quarter of {n}", 0.25),
    ("three quarters of {n}", 0.75),
    ("multiply {n} by a factor of 3", 3),
]
ABSOLUTE = [
    "raise {n} to {t}",
    "increase {n} to {t}",
    "lower {n} to {t}",
    "reduce {n} to {t}",
    "set {n} to {t}",
    "change {n} from {f} to {t}",
    "raise {n} from {f} to {t}",
    "make {n} {t}",
    "{n} should be {t}",
    "bring {n} down to {t}",
    "what if {n} were {t}?",
]

QUESTIONS = [
    "how much memory do the {i} adapters take?",
    "{i} replicas of 1 GPU or tensor parallel?",
    "what do I lose if I take the cheapest?",
    "could we switch it off at night to save money?",
    "wait, does that include the {u}?",
    "does this include the {u} users of the other team?",
    "which would still work with {u} users?",
    "which of them could carry {u} users?",
    "is {t} ms realistic?",
    "is {t} ms of TTFT realistic?",
    "isn't {t} ms too slow?",
    "are {t} ms noticeable?",
    "is a budget of ${m} enough?",
    "why ${m} and not less?",
    "where does the ${m} come from?",
    "what do I get for ${m}?",
    "is ${m} a month normal for something like this?",
    "how do you get from {u} users to so few requests?",
    "did you count the {i} tokens of the system prompt?",
    "do {u} users really need so many GPUs?",
    "is {g} faster than {h}?",
    "is the {g} cheaper than the {h}?",
    "why {g} and not {h}?",
    "why not {g}?",
    "why isn't {g} on the list?",
    "does {p} have {g}s?",
    "does {p} offer {g}s at all?",
    "is {p} more expensive than the others?",
    "who makes {m2}?",
    "can {m2} speak German?",
    "is {m2} any good at support?",
    "is {m2} better than {m3}?",
    "has {m2} a licence we can use commercially?",
    "am I paying for {i} GPUs?",
    "how many {g}s is that?",
    "will {g}s be cheaper next year?",
    "when would I need a {g}?",
    "should I worry about {t} ms?",
    "was that with {u} users?",
    "that is for {u} users, right?",
    "you planned with {u} users, didn't you?",
    "so {g} isn't possible?",
    "is there anything cheaper at all?",
    "what is the fastest one?",
    "which one has the best quality?",
    "do we lose quality with the cheap one?",
    "is accuracy or speed more important for a chatbot?",
    "how long would {u} users have to wait?",
    "is that legal in us-east-1?",
    "is it hosted in us-east-1 or in eastus?",
    "does quality {i} % mean it is wrong in the rest?",
    "is {i} % headroom usual?",
    "why do you keep 20 % free?",
    "what does {i} % active mean?",
    "how many tokens fit into the context of {m2}?",
    "can it summarise documents of {i} pages too?",
    "would a translation bot cost the same?",
    "do you know what {p} charges for a {g}?",
    "tell me why the {g} is so expensive",
    "explain why {t} ms was chosen",
    "I wonder whether {t} ms is realistic",
    "can you tell me whether {u} users are many?",
    "can you explain the {t} ms?",
    "could you tell me what {g}s cost at {p}?",
    "could that be too slow?",
    "would that be fast enough?",
    "is it good enough for lawyers?",
    "what is better, {i} small GPUs or one big one?",
    "one {g} or two {h}s?",
    "how reliable is {p}?",
    "any idea what the {g} costs?",
    "are the {i} requests per second a peak or a mean?",
    "do the {u} have to be online at the same time?",
    "what happens when the {u} users all come at once?",
    "could I still change it to {g} later?",
    "can we add users later?",
    "is it possible to change the model later?",
    "will it be possible to go down to {i} replicas later?",
    "do I have to pay for the {i} spare replicas at night?",
    "is {i} % cheaper realistic anywhere?",
    "by how much would the cost rise with {u} more users?",
    "how much cheaper would it be without {p}?",
    "is it allowed to use {m2} commercially?",
    "does excluding {g} change anything?",
    "who decided to exclude {g}?",
    "have you excluded {p}?",
    "did I exclude {g}?",
    "could you show me why {g} is not there?",
    "show me how you get to {u} users",
    "shouldn't TTFT be {t} ms?",
    "are you sure it's {u} users?",
    "can I trust the {t} ms?",
    "can we serve {u} users with that?",
    "is there something for under ${m}?",
    "does it get cheaper with {t} ms TTFT?",
    "would it be cheaper on {p}?",
    "what difference would {g} make?",
    "is my budget ${m}?",
    "do you have something on {p}?",
    "is it safe with {i} replicas?",
    "what happens when I say no?",
    "should I take option {i}?",
    "shall I take {g} or {h}?",
]
QUESTION_FILLS: dict[str, list[str]] = {
    "u": ["300", "3000", "5,000", "250"],
    "i": ["3", "8", "50", "75"],
    "t": ["200", "50", "350"],
    "m": ["500", "2,000", "3000"],
    "g": ["H100", "L40S", "B200", "MI300X"],
    "h": ["A100", "H200", "L4"],
    "p": ["AWS", "Azure", "Oracle", "GCP"],
    "m2": ["Qwen3-32B", "gpt-oss-120b", "Granite", "Qwen3-30B-A3B"],
    "m3": ["Mixtral", "Kimi-K2", "gemma-4-26B-A4B"],
}
REQUESTS: list[tuple[str, str, object]] = [
    ("can you make it 300 users?", "user_count", 300),
    ("could you set it to 300 users?", "user_count", 300),
    ("could you please plan for 450 users?", "user_count", 450),
    ("can we have 300 users?", "user_count", 300),
    ("can we go with 700 users?", "user_count", 700),
    ("would you set the budget to 3000?", "budget_usd_per_month", 3000),
    ("could you raise the budget to $4000?", "budget_usd_per_month", 4000),
    ("would you mind setting the budget to $3500?", "budget_usd_per_month", 3500),
    ("can you lower the TTFT to 120 ms?", "ttft_p95_ms", 120),
    ("could we make TTFT 300 ms?", "ttft_p95_ms", 300),
    ("may I have a TTFT of 250 ms?", "ttft_p95_ms", 250),
    ("could you use H100s?", "preferred_gpu_types", ["H100"]),
    ("can you use H200s, please?", "preferred_gpu_types", ["H200"]),
    ("can we use L40S?", "preferred_gpu_types", ["L40S"]),
    ("could you exclude B200?", "excluded_gpu_types", ["B200"]),
    ("would you please leave out MI300X?", "excluded_gpu_types", ["MI300X"]),
    ("can you plan it without H100s?", "excluded_gpu_types", ["H100"]),
    ("can you raise the headroom to 40 %?", "headroom", 0.4),
    ("could you increase the context to 32000 tokens?", "min_context_tokens", 32_000),
    ("make it 300 users, ok?", "user_count", 300),
    ("use H100s, please?", "preferred_gpu_types", ["H100"]),
    ("not 1000 users but 300", "user_count", 300),
    ("300 users instead of 1000", "user_count", 300),
    ("we have 300 users, not 1000", "user_count", 300),
    ("a budget of $3000, not $2000", "budget_usd_per_month", 3000),
]
WHAT_IFS: list[tuple[str, str, object]] = [
    ("what if we had 5000 users?", "user_count", 5000),
    ("and with 300 ms TTFT?", "ttft_p95_ms", 300),
    ("and for 250 users?", "user_count", 250),
    ("suppose we have 800 users", "user_count", 800),
    ("what about H200?", "preferred_gpu_types", ["H200"]),
    ("how about 600 users?", "user_count", 600),
    ("what would it cost for 10k users?", "user_count", 10_000),
    ("what if the budget were $5000?", "budget_usd_per_month", 5000),
    ("what if we only had 900 users?", "user_count", 900),
    ("how would it look on MI300X?", "preferred_gpu_types", ["MI300X"]),
    ("what happens if we take H200s?", "preferred_gpu_types", ["H200"]),
    ("and without H100?", "excluded_gpu_types", ["H100"]),
]

BEFORE = [
    "",
    "",
    "",
    "ok, ",
    "hmm, ",
    "well, ",
    "actually, ",
    "please, ",
    "so ",
    "and ",
    "one more thing: ",
    "oh, ",
]
AFTER = ["", "", "", " please", ", thanks", ", if possible", ", thank you"]
SCALED: list[tuple[str, int]] = [
    ("scale up by {k}", 1),
    ("scale it up by {k} replicas", 1),
    ("add {k} replicas", 1),
    ("add {k} more replicas", 1),
    ("{k} more replicas", 1),
    ("another {k} replicas", 1),
    ("{k} extra replicas please", 1),
    ("increase the replicas by {k}", 1),
    ("give it {k} more replicas", 1),
    ("we need {k} additional replicas", 1),
    ("scale down by {k}", -1),
    ("scale it down by {k} replicas", -1),
    ("{k} fewer replicas", -1),
    ("{k} replicas fewer", -1),
    ("{k} replicas less", -1),
    ("remove {k} replicas", -1),
    ("reduce the replicas by {k}", -1),
    ("take {k} replicas away", -1),
    ("drop {k} replicas", -1),
    ("decrease it by {k} replicas", -1),
]


@dataclasses.dataclass(frozen=True)
class Sentence:
    """Some words at a stage, and what they mean of a specification."""

    words: str
    stage: Stage
    meaning: Meaning
    base: Specification = dataclasses.field(default_factory=lambda: BASE)
    kind: Kind | None = None
    names: frozenset[str] = frozenset()
    field: str = ""
    value: object = None


def with_excluded(kind: Kind, names: set[str]) -> Specification:
    """The base without some of its GPUs, models, providers or regions; with the other licences alone."""
    intent = BASE.intent.model_dump()
    if kind == "licenses":
        intent["licenses"] = sorted({"permissive", "community", "non-commercial"} - names)
    elif kind == "weight_formats":
        intent["weight_formats"] = [name for name in WEIGHT_FORMATS if name not in names]
    else:
        intent[f"excluded_{kind}"] = sorted(names)
    return build_specification(Intent.model_validate(intent | {"priorities": Priorities()}), BASE.overrides)


def _listed(names: list[str], rng: random.Random, joined: str = "and") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {joined} {names[-1]}"


def _of_names(rng: random.Random, named: dict[Kind, dict[str, set[str]]] = NAMES) -> Iterator[Sentence]:
    meanings: list[tuple[Meaning, Callable[[Kind], list[str]]]] = [
        ("without", lambda kind: WITHOUT + WITHOUT_OF.get(kind, [])),
        ("only", lambda kind: ONLY),
        ("again", lambda kind: AGAIN),
    ]
    stages: list[Stage] = ["specification_review", "presenting_options", "context_collection", "failed"]
    for meaning, phrases in meanings:
        for kind, known in named.items():
            for phrase in phrases(kind):
                many = rng.random() < 0.3 and kind != "licenses"
                said = rng.sample(list(known), 2 if many else 1)
                if len(frozenset().union(*(known[n] for n in said))) < len(said):
                    said = said[:1]
                plural = kind == "gpu_types" and rng.random() < 0.3 and not any(n[-1] in "SX" for n in said)
                text = _listed(
                    [n + ("s" if plural else "") for n in said], rng, "or" if rng.random() < 0.2 else "and"
                )
                words = phrase.format(x=text)
                if len(said) > 1 or plural or kind == "licenses":
                    words = words.replace(f"{text} is ", f"{text} are ").replace(
                        f"{text} isn't", f"{text} aren't"
                    )
                names = frozenset().union(*(known[n] for n in said))
                stage = rng.choice(stages)
                base = with_excluded(kind, set(names)) if meaning == "again" else BASE
                if stage == "context_collection" and meaning == "again":
                    stage = "presenting_options"
                lead = "a chatbot for 1000 users, " if stage == "context_collection" else rng.choice(BEFORE)
                words = f"{lead}{words}{rng.choice(AFTER)}"
                yield Sentence(
                    words.lower() if rng.random() < 0.3 else words, stage, meaning, base, kind, names
                )


def _of_figures(rng: random.Random) -> Iterator[Sentence]:
    stages: list[Stage] = ["specification_review", "presenting_options", "failed"]
    for figure in FIGURES:
        for sign, phrases, counted in ((1, UP, UP_COUNTED), (-1, DOWN, DOWN_COUNTED)):
            for phrase in [*phrases, *(counted if figure.countable else [])]:
                amount = rng.choice(figure.amounts)
                count = phrase in counted
                words = phrase.format(
                    n=rng.choice(figure.names),
                    a=f"{amount:g}" if count else figure.written(amount),
                    c=figure.countable,
                )
                yield _about(
                    figure, words, "relative", figure.now + sign * amount * figure.scale, rng, stages
                )
        for phrase, factor in TIMES:
            yield _about(
                figure,
                phrase.format(n=rng.choice(figure.names)),
                "relative",
                figure.now * factor,
                rng,
                stages,
            )
        for phrase in ABSOLUTE:
            target = figure.now * rng.choice([0.5, 1.5, 2])
            target = round(target / figure.scale) if figure.field != "headroom" else 40
            unit = "{} %" if figure.field in ("headroom", "min_quality") else figure.unit
            now = figure.now / figure.scale
            words = phrase.format(
                n=rng.choice(figure.names), f=unit.format(f"{now:g}"), t=unit.format(f"{target:g}")
            )
            yield _about(figure, words, "absolute", target * figure.scale, rng, stages)


def _about(
    figure: Figure, words: str, meaning: Meaning, value: float, rng: random.Random, stages: list[Stage]
) -> Sentence:
    ends = words.endswith("?")
    # A what-if is one where there are options to try it on; before, it is a wish like any other.
    stage = "presenting_options" if ends else rng.choice(stages)
    words = f"{rng.choice(BEFORE)}{words}{'' if ends else rng.choice(AFTER)}"
    return Sentence(words, stage, meaning, figure.base, field=figure.field, value=value)


def _of_questions(rng: random.Random) -> Iterator[Sentence]:
    stages = list(MOVES)
    for phrase in QUESTIONS:
        for stage in stages:
            words = phrase.format(**{key: rng.choice(values) for key, values in QUESTION_FILLS.items()})
            if rng.random() < 0.15 and words.endswith("?"):
                words = words[:-1] + ("??" if rng.random() < 0.5 else " ?")
            yield Sentence(f"{rng.choice(BEFORE)}{words}", stage, "question")


def _of_requests(rng: random.Random) -> Iterator[Sentence]:
    for words, field, value in REQUESTS:
        for stage in ("specification_review", "presenting_options"):
            yield Sentence(
                rng.choice(["", "ok, ", "hi, "]) + words, stage, "request", field=field, value=value
            )
    for words, field, value in WHAT_IFS:
        yield Sentence(
            rng.choice(["", "ok, ", "hmm, "]) + words,
            "presenting_options",
            "request",
            field=field,
            value=value,
        )


def _of_scaling(rng: random.Random) -> Iterator[Sentence]:
    for phrase, sign in SCALED:
        for k in (("2", 2), ("3", 3), ("two", 2)):
            yield Sentence(
                f"{rng.choice(BEFORE)}{phrase.format(k=k[0])}", "basic_monitoring", "scale", value=sign * k[1]
            )


def composed(seed: int = 17, least: int = 2000) -> list[Sentence]:
    """At least so many different sentences, the same ones for the same seed."""
    rng = random.Random(seed)
    found: dict[tuple[str, Stage], Sentence] = {}
    while len(found) < least:
        for part in (_of_names, _of_figures, _of_questions, _of_requests, _of_scaling):
            for sentence in part(rng):
                found.setdefault((sentence.words, sentence.stage), sentence)
    for sentence in _of_names(random.Random(seed), FORMATS):
        found.setdefault((sentence.words, sentence.stage), sentence)
    return list(found.values())
