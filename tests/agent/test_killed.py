"""A process that is killed at any moment, also while it deletes old checkpoints: the
conversation goes on, with nothing said twice.
"""

import random
import subprocess
import sys
import time

import pytest

from agent.runtime import Runtime
from agent.storage.story import Story
from tests.agent.test_long_threads import count, said_in
from tests.talking import converse

TALKS = """
import sys
from pathlib import Path
from agent.runtime import Runtime
from knowledge.settings import Settings
from tests.talking import converse
home, url, thread, begin = sys.argv[1:]
runtime = Runtime(Settings(home=Path(home), DATABASE_URL=url, model="builtin"))
list(runtime.resume(thread))
print("ready", flush=True)
for number in range(int(begin), int(begin) + 1000):
    converse(runtime, thread, f"what if we had {2000 + number} users?", "undo")
"""
"""Says what-ifs, each with a number of its own, and undoes them, for ever."""


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment_it_goes_on(runtime: Runtime, thread: str, seed: int) -> None:
    converse(runtime, thread, "a chatbot for 1000 users", "looks good")
    settings, dice = runtime.settings, random.Random(seed)
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    for life in range(2):
        command = [sys.executable, "-c", TALKS, str(settings.home), url, thread, str(life * 1000)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.05, 1.5))
        process.kill()
        process.wait()
        process.stdout.close()
    list(runtime.resume(thread))
    while (runtime.state(thread).get("explored")) or runtime.state(thread).get("what_if"):
        assert "Undone" in converse(runtime, thread, "undo").text
    heard = converse(runtime, thread, "what if we had 9999 users?")
    assert "users 1,000 → 9,999" in heard.text
    assert heard.states[-1] == "presenting_options"
    assert count(runtime.database, "checkpoints", thread) == 1
    converse(runtime, thread, "undo")
    said = [
        words for words in said_in(Story(runtime.database, thread).messages()) if words.startswith("what if")
    ]
    assert len(said) == len(set(said))
