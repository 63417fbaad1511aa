"""Writes the locks: exact versions with their hashes, and no index's address. `make lock` runs it.

`run.txt` is what Compass needs; each other lock begins with that and holds what its extra adds. What
is locked stays at its version as long as pyproject.toml allows it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCKS = Path(__file__).parent
OPTIONS = (
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
)


def blocks(text: str) -> list[str]:
    """The requirements, each with its hashes."""
    return re.findall(r"^[a-zA-Z0-9].*\n(?:\s.*\n)*", text, re.MULTILINE)


def lock(name: str, *constraints: str) -> None:
    """Write NAME.txt for the extra of this name (`run`: for none), at the versions of `constraints`."""
    target, run = LOCKS / f"{name}.txt", LOCKS / "run.txt"
    locked = "".join(file.read_text(encoding="utf-8") for file in (run, target) if file.exists())
    more = [] if name == "run" else ["--extra", name]
    for constraint in constraints:
        more += ["--constraint", str(LOCKS / f"{constraint}.txt")]
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.txt"
        whole.write_text("".join(blocks(locked)), encoding="utf-8")  # uv keeps the versions it finds there
        uv = Path(sys.executable).with_name("uv")
        command = [uv, "pip", "compile", "--quiet", *OPTIONS, *more, "pyproject.toml", "-o", whole]
        subprocess.run(command, cwd=LOCKS.parent, check=True)  # noqa: S603 - our own words, no shell
        found = blocks(whole.read_text(encoding="utf-8"))
    if name != "run":
        known = set(blocks(run.read_text(encoding="utf-8")))
        found = ["-r run.txt\n", *(block for block in found if block not in known)]
    target.write_text("# Written by `make lock`.\n" + "".join(found), encoding="utf-8")


if __name__ == "__main__":
    lock("run")
    lock("dev", "run")
    lock("estimator", "run", "dev")
