"""How people say yes, no, done, what if, and which one. Each list reads: any of these."""

from __future__ import annotations

from agent.moves import Criterion
from tools.planning.plan import View


def any_of(*patterns: str) -> str:
    """One pattern that matches where any of `patterns` does."""
    return "(?:" + "|".join(patterns) + ")"


# Whole texts
# --------------------------------------------------------------------------------

KINDLY = (
    r"(?:please |pls |just |ok(?:ay)?[,. ]+|so |then |let'?s |can (?:you|we|i) |could (?:you|we|i) |would you"
    r" |i(?:'d"
    r"| would) like to |i want to )*"
)
AFTER_THAT = r"(?:[,.! ]+(?:please|pls|thanks?|thank you|now|then|again|for (?:now|today)))*"
CANCEL = (
    KINDLY
    + r"(?:"
    + any_of(
        r"cancel(?: (?:it|this|that|everything|all(?: of (?:it|this))?|the (?:whole"
        r" thing|plan|deployment|lot|request)))?",
        r"abort(?: (?:it|this|that|everything))?",
        "quit",
        "exit",
        "never ?mind",
        "forget (?:it|about it|the whole thing|everything)",
        "bye",
        "goodbye",
        "leave",
        r"stop(?: it| here| this)?",
        r"call it off",
        r"(?:i|we)(?: am| are|'m|'re)? (?:give|giving) (?:it )?up",
    )
    + r"[,.! ]*)+"
    + AFTER_THAT
)
START_OVER = (
    KINDLY
    + r"(?:"
    + any_of(
        "start (?:it )?(?:all )?(?:over|again|afresh|anew|from (?:scratch|the beginning|zero))",
        "restart(?: (?:it|this|everything))?",
        "reset(?: (?:it|this|everything))?",
        "begin (?:again|anew|from (?:scratch|the beginning))",
        "(?:a )?(?:new|fresh|different) (?:plan|project|start|conversation)",
        "(?:start|begin|make) (?:with )?a (?:new|fresh) (?:plan|one|project|start)",
        "scrap (?:everything|it|this|that|all of (?:it|this)|the (?:whole thing|plan))",
        "wipe (?:everything|it)",
    )
    + r"[,.! ]*(?:and )?)+"
    + AFTER_THAT
)
_AGREE = any_of(
    "yes|yep|yeah|yup|y|ok|okay|sure|great|perfect|fine|good|nice|cool|alright|all"
    " right|correct|right|agreed?|exactly",
    "confirm(?:ed)?|lgtm|all good|i agree|makes sense|absolutely|of"
    " course|definitely|wonderful|excellent|super|exactly so|ok cool|awesome|brilliant|good to go|all"
    " set|ready(?: to go)?",
    r"no changes?(?: (?:needed|from (?:my|our) side|please))?|nothing to (?:add|change)(?: (?:from|on)"
    r" (?:my|our) side)?|no objections?",
)
_JUDGED_GOOD = any_of(
    r"(?:looks?|sounds?|seems?|feels?) (?:\w+"
    r" )?(?:good|great|fine|right|ok(?:ay)?|correct|perfect|reasonable|about right|like it)",
    r"(?:is|are|'s|'re) (?:\w+ )?(?:\w+ )?(?:right|correct|fine|good|ok(?:ay)?|perfect|it|what (?:i|we)"
    r" (?:need|want"
    r"|meant|had in mind)(?:ed)?)",
    "works|will do|fits|suits (?:me|us)|matches",
)
_GO_ON = any_of(
    r"(?:that|this|it|they|these|those|everything|all(?: of (?:it|this|that))?|the"
    r" (?:spec(?:ification)?|numbers|figures|targets|plan))? ?"
    + _JUDGED_GOOD
    + r"(?: to me| for me| for us| to us| so far| as (?:it is|they are))?",
    "go(?: ahead| on| for it)?",
    "continue|proceed|next|carry on|move on",
    r"let'?s (?:go|continue|do it|proceed)",
    "please(?: continue| do)?",
    "thanks?(?: you)?",
    r"(?:show|give|find|get|bring) (?:me|us)(?: the| some| my| our)? options",
    r"(?:what|which) options (?:do i have|are there)",
)
CONFIRM = rf"(?:(?:{_AGREE}|{_GO_ON}|please|pls|thanks?|thank you|and|then|now|so|yes)[,.!; ]*)+"
FINISH = (
    r"(?:ok(?:ay)?[,. ]*|great[,. ]*|perfect[,. ]*|good[,. ]*)*(?:(?:and )?"
    + any_of(
        r"(?:i'?m |we'?re |i am |we are |all )?(?:done|finished)(?: here| with it| for (?:now|today))?",
        "finish",
        r"(?:that'?s|that is|this is) (?:all|it|everything|enough)(?: (?:for (?:now|today)|i"
        r" (?:need|needed)|from me|thanks))?",
        r"thanks?(?: you)?(?: (?:so much|a lot|for (?:your|the) help))?",
        r"(?:i|we)(?: am| are|'m|'re)? (?:give|giving) (?:it )?up",
        "good ?bye|bye|quit|exit|nothing else|no more questions|enough|no thanks?|stop|leave|see you(?:"
        " later)?|cheers",
    )
    + r"[,.! ]*)+"
)
TAKE_IT = "(?:please )?" + any_of(
    r"(?:whichever|whatever|the one|what) (?:one )?you(?:'d| would)? (?:recommend|suggest|prefer"
    r"|think is best)(?:[, ]+(?:let'?s )?(?:use|take|do|go with) (?:that|it|this))?",
    r"(?:you choose|you decide|your choice|up to you|surprise me)",
    r"(?:deploy|do|take)(?: (?:it|that|this|this one|that one))?",
    "go with (?:it|that|this)",
)
TRY_IT = any_of(
    "(?:please )?(?:test|try)(?: (?:it|the endpoint|this))?(?: out)?",
    "(?:please )?send (?:it )?(?:a|another) (?:test )?prompt",
)
GREETING = r"(?:hi|hello|hey|good (?:morning|evening|afternoon)|hallo|howdy)(?: there| compass)?[,! ]*"
BARE_NUMBER = (
    r"(?:about |around |roughly |maybe |say"
    r" )?(?:[\d][\d,.]*\s?[km]?|.*\b(?:hundred|thousand|million|dozen)s?)"
)

# Openings and mentions
# --------------------------------------------------------------------------------

REJECT = (
    any_of(
        "no(?:pe)?",
        "reject(?:ed)?",
        "don'?t",
        "do not",
        "not (?:yet|now|this|like this|so|today|right now|good|ok(?:ay)?)",
        "i (?:reject|decline|refuse|deny|disapprove)",
        "rather not",
        "i(?:'d| would) rather (?:not|wait)",
        r"(?:that|this|it)(?:'s| is) (?:way |far |much |a bit )?too"
        r" (?:expensive|much|risky|big|slow|small|costly|dear)",
        "too (?:expensive|much|risky|big|costly|dear)",
        "i changed my mind|we changed our minds?",
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
    r"\b(?:scale|resize|grow|shrink|bring (?:it|this) (?:up|down)|(?:go|turn (?:it )?|take (?:it"
    r" )?)(?:up|down) to"
    r"|increase|decrease|reduce|lower|raise|add (?:\w+ )?replicas?|remove (?:\w+ )?replicas?)\b"
    r"|\b(?:make it|use|set|run|need|want|have|with|to)\b[^.?!]{0,20}\b(?:replicas?|pods?|copies|instances)\b"
    r"|^[\w, ]+ (?:replicas?|pods?)(?: (?:more|less|fewer))?(?: please)?$"
)
SO_MANY_MORE = r"\badd\b|\b(?:more|additional|extra|another)\b|\bby\b(?!.*\bdown\b)"
SO_MANY_FEWER = (
    r"\b(?:remove|drop|fewer|less|decreas\w+|take .*"
    r" away)\b|\b(?:down|reduc\w+|shrink|lower|decreas\w+)\b.*\bby\b"
)
"""A wish for another number of replicas, where the sentence holds one number and asks nothing."""
DELETE = (
    KINDLY
    + any_of(
        r"(?:delete|remove|undeploy|destroy|tear down|take down|shut down|kill|get rid of|uninstall|turn off)"
        r"(?: (?:it|this|that|the (?:deployment|endpoint|service|model|whole thing|bot)|everything|all of"
        r" it))?",
        r"(?:tear|take|shut|bring) (?:it|this|everything|the \w+) down|clean (?:it )?up",
    )
    + r"(?: again| completely| for good)?"
    + AFTER_THAT
    + r"(?:[,.;]? (?:we|i|it'?s|because|since|as|nobody)\b.*)?"
)
ROLL_BACK = (
    r"\b(?:roll(?:ed|ing)?(?: (?:it|this|that|everything|things))?[ -]?back|(?:go|put it|back) to (?:the"
    r" (?:old|last"
    r"|previous) (?:one|version|state)|what (?:ran|worked|was there))|revert|undo|previous"
    r" (?:one|version|revision)"
    r"|clean (?:it )?up|remove it|delete it)\b"
)
CHECK_AGAIN = (
    r"\b(?:check|look|try|ask|run|test|do)\b[^.?!]*\bagain\b|\bre-?(?:check|run|try|fresh|validate)\b|^again\b"
    r"|\bcheck (?:it |the cluster )?(?:once more|anew)\b"
)
EXPORT = (
    r"\b(?:export|download)\b|\b(?:write|save|put|store|dump)\b[^.?!]*\b(?:files?|disk|folder|manifests?|yaml|helm|kustomize)\b"
    r"|\b(?:give|get|hand|send|make|produce|generate|create|need|want|prefer|have|as|into|for)\b[^.?!]*\b(?:kustomize"
    r"|helm|plain yaml|yaml files?|gitops)\b"
)
EXPORT_FORMS = {"kustomize": r"\bkustomiz\w+", "helm": r"\bhelm\b|\bchart\b"}
KEEP_AS_IT_IS = (
    r"(?:ok(?:ay)?[,. ]*|please |no[,. ]+|yes[,. ]+|let'?s |just )*"
    r"(?:(?:keep|accept|leave|take) (?:it|that|this|everything|things)(?: running| as (?:it|they) (?:is|are)|"
    r" as is"
    r"| anyway| like (?:this|that)| be| alone"
    r"| the way (?:it|they) (?:is|are)| for now)*"
    r"|(?:it|that|this)(?:'s| is) (?:fine|ok(?:ay)?|good enough|acceptable)(?: as it is| like that|"
    r" anyway)?|good enough"
    r"|(?:don'?t|do not) (?:touch|change|do) (?:anything|it|a thing)(?: for now| yet)?)(?:[,.;] .*)?"
)
VALIDATE = (
    r"(?:ok(?:ay)?[,. ]*|please |can you |could you |would you |let'?s |i'?d like to )*(?:"
    r"(?:re-?)?(?:measure|validate|probe|benchmark|load.?test|check|test)(?: (?:it|the"
    r" (?:endpoint|targets|slos?"
    r"|latenc(?:y|ies)|speed|performance)))?"
    r"(?: once)?(?: more| again)?(?: now| under load)?"
    r"|(?:re-?run|repeat|run|do|start|redo) (?:the |a |another |one more )?(?:load["
    r" -]?test|measurement|probe|benchmark"
    r"|validation|test run)(?: again| once more| now)?"
    r")(?:[,. ]+(?:please|pls|thanks))?"
)
RETRY = (
    r"\b(?:retry|again\b|once more|another (?:go|try|shot|attempt)|one more (?:time|try)|try"
    r" (?:it|that|this)\b)"
)
OPTIONS_ASKED = (
    r"\b(?:options|alternatives)\b|\b(?:another|other|different) (?:one|option|model|gpu|setup|choice)"
)
OPTIONS_IN_QUESTION = r"\b(?:what|which|other|more|any|show|see|back to)\b[^?]*\b(?:options|alternatives)\b"
OTHER_OPTIONS = r"\b(?:options?|another|different|back|alternatives?)\b"
UNDO = (
    r"\b"
    + any_of(
        "undo",
        "go back",
        "back to (?:the )?(?:original|previous|before|first plan|how it was|what (?:it|we) (?:was|had))",
        "(?:one|a) step back",
        "take (?:that|it) back",
        "revert",
        "as before",
    )
    + r"\b"
)
_PLAN_NAME = r"[“\"']?(?P<name>[\w][\w .-]{0,38}?)[”\"']?"
KEEP = (
    r"(?:please )?(?:keep|save|store|name|call|remember) (?:this|it|that|the plan|this plan)(?: plan|"
    r" one)?(?: as| under)?(?: plan)? " + _PLAN_NAME
)
RESTORE = (
    r"(?:please )?(?:go |switch |change )?(?:back to|restore|bring back|return to)"
    r" (?!(?:the )?(?:original|previous|before|first|options?|last|list|start|how|what|where|normal"
    r"|square)\b)(?:the )?(?:plan )?(?:kept as )?"
) + _PLAN_NAME
VIEW = (
    r"\b(?:rank|sort|order|list|view|arrange)(?:ed)?(?: them| these| it| those| the (?:options|list)|"
    r" options| everything)?"
    r" (?:by|for|according to) (?:the )?(?:lowest |best |least |fewest |highest )?(?P<by>\w+)"
    r"|\b(?P<of>balanced|cost|price|latency|speed|quality|accuracy|simplicity|default)"
    r" (?:ranking|view|order|list|sorting)\b"
    r"|\b(?P<first>smallest number of gpus|cheapest|fastest|simplest|fewest gpus|best quality) (?:ones?"
    r" )?first\b"
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
    "balanced": "balanced",
    "prices": "lowest_cost",
    "cheapest": "lowest_cost",
    "fastest": "lowest_latency",
    "ttft": "lowest_latency",
    "simplest": "simplest",
    "fewest gpus": "simplest",
    "smallest number of gpus": "simplest",
    "best quality": "best_quality",
}
WHAT_IF = (
    r"\b"
    + any_of(
        "what if",
        "what happens (?:if|with)",
        "what about",
        "how about",
        "suppose",
        "assum(?:e|ing)",
        "what would",
        r"how (?:would|does|do|will) (?:(?:it|that|this|these|things|they)(?: \w+)?|the \w+) (?:look|do|work"
        r" out|be) (?:on|with|for|at)",
        "imagine|say (?:we|it|there)|let'?s say",
        "if (?:we|i|there|it)",
        "try (?:it )?with",
        "and (?:with|without|for|on)",
        "what (?:it|that|this) would",
        "show me (?:it|this|that|the (?:same|plan)|how (?:it|that)) (?:on|with|for|would)",
    )
    + r"\b"
)
FILLER = r"^(?:(?:anyway|right then|h+m+|u+m+|uh|er|well|actually|oh|so|sorry|listen|look)\b[,. ]*)+(?=\S)"
NO_TO_IT = r"\b(?:not|never|skip|remove|drop|instead of|too|dislike|hate|cancel|but|no)\b|n't\b"
NO_APPROVAL = r"(?:\bnot\b|\bnever\b|n't\b).*\b(?:approv\w+|deploy\w*)|^never\b"
POLITE = (
    r"^(?:please |pls |hey,? |hi,? |ok,? )*(?:can|could|would|will) you (?:please |just )*"
    r"(?=(?:deploy|make|use|set|change|take|pick|show|send|give|go|add|remove|exclude|lower|raise|reduce|increase|try|plan|switch|limit)\b)"
)
NEEDS = (
    r"\b(?:(?<!do )(?<!did )(?<!will )(?<!would )(?<!should )(?:i|we)(?:'d| would)?"
    r" (?:need|want|like)|looking for|recommend\w*|suggest\w*"
    r"|to (?:build|set up)|help (?:us|me))\b"
)
WEIGHS = r"\b(?:mak\w+|made|prioriti\w+|optimi\w+|focus\w*|matter\w*|important|critical|priority)\b"
"""Words that set a priority on purpose."""
WANTS = r"\b(?:need|want|plan|build|new|deploy|service|for)\b"
EMOJI = r"[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d]"
NO_CHOICE = (
    "^" + any_of("why", "what", "how", "which", "explain", "compare", "show", "tell", "is", "are") + r"\b"
)
CHOOSE = (
    r"\b(?:deploy|give me|i'?ll have|go (?:with|for)|take|use|choose|pick|select|(?:i|we)(?:'d| would|'ll)?"
    r" (?:want|like|prefer)"
    r"|let'?s (?:do|have))\b|^the\s"
)
TAKES_NAMED = r"\b(?:deploy|go (?:with|for)|take|choose|pick|select|prefer)\b|\b(?:one|option)$"
BEFORE_RANK = (
    r"\b(?:option|number|no\.?|rank|take|pick|choose|select|deploy|want|go (?:with|for))(?: the| option|"
    r" number)*"
)
_COUNTING = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
_ORDERING = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()  # noqa: SIM905
NUMBER_WORDS = {word: n for n, word in enumerate(_COUNTING, start=1)}
ORDINALS = {word: n for n, word in enumerate(_ORDERING, start=1)} | {"last": -1, "1st": 1, "2nd": 2, "3rd": 3}
ORDINALS |= {f"{n}th": n for n in range(4, 13)}
NTH_BEST = rf"\b(?:{'|'.join(ORDINALS)})[- ](?:cheapest|fastest|best|smallest)"
ORDINAL_MENTION = (
    rf"(?:^|\bthe |\bmy |\boption )({'|'.join(ORDINALS)})\b(?= one| option|$|[,. ]+please| is\b| looks)"
)
CRITERIA: list[tuple[str, Criterion]] = [
    (
        any_of(r"cheap\w*", "least expensive", "lowest[- ](?:cost|price)", "low[- ]cost", "most affordable"),
        "cheapest",
    ),
    (
        any_of(r"fast\w*", "quickest", "lowest[- ]latency", "low[- ]latency", "snappiest", "most responsive"),
        "fastest",
    ),
    (
        any_of("(?:best|highest)[- ]quality", "most accurate", "smartest", "best model", "most capable"),
        "best quality",
    ),
    (any_of("simplest", "smallest", "fewest gpus"), "simplest"),
    (
        any_of("recommend(?:ed|ation|)", "(?:best|top)(?: one| option)?", "your (?:pick|choice|favou?rite)"),
        "recommended",
    ),
]
_TO_WHOM = "it|the (?:endpoint|model|bot|deployment)|this|that|a (?:test )?prompt|with|to it|a test"
TEST_PROMPT = (
    r"^(?:please |ok,? |now )*"
    + any_of(
        rf"(?:send|ask|try|test|prompt|say|tell)(?: (?:{_TO_WHOM}))*\s*[:,-]?\s+",
        r"(?:send|ask|try|test|prompt)\s*:\s*",
    )
    + r"(?:the (?:test )?prompt\s*:\s*)?(?P<prompt>.+)$"
)
TO_IT = r"\s+to (?:it|the (?:endpoint|model|bot))$"
NOT_A_PROMPT = r"(?:me )?(?:the )?(?:status|options?|manifests?|yaml|specification).*"

REMARK = (
    r"\b(?:spent|paid|last (?:month|year|week|time)|yesterday|lol|haha|by the way|used to|fun fact|i"
    r" (?:heard|read)"
    r"|my (?:neighbou?r|friend|brother|uncle))\b"
)
"""Words that tell something rather than wish for it."""
TO_SERVE = r"\b(?:serve|host|run|deploy|offer|operate)\b"
YOU_CHOOSE = (
    r"(?:i |we )?(?:really )?"
    + any_of(
        r"(?:(?:don'?t|do not|dont) (?:really )?know|no (?:idea|clue)|not sure|dunno)(?: yet| exactly"
        r"| that)?[,.; ]+(?:so )?(?:please )?you (?:choose|decide|pick)",
        r"you (?:choose|decide|pick|tell me)",
        "up to you",
        "your (?:choice|call)",
        r"(?:take|use|assume|go with)?(?: the| a| your)? ?defaults?",
        "whatever(?: you (?:think|like))?",
        r"(?:it )?doesn'?t matter",
        "just (?:go on|continue|go ahead)",
        "go (?:on|ahead)",
    )
    + r"[,. ]*(?:you (?:choose|decide|pick)|up to you|sorry|please|whatever)?"
)
