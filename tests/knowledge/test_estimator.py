"""The estimator against figures that were published, closed forms, and common sense."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.catalogue import TrafficProfile, gpus, models
from knowledge.estimator.memory import GIB, kv_bytes, plan_memory, tensor_parallel_possible, weights_bytes
from knowledge.estimator.roofline import REQUEST_OVERHEAD_MS, StepModel
from knowledge.estimator.scheduler import simulate

LLAMA = models()["meta-llama/Llama-3.1-8B-Instruct"]
H100 = gpus()["H100"]
CHAT = TrafficProfile(prompt_tokens=512, output_tokens=256)


def test_kv_cache_and_weights_of_llama_as_published() -> None:
    assert kv_bytes(LLAMA, 1) == 131_072
    assert weights_bytes(LLAMA) / GIB == pytest.approx(14.99, rel=0.01)


def test_kv_room_on_one_h100_as_measured() -> None:
    # 51.38 GiB at utilisation 0.9 (llm-d-planner, empirical vLLM memory results); ours must not promise much more.
    assert plan_memory(LLAMA, H100, 1, 768).kv_cache_gib == pytest.approx(51.38, rel=0.08)


def test_sliding_window_layers_stop_growing() -> None:
    oss = models()["openai/gpt-oss-20b"]
    assert kv_bytes(oss, 4096) < 0.6 * kv_bytes(LLAMA, 4096)
    assert kv_bytes(oss, 2000) - kv_bytes(oss, 1000) == pytest.approx(0.5 * (kv_bytes(oss, 100) - kv_bytes(oss, 0)) * 10, rel=0.01)


def test_a_70b_model_does_not_fit_one_80_gb_gpu_and_splits_by_its_heads() -> None:
    llama70 = models()["meta-llama/Llama-3.3-70B-Instruct"]
    assert not plan_memory(llama70, H100, 1, 768).fits
    assert plan_memory(llama70, H100, 4, 768).fits
    assert not tensor_parallel_possible(models()["microsoft/phi-4"], 4)  # 10 KV heads


@pytest.mark.parametrize(
    ("ours", "kernels"),
    [
        (StepModel(LLAMA, H100, 1).decode_ms(1, 640), 6.2),
        (StepModel(LLAMA, H100, 1).decode_ms(256, 256 * 640), 16.1),
        (StepModel(LLAMA, H100, 1).prefill_ms(512), 12.0),
        (StepModel(LLAMA, H100, 1).prefill_ms(10_240), 255.0),
    ],
)
def test_step_times_agree_with_kernel_measurements_to_12_percent(ours: float, kernels: float) -> None:
    assert ours == pytest.approx(kernels, rel=0.12)


def run(rate: float, count: int = 400, seed: int = 1, profile: TrafficProfile = CHAT):  # type: ignore[no-untyped-def]
    steps = StepModel(LLAMA, H100, 1)
    memory = plan_memory(LLAMA, H100, 1, profile.prompt_tokens + profile.output_tokens)
    generator, now, arrivals = random.Random(seed), 0.0, []
    for _ in range(count):
        now += generator.expovariate(rate) * 1000
        arrivals.append(now)
    return steps, simulate(steps, memory, profile, arrivals, 8192)


def test_an_idle_engine_takes_one_prefill_for_the_first_token() -> None:
    steps = StepModel(LLAMA, H100, 1)
    seen = simulate(steps, plan_memory(LLAMA, H100, 1, 768), CHAT, [10_000.0 * n for n in range(20)], 8192)
    assert seen.ttft_ms == pytest.approx([steps.prefill_ms(512) + REQUEST_OVERHEAD_MS] * 20)


def test_jumping_over_decode_steps_equals_taking_them_one_by_one() -> None:
    steps, seen = run(rate=0.01, count=1)
    one_by_one = sum(steps.decode_ms(1, 513 + n) for n in range(255))
    assert seen.e2e_ms[0] - seen.ttft_ms[0] == pytest.approx(one_by_one)


@settings(deadline=None, max_examples=25)
@given(rate=st.floats(0.1, 40), seed=st.integers(0, 1000))
def test_each_request_adds_up_and_none_is_lost(rate: float, seed: int) -> None:
    _, seen = run(rate, count=150, seed=seed)
    assert len(seen.e2e_ms) == 150
    for ttft, itl, e2e in zip(seen.ttft_ms, seen.itl_ms, seen.e2e_ms, strict=True):
        assert e2e == pytest.approx(ttft + itl * 255)


def test_a_queue_of_deterministic_service_waits_as_m_d_1() -> None:
    """One sequence at a time and equal service: the mean wait is ρ/(2(1-ρ)) services (Pollaczek-Khinchine)."""
    from knowledge.estimator.memory import MemoryPlan

    steps = StepModel(LLAMA, H100, 1)
    alone = MemoryPlan(80, 15, 6, 50, 1.0, max_sequences=1)
    profile = TrafficProfile(prompt_tokens=512, output_tokens=32)
    service = simulate(steps, alone, profile, [0.0], 8192).e2e_ms[0] - REQUEST_OVERHEAD_MS
    load, generator, now, arrivals = 0.6, random.Random(7), 0.0, []
    for _ in range(200_000):
        now += generator.expovariate(load / service)
        arrivals.append(now)
    seen = simulate(steps, alone, profile, arrivals, 8192)
    wait = sum(seen.e2e_ms) / len(seen.e2e_ms) - REQUEST_OVERHEAD_MS - service
    assert wait == pytest.approx(service * load / (2 * (1 - load)), rel=0.03)
