"""Each plan is for thinking or for none: its models, its tokens and its scores are of that mode alone."""

from __future__ import annotations

import itertools
import json

import pytest
import yaml

from agent.cards.build import card_of
from agent.cards.facts import SpecificationFacts
from agent.cards.fields import editable
from agent.commands.recommend import specification_from_file
from agent.manifests import manifest_request
from knowledge.catalogue import models, use_cases
from knowledge.model import Model
from knowledge.settings import Settings
from knowledge.thinking import MODES, mode_in_words
from tests.drawing import printed
from tests.planning import Tables, planned, specify
from tools.manifests.check import check_bundle
from tools.manifests.served import served_thinking
from tools.planning.plan import Plan, Recommendation
from tools.planning.quality import quality_of, ranked_quality
from tools.planning.reasons import difference
from tools.render_manifest import render_manifest
from tools.specification import Specification, SpecificationChange, change_specification

USE_CASES = list(use_cases())
LATER = {"off": "thinking off", "on": "thinking on"}


def way_of(option: Recommendation) -> str:
    thinking = models()[option.model_id].thinking
    return thinking.modes if thinking else "unknown"


@pytest.mark.parametrize("use_case", USE_CASES)
@pytest.mark.parametrize("wish", [None, "off", "on"])
def test_every_option_is_of_the_mode_that_is_planned(tables: Tables, use_case: str, wish: str | None) -> None:
    spec = specify(1000, use_case, **({"thinking": wish} if wish else {}))
    found = planned(tables, spec, limit=8)
    assert found.recommendations
    assert spec.thinking == (wish or "off")
    for option in found.recommendations:
        assert option.thinking in ({"on"} if wish == "on" else {"off", None})
        assert way_of(option) != ("never" if wish == "on" else "always")
        scores = [q for q in (option.quality.score, option.quality.base_score) if q is not None]
        if scores:
            assert option.thinking is not None
            assert option.quality.scores.startswith(MODES[option.thinking])
        waits = option.predicted.ttft_ms.p95 + spec.thinking_tokens * option.predicted.itl_ms.p95
        assert option.first_answer_p95_ms == (pytest.approx(waits, rel=0.01) if wish == "on" else None)
    excluded = " ".join(found.excluded)
    assert ("always think" in excluded) == (wish != "on" and any_way(use_case, "always"))
    assert ("not known to think" in excluded) == (wish == "on")


def any_way(use_case: str, modes: str) -> bool:
    return any(
        use_case in m.recommended_for and m.thinking is not None and m.thinking.modes == modes
        for m in models().values()
    )


@pytest.mark.parametrize("use_case", USE_CASES)
def test_thoughts_are_planned_tokens_and_never_make_a_plan_cheaper(tables: Tables, use_case: str) -> None:
    off, on = specify(1000, use_case), specify(1000, use_case, thinking="on")
    template = use_cases()[use_case]
    assert off.thinking_tokens == 0
    assert off.traffic_profile == template.traffic_profile
    assert on.thinking_tokens == template.thinking.thinking_tokens
    assert on.traffic_profile.output_tokens == on.answer_tokens + on.thinking_tokens
    assert on.traffic_profile.output_tokens >= off.traffic_profile.output_tokens
    assert on.slo_targets.ttft_p95_ms == off.slo_targets.ttft_p95_ms
    assert on.slo_targets.e2e_p95_ms - off.slo_targets.e2e_p95_ms == pytest.approx(
        on.thinking_tokens * on.slo_targets.itl_p95_ms
    )
    told = {a.name: a for a in on.assumptions}
    assert f"{on.thinking_tokens:,} tokens of thoughts" in told["thinking_tokens"].text
    assert "assumption" in told["thinking_tokens"].origin

    def cost(spec: Specification) -> float:
        wanted = change_specification(
            spec, SpecificationChange(preferred_models=["Qwen/Qwen3-14B"], ttft_p95_ms=5000, itl_p95_ms=100)
        )
        wanted = change_specification(wanted, SpecificationChange(e2e_p95_ms=600_000))
        return min(o.cost_usd_per_month for o in planned(tables, wanted, simulate=0).recommendations)

    assert cost(on) >= cost(off)


def test_the_wish_is_lifted_and_a_model_that_always_thinks_brings_it_along() -> None:
    on = specify(1000, thinking="on")
    assert {a.name: a.origin for a in on.assumptions}["thinking"] == "your words"
    lifted = change_specification(on, SpecificationChange(clear=["thinking"]))
    assert (lifted.thinking, lifted.intent.thinking) == ("off", None)
    assert lifted == specify(1000)
    wanted = specify(1000, "research_legal_analysis", preferred_models=["deepseek-ai/DeepSeek-R1"])
    assert (wanted.thinking, wanted.intent.thinking) == ("on", None)
    assert "always thinks" in {a.name: a.origin for a in wanted.assumptions}["thinking"]
    both = specify(1000, preferred_models=["deepseek-ai/DeepSeek-R1-Distill-Llama-8B", "microsoft/phi-4"])
    assert both.thinking == "off"
    against = specify(1000, preferred_models=["deepseek-ai/DeepSeek-R1-Distill-Llama-8B"], thinking="off")
    assert against.thinking == "off"


def test_a_model_that_always_thinks_is_left_out_of_a_plan_without_thinking_and_the_reason_is_told(
    tables: Tables,
) -> None:
    wanted = specify(1000, preferred_models=["deepseek-ai/DeepSeek-R1-Distill-Llama-8B"], thinking="off")
    found = planned(tables, wanted)
    assert not found.recommendations
    assert list(found.excluded) == ["always think before they answer (“with thinking” plans them)"]
    never = planned(tables, specify(1000, preferred_models=["microsoft/phi-4"], thinking="on"))
    assert list(never.excluded) == ["not known to think before they answer"]


def test_a_score_of_one_mode_is_never_set_against_a_score_of_the_other(tables: Tables) -> None:
    """Qwen3's thinking scores against SmolLM3's without thinking gave 9 points that nobody gets."""
    off, on = (planned(tables, specify(1000, thinking=mode)) for mode in ("off", "on"))

    def of(plan: Plan, model: str) -> Recommendation:
        return next(o for o in plan.recommendations if o.model_id == model)

    small = "HuggingFaceTB/SmolLM3-3B"
    qwen_off, qwen_on, smol_off = of(off, "Qwen/Qwen3-4B"), of(on, "Qwen/Qwen3-4B"), of(off, small)
    assert "quality 2 points higher" in difference(qwen_off, smol_off)
    assert "points" not in difference(qwen_on, smol_off)
    assert "another mode" in difference(qwen_on, smol_off)
    for plan, mode in ((off, "off"), (on, "on")):
        for one, other in itertools.pairwise(plan.recommendations[:30]):
            assert "another mode" not in difference(one, other)
            assert {one.thinking, other.thinking} <= {mode, None}


def test_a_score_in_the_other_mode_is_no_score_here() -> None:
    """And it ranks as an unknown one does."""
    case = use_cases()["research_legal_analysis"]
    for model in models().values():
        for mode in MODES:
            found = quality_of(model, case, mode)
            if mode not in model.quality and (
                model.base_id is None or mode not in models()[model.base_id].quality
            ):
                assert found.score is None
                assert found.base_score is None
                assert MODES[mode] in found.source
    glm = "zai-org/GLM-4.5-Air"
    assert ranked_quality(glm, case.id, "on")[1]
    assert not ranked_quality(glm, case.id, "off")[1]


def test_least_quality_is_asked_of_the_mode_that_is_planned(tables: Tables) -> None:
    off, on = (
        planned(tables, specify(1000, "research_legal_analysis", thinking=m, min_quality=70))
        for m in ("off", "on")
    )
    assert all("without thinking" in o.quality.scores for o in off.recommendations)
    assert all("with thinking" in o.quality.scores for o in on.recommendations)
    assert "openai/gpt-oss-120b" in {o.model_id for o in on.recommendations}
    none = planned(tables, specify(1000, "chatbot_conversational", min_quality=99))
    assert any("without thinking" in miss.relaxation for miss in none.near_misses)


def test_a_model_of_unknown_modes_claims_none() -> None:
    unknown = models()["microsoft/phi-4"].model_copy(update={"thinking": None, "quality": {}})
    for wanted in MODES:
        assert unknown.mode(wanted) is None
    assert mode_in_words(unknown.thinking, None) == "thinking unknown"
    found = quality_of(unknown, use_cases()["chatbot_conversational"], unknown.mode("off"))
    assert (found.score, found.base_score) == (None, None)
    assert "isn't known whether" in found.source


def rendered(
    tables: Tables, spec: Specification, home: str
) -> tuple[list[str], dict[str, object], list[object]]:
    """Arguments of the first option's vLLM, what its annotation predicts, and the problems of its files."""
    option = planned(tables, spec, limit=1).recommendations[0]
    bundle = render_manifest(manifest_request(option, spec, "t", "p", Settings(home=home), monitoring=False))
    service = next(d for f in bundle.files if (d := yaml.safe_load(f.content))["kind"] == "InferenceService")
    return (
        service["spec"]["predictor"]["model"]["args"],
        json.loads(service["metadata"]["annotations"]["compass.dev/predicted"]),
        list(bundle.problems),
    )


@pytest.mark.parametrize(
    ("model", "wish", "arguments"),
    [
        (
            "Qwen/Qwen3-4B",
            None,
            ["--reasoning-parser=qwen3", '--default-chat-template-kwargs={"enable_thinking": false}'],
        ),
        (
            "Qwen/Qwen3-4B",
            "on",
            ["--reasoning-parser=qwen3", '--default-chat-template-kwargs={"enable_thinking": true}'],
        ),
        (
            "HuggingFaceTB/SmolLM3-3B",
            "on",
            ["--reasoning-parser=qwen3", '--default-chat-template-kwargs={"enable_thinking": true}'],
        ),
        ("openai/gpt-oss-20b", None, ["--reasoning-parser=openai_gptoss"]),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-8B", None, ["--reasoning-parser=deepseek_r1"]),
        ("meta-llama/Llama-3.1-8B-Instruct", "off", []),
        ("ibm-granite/granite-3.3-8b-instruct", None, ['--default-chat-template-kwargs={"thinking": false}']),
    ],
)
def test_vllm_is_told_what_is_planned(
    tables: Tables, tmp_path: object, model: str, wish: str | None, arguments: list[str]
) -> None:
    spec = specify(1000, preferred_models=[model], ttft_p95_ms=2000, **({"thinking": wish} if wish else {}))
    args, predicted, problems = rendered(tables, spec, str(tmp_path))
    assert problems == []
    assert [a for a in args if "reasoning" in a or "chat-template" in a] == arguments
    assert (predicted["thinking"], predicted["thinking_tokens"]) == (spec.thinking, spec.thinking_tokens)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('enable_thinking\\": false', 'enable_thinking\\": 1'),
        ("enable_thinking", "chat_template"),
        ("--reasoning-parser=qwen3", "--reasoning-parser=deepseek_r1"),
        ('        - "--reasoning-parser=qwen3"\n', ""),
        ("--reasoning-parser=qwen3", "--reasoning-parser-plugin=/tmp/x.py"),
        ("--reasoning-parser=qwen3", "--reasoning_parser=qwen3"),
    ],
)
def test_only_what_the_catalogue_says_of_thinking_is_accepted(
    tables: Tables, tmp_path: object, old: str, new: str
) -> None:
    spec = specify(1000, preferred_models=["Qwen/Qwen3-4B"])
    option = planned(tables, spec, limit=1).recommendations[0]
    bundle = render_manifest(
        manifest_request(option, spec, "t", "p", Settings(home=str(tmp_path)), monitoring=False)
    )
    files = [(f.path, f.content) for f in bundle.files]
    assert old in files[-1][1]
    changed = [*files[:-1], (files[-1][0], files[-1][1].replace(old, new))]
    problems = [
        p
        for p in check_bundle(changed, complete=True)
        if p.field != "metadata.annotations.compass.dev/digest"
    ]
    assert any("whether to think" in p.text for p in problems), problems
    assert not any("whether to think" in p.text for p in check_bundle(files, complete=True))


def test_a_specification_file_keeps_its_thoughts(tmp_path: object) -> None:
    spec = specify(1000, "document_analysis_rag", thinking="on", thinking_tokens=700)
    file = Settings(home=str(tmp_path)).home / "spec.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(spec.model_dump_json(), encoding="utf-8")
    again = specification_from_file(file)
    assert (again.thinking, again.thinking_tokens, again.traffic_profile) == ("on", 700, spec.traffic_profile)
    assert again.slo_targets == spec.slo_targets


def test_more_thoughts_than_any_benchmark_has_are_planned_as_they_are(tables: Tables) -> None:
    specification = specify(10, "research_legal_analysis", thinking="on", thinking_tokens=3584)
    assert specification.workload.output_tokens == 4096
    assert planned(tables, specification, limit=1).considered


def test_a_mode_is_what_a_model_can_be_served_in() -> None:
    def mode(name: str, wanted: str) -> str | None:
        model: Model = models()[name]
        return model.mode("on" if wanted == "on" else "off")

    assert [mode("Qwen/Qwen3-4B", w) for w in LATER] == ["off", "on"]
    assert [mode("openai/gpt-oss-20b", w) for w in LATER] == ["on", "on"]
    assert [mode("microsoft/phi-4", w) for w in LATER] == ["off", "off"]
    # It could think, but no parser of vLLM's would keep the thoughts out of its answers.
    assert [mode("ibm-granite/granite-3.3-8b-instruct", w) for w in LATER] == ["off", "off"]


@pytest.mark.parametrize(("wish", "words"), [("off", "thinking off"), ("on", "thinking on")])
def test_the_manifests_themselves_say_whether_it_thinks(
    tables: Tables, tmp_path: object, wish: str, words: str
) -> None:
    spec = specify(1000, preferred_models=["Qwen/Qwen3-4B"], thinking=wish, ttft_p95_ms=2000)
    option = planned(tables, spec, limit=1).recommendations[0]
    bundle = render_manifest(
        manifest_request(option, spec, "t", "p", Settings(home=str(tmp_path)), monitoring=False)
    )
    service = next(d for f in bundle.files if (d := yaml.safe_load(f.content))["kind"] == "InferenceService")
    assert served_thinking(service) == option.thinking_in_words == words
    untold = service["spec"]["predictor"]["model"]
    untold["args"] = [a for a in untold["args"] if "thinking" not in a]
    assert served_thinking(service) is None


@pytest.mark.parametrize("wish", [None, "off", "on"])
def test_the_card_shows_the_mode_with_its_origin_and_what_it_costs_in_tokens(wish: str | None) -> None:
    spec = specify(1000, **({"thinking": wish} if wish else {}))
    fields = {f.name: f.model_dump() for f in editable(spec)}
    assert fields["thinking"]["value"] == (wish or "")
    assert fields["thinking"]["origin"] == ("your words" if wish else "Chatbot / Q&A template")
    assert fields["output_tokens"]["value"] == spec.answer_tokens == 256
    assert fields["thinking_tokens"]["value"] == (768 if wish == "on" else None)
    shown = printed(card_of(SpecificationFacts(specification=spec)))
    assert (
        "on: the model thinks before it answers" if wish == "on" else "off: the model answers at once"
    ) in shown
    assert ("512→768+256 tokens" if wish == "on" else "512→256 tokens") in shown
