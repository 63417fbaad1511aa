"""What is known before anything is planned: what may be said, terms, models and GPUs."""

from __future__ import annotations

from agent.models.builtin.glossary import GLOSSARY
from agent.turn import Turn
from knowledge.catalogue import gpus, model_names, models, use_cases


def possible(turn: Turn, subject: str) -> str:
    return f"{turn.possible} “start over” and “cancel” work anywhere."


def term(turn: Turn, subject: str) -> str:
    for name, text in GLOSSARY.values():
        if name.lower() == subject.lower():
            return f"{name}: {text}"
    known = ", ".join(name for name, _ in GLOSSARY.values())
    return f"I don't have a definition of “{subject[:60]}”. I can explain {known}."


def catalogue(turn: Turn, subject: str) -> str | None:
    if subject:
        _look_up(turn, subject)
        return None
    by_provider: dict[str, list[str]] = {}
    for name, ids in model_names().items():
        by_provider.setdefault(models()[ids[0]].provider, []).append(name)
    names = "\n".join(f"• {provider}: {', '.join(known)}" for provider, known in by_provider.items())
    cases = ", ".join(u.title for u in use_cases().values())
    return (
        f"GPUs: {', '.join(gpus())}.\nUse cases: {cases}.\nModels, many of them in several weight"
        f" formats:\n{names}"
    )


def _look_up(turn: Turn, subject: str) -> None:
    """The facts of one GPU or model, with their source."""
    gpu, model = gpus().get(subject), models().get(subject)
    if gpu is not None:
        fp8 = f", {gpu.fp8_tflops:,g} TFLOPS in FP8" if gpu.fp8_tflops else ""
        facts = (
            f"{gpu.memory_gb:g} GB of memory at {gpu.bandwidth_gb_per_s:,g} GB/s, {gpu.bf16_tflops:,g} TFLOPS"
            f" in BF16{fp8}"
        )
        text = f"{gpu.name}: {facts} ({gpu.source}, {gpu.date})."
    elif model is not None:
        active = (
            f", {model.active_parameters_b:g} billion of them active"
            if model.active_parameters_b < model.parameters_b
            else ""
        )
        facts = (
            f"{model.parameters_b:g} billion parameters{active}, a context of {model.context_tokens:,}"
            f" tokens, licence {model.license}"
        )
        text = f"{model.name}, by {model.provider}: {facts} ({model.source}, {model.date})."
    else:
        text = f"“{subject[:60]}” isn't in my catalogue; “which models do you know?” lists it."
    found = gpu or model
    turn.say(
        text,
        kind="facts" if found else None,
        details=found,
    )
