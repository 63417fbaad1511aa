"""What a checkpoint holds comes back as what it was."""

import warnings

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.moves import MOVES, Stage
from agent.runtime import Runtime
from agent.state import TAGS, Explored, Kept, fresh
from agent.storage.serializer import StateSerializer
from agent.words.prompts import stage_prompt
from tests.planning import specify
from tests.talking import MAIN_SCRIPT, converse
from tools.specification import SpecificationChange, change_specification


def test_every_value_of_a_whole_conversation_keeps_its_type(runtime: Runtime, thread: str) -> None:
    """LangGraph hands back plain dictionaries, without an error, where a type can't be restored."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for words in MAIN_SCRIPT:
            converse(runtime, thread, words)
            values = runtime.state(thread)
            for name in ("intent", "specification", "plan", "selected", "bundle", "benchmark_profile"):
                assert not isinstance(values.get(name), dict), name
            spec = values["specification"]
            assert spec is None or type(spec.demand).__name__ == "Demand"
            assert all(isinstance(e, Explored) and not isinstance(e.plan, dict) for e in values["explored"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 10**9), st.floats(1, 100))
def test_a_specification_survives_the_checkpoint(users: int, peak: float) -> None:
    serializer = StateSerializer(TAGS)
    spec = change_specification(specify(users), SpecificationChange(peak_factor=peak))
    assert serializer.loads_typed(serializer.dumps_typed(spec)) == spec


def test_kept_plans_keep_their_types(runtime: Runtime, thread: str) -> None:
    converse(
        runtime,
        thread,
        "a chatbot for 1000 users",
        "looks good",
        "keep this as A",
        "what if we had 2000 users?",
    )
    values = runtime.state(thread)
    assert all(
        isinstance(k, Kept) and not isinstance(k.plan, dict) and not isinstance(k.specification, dict)
        for k in values["kept"]
    )
    assert values["kept"]


def test_every_prompt_renders_with_an_empty_and_with_a_full_state(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *MAIN_SCRIPT[:5])
    full = runtime.state(thread)
    stages: list[Stage] = list(MOVES)
    for stage in stages:
        assert "Tools that fit now" in stage_prompt(stage, fresh())
        assert "chatbot" in stage_prompt(stage, full) or stage in ("failed", "basic_monitoring")
        assert len(stage_prompt(stage, full)) < 6000
