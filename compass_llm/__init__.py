"""The way in of the command `compass`, and in a wheel the package that holds our folders: `agent`,
`tools` and the others are common words, and here they mean ours, whatever a person keeps in the
working directory, names by PYTHONPATH, or has installed beside Compass.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

__version__ = "0.2.0"


def main() -> None:
    """Entry point. Our folders come first; what PYTHONPATH names, and the working directory, last."""
    here = Path(__file__).resolve().parent
    ours = str(here if (here / "agent").is_dir() else here.parent)  # in a wheel; in the repository
    named = {os.path.abspath(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry}
    last = [entry for entry in sys.path if not entry or os.path.abspath(entry) in named]
    sys.path[:] = [ours, *(entry for entry in sys.path if entry not in last and entry != ours), *last]
    from agent.cli import main as command

    command()
