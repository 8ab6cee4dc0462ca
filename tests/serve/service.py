"""A running service over a real store: processes started as an operator starts them, and a portal beside them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import requests
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from connectors.protocol import Account
from leadscore.cli.clock import now
from leadscore.store.account import bind
from leadscore.store.database import open_store, writing
from webhooks.signatures import TIMESTAMP, V3, sign_v3, signed_uri

PORTAL = 147000001
SECRET = "client-secret-of-the-app"
PUBLIC = "https://leads.example.com/crm"


def until(what: Any, seconds: float = 20.0) -> Any:
    """The first true answer of `what`; fails when there is none in time."""
    again = retry_if_result(lambda found: not found)
    return Retrying(retry=again, wait=wait_fixed(0.05), stop=stop_after_delay(seconds))(what)


@dataclass
class Place:
    """A directory with settings and a store that belongs to a portal which never answers, unless a URL is given."""

    directory: Path
    database: str
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def prepare(self, crm: str = "http://127.0.0.1:9", **more: str) -> None:
        lines = {
            "HUBSPOT_TOKEN": "pat-na1-none",
            "LEADSCORE_HUBSPOT_BASE_URL": crm,
            "DATABASE_URL": self.database,
            "HUBSPOT_CLIENT_SECRETS": f"{SECRET},the one before",
            "LEADSCORE_PUBLIC_URL": PUBLIC,
        }
        text = "".join(f"{name}='{value}'\n" for name, value in (lines | more).items())
        (self.directory / ".env").write_text(text)

    def bind(self) -> None:
        """What a first sync leaves: the store knows its portal."""
        store = open_store(self.database)
        with writing(store) as connection:
            account = Account("hubspot", str(PORTAL), "Portal", "sandbox", "UTC", "http://127.0.0.1/{id}")
            bind(connection, account, now())
        store.dispose()

    def start(self, *words: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """A process that is up, and what it said about itself."""
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LANG", "HOME")}
        log = (self.directory / f"{words[0]}-{len(self.running)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "leadscore", *words, "--json"],
            cwd=self.directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, self.logs()
        return process, json.loads(line)

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.directory.glob("*.log")))

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.communicate()


@contextmanager
def place(directory: Path, database: str) -> Iterator[Place]:
    made = Place(directory, database)
    made.prepare()
    try:
        yield made
    finally:
        made.end()


def stop(process: subprocess.Popen[str], seconds: float = 30.0) -> int:
    """Sends SIGTERM; the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(seconds)


def post(url: str, events: list[dict[str, Any]], secret: str = SECRET, timeout: float = 10) -> requests.Response:
    """Delivers events as HubSpot does."""
    body, stamp = msgspec.json.encode(events), str(now()).encode()
    signature = sign_v3(secret, "POST", signed_uri(f"{PUBLIC}/webhooks/hubspot", b""), body, stamp)
    headers = {V3: signature.decode(), TIMESTAMP: stamp.decode()}
    return requests.post(f"{url}/webhooks/hubspot", data=body, headers=headers, timeout=timeout)


def change(record: int, value: str, number: int = 1) -> dict[str, Any]:
    """A contact changed its e-mail address."""
    return {
        "eventId": number,
        "subscriptionId": 1,
        "portalId": PORTAL,
        "appId": 5,
        "occurredAt": now(),
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": record,
        "propertyName": "email",
        "propertyValue": value,
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }
