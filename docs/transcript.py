"""Plays the conversation of conversation.md, and writes it there: `make transcript`. Best on an idle
machine, since it shows what the simulated endpoint did; a test compares all that isn't measured.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conversation.md"
PART = re.compile(r"(<!-- transcript -->\n```\n)(.*?)(\n```\n<!-- end -->)", re.DOTALL)


def played(home: Path, more: Mapping[str, str]) -> str:
    """What the terminal shows, with an empty `home` and `more` in the environment."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
    ours = {"COMPASS_HOME": str(home), "COMPASS_MODEL": "builtin", "COLUMNS": "100"}
    script = ["--thread", "support-bot", "--script", "evals/scenarios/chatbot.txt"]
    done = subprocess.run(  # noqa: S603 - our own command, no shell
        [sys.executable, "-P", "-m", "compass_llm", "chat", *script],
        cwd=ROOT,
        env=kept | {"PYTHONPATH": str(ROOT)} | ours | more,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def steady(shown: str) -> str:
    """`shown` but for what is of one run: the deployment's name, digest and port, and what was measured."""
    for of_one_run in (r"-[0-9a-f]{8}\b", r"sha256:[0-9a-f]+", r"127\.0\.0\.1:\d+"):
        shown = re.sub(of_one_run, "…", shown)
    shown = re.sub(r"(Ready: .*? at http://…\.) .*?╭─+ Validation .*?╯", r"\1", shown, flags=re.DOTALL)
    return re.sub(r"^TTFT .*\(this one request\)\.$", "", shown, flags=re.MULTILINE)


def stop(home: Path) -> None:
    """The simulated cluster and the embedded server of this home."""
    for name in ("simulator.json", "postgres/data/postmaster.pid"):
        with suppress(OSError, ValueError, KeyError):
            text = (home / name).read_text(encoding="utf-8")
            os.kill(
                int(json.loads(text)["pid"] if name.endswith(".json") else text.split()[0]), signal.SIGQUIT
            )


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)  # as root, the embedded server is another user
        try:
            shown = played(home, {})
        finally:
            stop(home)
    PAGE.write_text(
        PART.sub(lambda part: f"{part[1]}{shown}{part[3]}", PAGE.read_text(encoding="utf-8")), "utf-8"
    )


if __name__ == "__main__":
    main()
