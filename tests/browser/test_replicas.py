"""Two servers on one database behind nginx, each with a home of its own; the cluster is
the simulator's, as a real one.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests import web
from tests.browser.conftest import Site
from tests.browser.page import NEED, Chat
from tests.browser.test_conversation import applied
from tests.conftest import free_port, stop_simulator
from tests.pace import patient, until
from tests.present import present
from tools.clusters.simulated import simulator_address, simulator_kubeconfig

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/usr/local/sbin:/usr/local/bin")
CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  log_format which '$upstream_addr $request_uri';
  access_log {folder}/access.log which;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  upstream compass {{
    hash $cookie_access_token consistent;
    {servers}
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://compass;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 1h;
    }}
  }}
}}
"""


@dataclass
class Replicas:
    """`url` is the balancer's."""

    sites: list[Site]
    url: str
    log: Path

    def serving(self) -> Site:
        """Who answered the last request of a page."""
        lines = [line for line in self.log.read_text().splitlines() if "/readyz" not in line]
        port = int(lines[-1].split(" ")[0].split(",")[-1].rsplit(":", 1)[1])
        return next(site for site in self.sites if site.port == port)


@pytest.fixture
def replicas(tmp_path: Path, database_url: str) -> Iterator[Replicas]:
    if NGINX is None:
        pytest.skip("there is no nginx (Debian: apt install nginx-light)")
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    kubeconfig = tmp_path / "kubeconfig.yaml"
    kubeconfig.write_text(simulator_kubeconfig(simulator_address(cluster)))
    context = present(re.search(r"current-context: (\S+)", kubeconfig.read_text()))
    sites = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        sites.append(
            Site(
                tmp_path / name,
                database_url,
                KUBECONFIG=str(kubeconfig),
                COMPASS_CLUSTER=f"context:{context[1]}",
            )
        )
    port = free_port()
    servers = "\n    ".join(f"server 127.0.0.1:{site.port} max_fails=1 fail_timeout=1s;" for site in sites)
    written = CONFIGURATION.format(folder=tmp_path, servers=servers, port=port)
    (tmp_path / "nginx.conf").write_text(written)
    for site in sites:
        site.start()
    balancer = subprocess.Popen(
        [NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    )
    url = f"http://127.0.0.1:{port}"
    errors = (tmp_path / "error.log").read_text
    until(lambda: balancer.poll() is not None or web.answers(f"{url}/readyz"), why=errors)
    assert balancer.poll() is None, errors()
    yield Replicas(sites, url, tmp_path / "access.log")
    balancer.terminate()
    balancer.wait()
    for site in sites:
        site.kill()
    stop_simulator(cluster)


@pytest.mark.slow
def test_by_buttons_behind_a_balancer(replicas: Replicas, page: Page) -> None:
    chat = Chat(page, replicas.url)
    chat.open()
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.press("options", "Choose option 1")
    chat.press("approval", re.compile("^Approve and apply"))
    chat.waits_at("running")
    chat.press("running", "Done")
    chat.sees(re.compile("Write again to test it"))
    assert applied(replicas.sites[0], chat) == 1
    cookies = {c["name"]: c["value"] for c in page.context.cookies()}
    for site in replicas.sites:  # whoever is logged in is so at both
        assert web.get(f"{site.url}/user", cookies=cookies).status_code == 200
        assert not (site.home / "chat-secret").exists()


def go_on(chat: Chat, stage: str, button: str | re.Pattern[str], then: Locator) -> None:
    """As a person does whose server has died: where a button can't be heard any more, the
    page offers to be loaded again; when it finds the other server by itself meanwhile, the offer goes.
    """
    chat.press(stage, button)
    reload = chat.page.get_by_role("button", name="Reload").last
    expect(then.or_(reload).first).to_be_visible()
    if not then.first.is_visible():
        with suppress(PlaywrightTimeout):
            reload.click(timeout=patient(5) * 1000)
        if not then.first.is_visible():
            chat.press(stage, button)
    expect(then.first).to_be_visible()


@pytest.mark.slow
def test_killed_half_way_the_conversation_goes_on_at_the_other(replicas: Replicas, page: Page) -> None:
    chat = Chat(page, replicas.url)
    chat.open()
    chat.say(NEED)
    chat.press("specification", "Looks good")
    chat.waits_at("options")
    path, first = chat.path, replicas.serving()
    first.kill()
    go_on(chat, "options", "Choose option 1", chat.cards("approval"))
    chat.waits_at("approval")
    first.start()
    go_on(chat, "approval", re.compile("^Approve and apply"), page.get_by_text(re.compile("^Approved by")))
    second = replicas.serving()
    second.kill()
    chat.open(path)
    card = chat.waits_at("running")
    expect(card).to_contain_text("1 of 1 replicas ready")
    chat.press("running", "Done")
    chat.sees(re.compile("Write again to test it"))
    assert applied(first, chat) == 1


@pytest.mark.slow
def test_a_button_that_another_process_gets_says_to_reload(replicas: Replicas, page: Page) -> None:
    """Where a balancer keeps page and process together badly: nothing is done, and
    the page offers the way on.
    """
    chat = Chat(page, replicas.url)
    chat.open()
    chat.say(NEED)
    card = chat.waits_at("specification")
    other = next(site for site in replicas.sites if site is not replicas.serving())

    def astray(route: Route) -> None:
        headers = {
            name: value for name, value in route.request.headers.items() if name not in ("host", "origin")
        }
        route.fulfill(response=route.fetch(url=f"{other.url}/project/action", headers=headers))

    page.route("**/project/action", astray)
    card.get_by_role("button", name="Looks good").first.click()
    expect(card.get_by_role("alert")).to_contain_text("session is over")
    page.unroute("**/project/action")
    card.get_by_role("button", name="Reload").click()
    chat.press("specification", "Looks good")
    chat.waits_at("options")
