"""How people say yes, no, done, what if, and what their questions are about. Each list reads: any of these."""

from __future__ import annotations

from agent.moves import Criterion, Topic
from tools.recommendation import View


def any_of(*patterns: str) -> str:
    """One pattern that matches where any of `patterns` does."""
    return "(?:" + "|".join(patterns) + ")"


# Whole texts --------------------------------------------------------------------------------------------------------------------

CANCEL = "(?:please )?" + any_of(
    r"cancel(?: (?:it|this|that|everything))?",
    "abort",
    "quit",
    "exit",
    "never ?mind",
    "forget it",
    "bye",
    "goodbye",
    "leave",
    "stop(?: it| here)?",
)
START_OVER = "(?:please )?(?:let'?s )?" + any_of(
    "start (?:over|again|afresh|from scratch)", "restart", "reset", "begin again", "new plan", "start a new (?:plan|one)"
)
_AGREE = any_of(
    "yes|yep|yeah|yup|y|ok|okay|sure|great|perfect|fine|good|nice|cool|alright|all right|correct|right|agreed?|exactly",
    "confirm(?:ed)?|lgtm|all good|i agree|makes sense|absolutely|of course|definitely",
)
_JUDGED_GOOD = any_of(
    r"looks? (?:good|great|fine|right|ok|correct|perfect)",
    r"sounds? (?:good|great|fine|right)",
    r"is (?:right|correct|fine|good|ok)",
    r"'s (?:right|correct|fine|good)",
    "works",
)
_GO_ON = any_of(
    r"(?:that|this|it|everything|all)? ?" + _JUDGED_GOOD + r"(?: to me| for me)?",
    "go (?:ahead|on)",
    "continue|proceed|next|carry on|move on",
    r"let'?s (?:go|continue|do it|proceed)",
    "please(?: continue| do)?",
    "thanks?(?: you)?",
    r"show me(?: the)? options",
)
CONFIRM = rf"(?:{_AGREE}[,.! ]*)*(?:{_GO_ON})?[,.! ]*(?:please|thanks?)?"
FINISH = r"(?:ok(?:ay)?[,. ]*)?" + any_of(
    r"(?:i'?m |we'?re |all )?(?:done|finished)",
    "finish",
    r"that'?s (?:all|it)",
    r"thanks?(?: you)?(?:[, ]*(?:that'?s all|bye|done))?",
    "good ?bye|bye|quit|exit|nothing else|enough|no thanks?|stop|leave",
)
TAKE_IT = "(?:please )?" + any_of(r"(?:deploy|do|take)(?: (?:it|that|this|this one|that one))?", "go with (?:it|that|this)")
TRY_IT = any_of(
    "(?:please )?(?:test|try)(?: (?:it|the endpoint|this))?(?: out)?",
    "(?:please )?send (?:it )?(?:a|another) (?:test )?prompt",
    "is it alive",
)
GREETING = r"(?:hi|hello|hey|good (?:morning|evening|afternoon)|hallo|howdy)(?: there| compass)?[,! ]*"
BARE_NUMBER = r"(?:about |around |roughly |maybe |say )?(?:[\d][\d,.]*\s?[km]?|.*\b(?:hundred|thousand|million|dozen)s?)"

# Openings and mentions ----------------------------------------------------------------------------------------------------------

REJECT = (
    any_of(
        "no(?:pe)?",
        "reject(?:ed)?",
        "don'?t",
        "do not",
        "not (?:yet|now|this)",
        "wait",
        "back",
        "go back",
        "hold on",
        "den(?:y|ied)",
        "decline",
        "stop",
    )
    + r"\b"
)
SCALE = (
    r"(?:please )?(?:(?:scale|resize|go|grow|shrink|increase|reduce)(?: (?:it|up|down|out|in|the deployment|the replicas))*"
    r" to (?P<count>\d{1,6})(?: replicas?| pods?)?|(?:make it |use |set |run )?(?P<plain>\d{1,6}) (?:replicas?|pods?))(?: please)?"
)
DELETE = r"(?:please )?" + any_of(
    r"(?:delete|remove|undeploy|destroy|tear down|take down|shut down)"
    r"(?: (?:it|this|that|the (?:deployment|endpoint|service)|everything))?",
    "tear it down|take it down|shut it down|clean up",
)
ROLL_BACK = r"\b(?:roll(?:ed|ing)?[ -]?back|revert|undo|previous (?:one|version|revision)|clean (?:it )?up|remove it|delete it)\b"
CHECK_AGAIN = r"(?:please )?" + any_of("(?:check|look|try|ask)(?: it| the cluster)? again", "re-?check", "refresh", "retry", "again")
EXPORT = (
    r"(?:please )?(?:export|write|save|give me|download)(?: (?:it|them|this|the))*(?: (?:manifests?|files?|yaml))*"
    r"(?: (?:out|to files?|instead))*"
    r"(?: (?:as|for|in|with) (?:an? )?(?P<form>(?:plain )?yaml|kustomize|helm)(?: (?:chart|values(?: file)?|base))?)?"
)
RETRY = r"\b(?:retry|again|once more)\b"
OTHER_OPTIONS = r"\b(?:options?|another|different|back|alternatives?)\b"
UNDO = r"\b" + any_of("undo", "go back", "back to (?:the )?(?:original|previous|before|first plan)", "revert", "as before") + r"\b"
_PLAN_NAME = r"[“\"']?(?P<name>[\w][\w .-]{0,38}?)[”\"']?"
KEEP = (
    r"(?:please )?(?:keep|save|store|name|call|remember) (?:this|it|that|the plan|this plan)(?: plan| one)?(?: as| under)?(?: plan)? "
    + _PLAN_NAME
)
RESTORE = (
    r"(?:please )?(?:go |switch |change )?(?:back to|restore|bring back|return to)"
    r" (?!(?:the )?(?:original|previous|before|first|options?|last|list|start)\b)(?:the )?(?:plan )?(?:kept as )?"
) + _PLAN_NAME
VIEW = (
    r"\b(?:rank|sort|order|list|view)(?:ed)?(?: them| these| it| the options| options)?"
    r" (?:by|for) (?:the )?(?:lowest |best |least |fewest )?(?P<by>\w+)"
)
VIEWS: dict[str, View] = {
    "cost": "lowest_cost",
    "costs": "lowest_cost",
    "price": "lowest_cost",
    "latency": "lowest_latency",
    "speed": "lowest_latency",
    "quality": "best_quality",
    "accuracy": "best_quality",
    "gpus": "simplest",
    "simplicity": "simplest",
    "size": "simplest",
    "balance": "balanced",
    "score": "balanced",
    "default": "balanced",
}
WHAT_IF = (
    r"\b"
    + any_of(
        "what if",
        "what about",
        "how about",
        "suppose",
        "assum(?:e|ing)",
        "what would",
        "imagine",
        "if (?:we|i|there|it)",
        "try (?:it )?with",
        "and (?:with|for)",
        "could we",
    )
    + r"\b"
)
_ASKING = (
    "what why how which who when where is are can could does do did will would should explain tell describe show list help define"
    " compare meaning"
)
QUESTION = r"^(?:so |and |but |ok,? |hm+,? )?" + any_of(*_ASKING.split()) + r"\b"
EXPLAIN = r"^(?:so |and |but )?(?:why|where|how come|explain)\b"
FILLER = r"^(?:(?:h+m+|u+m+|uh|er|well|actually|oh|so|sorry|listen|look)\b[,. ]*)+(?=\S)"
OPINION = "^" + any_of("is", "are", "should", "would", "does", "do", "will", "am", "isn't", "wouldn't") + r"\b"
NO_TO_IT = r"\b(?:not|never|skip|remove|drop|instead of|too|dislike|hate|cancel|but|no)\b|n't\b"
NO_APPROVAL = r"(?:\bnot\b|\bnever\b|n't\b).*\b(?:approv\w+|deploy\w*)|^never\b"
POLITE = (
    r"^(?:please |pls |hey,? |hi,? |ok,? )*(?:can|could|would|will) you (?:please |just )*"
    r"(?=(?:deploy|make|use|set|change|take|pick|show|send|give|go|add|remove|exclude|lower|raise|reduce|increase|try|plan|switch|limit)\b)"
)
WANTS = r"\b(?:need|want|plan|build|new|deploy|service|for)\b"
EMOJI = r"[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d]"
NO_CHOICE = "^" + any_of("why", "what", "how", "which", "explain", "compare", "show", "tell", "is", "are") + r"\b"
CHOOSE = r"\b(?:deploy|go (?:with|for)|take|use|choose|pick|select|want|like|prefer|let'?s (?:do|have))\b|^the\s"
TAKES_NAMED = r"\b(?:deploy|go (?:with|for)|take|choose|pick|select|prefer)\b|\b(?:one|option)$"
BEFORE_RANK = r"\b(?:option|number|no\.?|rank|take|pick|choose|select|deploy|want|go (?:with|for))(?: the| option| number)*"
NUMBER_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "last": -1}
ORDINALS |= {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7}
NTH_BEST = rf"\b(?:{'|'.join(ORDINALS)})[- ](?:cheapest|fastest|best|smallest)"
ORDINAL_MENTION = rf"(?:^|\bthe |\bmy |\boption )({'|'.join(ORDINALS)})\b(?= one| option|$|[,. ]+please| is\b| looks)"
CRITERIA: list[tuple[str, Criterion]] = [
    (any_of(r"cheap\w*", "least expensive", "lowest[- ](?:cost|price)", "low[- ]cost", "most affordable"), "cheapest"),
    (any_of(r"fast\w*", "quickest", "lowest[- ]latency", "low[- ]latency", "snappiest", "most responsive"), "fastest"),
    (any_of("(?:best|highest)[- ]quality", "most accurate", "smartest", "best model", "most capable"), "best quality"),
    (any_of("simplest", "smallest", "fewest gpus"), "simplest"),
    (any_of("recommend(?:ed|ation)", "(?:best|top)(?: one| option)?", "your (?:pick|choice|favou?rite)"), "recommended"),
]
_TO_WHOM = "it|the (?:endpoint|model|bot|deployment)|this|that|a (?:test )?prompt|with|to it|a test"
TEST_PROMPT = (
    r"^(?:please |ok,? |now )*"
    + any_of(rf"(?:send|ask|try|test|prompt|say|tell)(?: (?:{_TO_WHOM}))*\s*[:,-]?\s+", r"(?:send|ask|try|test|prompt)\s*:\s*")
    + r"(?:the (?:test )?prompt\s*:\s*)?(?P<prompt>.+)$"
)
TO_IT = r"\s+to (?:it|the (?:endpoint|model|bot))$"
NOT_A_PROMPT = r"(?:me )?(?:the )?(?:status|options?|manifests?|yaml|specification).*"

# What a question is about, from the most telling words to the least --------------------------------------------------------------

HELP = any_of(r"^(?:help|\?+)$", "what can (?:i|you) (?:do|say)", "what (?:now|next|should i (?:say|do))", "how does this work", "how do i")
PROVENANCE = any_of(
    r"where (?:do|does|did|are|is).*(?:come|from|figure|number)",
    "(?:measured|estimated|simulated|real) (?:or|figures|numbers|data)",
    r"\bare (?:these|those|the) (?:\w+ )?(?:measured|estimated|real|accurate)",
    "how (?:accurate|good|reliable|sure)",
    "provenance",
    "source of",
    r"\bsources?\b",
)
LOAD = r"\b(?:rates?|requests|demand|peak|load)\b"
DEFINITION = any_of(r"what(?:'s| (?:does|do|is|are))\b", r"\bdefine\b", r"\bexplain\b", r"\bmeaning\b", r"\bmean\b")
OURS = r"\b(?:the|my|our|this|that) (?:specification|spec|options?|cost|price|status|url|plan|difference)\b"
ABOUT: list[tuple[str, Topic]] = [
    (
        any_of(
            "(?:would|could|can|has|have) to give",
            r"near[- ]miss\w*",
            r"\brelax\w*",
            "what (?:would|could) (?:help|make it (?:fit|cheaper|possible))",
            "why (?:does )?nothing fits?",
        ),
        "near_misses",
    ),
    (any_of(r"\bkept\b", r"\bsaved plans?\b", r"\bmy plans\b", r"compare (?:the |my |these )?plans"), "kept"),
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
            r"\bmemory\b",
            r"\bvram\b",
            r"\bkv[- ]?cache\b",
            r"\b(?:fit|fits)\b.*\b(?:gpus?|on|in)\b",
            "how many (?:sequences|requests|users) (?:\\w+ )?(?:at once|at a time|in parallel)",
            r"\b(?:how (?:long|large|big)|long\w+|max\w*|largest|biggest)\b[^.?]{0,30}\bcontext\b",
        ),
        "memory",
    ),
    (any_of("how much", r"\bcosts?\b", r"\bprices?\b", r"\bpay\b", "expensive", r"\bbill\b", "cheapest"), "cost"),
    (
        any_of(
            r"\bstatus\b",
            r"\bready\b",
            r"\bhealthy?\b",
            "how (?:is|are) (?:it|they|things|the)",
            "is it (?:up|running|ok|alive)",
            r"\burl\b",
            "endpoint",
            r"\bpods?\b",
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
            "what (?:\\w+ )?(?:will|would) (?:be|you) (?:deploy|appl|creat)",
        ),
        "manifest",
    ),
    (
        any_of(r"(?:which|what|list|show)\b.*\b(?:gpus?|models?|hardware|use cases?)\b", "catalogu?e", "do you (?:know|have|support)"),
        "catalogue",
    ),
    (any_of(r"\boptions?\b", r"recommend\w*", "alternatives?", "which (?:one|is)", "fastest", r"\bbest\b"), "options"),
    (any_of(r"\bspec(?:ification)?\b", r"\btargets?\b", "what (?:did|have) you understood?", r"\bsummary\b"), "specification"),
]
