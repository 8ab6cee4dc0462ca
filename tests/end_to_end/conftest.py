"""A user at work: an empty directory, a local portal, and the command line as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from hubspot import HubSpot

from leadscore.sandbox import Sandbox, serve


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """stdout as JSON, an object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Desk:
    """A directory with a `.env` that leads to a portal."""

    place: Path
    portal: Sandbox

    def run(self, *words: str) -> Ran:
        """Runs leadscore; a traceback fails the test, whatever the exit code."""
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LANG")}
        done = subprocess.run(
            [sys.executable, "-m", "leadscore", *words],
            cwd=self.place,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def dotenv(self, token: str | None = None, url: str | None = None) -> None:
        """Points the directory at a portal."""
        text = f"HUBSPOT_TOKEN={token or self.portal.token}\nLEADSCORE_HUBSPOT_BASE_URL={url or self.portal.url}\n"
        (self.place / ".env").write_text(text)

    def control(self, path: str, body: Any = None) -> Any:
        """Pulls a string behind the stage of the portal."""
        method = "GET" if body is None else "POST"
        answer = requests.request(method, f"{self.portal.url}/_sandbox/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def client(self) -> HubSpot:
        """The official client, its own retries off."""
        retry = urllib3.Retry(total=0, respect_retry_after_header=False)
        return HubSpot(access_token=self.portal.token, host=self.portal.url, retry=retry)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An empty portal, without limits worth waiting for."""
    with serve() as portal:
        made = Desk(tmp_path, portal)
        made.dotenv()
        made.control("limits", {"burst": 100_000, "search_per_second": 1_000})
        yield made


@pytest.fixture
def peopled(desk: Desk) -> Desk:
    """A portal with 150 people."""
    desk.control("generate", {"contacts": 150, "seed": 7})
    return desk
