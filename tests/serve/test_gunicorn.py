"""The web side as the image runs it on PostgreSQL: gunicorn's workers take in notices, count together and stop well."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from ruamel.yaml import YAML

from tests.serve.service import Place, change, place, post, stop, until
from tests.serve.test_serve import MAIL, stored

ROOT = Path(__file__).parents[2]
COMMAND: list[str] = YAML(typ="safe").load(ROOT / "compose.yaml")["services"]["web"]["command"].split()


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Iterator[Place]:
    with place(tmp_path, database_url) as made:
        made.bind()
        yield made


def start(site: Place, *more: str) -> subprocess.Popen[str]:
    """The command of compose.yaml, on a free port."""
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    environment["TMPDIR"] = str(site.directory)
    with (site.directory / "gunicorn.log").open("w") as log:
        words = [sys.executable, "-m", *COMMAND, "--bind", "127.0.0.1:0", *more]
        process = subprocess.Popen(words, cwd=site.directory, env=environment, stderr=log, text=True)
    site.running.append(process)
    return process


def address(site: Place) -> str:
    """Where it answers, once both of its workers do."""

    def found() -> str | None:
        said = re.search(r"Listening at: (http://[0-9.:]+)", site.logs())
        return said[1] if said and len(re.findall("Booting worker", site.logs())) == 2 else None

    url: str = until(found)
    until(lambda: requests.get(f"{url}/healthz", timeout=10).status_code == 200)
    return url


def counted(url: str) -> dict[str, float]:
    text = requests.get(f"{url}/metrics", timeout=10).text
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_every_worker_keeps_what_it_acknowledges_and_all_count_together(site: Place) -> None:
    process = start(site)
    url = address(site)
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda n: post(url, [change(n, MAIL, n)]).status_code, range(1, 61)))
    assert set(answers) == {200}
    assert stored(site) == 60
    assert post(url, [change(61, MAIL)], secret="another").status_code == 401
    for _ in range(4):
        numbers = counted(url)
        assert numbers['leadscore_webhook_requests_total{status="200"}'] == 60
        assert numbers['leadscore_webhook_requests_total{status="401"}'] == 1
        assert numbers['leadscore_waiting{queue="deliveries"}'] == 60
    assert stop(process) == 0
    assert list(site.directory.glob("leadscore-metrics-*")) == []
    lines = [line for line in site.logs().splitlines() if "Starting gunicorn" not in line]
    assert {json.loads(line)["level"] for line in lines} == {"info"}
    assert "@" not in site.logs()


def test_a_worker_that_is_killed_is_replaced_and_nothing_acknowledged_is_lost(site: Place) -> None:
    process = start(site)
    url = address(site)
    assert [post(url, [change(n, MAIL, n)]).status_code for n in range(1, 11)] == [200] * 10
    (pid, *_) = re.findall(r"Booting worker with pid: (\d+)", site.logs())
    os.kill(int(pid), signal.SIGKILL)
    until(lambda: len(re.findall("Booting worker", site.logs())) == 3)
    assert [post(url, [change(n, MAIL, n)]).status_code for n in range(11, 21)] == [200] * 10
    assert stored(site) == 20
    assert counted(url)['leadscore_webhook_notices_total{fate="new"}'] == 20
    assert stop(process) == 0


def test_sigterm_under_load_loses_nothing_that_was_acknowledged(site: Place) -> None:
    process = start(site)
    url = address(site)
    acknowledged: list[int] = []
    enough = threading.Event()

    def send(first: int) -> None:
        for number in itertools.count(first, 4):
            try:
                if enough.is_set() or post(url, [change(number, MAIL, number)]).status_code != 200:
                    return
            except requests.RequestException:
                return
            acknowledged.append(number)

    with ThreadPoolExecutor(4) as senders:
        for first in range(1, 5):
            senders.submit(send, first)
        until(lambda: len(acknowledged) > 40)
        assert stop(process) == 0
        enough.set()
    assert len(acknowledged) <= stored(site) <= len(acknowledged) + 4


def test_sharing_the_app_between_workers_is_refused(tmp_path: Path) -> None:
    """The thread that commits for the inbox would not be in the workers, and every call would wait for it in vain."""
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as made:
        made.bind()
        process = start(made, "--preload")
        assert process.wait(20) != 0
        assert "leave --preload out" in made.logs()
