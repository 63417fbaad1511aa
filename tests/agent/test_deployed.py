"""What runs is found, told and ended by its name, in any conversation and at every pause;
and what is another person's is not.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.models.builtin.interpreter import interpret
from agent.moves import MOVES, Ask, Move, Remove, Stage, Unclear
from agent.runtime import Runtime
from agent.services import Caller
from knowledge.catalogue import use_cases
from tests.talking import Heard, converse, deployed, facts_of, name_of
from tools.clusters.cluster import Cluster

TO: dict[Stage, list[str]] = {
    "context_collection": ["hello"],
    "specification_review": ["a chatbot for 1000 users"],
    "presenting_options": ["a chatbot for 1000 users", "looks good"],
    "configuration_finalized": ["a chatbot for 1000 users", "looks good", "deploy the cheapest"],
    "basic_monitoring": ["a chatbot for 1000 users", "looks good", "deploy the cheapest", "yes, approve"],
}
NAMES = st.builds(
    lambda use_case, digits: f"{use_case.replace('_', '-')[:23].rstrip('-')}-{digits}",
    st.sampled_from(sorted(use_cases())),
    st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
)
"""As deployments are named after their use cases."""
REMOVED = [
    "delete {}",
    "please delete {}",
    "can you remove {}?",
    "tear down {}",
    "take {} down",
    "Kill the deployment {}!",
    "shut down my endpoint {} please",
    "get rid of “{}”",
    "I want to undeploy {}",
]
TOLD = [
    "status of {}",
    "how is {} doing?",
    "Is {} ready?",
    "{} status",
    "what's the state of {}",
    "show me {}",
    "check {}",
]
ALL = [
    "what is running?",
    "what's running right now?",
    "what is deployed",
    "show my deployments",
    "list all deployments",
    "which endpoints are up?",
    "what do I have running?",
    "do we have anything deployed?",
    "is anything still running?",
    "what runs on the cluster?",
    "what am I paying for?",
    "my deployments",
    "which deployments do we have?",
    "are any of my endpoints up?",
    "list what is running",
]
NOT_A_DELETION = [
    "don't delete {}",
    "what happens if I delete {}?",
    "never remove {}",
    "should I delete {}?",
    "did you delete {}?",
]


def read(words: str, stage: Stage) -> object:
    return interpret(words, {kind.__name__ for kind in MOVES[stage]})


@pytest.mark.parametrize("stage", MOVES)
@given(name=NAMES, phrase=st.sampled_from(REMOVED))
def test_a_deletion_by_name_is_understood_at_every_stage(stage: Stage, name: str, phrase: str) -> None:
    assert read(phrase.format(name), stage) == Remove(name=name)


@pytest.mark.parametrize("stage", MOVES)
@given(name=NAMES, phrase=st.sampled_from(TOLD))
def test_a_status_by_name_is_understood_at_every_stage(stage: Stage, name: str, phrase: str) -> None:
    assert read(phrase.format(name), stage) == Ask(topic="status", subject=name)


@pytest.mark.parametrize("stage", MOVES)
@pytest.mark.parametrize("words", ALL)
def test_what_runs_is_asked_at_every_stage(stage: Stage, words: str) -> None:
    assert read(words, stage) == Ask(topic="deployments")


@pytest.mark.parametrize("stage", MOVES)
@given(name=NAMES, phrase=st.sampled_from(NOT_A_DELETION))
def test_a_name_is_deleted_by_plain_words_alone(stage: Stage, name: str, phrase: str) -> None:
    said = read(phrase.format(name), stage)
    assert isinstance(said, Unclear) or (isinstance(said, Ask) and said.topic == "status"), said


@pytest.mark.parametrize(
    "words",
    ["status of wiki", "what's the status of my wiki thing?", "delete legal-bot", "tear down the legal one"],
)
@pytest.mark.parametrize("stage", MOVES)
def test_a_name_of_the_persons_own_is_looked_up_and_begins_no_plan(stage: Stage, words: str) -> None:
    said = read(words, stage)
    name = "wiki" if "wiki" in words else "legal"
    assert (isinstance(said, Remove) and said.name.startswith(name)) or said == Ask(
        topic="status", subject=name
    ), said


@pytest.mark.parametrize(
    "words",
    ["delete the budget", "delete qwen", "kill the H100s", "status of it", "delete it", "delete everything"],
)
def test_what_is_said_of_the_plan_is_not_a_deployments_name(words: str) -> None:
    assert not isinstance(read(words, "presenting_options"), Remove)


@pytest.mark.parametrize(
    "words",
    ["what would be deployed?", "show", "list", "show the options", "which models do you know?", "list gpus"],
)
@pytest.mark.parametrize("stage", MOVES)
def test_other_words_are_not_about_what_runs(stage: Stage, words: str) -> None:
    said = read(words, stage)
    assert not isinstance(said, Remove), said
    assert not (isinstance(said, Ask) and said.topic == "deployments"), said


@pytest.fixture
def other(runtime: Runtime, thread: str) -> str:
    """The name of what another conversation of the same person has deployed."""
    assert converse(runtime, f"{thread}-other", *TO["basic_monitoring"]).states[-1] == "basic_monitoring"
    return name_of(runtime, f"{thread}-other")


def question(runtime: Runtime, thread: str) -> tuple[str | None, object]:
    """Where a conversation is, and what it shows there."""
    here = runtime.position(thread)
    return here.state, here.checkpoint.details if here.checkpoint else None


@pytest.mark.parametrize("stage", TO)
def test_another_deployment_is_listed_told_and_deleted_and_the_conversation_goes_on_where_it_was(
    runtime: Runtime, cluster: Cluster, thread: str, other: str, stage: Stage
) -> None:
    converse(runtime, thread, *TO[stage])
    before = question(runtime, thread)
    listed = converse(runtime, thread, "what is running?").text
    assert other in listed
    assert "a month" in listed
    assert f"{other} is ready" in converse(runtime, thread, f"status of {other}").text
    asked = converse(runtime, thread, f"delete {other}")
    assert (
        asked.pause.state,
        facts_of(asked.pause)["action"],
        facts_of(asked.pause)["name"],
    ) == (
        "configuration_finalized",
        "delete",
        other,
    )
    assert other in deployed(cluster)
    converse(runtime, thread, "no")
    assert question(runtime, thread) == before
    gone = converse(runtime, thread, f"please delete {other}", "yes, approve")
    assert f"{other} is gone" in gone.text, gone.text
    assert other not in deployed(cluster)
    assert question(runtime, thread) == before
    assert (
        "No deployment of yours" in (said := converse(runtime, thread, f"status of {other}").text)
        or "Nothing of yours" in said
    )
    ours = {name_of(runtime, thread)} if stage == "basic_monitoring" else set()
    assert ours <= deployed(cluster)


def test_after_a_failed_deletion_the_conversation_goes_on_where_it_was(
    runtime: Runtime, cluster: Cluster, thread: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    converse(runtime, thread, *TO["presenting_options"])
    before = question(runtime, thread)
    converse(runtime, thread, f"delete {other}")
    with monkeypatch.context() as patched:
        patched.setattr(
            runtime.writer, "delete", lambda *_: (_ for _ in ()).throw(RuntimeError("the wire broke"))
        )
        failed = converse(runtime, thread, "approve")
    assert f"The deletion of {other} failed" in failed.text
    assert question(runtime, thread) == before
    assert other in deployed(cluster)
    assert "is gone" in converse(runtime, thread, f"delete {other}", "approve").text
    assert question(runtime, thread) == before


def says(runtime: Runtime, thread: str, text: str, actor: str) -> Heard:
    open_now = runtime.position(thread).checkpoint
    return Heard(list(runtime.say(thread, text, open_now.interrupt_id if open_now else None, Caller(actor))))


def test_another_person_neither_sees_nor_deletes_it(
    runtime: Runtime, cluster: Cluster, thread: str, other: str
) -> None:
    for words in ("what is running?", f"status of {other}", f"delete {other}"):
        heard = says(runtime, thread, words, "somebody else")
        assert "Nothing of yours runs" in heard.text
        assert heard.checkpoint is None
        assert heard.tools == []
    assert other in deployed(cluster)


def test_a_part_of_the_name_is_enough_where_it_is_the_only_one(
    runtime: Runtime, thread: str, other: str
) -> None:
    asked = converse(runtime, thread, "delete the chatbot deployment")
    assert facts_of(asked.pause)["name"] == other
    converse(runtime, thread, "no")
    assert converse(runtime, f"{thread}-third", *TO["basic_monitoring"]).states[-1] == "basic_monitoring"
    which = converse(runtime, thread, "delete the chatbot deployment")
    assert which.checkpoint is None
    assert "Which one?" in which.text
    assert other in which.text


def test_the_name_of_what_is_at_hand_is_it(runtime: Runtime, thread: str) -> None:
    converse(runtime, thread, *TO["basic_monitoring"])
    name = name_of(runtime, thread)
    scaled = converse(runtime, thread, f"scale {name} to 2")
    assert scaled.pause.state == "configuration_finalized"
    assert facts_of(scaled.pause)["recommendation"]["replicas"] == 2


def test_scaling_another_deployment_by_its_name_does_not_scale_this_one(
    runtime: Runtime, thread: str, other: str
) -> None:
    converse(runtime, thread, *TO["basic_monitoring"])
    heard = converse(runtime, thread, f"scale {other} to 3")
    assert heard.pause.state == "basic_monitoring"
    assert f"status of {other}" in heard.text


def test_moves_are_offered_everywhere() -> None:
    everywhere: type[Move] = Remove
    assert all(everywhere in moves for moves in MOVES.values())
