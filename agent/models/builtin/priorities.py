"""How people say what matters to them, and what doesn't: cost, latency, accuracy."""

from __future__ import annotations

# (priority, level) -> patterns; of one priority the first that matches counts, so the low ones, which negate,
# come first. Only what a person says counts; silence stays medium.
_VERY = (
    r"(?:is |are |comes? |'s |was |must be |really |very |so |most |absolutely |all |our |the |a |my |top"
    r" |main "
    r"|number one |extremely |super |quite |by far )*"
)
_NEGATED = (
    r"(?:is|are|was|were|does|do|did|has|have|need|must|should|'s)? ?(?:not|n't|nt|no|never)(?: really| that|"
    r" so| very| too| much| all that"
    r"| overly| at all| to be| be| a| an| the| our| any| even| of)* ?"
)
_MATTERS = (
    r"(?:important|critical|matters?|crucial|essential|paramount|key|vital|everything|decisive|a"
    r" must|first|king"
    r"|main thing|main point|point"
    r"|top priority|main concern|priority|concern|issue|problem|worry|object|relevant|sensitive|a big"
    r" deal|counts?"
    r"|what (?:matters|counts)|sacred)"
)
_UNIMPORTANT = (
    r"(?:is |are |'s |comes? |can be |may be )*(?:totally |completely |quite |rather |fairly )?(?:unimportant"
    r"|irrelevant|secondary|second(?! )|last"
    r"|low priority|flexible|optional|no object|no issue|no problem|no concern|negligible|a minor|less"
    r" important|not a factor)"
)
_CARES_NOT = (
    r"(?:don't|do not|doesn't|dont|didn't|not|never|needn't|no need to)(?: really| much| too| be| have to)*"
    r" (?:care"
    r"|mind|worry|worried|bother|bothered"
    r"|concerned|fussed|fussy|sensitive|think)(?: about| for| by| to| if| of| on)?(?: the| a| our| how)*"
)
_CARES = (
    r"(?:care (?:most |a lot |mostly |mainly )?about|priorit(?:y|i[sz]e)(?: is| on|:)?|focus(?:ed)? on"
    r"|optimi[sz]e(?:d)? for|go for)(?: the| low| our| on)*"
)
_SPEED = (
    r"(?:latency|latencies|speed|response times?|answer times?|responsiveness|performance|slow"
    r" answers|slowness|fast answers|waiting)"
)
_MONEY = (
    r"(?:costs?|price|prices|pricing|money|budget|spend(?:ing)?|expenses?|what it costs|how much it costs)"
)
_QUALITY = r"(?:quality|accuracy|correctness|precision|correct answers|accurate answers)"


def _cares(topic: str) -> dict[str, list[str]]:
    """How people say of anything that it matters, and that it doesn't."""
    return {
        "low": [
            rf"{topic} {_NEGATED}{_MATTERS}",
            rf"{topic},? {_UNIMPORTANT}\b",
            rf"{_CARES_NOT} {topic}\b",
            rf"regardless of (?:the )?{topic}|whatever the {topic}|(?:no|without) regard (?:to|for) (?:the"
            rf" )?{topic}"
            rf"|never mind the {topic}",
            rf"{topic} (?:priority )?(?:is |to |= ?|: ?)?low\b(?! latency)",
            rf"\bnot {topic}[- ](?:critical|sensitive)|n't (?:\w+ )?{topic}[- ]sensitive",
            rf",? {topic} (?:doesn't|does not|isn't|is not|don't|less so|not so much)\s*(?=[.,;!]|$)",
            (
                rf"(?:less|not) important(?: is| than \w+ is| for us is)? (?:the )?{topic}|{topic} is"
                r" (?:less|not) "
            ),
        ],
        "high": [
            rf"{topic} {_VERY}{_MATTERS}\b",
            rf"{topic}(?:,| and| &) (?:\w+ )?\w+ (?:are|is|both) {_VERY}{_MATTERS}\b",
            rf"{topic}[- ](?:critical|sensitive|conscious|constrained)",
            rf"{_CARES} {topic}\b",
            rf"{topic} (?:priority )?(?:is |to |= ?|: ?)?(?:set to )?high(?:est)?\b",
            rf"(?:important|critical|essential|crucial|key|vital|what matters|priority|main (?:thing"
            rf"|concern))(?: \w+){{0,3}} (?:is|are|:) (?:the |a |low )?{topic}\b",
            rf"n't (?:\w+ ){{0,4}}\w*,? (?:but )?{topic} (?:is|does|do)\s*(?=[.,;!]|$)",
            (
                rf"(?:above|before) (?:all|everything)(?: else)?,? (?:\w+ )?{topic}|{topic} (?:above|before)"
                r" (?:all|everything)"
            ),
        ],
    }


PRIORITIES: list[tuple[str, str, list[str]]] = [
    (
        "latency",
        "low",
        [
            *_cares(_SPEED)["low"],
            "no (?:rush|hurry)",
            r"(?:don't|do not|doesn't|does not|not) (?:care|mind|matter)(?: about)? (?:how long|how slow|if"
            r" (?:it|they"
            r"|that) (?:takes?|is slow|are slow))",
            r"how long (?:it|they|that) takes? (?:doesn't|does not|isn't|is not|is un)",
            (
                r"(?:can|may|could|might) (?:all )?(?:be (?:a bit |quite |rather )?slow|take (?:a |its |their"
                r" |some )?(?:while|time)|wait)\b"
            ),
            r"\bwe can wait|\bpatient\b(?!s)|happy to wait|fine to wait|waiting is (?:fine|ok)|slow(?:er)?"
            r" (?:answers"
            r"|replies|responses)? ?(?:is|are) (?:fine|ok)",
            r"over ?night",
            r"\bin batch(?:es)?\b|batch (?:mode|jobs?|processing)|offline processing",
            r"(?:needn't|need not|don't have to|doesn't have to|does not have to|not need to) be (?:so |that"
            r" |very "
            r"|too )?(?:fast|quick|instant|real[- ]?time)",
            r"not (?:in a hurry|urgent|time[- ]critical|interactive)",
        ],
    ),
    (
        "latency",
        "high",
        [
            *_cares(_SPEED)["high"],
            (
                "low(?:est)?(?:[- ]possible)?[- ](?:latency|latencies|response times?)|latency (?:as )?low|as"
                " low (?:a )?latency"
            ),
            r"\bfast(?:er|est)?\b(?! enough)(?!api)",
            (
                r"\bquick(?:ly|er|est)?\b(?! (?:one|thing|check|word|question|note|and"
                r" dirty|summar|overview|recap|gist|look|draft|digest))"
            ),
            r"\bsnapp(?:y|ier)\b|\brespon(?:sive|d immediately)\b|\breal[-"
            r" ]?time\b|\binstant\w*|\bimmediate\w*"
            r"|\bblazing\b|\bzippy\b|\bsub-?second\b",
            (
                "low response times?|without (?:any )?(?:delay|lag|waiting)|no"
                " (?:delay|lag|waiting)\\b|hates? (?:to wait|waiting|lag)|lightning"
            ),
            r"\bspeedy\b|(?:can't|cannot|mustn't|must not|shouldn't) (?:wait|lag|be slow)",
        ],
    ),
    (
        "cost",
        "low",
        [
            *_cares(_MONEY)["low"],
            r"\bcheap(?:er|est|ness)? (?:is|are|was)(?:n't| not)",
            (
                "whatever it costs|money is no object|cost what it may|unlimited budget|deep"
                " pockets|(?:plenty|lots) of (?:money|budget)"
            ),
            r"(?:not|n't) (?:have to |need to |be )*(?:cheap|worried about (?:the )?(?:price|cost))",
        ],
    ),
    (
        "cost",
        "high",
        [
            *_cares(_MONEY)["high"],
            r"\b(?:cheap(?:er|est|ly|o)?|cheapskate)\b",
            (
                r"(?:\bnot|n't|\bnothing)(?: be)? (?:too|that|so|very|overly|terribly)"
                r" (?:expensive|costly|pricey|dear)\b"
            ),
            (
                "low(?:est)?(?:[- ]possible)?[- ](?:costs?|price|budget)|(?:costs?|price) (?:as )?low|as"
                " (?:little|cheap|low)(?: money)? as possible"
            ),
            "cost[- ](?:effective|efficient|conscious|critical|saving)",
            r"tight (?:\w+ )?budget|budget is (?:tight|small|limited)|on a (?:\w+"
            r" )?budget|(?:small|limited|shoestring"
            r"|tiny) budget|money is (?:tight|small|short|scarce)",
            (
                "affordable|inexpensive|economical|less expensive|(?:low|small)"
                " budget|frugal|thrifty|bargain|budget[- ]friendly"
            ),
            "sav(?:e|ing) money",
            "(?:minimi[sz]e|keep down|reduce|lower|cut|watch) (?:the |our )?(?:costs?|spend\\w*|bill)",
            "keep (?:the |our )?(?:costs?|bill|spend\\w*|price) (?:down|low)",
            r"(?:don't|do not|dont|haven't|not) (?:have )?(?:a lot of|much|got much|lots of)"
            r" (?:money|budget|cash)"
            r"|not (?:cost|spend) (?:too |so )?much|can't spend much",
        ],
    ),
    (
        "accuracy",
        "low",
        [
            *_cares(_QUALITY)["low"],
            (
                r"good enough is (?:fine|ok)|(?:quality|answers) (?:may|can) be"
                r" (?:so-so|mediocre|rough|average)|nothing fancy in quality"
            ),
            r"(?:quality|accuracy) (?:\w+[- ]?ish |okay |ok )(?:is |would be )?(?:fine|ok|enough)|rough"
            r" (?:answers"
            r"|drafts?) (?:is|are) (?:fine|ok)",
        ],
    ),
    (
        "accuracy",
        "high",
        [
            *_cares(_QUALITY)["high"],
            r"\b(?:accurate|accurately|accuracy)\b(?! (?:is|does|doesn't|isn't))",
            (
                "high(?:est)?(?:[- ]possible)?[- ](?:quality|accuracy)|top[-"
                " ](?:notch|quality)|excellent|outstanding|state of the art|flawless|superb"
            ),
            "(?:very )?best (?:possible )?(?:quality|answers?|model|results?)",
            r"smart(?:est|er)|most capable|\bprecise(?:ly)?\b|(?:must|should|has to|have to|need to"
            r"|needs to) be (?:very |really |absolutely )?(?:exact|correct|right|perfect|reliable)",
            (
                r"\b(?:exact|correct) (?:answers|results|information)|answers? (?:must|has to|have to) be"
                r" (?:exact|correct|right)"
            ),
            r"hallucinat\w+|(?:wrong|incorrect|false) (?:answers|results|information) (?:are|is|would be)"
            r" (?:un|not "
            r"|in)\w*|no (?:mistakes|errors|wrong answers|room for error)",
            (
                "better (?:quality|answers|model)|mistakes (?:are|would be) (?:costly|expensive|unacceptable"
                "|not acceptable)|(?:cannot|can't|must not) (?:be wrong|make mistakes)"
            ),
        ],
    ),
]
