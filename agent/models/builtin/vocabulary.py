"""The words of this domain, as data: use cases, priorities, what people call things, and what terms mean."""

from __future__ import annotations

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
        r"answer\w* (?:\w+ ){0,3}questions?",
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
        r"software engineering",
        r"refactor\w*",
    ],
    "translation": [r"translat\w+", r"paraphras\w+", r"locali[sz]\w+", r"rephras\w+"],
    "content_generation": [
        r"content (?:generation|creation|writing)",
        r"generat\w+ (?:\w+ ){0,2}(?:content|articles?|posts?|copy|emails?|text)",
        r"marketing (?:copy|texts?|content)",
        r"blog ?posts?",
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
        r"document (?:analysis|q ?& ?a|search|chat)",
        r"knowledge ?base(?: \w+)?",
        r"(?:questions?|ask|answers?|search\w*) (?:\w+ ){0,5}(?:documents?|docs|pdfs?|wiki|manuals?|files)",
        r"internal (?:docs|documents|wiki)",
        r"enterprise search",
        r"chat with (?:\w+ ){0,2}(?:documents?|docs|pdfs?)",
    ],
    "long_document_summarization": [
        r"long[- ](?:document|report|text|paper|pdf)s?(?: \w+)?",
        r"summari[sz]\w+ (?:\w+ ){0,3}(?:books?|long \w+|reports?|theses|manuscripts?|(?:whole|entire|full) \w+|transcripts)",
        r"(?:hundred|\d+)[- ]pages?(?: \w+)?",
        r"book summari\w+",
        r"long[- ]document summari\w+",
        r"summari\w+ of (?:\w+ ){0,2}(?:books?|long \w+)",
    ],
    "research_legal_analysis": [
        r"legal(?: \w+)?",
        r"law(?:yers?| firms?)",
        r"contracts?(?: (?:analysis|review))?",
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

# (priority, level) -> patterns; of one priority the first that matches counts, so the low ones, which negate, come first.
# Only what a person says counts; silence stays medium.
_NOT = r"(?:is|are|does|do|did|was|were)(?: not|n't|nt)"
_IMPORTANT = r"(?:is |are |'s |really |very )*(?:critical|important|key|matters|crucial|essential|paramount)"
PRIORITIES: list[tuple[str, str, list[str]]] = [
    (
        "latency",
        "low",
        [
            rf"(?:latency|speed) {_NOT} (?:\w+ )?(?:matter|important|critical|a concern|an issue)",
            r"(?:not|n't) (?:\w+ )?latency[- ]sensitive",
            "no rush",
            "latency (?:priority )?low\\b|latency low priority",
            "can be slow",
            "over ?night",
            r"in batch(?:es)?|batch (?:mode|job|processing)",
        ],
    ),
    (
        "latency",
        "high",
        [
            "low(?:est)?[- ]latency",
            rf"(?:latency|speed) {_IMPORTANT}",
            "prioriti[sz]e (?:latency|speed)",
            "(?:latency|speed) (?:priority )?high",
            "latency[- ](?:critical|sensitive)",
            r"\bfast(?:er|est)?\b",
            r"quick(?:ly|er)?\b",
            "snappy",
            "responsive",
            "real[- ]?time",
            r"instant\w*",
            "low response times?",
            r"immediate\w*",
        ],
    ),
    (
        "cost",
        "low",
        [
            r"(?:money|cost|budget|price) (?:is |are |'s )?(?:no|not (?:an? )?) ?(?:object|issue|concern|problem|important)",
            rf"(?:money|costs?|budget|price) {_NOT} (?:\w+ )?(?:matter|an issue|a concern|important)",
            "regardless of (?:the )?(?:cost|price)",
            "whatever it costs",
        ],
    ),
    (
        "cost",
        "high",
        [
            r"\bcheap(?:er|est|ly)?\b",
            "low(?:est)?[- ]cost",
            "cost[- ](?:sensitive|effective|efficient|conscious|critical)",
            rf"(?:costs?|price|budget) {_IMPORTANT}",
            "prioriti[sz]e (?:costs?|price)",
            "costs? (?:priority )?high",
            r"tight (?:\w+ )?budget|budget is tight|on a budget",
            "affordable|inexpensive|economical|less expensive",
            "sav(?:e|ing) money",
            "(?:minimi[sz]e|keep down|reduce|lower) (?:the )?costs?",
            "keep (?:the )?costs? (?:down|low)",
        ],
    ),
    ("accuracy", "low", [rf"(?:quality|accuracy) {_NOT} (?:\w+ )?(?:matter|important|critical|a concern)", "good enough is fine"]),
    (
        "accuracy",
        "high",
        [
            r"\baccura\w+",
            "prioriti[sz]e (?:quality|accuracy)",
            "high(?:est)?[- ]quality",
            "best (?:possible )?(?:quality|answers?|model)",
            rf"(?:quality|accuracy|correctness) (?:comes first|{_IMPORTANT})",
            "smartest|most capable|precise",
            "better (?:quality|answers|model)",
        ],
    ),
]

_PEOPLE = """
    users? people persons? customers? clients? employees developers? devs? engineers? students? staff agents? analysts? lawyers? seats?
    subscribers? members? colleagues coders? programmers? writers? editors? readers? visitors? teachers? doctors? translators?
    researchers? guys folks humans dau daus
"""
PEOPLE = "(?:" + "|".join(_PEOPLE.split()) + ")"

DOMAINS = {
    "medical": r"\bmedic\w+|health ?care|clinical|hospital|patients?\b",
    "legal": r"\blegal\b|\blaw\b|lawyers?",
    "finance": r"\bfinanc\w+|\bbank\w*|trading|insurance",
    "education": r"\beducation\w*|school|universit\w+",
    "multilingual": r"multi-?lingual|several languages|many languages",
}

# Names of accelerators and models that people ask for and that may not be in the catalogue.
WEIGHT_FORMATS: list[tuple[str, tuple[str, ...]]] = [
    ("fp8|8 bit floats?", ("fp8", "fp8_block")),
    ("w4a16|int4|4 ?bits?|awq|gptq", ("w4a16", "mxfp4")),
    ("w8a8|int8", ("int8",)),
    ("bf16|fp16|bfloat16|unquanti[sz]ed|full precision", ("bf16",)),
]
"""What people call a weight format, without punctuation, and the catalogue's names of it."""
GPU_LIKE = (
    r"\b(?:"
    r"rtx[\s-]?(?:pro[\s-]?)?\d{4}(?:[\s-]?(?:ti|ada))?"
    r"|(?:[abhlvt]|gb|gh|mi)\d{1,4}(?:[a-z]{1,2})?"
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
    r"gpt-?[345]\w*(?:\.\d)?|chatgpt|claude(?:[\s-]\w+)?|gemini|deepseek(?:[\s-][\w.]+)?|mixtral(?:[\s-][\w.]+)?"
    r"|gemma(?:[\s-]?\d\w*)?|kimi(?:[\s-]k\d)?|glm(?:-?\d[\w.]*)?|grok|falcon|command[\s-]r\+?|yi[\s-]\d+b"
    r")\b"
)

GLOSSARY: dict[str, tuple[str, str]] = {
    r"ttft|time[- ]to[- ]first[- ]token|first token": (
        "TTFT",
        "time to first token: from sending the request to the first word. It grows with the prompt's length and with queueing.",
    ),
    r"itl|inter[- ]?token|tpot|time per (?:output )?token": (
        "ITL",
        "inter-token latency: the mean time between two tokens of one answer. 25 ms is 40 tokens a second, faster than people read.",
    ),
    r"e2e|end[- ]to[- ]end|total latency|response time": (
        "E2E",
        "end-to-end latency: from sending the request to the last token. About TTFT + ITL x (output tokens - 1).",
    ),
    r"p\s?95|percentile|p\s?99|p\s?50": (
        "p95",
        "the value that 95 of 100 requests stay below. Targets are p95 under load at peak, not averages.",
    ),
    r"slos?|targets?": ("SLO", "service level objective: the p95 targets for TTFT, ITL and E2E that the deployment has to hold at peak."),
    r"replicas?": ("Replica", "one copy of the model on its own GPUs. Requests are spread over the replicas."),
    r"tensor[- ]parallel\w*|tp\b": (
        "Tensor parallel",
        "one replica split over several GPUs of a node, each holding a share of every layer: more memory and bandwidth for one answer.",
    ),
    r"kv[- ]?cache": (
        "KV cache",
        "the memory that holds the keys and values of every token in progress; it limits how many requests run at once.",
    ),
    r"quanti[sz]\w+|fp8|w4a16|mxfp4|bf16": (
        "Quantisation",
        "fewer bits a weight: FP8 halves the memory and the time to read it against BF16, usually at little loss of quality.",
    ),
    r"kserve|inference ?service": (
        "InferenceService",
        "KServe's Kubernetes resource for a served model. Compass renders one, and KServe runs vLLM from it.",
    ),
    r"vllm": ("vLLM", "the inference server that runs the model; it batches requests continuously and offers OpenAI's API."),
    r"headroom": ("Headroom", "the share of each replica's capacity that the plan keeps free at peak."),
    r"peak(?: factor)?": ("Peak factor", "how many times busier the busiest moment is than the average. Replicas are sized for the peak."),
    r"near miss(?:es)?": (
        "Near miss",
        "a configuration that fails your targets or budget by little; it is shown with the smallest change that would admit it.",
    ),
    r"digest|sha256": ("Digest", "a fingerprint of the manifests. You approve one digest, and only those bytes are applied."),
    r"provenance|estimated|measured": (
        "Provenance",
        "where a figure comes from: measured on hardware, observed in a deployment, or estimated by a model. Measured wins over estimated.",
    ),
    r"tokens?": ("Token", "a piece of text, about four characters of English. Models read and write tokens."),
    r"guidellm|traffic profile": (
        "Traffic profile",
        "tokens in and out of one request. Benchmarks exist for four shapes, GuideLLM's; yours is mapped to one that is no easier.",
    ),
    r"latency": ("Latency", "how long something takes. Compass plans three: TTFT, ITL and E2E, each at p95."),
    r"gpus?": (
        "GPU",
        "the accelerator that runs the model. Memory decides what fits, bandwidth how fast tokens come.",
    ),
}

# Constraints and ways to plan that people name without a figure -----------------------------------------------------------------

LICENSES: list[tuple[str, list[str]]] = [
    (r"\b(?:apache|mit|permissive|open[- ]source)\b(?:[- ]2(?:\.0)?)?[^,;.]{0,20}\blicen[cs]|\bpermissive\b|\bapache[- ]2", ["permissive"]),
    (r"\bcommercial(?:ly)?\b[^,;.]{0,20}\b(?:licen[cs]|use|usable)", ["permissive", "community"]),
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
        r"\b(?:highly available|high availability|survives? (?:the )?(?:loss|failure) of|one (?:spare|extra) replica|a spare replica)\b",
        {"spare_replicas": 1},
    ),
    (r"\b(?:no|without) (?:spares?|spare replicas?)\b", {"spare_replicas": 0}),
    (r"\b(?:bursty|spiky|in bursts|comes? in waves)\b", {"burstiness": 4.0}),
    (r"\b(?:poisson|steady (?:traffic|load|arrivals)|no bursts|without bursts)\b", {"burstiness": 1.0}),
    (
        rf"\bwhat {_CLUSTER} (?:really )?(?:has|offers)|\bwhat(?:'s| is) in {_CLUSTER}|\b{_CLUSTER}'s (?:gpus|hardware)"
        rf"|\bthe (?:gpus|hardware) (?:that )?(?:{_CLUSTER} has|(?:in|of) {_CLUSTER})",
        {"cluster_gpus": True},
    ),
]
LIFTED = {
    "licenses": r"\bany licen[cs]e",
    "providers": r"\bany (?:cloud|provider)",
    "regions": r"\bany region",
    "min_quality": r"\b(?:any|no minimum|whatever) quality",
    "min_context_tokens": r"\bany context",
    "available_gpus": r"\b(?:any number of gpus|unlimited gpus|as many gpus as)",
}
