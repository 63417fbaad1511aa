"""The way in of the command `compass`: our packages come before a person's own of the
same names, which are common words.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Entry point. What PYTHONPATH names, and the folder of the command itself, are looked at last."""
    named = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    last = [entry for entry in sys.path if not entry or os.path.abspath(entry) in named]
    ours = str(Path(__file__).resolve().parent)
    sys.path[:] = [*(entry for entry in sys.path if entry not in last and entry != ours), ours, *last]
    from agent.cli import main as command

    command()


if __name__ == "__main__":
    main()
