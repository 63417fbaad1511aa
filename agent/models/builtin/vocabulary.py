"""The words of this domain, as data: use cases, people, and what they call things."""

from __future__ import annotations

from agent.models.builtin.thoughts import LIFTED as THINKING_LIFTED
from knowledge.model import LicenseKind

LANGUAGES = (
    r"(?:english|german|french|spanish|italian|portuguese|dutch|polish|czech|russian|ukrainian|turkish|arabic|hebrew"
    r"|hindi|japanese|chinese|mandarin|korean|vietnamese|thai|swedish|danish|norwegian|finnish|greek|romanian|hungarian)"
)
# Use case -> patterns; the pattern that matches the most characters decides, so put the telling phrases in.
USE_CASES: dict[str, list[str]] = {
    "chatbot_conversational": [
        r"chat ?bots?",
        r"chat assistant",
        r"conversational(?: \w+)?",
        r"customer (?:support|service)(?: \w+)?",
        r"support bot",
        r"help ?desk",
        r"virtual assistant",
        r"faqs?(?: bot)?",
        r"q ?(?:&|and) ?a",
        r"question answering",
        r"talk to (?:our )?(?:customers|users)",
        r"\bchat\b",
        r"\bassistant\b",
        r"\bbots?\b",
        r"answer\w* (?:[\w']+ ){0,3}questions?",
        r"chatgpt",
        r"npcs?\b",
        r"support (?:tickets?|agent)",
    ],
    "code_completion": [
        r"code completions?",
        r"(?:code )?auto-?complet\w+",
        r"co-?pilot",
        r"complet\w+ (?:of )?code",
        r"tab completion",
        r"inline (?:code )?suggestions?",
        r"in the ide\b",
        r"ide plug-?in",
        r"as (?:they|developers|people|we) type",
    ],
    "code_generation_detailed": [
        r"code generation",
        r"generat\w+ (?:\w+ ){0,2}code",
        r"writ\w+ (?:\w+ ){0,2}code",
        r"cod(?:ing|e) (?:assistant|agent|helper)",
        r"programming (?:assistant|help\w*)",
        r"(?:write|generat\w+) (?:unit )?tests",
        r"\bcoding\b",
        r"(?:writ|generat)\w+ (?:\w+ ){0,3}(?:tests|functions?|modules?|scripts?|programs?)",
        r"(?:fix|fixes|fixing) (?:\w+ ){0,2}(?:bugs?|issues?)",
        r"code (?:bot|review|generator|migration)s?",
        r"pair[- ]programm\w+",
        r"claude code|\bcursor\b|\baider\b|\bdevin\b",
        r"software engineering",
        r"refactor\w*",
    ],
    "translation": [
        rf"(?:in|into|from|to) {LANGUAGES}\b.{{0,60}}\b(?:in|into|from|to|and) {LANGUAGES}\b",
        r"translat(?!ors?\b)\w+(?: (?:[\w']+ ){0,3}[\w']+)?",
        r"paraphras\w+",
        r"locali[sz]\w+",
        r"rephras\w+",
    ],
    "content_generation": [
        r"content (?:generation|creation|writing)",
        r"generat\w+ (?:\w+ ){0,2}(?:content|articles?|posts?|copy|emails?|text)",
        r"marketing (?:copy|texts?|content)",
        r"blog ?posts?",
        r"(?:listing|promo\w*|marketing|catalogue|product) texts?(?: \w+)?",
        r"e?-?mail (?:\w+ )?(?:draft|writ|compos)\w*(?: \w+)?|(?:draft|compos)\w* (?:\w+"
        r" ){0,3}(?:e-?mails?|letters"
        r"|texts?|articles?|posts?)",
        (
            r"writ\w+ (?:\w+ ){0,3}(?:ads?|adverts?|advertisements?|slogans?|captions?|copy|texts?|press"
            r" releases?|scripts?)"
        ),
        r"(?:job|sales|ad|advertising) (?:ads?|adverts?|emails?|texts?|slogans?|postings?)",
        r"article writing|landing pages?",
        r"writing (?:assistant|tool|help\w*)",
        r"writ\w+ (?:\w+ ){0,2}(?:articles?|posts?|emails?|newsletters?|descriptions?|stories)",
        r"product descriptions?",
        r"copy ?writing",
        r"creative writing",
        r"newsletters?",
        r"social media",
        r"ad copy",
        r"seo texts?",
    ],
    "summarization_short": [
        r"(?:short|brief|quick) summar\w+",
        r"summar\w+ of (?:\w+ ){0,2}(?:short|brief|small) \w+",
        r"summar\w+ (?:[\w']+"
        r" ){0,3}(?:tickets?|e?-?mails?|calls?|notes?|meetings?|articles?|news|threads?|chats?|conversations?"
        r"|messages)",
        (
            r"(?:shorten|boil|condens|compress|shrink)\w* (?:[\w']+"
            r" ){0,4}(?:notes?|tickets?|emails?|transcripts?|articles?|messages)"
        ),
        r"\brecaps?\b",
        r"\b(?:the|a short|short|quick) gists?\b",
        r"summari[sz]\w+",
        r"summary",
        r"summaries",
        r"tl;? ?dr",
        r"condens\w+",
        r"meeting (?:notes|minutes)",
        r"\bdigests?\b",
    ],
    "document_analysis_rag": [
        r"\brag\b",
        r"retrieval[- ]augmented(?: generation)?",
        r"documents? (?:analysis|q ?(?:&|and) ?a|search|chat)",
        r"ask[- ]your[- ](?:docs|documents?|wiki|data)",
        r"(?:search|question|ask|answer|look(?:ing|s)? (?:up|through|for)|find)\w*\b.{0,70}?\b(?:knowledge"
        r" ?base"
        r"|documents?|docs|pdfs?|wiki|manuals?|handbooks?|specs|policies|sharepoint|confluence|intranet|procedures)\b",
        r"\brag (?:bot|chatbot|system|app|application|assistant|pipeline|service)s?",
        r"(?:knowledge|wiki|handbook|policy|policies|manuals?|guidelines?|confluence|sharepoint|intranet)\b",
        r"knowledge ?base(?: \w+)?",
        r"(?:questions?|ask|answers?|search\w*) (?:\w+ ){0,5}(?:documents?|docs|pdfs?|wiki|manuals?|files)",
        r"internal (?:docs|documents|wiki|regulations|policies|handbooks?|guidelines|rules|knowledge)",
        r"(?:look(?:ing)? (?:\w+ )?(?:up|for)|find\w*|search\w*) (?:[\w']+"
        r" ){0,6}(?:documents?|docs|pdfs?|wiki|manuals?"
        r"|files|guidelines|handbooks?)",
        r"enterprise search",
        r"chat with (?:\w+ ){0,2}(?:documents?|docs|pdfs?)",
    ],
    "long_document_summarization": [
        r"(?:condens|digest|boil|shorten|sum)\w* (?:\w+ ){0,4}(?:books?|novels?|theses|manuscripts?|long"
        r" reports?"
        r"|studies|filings|textbooks?)",
        r"long[- ](?:document|report|text|paper|pdf)s?(?: \w+)?",
        (
            r"summari[sz]\w+ (?:\w+ ){0,3}(?:books?|long"
            r" \w+|reports?|theses|manuscripts?|(?:whole|entire|full) \w+|transcripts)"
        ),
        r"(?:hundred|\d+)[- ]pages?(?: \w+)?",
        r"book summari\w+",
        r"long[- ]document summari\w+",
        r"summari\w+ of (?:\w+ ){0,2}(?:books?|long \w+)",
    ],
    "research_legal_analysis": [
        r"legal(?: \w+)?",
        r"law firms?",
        r"contracts?(?: (?:analysis|review))",
        r"\bndas?\b",
        r"court\w*|rulings?",
        r"due diligence",
        r"case law",
        r"litigation",
        r"research(?: \w+)?",
        r"multi[- ]document(?: \w+)?",
        r"scientific papers?",
        r"literature review",
        r"patents?",
    ],
}

PEOPLE_WORDS = """
    user users people person persons ppl customer customers client clients employee employees developer
    developers dev devs engineer engineers student students pupil pupils staff agent agents analyst
    analysts lawyer lawyers attorney attorneys paralegal paralegals seat seats subscriber subscribers
    member members colleague colleagues coworkers coder coders programmer programmers writer writers editor
    editors reader readers visitor visitors teacher teachers doctor doctors nurse nurses translator
    translators researcher researchers scientist scientists guys folks humans dau daus players gamers kids
    children parents patients citizens inhabitants residents guests passengers tenants clerks marketers
    journalists reporters consultants advisers advisors reps salespeople auditors accountants bankers
    traders techs technicians mechanics workers operators supporters testers designers managers shoppers
    buyers sellers drivers freelancers contractors volunteers librarians professors lecturers physicians
    clinicians pharmacists judges notaries officers recruiters partners associates copywriters bloggers
    creators artists hosts callers fans followers mau maus headcount officials professionals individuals
    secretaries experts specialists advisors interns
""".split()  # noqa: SIM905 - many words read better so
PEOPLE = "(?:" + "|".join(sorted(PEOPLE_WORDS, key=len, reverse=True)) + ")"
NOT_PEOPLE = "|".join(
    """
    tokens pages words offices languages years gpus replicas hours days weeks months minutes seconds
    documents docs articles products models countries warehouses wards floors servers nodes clusters papers
    orders letters numbers chapters containers routers folders computers printers meters liters dollars
    euros cents percents contents events agreements patents statements components shipments payments
    departments experiments environments incidents segments comments requirements newsletters offers
    parameters filters layers headers footers registers chargers sensors monitors processors vectors errors
    doors motors tickets emails messages calls prompts contracts cases invoices books reports transcripts
    continents centers centres stores shops branches sites locations cities towns schools hospitals repos
    repositories services projects teams laptops
    """.split()  # noqa: SIM905
)
"""What is counted and doesn't use anything, among it words that end as those for people do."""
HOW_MUCH = frozenset(
    """
    users user people ppl requests request tokens token prompt prompts second seconds minute minutes hour
    latency ttft itl e2e ms rps qps budget month monthly year usd dollars dollar eur cheap cheaper cheapest
    fast faster fastest quick quickly slow speed cost costs price money quality accuracy accurate gpu gpus
    h100s a100s llama qwen mistral mixtral gemma phi granite deepseek nemotron gpt-oss glm kimi minimax nvidia
    amd aws azure gcp headroom replicas replica peak concurrent simultaneous about around roughly
    approximately please must low high priority critical important million thousand hundred dozen
    """.split()  # noqa: SIM905
)
"""Words that say how much, on what and how well; without them a text is nearer to what it is for."""
SPELLED_RIGHT = """
    chatbot chatbots latency critical budget month monthly million thousand hundred dozen translation
    translate translator summarize summarise summarization summarisation summary summaries document documents
    documentation knowledge internal assistant completion autocomplete autocompletion generation generate
    research analysis analyse analyze customer support service answer answers question questions request
    requests second seconds minute minutes concurrent simultaneous cheap cheaper cheapest fast faster fastest
    quality accuracy accurate precise important priority priorities expensive inexpensive affordable headroom
    replica replicas manifest manifests approve approved reject option options recommend recommended
    recommendation compare comparison specification requirements targets throughput traffic assume assumed
    assumptions everybody everyone another other others them their because without should would could please
    retry again rollback delete remove scale export kustomize helm yaml status endpoint deployment deploy
    deployed validate measure kubernetes cluster model models excellent product products descriptions
    marketing newsletter newsletters content writing contract contracts review legal lawyers conversation
    reply replies email emails ticket tickets meeting meetings transcript transcripts refactor refactoring
    function functions language languages whats thats dont doesnt didnt isnt arent cant wont lets whos hows
    theres youre were havent shouldnt couldnt wouldnt response responses quickly cheaply privacy permissive
    licence license bursty steady usually usual typical average field across issues
""".split()  # noqa: SIM905 - many words read better so
"""Words that people mistype here, beside those of the exemplars."""

DOMAINS = {
    "medical": r"\bmedic\w+|health ?care|clinical|hospital|patients?\b",
    "legal": r"\blegal\b|\blaw\b|lawyers?",
    "finance": r"\bfinanc\w+|\bbank\w*|trading|insurance",
    "education": r"\beducation\w*|school|universit\w+",
    "multilingual": r"multi-?lingual|several languages|many languages",
}

# Names of accelerators and models that people ask for and that may not be in the catalogue.
VENDORS = {"amd": r"\bamd\b", "nvidia": r"\bnvidia\b"}
_ONLY_BEFORE, _ONLY_AFTER = (
    r"(?:only|just|must be|has to be|strictly|use|prefer)\s+(?:\w+ )?$",
    r"\s*(?:gpus?|cards?|hardware|chips?|accelerators?)?\s*(?:only|please)\b",
)
ONLY = (_ONLY_BEFORE, _ONLY_AFTER)
"""How a vendor's name is a wish and not part of a GPU's name."""
GPU_LIKE = (
    r"\b(?:"
    r"rtx[\s-]?(?:pro[\s-]?)?\d{4}(?:[\s-]?(?:ti|ada))?"
    r"|(?:(?!a\d+b\b)[abhlvt]|gb|gh|mi)\d{1,4}(?:[a-z]{1,2})?"
    r"|quadro\s?\w*|tpus?(?:[\s-]?v\d\w*)?|gaudi\s?\d?|inferentia\d?|trainium\d?"
    r")(?=s?\b)"
)
NAMED_AS_GPU = (
    r"\b(?:on|use|using|with|want)\s+(?:an?\s+|\d+\s*x?\s+|the\s+)?([a-z]{1,6}-?\d{2,5}[a-z]{0,2})(?=s?\b)"
    r"|\b([a-z][\w-]*\d[\w-]*)\s+gpus?\b"
)
"""A name in a place where a GPU would stand."""
NOT_GPUS = {
    "p50",
    "p90",
    "p95",
    "p99",
    "a1",
    "b1",
    "t0",
    "t1",
    "t2",
    "v1",
    "v2",
    "v3",
    "h1",
    "h2",
    "l1",
    "l2",
    "b2",
    "a2",
    "a4",
    "a3",
    "b2b",
    "b2c",
    "a11y",
}
MODEL_LIKE = (
    r"\b(?:"
    r"gpt-?[345]\w*(?:\.\d)?|claude(?:[\s-]\w+)?|gemini|deepseek(?:[\s-][\w.]+)?|mixtral(?:[\s-][\w.]+)?"
    r"|gemma(?:[\s-]?\d\w*)?|kimi(?:[\s-]k\d)?|glm(?:-?\d[\w.]*)?|grok|falcon|command[\s-]r\+?|yi[\s-]\d+b"
    r")\b"
)
SIZED_NAME = (
    r"(?<![\w.$€£-])[a-z][a-z0-9.]*(?:-[a-z0-9.]+)*-(?:\d+x)?[ae]?\d+(?:\.\d+)?[bm](?:-[\w.]+)*(?![\w-])"
)
"""“somebodys-30B-A3B”."""
MODEL_SIZE = (
    rf"{SIZED_NAME}"
    r"|(?<![\w.$€£-])(?:\d+x)?a?\d+(?:\.\d+)?b(?:-a\d+b)?(?=[\s-]*(?:param\w*|models?|llms?|class|versions?|variants?|sized?"
    r"|weights|dense|moe"
    r"|instruct)\b)|(?<![\w.$€£-])(?:\d+x)?\d+(?:\.\d+)?b-a\d+b(?![\w-])|(?<![\w.-])a\d+b(?![\w-])"
)
"""Names with a size in them that no catalogue entry has, and sizes alone:
“somebodys-30B-A3B”, “a 70b model”, “A3B”; not money.
"""

# Constraints and ways to plan that people name without a figure
# -----------------------------------------------------------------

LICENSES: list[tuple[str, list[LicenseKind]]] = [
    (r"\bnon-?commercial\b(?: licen[cs]\w*)?|\bresearch[- ]only\b(?: licen[cs]\w*)?", ["non-commercial"]),
    (r"\b(?:community|custom|proprietary|makers'? own|llama|gemma) licen[cs]\w*", ["community"]),
    (
        r"\b(?:apache|mit|permissive|open[- ]source)\b(?:[-"
        r" ]2(?:\.0)?)?[^,;.]{0,20}\blicen[cs]\w*|\bpermissive\b"
        r"|\bapache\b(?!"
        r" (?:spark|kafka|airflow|server|beam|http|solr|tomcat|software|foundation|flink|hadoop))"
        r"(?:[- ]2(?:\.0)?)?(?:,? (?:or|and) mit\b)?"
        r"|\bmit (?:or|and) apache\b|\bmit models?\b",
        ["permissive"],
    ),
    (
        r"(?<!non)(?<!non-)\bcommercial(?:ly)?\b[^,;.]{0,20}\b(?:licen[cs]\w*|use|usable)",
        ["permissive", "community"],
    ),
]
PROVIDERS = {
    "aws": r"\baws\b|\bamazon\b",
    "azure": r"\bazure\b",
    "gcp": r"\bgcp\b|\bgoogle cloud\b",
    "oci": r"\boci\b|\boracle\b",
    "crusoe": r"\bcrusoe\b",
}
_CLUSTER = r"(?:our|the|my) cluster"
WAYS: list[tuple[str, dict[str, object]]] = [
    (r"\b(?:no|without) headroom\b", {"headroom": 0.0}),
    (
        (
            r"\b(?:highly available|high availability|survives? (?:the )?(?:loss|failure) of|one"
            r" (?:spare|extra) replica|a spare replica)\b"
        ),
        {"spare_replicas": 1},
    ),
    (r"\b(?:no|without) (?:spares?|spare replicas?)\b", {"spare_replicas": 0}),
    (r"\b(?:bursty|spiky|in bursts|comes? in waves)\b", {"burstiness": 4.0}),
    (r"\b(?:poisson|steady (?:traffic|load|arrivals)|no bursts|without bursts)\b", {"burstiness": 1.0}),
    (
        rf"\bwhat {_CLUSTER} (?:really )?(?:has|offers)|\bwhat(?:'s| is) in {_CLUSTER}|\b{_CLUSTER}'s"
        r" (?:gpus|hardware)"
        rf"|\bthe (?:gpus|hardware) (?:that )?(?:{_CLUSTER} has|(?:in|of) {_CLUSTER})",
        {"cluster_gpus": True},
    ),
]
NO_LONGER = (
    r"(?:any|whichever|whatever|no (?:particular|specific)|drop the|forget (?:about )?the|remove the|lift the"
    r"|without (?:the|a|any)|ignore the|no more"
    r"|never ?mind the|doesn't matter which|don't care (?:which|what|about the)|lose the|clear the)"
)
_ANY_MODEL = (
    r"\b(?:any|whichever|whatever|no (?:particular|specific)|doesn't matter which|don't care"
    r" (?:which|what|about the)) (?:\w+ )?models?\b"
    rf"(?! (?:of|that|we))|\b{NO_LONGER} models?\b(?! (?:of|that|we|sizes?|formats?))"
    rf"|\b{NO_LONGER} model (?:limit|restriction|wish|preference|constraint|choice)"
    r"|\bmodel (?!sizes?|formats?)(?:\w+ )?(?:doesn't|does not|don't|no longer) matter"
)
_NOT_STOCK = r"(?! (?:that )?(?:there are|we have))"
_NO_MATTER = r"(?: of (?:the )?(?:models?|weights))? (?:doesn't|does not|don't|no longer) matter"
LIFTED = {
    "model_sizes": rf"\b{NO_LONGER} (?:model )?sizes?\b|\bsizes?{_NO_MATTER}",
    "weight_formats": (
        rf"\b{NO_LONGER} (?:weight )?(?:formats?|precision|quanti[sz]ation)\b"
        rf"|\b(?:weight formats?|precision|quanti[sz]ation){_NO_MATTER}"
    ),
    "licenses": rf"\b{NO_LONGER} licen[cs]e",
    "providers": rf"\b{NO_LONGER} (?:cloud|provider)",
    "regions": rf"\b{NO_LONGER} region",
    "excluded_providers": rf"\b{NO_LONGER} (?:cloud|provider)",
    "excluded_regions": rf"\b{NO_LONGER} region",
    "min_quality": rf"\b{NO_LONGER} (?:minimum )?quality(?! is| matters)|\bno minimum quality",
    "min_context_tokens": rf"\b{NO_LONGER} context",
    "available_gpus": r"\b(?:any number of gpus|unlimited gpus|as many gpus as)",
    "budget_usd_per_month": (
        rf"\b(?:{NO_LONGER}|no) (?:\w+ )?(?:budget|cost (?:cap|limit)|price (?:cap|limit))(?: limit| cap)?\b"
        r"|\bbudget (?:doesn't matter|is gone|no longer|can go(?! (?:up|down|to|over|higher|lower))|isn't a"
        r" limit)"
    ),
    "preferred_gpu_types": (
        rf"\b{NO_LONGER} (?:\w+ )?(?:gpus?|hardware|accelerators?|cards?)\b{_NOT_STOCK}"
        r"|\bgpus? (?:type )?(?:doesn't|does not|don't) matter"
        r"|\b(?:forget|drop|remove|lift|ignore|lose) (?:about )?(?:the )?"
        r"(?!thinking|reasoning)[\w-]+ (?:preference|wish|requirement|restriction|constraint)"
    ),
    "excluded_gpu_types": (
        rf"\b{NO_LONGER} (?:gpus?|hardware|accelerators?|cards?|exclusions?)\b{_NOT_STOCK}"
        r"|\bgpus? (?:type )?(?:doesn't|does not|don't) matter"
    ),
    "preferred_models": _ANY_MODEL,
    "excluded_models": _ANY_MODEL,
    "thinking": THINKING_LIFTED,
}
"""How a constraint is taken back that is called more than by its name."""
