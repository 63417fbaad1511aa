"""Whatever a client sends, the API answers as its OpenAPI document says, and never with a 5xx."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from agent.api import access
from tests.api.conftest import TOKENS, Api
from tests.pace import patient
from tests.present import present
from tests.soak import SOAKS, examples

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.mark.slow
def test_thousands_of_generated_requests_find_nothing_undocumented(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "BURST", 1e9)
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{api.url}/api/v1/openapi.json",
        "--no-color",
    ]
    command += [
        "-H",
        f"Authorization: Bearer {TOKENS['ann']}",
        "--checks",
        CHECKS,
        "--max-examples",
        str(examples(22)),
        "--seed",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=patient(300))
    assert done.returncode == 0, done.stdout[-6000:]
    generated = present(re.search(r"([\d,]+) generated", done.stdout))
    assert int(generated[1].replace(",", "")) >= (2000 if SOAKS else 500)
