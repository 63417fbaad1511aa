"""What a dead container is said to have died of."""

from typing import Any

import pytest

from tools.deploying.diagnosis import Diagnosis, Signs, diagnose


def crashed(restarts: int, state: str) -> Diagnosis:
    ended = {"terminated": {"exitCode": 3, "reason": "Error"}}
    status: dict[str, Any] = {"name": "kserve-container", "ready": False, "restartCount": restarts, state: ended}
    pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [status]}}
    found = diagnose(Signs([pod], [], [], lambda *_: "RuntimeError: no"))
    assert found is not None
    return found


@pytest.mark.parametrize(("restarts", "state", "repeated"), [(0, "state", False), (1, "lastState", False), (2, "lastState", True)])
def test_a_crash_is_said_to_come_again_when_it_did(restarts: int, state: str, repeated: bool) -> None:
    cause = crashed(restarts, state).cause
    assert "exit code 3" in cause
    assert "RuntimeError: no" in cause
    assert ("again and again" in cause) == repeated
