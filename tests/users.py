"""Being another user of this machine, as only root can."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def python_for(user: int) -> tuple[str, dict[str, str]]:
    """An interpreter that this user may run, and the environment in which it finds
    Compass. Skips the test where there is none.
    """
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    version = f"python3.{sys.version_info.minor}"
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_paths()["purelib"]])}
    for interpreter in (sys.executable, f"/usr/bin/{version}", f"/usr/local/bin/{version}"):
        try:
            seen = subprocess.run(
                [interpreter, "-c", "import knowledge.postgres.embedded"],
                user=user,
                cwd="/",
                env=path,
                capture_output=True,
            )
        except OSError:
            continue
        if seen.returncode == 0:
            return interpreter, path
    pytest.skip(f"no {version} that reads this installation can be run by another user")
