"""The proxy that we ship in front of gunicorn: it passes on what HubSpot signed, and who sends slowly starves nobody.

Runs where Caddy is installed (`apt install caddy`).
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.serve.service import Place, change, place, post, until
from tests.serve.test_gunicorn import ROOT, address, start
from tests.serve.test_serve import MAIL, stored

CADDY = shutil.which("caddy")
pytestmark = pytest.mark.skipif(CADDY is None, reason="Caddy is not installed")
SLOW = 60
HEAD = "POST /webhooks/hubspot HTTP/1.1\r\nHost: leads.example.com\r\n"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.bind()
        yield made


@pytest.fixture
def front(site: Place) -> str:
    """Caddy with our Caddyfile before gunicorn; where it answers."""
    start(site)
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    run_caddy(site, url, address(site).removeprefix("http://"))
    until(lambda: answers(url))
    return url


def run_caddy(site: Place, url: str, upstream: str) -> None:
    assert CADDY is not None
    written = (ROOT / "deploy" / "Caddyfile").read_text()
    version = subprocess.run([CADDY, "version"], capture_output=True, text=True, check=True).stdout
    if [int(part) for part in re.findall(r"\d+", version)[:3]] < [2, 6, 3]:
        written = written.replace("request_buffers 6MB", "buffer_requests\n max_buffer_size 6MB")
    (site.directory / "Caddyfile").write_text(written.replace("{\n\tservers", "{\n\tadmin off\n\tservers", 1))
    environment = {"PATH": os.environ["PATH"], "HOME": str(site.directory), "SITE": url, "UPSTREAM": upstream}
    with (site.directory / "caddy.txt").open("w") as log:
        words = [CADDY, "run", "--adapter", "caddyfile", "--config", str(site.directory / "Caddyfile")]
        site.running.append(
            subprocess.Popen(words, cwd=site.directory, env=environment, stdout=log, stderr=log, text=True)
        )


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code == 404
    except requests.ConnectionError:
        return False


def test_only_the_door_is_open_and_what_hubspot_signed_comes_through(site: Place, front: str) -> None:
    assert post(front, [change(1, MAIL)]).status_code == 200
    assert stored(site) == 1
    assert [requests.get(f"{front}/{page}", timeout=5).status_code for page in ("metrics", "healthz")] == [404, 404]


def test_a_body_that_is_too_large_is_refused(front: str) -> None:
    assert requests.post(f"{front}/webhooks/hubspot", data=b"[" * 7_000_000, timeout=10).status_code == 413


@pytest.mark.parametrize(
    "begun", [HEAD, f"{HEAD}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n["], ids=["header", "body"]
)
def test_who_sends_slowly_starves_nobody(site: Place, front: str, begun: str) -> None:
    """Without the proxy as few as there are threads of gunicorn would."""
    slow = [socket.create_connection(("127.0.0.1", int(front.rpartition(":")[2]))) for _ in range(SLOW)]
    try:
        for one in slow:
            one.sendall(begun.encode())
        took = []
        for number in range(1, 41):
            before = time.monotonic()
            assert post(front, [change(number, MAIL, number)]).status_code == 200
            took.append(time.monotonic() - before)
    finally:
        for one in slow:
            one.close()
    assert max(took) < 2
    assert stored(site) == 40
