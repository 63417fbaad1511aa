"""What terms mean: by the pattern that a question names it with, its name and what is answered."""

from __future__ import annotations

GLOSSARY: dict[str, tuple[str, str]] = {
    r"ttft|time[- ]to[- ]first[- ]token|first token": (
        "TTFT",
        (
            "time to first token: from sending the request to the first word. It grows with the prompt's"
            " length and with queueing."
        ),
    ),
    r"itl|inter[- ]?token|tpot|time per (?:output )?token": (
        "ITL",
        (
            "inter-token latency: the mean time between two tokens of one answer. 25 ms is 40 tokens a"
            " second, faster than people read."
        ),
    ),
    r"e2e|end[- ]to[- ]end|total latency|response time": (
        "E2E",
        (
            "end-to-end latency: from sending the request to the last token. About TTFT + ITL x (output"
            " tokens - 1)."
        ),
    ),
    r"p\s?95|percentile|p\s?99|p\s?50": (
        "p95",
        (
            "the value that 95 of 100 requests stay below. Targets are p95s under load at peak, unless you"
            " name the mean, p50, p90 or p99."
        ),
    ),
    r"slos?|targets?": (
        "SLO",
        (
            "service level objective: the targets for TTFT, ITL and E2E that the deployment has to hold at"
            " peak, p95s unless you say otherwise."
        ),
    ),
    r"burst(?:s|iness|y)?|cv²|cv2": (
        "Burstiness",
        (
            "how unevenly requests arrive: the squared coefficient of variation of the times between them. 1"
            " is independent arrivals (Poisson); above, they come in bursts and need more replicas."
        ),
    ),
    r"prefix(?:[- ]cach\w*| hits?)?|cache hits?": (
        "Prefix cache",
        (
            "vLLM keeps the keys and values of prompts it has seen: of a shared system prompt or a"
            " conversation so far only what is new is computed."
        ),
    ),
    r"spread|coefficient of variation": (
        "Spread",
        (
            "how much lengths differ: standard deviation over mean. Long requests hold others up, so a spread"
            " costs capacity."
        ),
    ),
    r"replicas?": (
        "Replica",
        "one copy of the model on its own GPUs. Requests are spread over the replicas.",
    ),
    r"tensor[- ]parallel\w*|tp\b": (
        "Tensor parallel",
        (
            "one replica split over several GPUs of a node, each holding a share of every layer: more memory"
            " and bandwidth for one answer."
        ),
    ),
    r"kv[- ]?cache": (
        "KV cache",
        (
            "the memory that holds the keys and values of every token in progress; it limits how many"
            " requests run at once."
        ),
    ),
    r"quanti[sz]\w+|fp8|w4a16|mxfp4|bf16": (
        "Quantisation",
        (
            "fewer bits a weight: FP8 halves the memory and the time to read it against BF16, usually at"
            " little loss of quality."
        ),
    ),
    r"kserve|inference ?service": (
        "InferenceService",
        "KServe's Kubernetes resource for a served model. Compass renders one, and KServe runs vLLM from it.",
    ),
    r"vllm": (
        "vLLM",
        "the inference server that runs the model; it batches requests continuously and offers OpenAI's API.",
    ),
    r"(?<!you )(?<!you're )thinking(?: mode)?|reasoning (?:mode|models?|parser)|chain[- ]of[- ]thought": (
        "Thinking",
        (
            "a model that thinks writes down its thoughts before it answers: better answers to hard"
            " questions, but more tokens, more cost and a longer wait. Each plan is for one mode, off or on."
        ),
    ),
    r"headroom": ("Headroom", "the share of each replica's capacity that the plan keeps free at peak."),
    r"peak(?: factor)?": (
        "Peak factor",
        "how many times busier the busiest moment is than the average. Replicas are sized for the peak.",
    ),
    r"near miss(?:es)?": (
        "Near miss",
        (
            "a configuration that fails your targets or budget by little; it is shown with the smallest"
            " change that would admit it."
        ),
    ),
    r"digest|sha256": (
        "Digest",
        "a fingerprint of the manifests. You approve one digest, and only those bytes are applied.",
    ),
    r"provenance|estimated|measured": (
        "Provenance",
        (
            "where a figure comes from: measured on hardware, observed in a deployment, or estimated by a"
            " model. Measured wins over estimated."
        ),
    ),
    r"tokens?": ("Token", "a piece of text, about four characters of English. Models read and write tokens."),
    r"guidellm|traffic profile": (
        "Traffic profile",
        (
            "tokens in and out of one request. Benchmarks exist for four shapes, GuideLLM's; a plan is"
            " simulated for yours, whatever it is."
        ),
    ),
    r"latency": ("Latency", "how long something takes. Compass plans three: TTFT, ITL and E2E."),
    r"gpus?": (
        "GPU",
        "the accelerator that runs the model. Memory decides what fits, bandwidth how fast tokens come.",
    ),
}
