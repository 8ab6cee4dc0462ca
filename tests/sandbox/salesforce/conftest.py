"""A fresh org for each test, and a plain HTTP caller with a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from leadscore.sandbox.salesforce.server import SalesforceSandbox, serve

NOW = 1_800_000_000_000
DATA = "/services/data/v66.0"


@dataclass
class Caller:
    """Plain HTTP with the right token; `control` talks to the strings behind the stage."""

    org: SalesforceSandbox
    session: requests.Session = field(default_factory=requests.Session)

    def login(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.org.org.settings.client_id,
            "client_secret": self.org.org.settings.client_secret,
        }
        answer = self.session.post(f"{self.org.url}/services/oauth2/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def send(self, method: str, path: str, json: Any = None, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.org.url}{DATA}/{path}", json=json, timeout=10, **more)

    def query(self, text: str, every: bool = False) -> Any:
        answer = self.send("GET", "queryAll" if every else "query", params={"q": text})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, text: str, *names: str, every: bool = False) -> list[Any]:
        """The values of these fields of every row of the first page."""
        found = [tuple(row[name] for name in names) for row in self.query(text, every)["records"]]
        return [row[0] for row in found] if len(names) == 1 else found

    def fault(self, text: str) -> Any:
        answer = self.send("GET", "query", params={"q": text})
        assert answer.status_code == 400, answer.text
        return answer.json()[0]

    def make(self, object: str, **values: Any) -> str:
        answer = self.send("POST", f"sobjects/{object}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def lead(self, **values: Any) -> str:
        return self.make("Lead", **{"LastName": "Ode", "Company": "Acme", **values})

    def control(self, path: str, json: Any = None) -> Any:
        method = "GET" if json is None else "POST"
        answer = requests.request(method, f"{self.org.url}/_sandbox/{path}", json=json, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def org() -> Iterator[SalesforceSandbox]:
    with serve(now=NOW) as running:
        yield running


@pytest.fixture
def call(org: SalesforceSandbox) -> Caller:
    caller = Caller(org)
    caller.login()
    return caller
