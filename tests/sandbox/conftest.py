"""A fresh portal for each test, the official client on it, and a plain HTTP caller for what the client hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import urllib3
from hubspot import HubSpot

from leadscore.sandbox import Sandbox, serve
from tests.sandbox.receiver import Receiver, listen

NOW = 1_800_000_000_000


@dataclass
class Caller:
    """Plain HTTP with the right token; `control` talks to the strings behind the stage."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def send(
        self, method: str, path: str, json: Any = None, token: str | None = None, **params: Any
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.session.request(
            method, self.url + path, json=json, params=params or None, headers=headers, timeout=10
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.send("GET", path, **params)

    def post(self, path: str, json: Any, **params: Any) -> requests.Response:
        return self.send("POST", path, json, **params)

    def patch(self, path: str, json: Any, **params: Any) -> requests.Response:
        return self.send("PATCH", path, json, **params)

    def control(self, path: str, json: Any = None) -> Any:
        method = "GET" if json is None else "POST"
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=json, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def subscribe(self, target: str, *subscriptions: str, **more: Any) -> Any:
        """Has changes told to `target`; retries come quickly."""
        wish = {"target_url": target, "client_secret": "s3cret", "app_id": 4711, "back_off_ms": [5, 10, 20]}
        return self.control("webhooks", {**wish, "subscriptions": list(subscriptions), **more})

    def flush(self, **more: Any) -> Any:
        """Waits until every event was delivered, dropped or given up."""
        told = self.control("webhooks/flush", more)
        assert told["empty"], told
        return told

    def deliveries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("webhooks/deliveries")["deliveries"]
        return found

    def contact(self, **properties: Any) -> str:
        """Creates a contact and gives its id."""
        answer = self.post("/crm/v3/objects/contacts", {"properties": properties})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def contacts(self, count: int, start: int = 0) -> list[str]:
        """Contacts c0@x.example, c1@..., all at one instant, as an import makes them."""
        rows = [{"email": f"c{number}@x.example"} for number in range(start, start + count)]
        return [str(made) for made in self.control("people/import", {"rows": rows})["ids"]]

    def record(self, kind: str, **properties: Any) -> str:
        answer = self.post(f"/crm/v3/objects/{kind}", {"properties": properties})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def search(self, kind: str = "contacts", **body: Any) -> requests.Response:
        return self.post(f"/crm/v3/objects/{kind}/search", body)

    def read(self, record_id: str, *names: str) -> dict[str, Any]:
        answer = self.get(f"/crm/v3/objects/contacts/{record_id}", properties=",".join(names))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["properties"]
        return found


@pytest.fixture
def portal() -> Iterator[Sandbox]:
    with serve(now=NOW) as running:
        yield running


@pytest.fixture
def http(portal: Sandbox) -> Iterator[Caller]:
    caller = Caller(portal.url, portal.token)
    yield caller
    caller.session.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    called = Receiver()
    server = listen(called)
    yield called
    called.ended.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(portal: Sandbox) -> HubSpot:
    """The official client with only its host set; its own retries are off."""
    retry = urllib3.Retry(total=0, respect_retry_after_header=False)
    return HubSpot(access_token=portal.token, host=portal.url, retry=retry)
