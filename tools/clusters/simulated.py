"""The simulated cluster's process: found by its address under the home, started if nobody answers there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx

from knowledge.direct import directly
from knowledge.errors import CompassError
from tools.yaml_text import as_yaml

SIMULATOR_START_S = 120
"""At most, and only while its process lives: beside ten busy processes a start takes half a minute."""


def simulator_address(home: Path) -> str:
    """The URL of this home's cluster simulator, which is started as a process of its
    own if it doesn't answer.
    """
    address = home / "simulator.json"
    url = _answering(address)
    if url:
        return url
    # What a person keeps in the working directory, or names by PYTHONPATH, may have our modules'
    # names: ours first, then as here.
    ours = os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), *sys.path]))
    kept = {
        k: v
        for k, v in os.environ.items()
        if k in ("PATH", "HOME", "LANG") or k.startswith(("PYTHON", "COMPASS_SIMULATOR_"))
    }
    process = subprocess.Popen(  # noqa: S603 - our own module, no shell
        [sys.executable, "-P", "-m", "simulator.cluster.server", "--home", str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(home / "simulator.log").open("ab"),
        start_new_session=True,  # it outlives the conversation, as a cluster does
        env=kept | {"PYTHONPATH": ours},
    )
    deadline = time.monotonic() + SIMULATOR_START_S
    while time.monotonic() < deadline:
        time.sleep(0.1)
        url = _answering(address)
        if url:
            return url
        if process.poll():  # 0 is that another one runs for this home, or is about to
            break
    how = f"(exit code {process.returncode})" if process.poll() else f"within {SIMULATOR_START_S} s"
    raise CompassError(f"The cluster simulator didn't start {how}. Its log is {home / 'simulator.log'}.")


def simulator_kubeconfig(address: str) -> str:
    """A kubeconfig for kubectl, or any other client, that leads to the simulator."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "simulated",
        "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": "simulated"}}],
        "clusters": [{"name": "simulated", "cluster": {"server": address}}],
        "users": [{"name": "simulated", "user": {}}],
    }
    return as_yaml(config)


def _answering(address: Path) -> str | None:
    try:
        url = str(json.loads(address.read_text(encoding="utf-8"))["url"])
        found = httpx.get(f"{url}/version", timeout=2, **directly()).raise_for_status().json()
        if "compass.simulator" not in found["gitVersion"]:
            return None
    except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError):
        return None
    return url
