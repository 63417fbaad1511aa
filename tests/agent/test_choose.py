"""Which model is chosen whatever OLLAMA_HOST holds and whatever answers there: `auto`
never fails, and says truly why.
"""

import http.server
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.models import ollama_server
from agent.models.choose import choose_model
from agent.models.ollama_server import server_at
from knowledge.errors import CompassError
from knowledge.loopback import PROXIES
from knowledge.settings import Settings, load_settings
from tests.ollama import ollama
from tests.pace import patient
from tests.soak import examples, sample

ROOT = Path(__file__).parents[2]
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("  ", "http://127.0.0.1:11434"),
        ('""', "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("https://1.2.3.4:1234/", "https://1.2.3.4:1234"),
        ("https://example.com/ollama/", "https://example.com:443/ollama"),
        ("example.com/ollama", "http://example.com:11434/ollama"),
        ("example.com:1234", "http://example.com:1234"),
        ("[::1]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("::", "http://[::1]:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        ("1.2.3.4:70000", "http://1.2.3.4:11434"),
        ("https://1.2.3.4:-1", "https://1.2.3.4:443"),
        ("1.2.3.4:x", "http://1.2.3.4:11434"),
        (' "1.2.3.4:1234" ', "http://1.2.3.4:1234"),
        ("'localhost'", "http://localhost:11434"),
    ],
)
def test_it_is_read_as_ollama_reads_it(setting: str, url: str) -> None:
    found = server_at(setting)
    assert found.url == url
    assert found.shown == url


def test_a_user_and_a_password_go_to_the_server_and_to_nobody_else() -> None:
    found = server_at("https://ann:gehe-im@ollama.example/api-of-it")
    assert found.url == "https://ann:gehe-im@ollama.example:443/api-of-it"
    assert found.shown == "https://ollama.example:443/api-of-it"


@settings(max_examples=examples(300))
@given(
    password=st.text(min_size=4),
    setting=st.sampled_from(["http://ann:{}@127.0.0.1:9", "ann:{}@127.0.0.1:9/x", "{}@localhost:9"]),
)
def test_no_part_of_a_password_is_shown(password: str, setting: str) -> None:
    shown = server_at(setting.format(password)).shown
    for part in (password[i : i + 4] for i in range(len(password) - 3)):
        assert (
            part not in shown
            or part in "http://127.0.0.1:9/x http://localhost:9 the address http://127.0.0.1:11434"
        )


@settings(max_examples=examples(40))
@given(st.text() | st.text("http:/[]@.0123456789ab% \"'"))
def test_auto_never_fails_whatever_the_setting(setting: str) -> None:
    chosen = choose_model(Settings(model="auto", OLLAMA_HOST=setting.replace("\0", "")))
    assert chosen.name == "builtin" or chosen.name.startswith("ollama:")


@pytest.fixture
def answering() -> Iterator[Callable[[Answer, Answer], str]]:
    """A server with these answers to /api/tags and to /api/show."""
    servers: list[http.server.ThreadingHTTPServer] = []

    def begin(tags: Answer, show: Answer) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tags(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                show(self)

            def log_message(self, *_: Any) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def gives(content: bytes, status: int = 200) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def after(seconds: float, answer: Answer) -> Answer:
    def slow(handler: http.server.BaseHTTPRequestHandler) -> None:
        time.sleep(patient(seconds))
        answer(handler)

    return slow


def drips(handler: http.server.BaseHTTPRequestHandler) -> None:
    deadline = time.monotonic() + patient(50)
    while time.monotonic() < deadline:
        handler.wfile.write(b"H")
        handler.wfile.flush()
        time.sleep(0.05)


def resets(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


TAGS = gives(json.dumps({"models": [{"name": "llama3.1:8b"}]}).encode())
SHOW = gives(json.dumps({"capabilities": ["completion", "tools"]}).encode())


@pytest.mark.parametrize(
    ("tags", "show", "why"),
    [
        (
            gives(b"<html>Log in</html>"),
            SHOW,
            "no Ollama server that works: /api/tags gave something else than JSON",
        ),
        (gives(b"{}", 500), SHOW, "/api/tags gave HTTP 500"),
        (gives(b'{"error": "out of order"}', 503), SHOW, "HTTP 503: out of order"),
        (gives(b'{"models": null}'), SHOW, "doesn't have llama3.1:8b"),
        (gives(b"{}"), SHOW, "doesn't have llama3.1:8b"),
        (gives(b"[1, 2]"), SHOW, "is no Ollama server"),
        (gives(b"[" * 100_000), SHOW, "something else than JSON"),
        (gives(b'{"models": [null, {"name": 3}, "x"]}'), SHOW, "doesn't have llama3.1:8b"),
        (gives(b'{"models": "none"}'), SHOW, "is no Ollama server"),
        (resets, SHOW, "broke off"),
        (drips, SHOW, "didn't answer /api/tags within"),
        (TAGS, gives(b"", 404), "/api/show gave HTTP 404"),
        (TAGS, resets, "broke off while it answered /api/show"),
        (TAGS, after(5, SHOW), "didn't answer /api/show within"),
    ],
)
def test_auto_falls_back_and_says_why(
    answering: Callable[[Answer, Answer], str],
    monkeypatch: pytest.MonkeyPatch,
    tags: Answer,
    show: Answer,
    why: str,
) -> None:
    monkeypatch.setattr(ollama_server, "ANSWER_S", patient(2.0))
    url = answering(tags, show)
    chosen = choose_model(Settings(model="auto", OLLAMA_HOST=url))
    assert chosen.name == "builtin"
    assert why in chosen.label
    with pytest.raises(CompassError):
        choose_model(Settings(model="ollama:llama3.1:8b", OLLAMA_HOST=url))


def test_one_that_loads_its_model_is_waited_for(
    answering: Callable[[Answer, Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ollama_server, "ANSWER_S", patient(ollama_server.ANSWER_S))
    url = answering(TAGS, after(1.5, SHOW))
    assert choose_model(Settings(model="auto", OLLAMA_HOST=url)).name == "ollama:llama3.1:8b"


@pytest.mark.parametrize("name", sample(PROXIES, 2))
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_ollama_on_this_machine_is_asked_directly(name: str, proxy: str, tmp_path: Path) -> None:
    """In a process of its own: what is imported there looks at the environment, too."""
    code = (
        "import os; from agent.models.choose import choose_model; from knowledge.settings import"
        " load_settings\nchosen = choose_model(load_settings()); print(chosen.name,"
        " chosen.reader.model.invoke('hello').text)"
    )
    with ollama() as wire:
        wire.answers = ["hello to you"]
        environment = {
            "OLLAMA_HOST": wire.url,
            name: proxy,
            "PYTHONPATH": str(ROOT),
            "COMPASS_MODEL": "",
            "DATABASE_URL": "",
        }
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=patient(60),
        )
    assert done.stdout == "ollama:llama3.1:8b hello to you\n", done.stderr


def test_another_one_behind_a_socks_proxy_without_its_package_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://ann:gehe-im@127.0.0.1:9")
    label = choose_model(Settings(model="auto", OLLAMA_HOST="http://ollama.example")).label
    assert "SOCKS" in label
    assert "gehe-im" not in label


def test_settings_that_are_empty_are_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"COMPASS_{name.upper()}", "")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("OLLAMA_HOST", "")
    assert load_settings() == Settings(DATABASE_URL=None)
