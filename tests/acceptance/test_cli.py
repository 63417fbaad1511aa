"""The command as a person or a script runs it: real processes, killed where it hurts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulator.cluster.disk import Disk
from tests.pace import patient
from tests.talking import MAIN_SCRIPT, SCENARIOS

COMPASS = [sys.executable, "-m", "agent.cli"]
pytestmark = pytest.mark.slow


@pytest.fixture
def environment(home: Path) -> Iterator[dict[str, str]]:
    yield {
        **os.environ,
        "COMPASS_HOME": str(home),
        "COMPASS_MODEL": "builtin",
        "COMPASS_SIMULATOR_TIME_SCALE": "0.001",
        "COMPASS_SIMULATOR_LATENCY_SCALE": "0.1",  # a target is held on a busy machine too
        "COMPASS_PROBE_S": "1",
        "COMPASS_WATCH_INTERVAL_S": "0.05",
        "COLUMNS": "100",
    }
    stop_postgres(home)


def stop_postgres(home: Path) -> None:
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    if pid_file.exists():
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGQUIT)


def run(
    arguments: list[str], environment: dict[str, str], words: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMPASS, *arguments],
        env=environment,
        input=words,
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
    )


def events(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def states(found: list[dict[str, Any]]) -> list[str]:
    return [e["state"] for e in found if e["event"] == "state"]


def objects(home: Path) -> list[tuple[str, str]]:
    """What clients made in the simulated cluster, from its own file."""
    kinds = ("InferenceService", "ServiceAccount")
    return sorted(
        (o["kind"], o["metadata"]["name"])
        for o in Disk(home / "simulator.db").objects()
        if o["kind"] in kinds
    )


class Talk:
    """A `compass chat --json` process, one line in, events out."""

    def __init__(self, environment: dict[str, str], thread: str) -> None:
        self.process = subprocess.Popen(
            [*COMPASS, "chat", "--json", "--thread", thread],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def until(self, event: str, **fields: str) -> list[dict[str, Any]]:
        """Events up to the first `event` with these fields."""
        seen = []
        assert self.process.stdout
        for line in self.process.stdout:
            seen.append(json.loads(line))
            if seen[-1]["event"] == event and all(seen[-1].get(k) == v for k, v in fields.items()):
                return seen
        raise AssertionError(seen)

    def say(self, words: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def test_the_script_of_a_whole_conversation_ends_in_success(environment: dict[str, str], home: Path) -> None:
    done = run(
        ["chat", "--script", str(SCENARIOS / "chatbot.txt"), "--json", "--thread", "main"], environment
    )
    assert done.returncode == 0, done.stderr
    found = events(done.stdout)
    assert states(found)[-1] == "success"
    assert {e["event"] for e in found} >= {"state", "tool_call", "tool_result", "checkpoint", "message"}
    assert "built-in interpreter" in found[0]["text"]
    assert [kind for kind, _ in objects(home)] == ["InferenceService", "ServiceAccount"]
    assert all(name.startswith("chatbot-conversational-") for _, name in objects(home))
    shown = run(["chat", "--thread", "main"], environment, "status\n")
    assert "Back in conversation main" in shown.stdout
    assert "is ready" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_killed_at_each_pause_and_in_the_middle_of_the_apply_it_goes_on_there(
    environment: dict[str, str], home: Path
) -> None:
    environment |= {"COMPASS_SIMULATOR_WRITE_DELAY_S": "0.4"}
    turns = [
        (MAIN_SCRIPT[0], "specification_review"),
        ("looks good", "presenting_options"),
        ("deploy the cheapest", "configuration_finalized"),
    ]
    talk = Talk(environment, "killed")
    for words, pause in turns:
        talk.say(words)
        before = talk.until("checkpoint", state=pause)[-1]
        talk.kill()
        talk = Talk(environment, "killed")
        after = talk.until("checkpoint", state=pause)[-1]
        assert after == before
    talk.say("yes, approve")
    talk.until("tool_call", tool="apply_to_cluster")
    time.sleep(1.0)  # two dry runs and two applies of 0.4 s each: somewhere in the middle
    talk.kill()
    talk = Talk(environment, "killed")
    again = talk.until("checkpoint", state="basic_monitoring")
    assert states(again)[:2] == ["deployment_execution", "post_deployment_validation"]
    assert any("cut off in deployment_execution" in e.get("text", "") for e in again)
    talk.kill()
    talk = Talk(environment, "killed")
    talk.until("checkpoint", state="basic_monitoring")
    talk.say("send it: hello")
    talk.until("message", kind="answer")
    talk.say("done")
    talk.until("state", state="success")
    talk.until("message")
    talk.kill()
    kinds = [kind for kind, _ in objects(home)]
    assert kinds == ["InferenceService", "ServiceAccount"]


def test_several_first_starts_at_once_all_come_up(environment: dict[str, str]) -> None:
    starts = [
        subprocess.Popen(
            [*COMPASS, "chat"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in starts:
        out, err = process.communicate(timeout=patient(60))
        assert process.returncode == 0, err
        assert "What do you need?" in out


def test_ctrl_c_leaves_cleanly_and_says_how_to_resume(environment: dict[str, str]) -> None:
    process = subprocess.Popen(
        [*COMPASS, "chat", "--thread", "left"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write("a chatbot for 1000 users\n")
    process.stdin.flush()
    for line in process.stdout:
        if "Is this what you need?" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=patient(30))
    assert process.returncode == 0
    assert "compass chat --thread left" in out
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    ("arguments", "extra", "sentence"),
    [
        (["chat"], {"DATABASE_URL": "postgresql://me:secret@127.0.0.1:9/x"}, "The database doesn't answer"),
        (["chat"], {"COMPASS_CLUSTER": "production"}, "It takes 'sim' or 'context:NAME'"),
        (
            ["chat"],
            {"COMPASS_MODEL": "ollama:llama3.1:8b", "OLLAMA_HOST": "127.0.0.1:9"},
            "no Ollama server answers",
        ),
        (["chat"], {"COMPASS_HOME": "/proc/nowhere"}, "Name a folder that you may write to"),
        (["chat"], {"COMPASS_HOME": "/proc"}, "Name another folder"),
        (["doctor"], {"COMPASS_HOME": "/dev/null"}, "Name a folder that you may write to"),
        (["chat", "--script", "/nowhere"], {}, "There is no script /nowhere"),
        (["chat", "--thread", "a b"], {}, "1 to 100 letters"),
        (["recommend"], {}, "Give either a text or --spec FILE"),
        (["recommend", "a chatbot"], {}, "For how many users"),
        (["recommend", "0 users"], {}, "must be at least 1"),
        (["recommend", "--spec", "/nowhere"], {}, "can't be read"),
        (["intent", "hello"], {}, "Hello!"),
        (["simulate", "vllm", "--gpu", "H900"], {}, "There is no GPU 'H900'"),
    ],
)
def test_what_can_not_start_says_why_in_one_sentence(
    arguments: list[str], extra: dict[str, str], sentence: str, environment: dict[str, str]
) -> None:
    done = run(arguments, environment | extra, "")
    assert done.returncode == 1
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_intent_reads_one_or_many(environment: dict[str, str]) -> None:
    one = json.loads(
        run(["intent", "a chatbot for 10k users on H100s, low latency", "--json"], environment).stdout
    )
    assert one["use_case"] == "chatbot_conversational"
    assert one["user_count"] == 10_000
    assert one["preferred_gpu_types"] == ["H100"]
    assert one["priorities"] == {"cost": "medium", "latency": "high", "accuracy": "medium"}
    many = run(
        ["intent", "-"], environment, "translation for 5 people\n0 users\n\nrag for 20 analysts\n"
    ).stdout.splitlines()
    read = [json.loads(line) for line in many]
    assert [r.get("use_case", "error") for r in read] == [
        "translation",
        "error",
        "error",
        "document_analysis_rag",
    ]


def test_recommend_from_words_and_from_an_edited_specification(
    environment: dict[str, str], home: Path
) -> None:
    first = json.loads(
        run(["recommend", "a chatbot for 1000 users", "--json", "--limit", "3"], environment).stdout
    )
    assert set(first["recommendations"][0]["predicted"]) == {"ttft_ms", "itl_ms", "e2e_ms"}
    assert first["recommendations"][0]["rank"] == 1
    file = home / "spec.json"
    first["specification"]["intent"]["user_count"] = 200_000
    first["specification"]["slo_targets"]["ttft_p95_ms"] = 400
    file.write_text(json.dumps(first))
    second = json.loads(run(["recommend", "--spec", str(file), "--json"], environment).stdout)
    assert second["specification"]["demand"]["peak_requests_per_second"] == pytest.approx(533.333, abs=0.01)
    assert second["specification"]["slo_targets"]["ttft_p95_ms"] == 400
    shown = run(["recommend", "--spec", str(file)], environment).stdout
    assert second["recommendations"][0]["gpu_type"] in shown
    assert f"{second['recommendations'][0]['cost_usd_per_month']:,.0f}" in shown
    file.write_text(json.dumps(first).replace('"user_count": 200000', '"user_count": -1'))
    bad = run(["recommend", "--spec", str(file)], environment)
    assert bad.returncode == 1
    assert "user_count" in bad.stderr


def test_doctor_tells_what_is_in_use(environment: dict[str, str]) -> None:
    found = {f["part"]: f for f in json.loads(run(["doctor", "--json"], environment).stdout)}
    assert {part: f["ok"] for part, f in found.items()} == {"model": True, "database": True, "cluster": True}
    assert "embedded PostgreSQL" in found["database"]["text"]
    dead = run(["doctor"], environment | {"DATABASE_URL": "postgresql://127.0.0.1:9/x"})
    assert dead.returncode == 1
    assert "FAIL  database" in dead.stdout


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMPASS[1:], "--help"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    for heavy in ("langgraph", "langchain_core", "kubernetes", "psycopg", "pydantic", "httpx"):
        assert f" {heavy}\n" not in done.stderr, heavy
    for command in ("chat", "intent", "recommend", "graph", "doctor", "simulate"):
        assert command in done.stdout


def test_the_first_prompt_imports_neither_the_cluster_client_nor_ollamas(environment: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMPASS[1:], "chat"],
        env=environment,
        input="",
        capture_output=True,
        text=True,
        check=True,
    )
    for heavy in ("kubernetes", "langchain_ollama", "starlette", "uvicorn"):
        assert f" {heavy}\n" not in done.stderr, heavy


@pytest.fixture
def deployment(environment: dict[str, str]) -> str:
    """The name of a deployment that a conversation made."""
    words = "a chatbot for 1000 users\nlooks good\ndeploy the cheapest\nyes, approve\ndone\n"
    done = run(["chat", "--json", "--thread", "d"], environment, words)
    assert done.returncode == 0, done.stderr
    return str(json.loads(run(["deployments", "--json"], environment).stdout)[0]["name"])


def test_deployments_are_listed_looked_at_exported_and_deleted_from_the_command_line(
    environment: dict[str, str], home: Path, deployment: str, tmp_path: Path
) -> None:
    assert deployment in run(["deployments"], environment).stdout
    looked = run(["deployments", "status", deployment], environment)
    assert looked.returncode == 0
    assert "none: as approved" in looked.stdout
    assert (
        json.loads(run(["deployments", "status", deployment, "--json"], environment).stdout)["phase"]
        == "ready"
    )
    exported = run(
        ["deployments", "export", deployment, "--output", str(tmp_path / "out"), "--form", "helm"],
        environment,
    )
    assert (tmp_path / "out" / "Chart.yaml").exists(), exported.stdout + exported.stderr
    kept = run(["deployments", "delete", deployment], environment, "no\n")
    assert kept.returncode == 1
    assert "Not approved" in kept.stdout + kept.stderr
    assert objects(home) == [("InferenceService", deployment), ("ServiceAccount", deployment)]
    digest = next(line.split()[-1] for line in kept.stdout.splitlines() if line.startswith("Digest"))
    other = run(["deployments", "delete", deployment, "--approve", "sha256:0"], environment)
    assert "another one" in other.stdout + other.stderr
    read_only = run(
        ["deployments", "delete", deployment, "--approve", digest], environment | {"COMPASS_READ_ONLY": "1"}
    )
    assert "read-only" in read_only.stdout + read_only.stderr
    assert objects(home) != []
    done = run(["deployments", "delete", deployment, "--approve", digest], environment)
    assert done.returncode == 0, done.stderr
    assert objects(home) == []
    log = json.loads(run(["audit", "--json"], environment).stdout)
    assert [(e["action"], e["event"]) for e in log] == [
        (a, e) for a in ("apply", "delete") for e in ("approved", "started", "done")
    ]
    assert {(e["actor"], e["cluster"], e["name"]) for e in log} == {("local user", "sim", deployment)}
    assert "approved" in run(["audit"], environment).stdout


def test_a_deployment_is_watched_measured_and_compared_with_its_plan(
    deployment: str, environment: dict[str, str], home: Path
) -> None:
    validated = run(["deployments", "validate", deployment, "--seconds", "3"], environment)
    assert validated.returncode == 0, validated.stdout + validated.stderr
    assert re.search(
        "(pass|warn|unjudged): .*TTFT p95", validated.stdout, re.DOTALL
    )  # three seconds are few requests
    assert max(map(len, validated.stdout.splitlines()[:-1])) <= 100
    watched = run(
        ["deployments", "status", deployment, "--watch", "--every", "1", "--times", "2"], environment
    )
    assert [line.split()[1] for line in watched.stdout.splitlines()] == ["ready", "ready"]
    assert re.search("holding its SLO with|too few to judge", watched.stdout)
    compared = json.loads(run(["outcomes", "--json"], environment).stdout)
    assert {c["kind"] for c in compared} == {"validation", "windows"}
    assert all(c["predicted_ms"] and c["observed_ms"] for each in compared for c in each["compared"])
    shown = run(["outcomes", "--name", deployment], environment | {"COLUMNS": "100"}).stdout
    assert max(map(len, shown.splitlines())) <= 100
    assert "Predicted" in shown
    assert "Nothing was observed" in run(["outcomes", "--name", "nobody"], environment).stdout
    # What Compass did meanwhile is logged, without contents.
    lines = [json.loads(line) for line in (home / "compass.log").read_text().splitlines()]
    assert {"turn", "tool call"} <= {line["event"] for line in lines}
    calls = [line for line in lines if line["event"] == "tool call"]
    assert {"plan_capacity", "apply_to_cluster", "get_status"} <= {c["tool"] for c in calls}
    assert all(c["turn"] and c["thread"] and c["duration_ms"] >= 0 and c["outcome"] == "ok" for c in calls)
    assert "1000 users" not in (home / "compass.log").read_text()


def test_what_there_is_not_is_said(environment: dict[str, str], tmp_path: Path) -> None:
    assert "Nothing was approved" in run(["audit"], environment).stdout
    assert "has deployed nothing" in run(["deployments"], environment).stdout
    for arguments in (
        ["status", "nobody"],
        ["delete", "nobody"],
        ["export", "nobody", "--output", str(tmp_path)],
    ):
        done = run(["deployments", *arguments], environment)
        assert done.returncode == 1
        assert "nobody" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_failures_are_ordered_and_healed_from_the_command_line(environment: dict[str, str]) -> None:
    assert "Nothing fails" in run(["simulate", "fail"], environment).stdout
    assert run(["simulate", "fail", "oom", "chatbot-*"], environment).stdout == "oom strikes chatbot-*\n"
    run(["simulate", "fail", "quota"], environment)
    run(["simulate", "heal", "oom"], environment)
    assert run(["simulate", "fail"], environment).stdout == "quota strikes *\n"
    wrong = run(["simulate", "fail", "earthquake"], environment)
    assert "known are image-pull" in wrong.stderr + wrong.stdout
    run(["simulate", "heal"], environment)
    assert "Nothing fails" in run(["simulate", "fail"], environment).stdout


def test_manifests_are_written_without_a_conversation_or_a_cluster(
    environment: dict[str, str], tmp_path: Path
) -> None:
    for form, expected in (
        ("yaml", "inference-service.yaml"),
        ("kustomize", "kustomization.yaml"),
        ("helm", "values.yaml"),
    ):
        out = tmp_path / form
        done = run(
            ["recommend", "a chatbot for 1000 users", "--output", str(out), "--form", form], environment
        )
        assert done.returncode == 0, done.stderr
        assert [f for f in out.rglob("*") if f.name.endswith(expected)], list(out.rglob("*"))
    again = run(
        ["recommend", "a chatbot for 1000 users", "--output", str(tmp_path / "tar"), "--form", "tar"],
        environment,
    )
    assert "yaml, kustomize" in again.stdout + again.stderr
