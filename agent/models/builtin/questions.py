"""What people ask about, and the languages that are not read. Each list reads: any of these."""

from __future__ import annotations

from agent.models.builtin.phrases import any_of
from agent.moves import Topic

HELP = any_of(
    r"^(?:help|\?+)$",
    "what can (?:i|you) (?:do|say)",
    "what (?:now|next|should i (?:say|do))",
    "how does this work",
    "how do i",
)
PROVENANCE = any_of(
    r"where (?:do|does|did|are|is).*(?:come|from|figure|number)",
    "(?:measured|estimated|simulated|real) (?:or|figures|numbers|data)",
    r"\bare (?:these|those|the) (?:\w+ )?(?:measured|estimated|real|accurate)",
    "how (?:accurate|good|reliable|sure)",
    "provenance",
    "source of",
    r"\bsources?\b",
)
REQUEST = r"\b(?:prompts?|inputs?|requests?|conversations?)\b"
LOAD = r"\b(?:rates?|requests|demand|peak|load)\b"
DEFINITION = any_of(
    r"what(?:s|'s| (?:does|do|is|are))\b", r"\bdefine\b", r"\bexplain\b", r"\bmeaning\b", r"\bmean\b"
)
OURS = r"\b(?:the|my|our|this|that) (?:specification|spec|options?|cost|price|status|url|plan|difference)\b"
ABOUT: list[tuple[str, Topic]] = [
    (
        any_of(
            "(?:would|could|can|has|have) to give",
            r"near[- ]miss\w*",
            r"\b(?:just|narrowly|nearly|almost|barely)\b[^.?]{0,20}\b(?:miss\w*|made|make|fit|held|qualif\w*)",
            r"close calls?",
            "what (?:would|will|does) it take",
            "what (?:needs|has|have|would need|would have|must|should|could) (?:to )?(?:change|be"
            " (?:changed|relaxed|loosened|different))",
            r"\b(?:in the way|rul\w+ (?:it|them|everything|so much|most) out|exclud\w+ (?:most|so"
            r" much|everything)"
            r"|too strict)\b|\b(?:which|what) constraints?\b",
            r"\brelax\w*",
            "what (?:would|could) (?:help|make it (?:fit|cheaper|possible))",
            "why (?:does )?nothing fits?",
        ),
        "near_misses",
    ),
    (
        any_of(
            r"\bkept\b",
            r"\bsaved? plans?\b|\bplans?\b[^.?]{0,20}\b(?:save|saved|store|stored|keep)\b",
            r"\bmy plans\b",
            r"compare (?:the |my |these )?plans",
        ),
        "kept",
    ),
    (any_of(r"\bcompar\w+", "difference", r"\bversus\b", r"\bvs\b", "better than"), "compare"),
    (
        any_of(
            r"assum\w+",
            "requests? (?:per|a|/)",
            "request rate",
            "how (?:many|much) (?:requests|traffic|load)",
            "how (?:did|do) you (?:get|compute|calculate|arrive)",
            r"why \d",
            r"\bdemand\b",
            r"\bpeak\b",
            "active users",
        ),
        "assumptions",
    ),
    (
        any_of(
            r"\bwhy\b",
            r"\breason",
            "how come",
            "explain (?:this|that|the|your|option)",
            "what makes",
            "trade-?offs?",
            r"what(?:'s| is| went| has gone) wrong",
            "what (?:happened|failed)",
            "what(?:'s| is| was) the (?:error|problem|cause)",
        ),
        "why",
    ),
    (
        any_of(
            r"\bcontext (?:window|length|size|limit)\b|\bmax[- _]model[- _]len\w*",
            r"\b(?:what|which|how"
            r" (?:much|long|large|big|many)|long\w*|max\w*|largest"
            r"|biggest|full)\b[^.?]{0,30}\bcontext\b(?! of)",
            r"^(?:is|are|does|do|did|can|could|will|would|has|have)\b[^.?]{0,40}\bcontext\b(?! of)",
            rf"\b(?:how (?:long|large|big)|long\w+|max\w*|largest|biggest)\b[^.?]{{0,30}}{REQUEST}",
            r"\bhow (?:long|many"
            rf" tokens)\b[^.?]{{0,20}}\b(?:can|could"
            rf"|may)\b[^.?]{{0,20}}(?:{REQUEST}|\b(?:send|handle|take)\b)",
        ),
        "context",
    ),
    (
        any_of(
            r"\bmemory\b",
            r"\bvram\b",
            r"\bkv[- ]?cache\b",
            r"\b(?:fit|fits)\b.*\b(?:gpus?|on|in)\b",
            r"how many (?:sequences|requests|users) (?:\w+ )?(?:at once|at a time|in parallel)",
        ),
        "memory",
    ),
    (
        any_of("how much", r"\bcosts?\b", r"\bprices?\b", r"\bpay\b", "expensive", r"\bbill\b", "cheapest"),
        "cost",
    ),
    (
        any_of(
            r"\bstatus\b",
            r"\bready\b",
            r"\bhealthy?\b",
            "how (?:is|are) (?:it|they|things|the)",
            "(?:is|are) (?:it|they|the \\w+) (?:still )?(?:up|running|ok|okay|alive|there|working|online)",
            r"\burl\b",
            "endpoint",
            r"\bpods?\b",
            r"\b(?:does|do) (?:it|they) (?:still )?(?:run|work|answer)\b",
            r"\bevents?\b",
            r"\blogs?\b",
        ),
        "status",
    ),
    (
        any_of(
            "yaml",
            "manifests?",
            r"\bfiles?\b",
            r"\bdigest\b",
            "kubernetes",
            r"what (?:\w+ )?(?:will|would) (?:be|you) (?:deploy|appl|creat)",
        ),
        "manifest",
    ),
    (
        any_of(
            r"(?:which|what|list|show)\b.*\b(?:gpus?|models?|hardware|use cases?)\b",
            "catalogu?e",
            r"do you"
            r" (?:know|have|support)\b[^?]{0,30}\b(?:gpus?|models?|hardware|accelerators?|cards?|llms?|use"
            r" cases?)\b",
        ),
        "catalogue",
    ),
    (
        any_of(r"\boptions?\b", r"recommend\w*", "alternatives?", "which (?:one|is)", "fastest", r"\bbest\b"),
        "options",
    ),
    (
        any_of(
            r"\bspec(?:ification)?\b", r"\btargets?\b", "what (?:did|have) you understood?", r"\bsummary\b"
        ),
        "specification",
    ),
]

# Languages that are not read, by their commonest words
# -------------------------------------------------------------------------------

FOREIGN = {
    "German": (
        "ich wir und für nicht ein eine einen brauche möchte der die das mit ist auf von zu den bitte unsere"
        " kann mir guten hallo was wie viel"
    ),
    "French": (
        "je nous et pour pas un une besoin voudrais le la les avec est dans des du veux sur bonjour quel"
        " quelle combien merci notre il faut"
    ),
    "Spanish": (
        "yo nosotros y para no un una necesito quiero el la los las con es en de del hola cuál cuánto gracias"
        " nuestro por favor qué"
    ),
    "Italian": (
        "io noi e per non un una bisogno vorrei il la gli con è nel di del ciao quale quanto grazie nostro"
        " che sono"
    ),
    "Portuguese": (
        "eu nós e para não um uma preciso quero o a os as com é em de do olá qual quanto obrigado nosso que"
    ),
    "Dutch": (
        "ik wij en voor niet een nodig wil de het met is op van hallo welke hoeveel bedankt onze wat kan"
    ),
}
SHARED = frozenset("as con die den la was per die no non on is in me man hat".split())  # noqa: SIM905
"""Words of several languages, English among them or a name."""
ENGLISH = frozenset(
    """
    i we you and for not a an the need want with is in of to it that this please our can my be are on at or
    but if what how have do make use no
    """.split()  # noqa: SIM905
)
