"""A local HubSpot to test against, and a clock that only moves when somebody waits on it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.budget import LocalBudget
from connectors.http import Patience, Time
from connectors.hubspot.connect import HubSpot, connect
from connectors.protocol import Needs, Page
from leadscore.sandbox.server import Sandbox, serve

NOW = 1_800_000_000_000
DAY = 86_400_000

CONTACTS_ONLY = Needs({"contact": ("jobtitle",)}, {"contact": ("jobtitle",)})


@dataclass
class Clock:
    """Stands still until somebody sleeps; remembers each sleep."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def time(self) -> Time:
        return Time(wall=lambda: NOW + round(self.seconds * 1000), tick=lambda: self.seconds, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@dataclass
class Portal:
    """The local HubSpot with its strings. `clock` is that of the connector; the portal's own stands at NOW."""

    sandbox: Sandbox
    clock: Clock = field(default_factory=Clock)
    opened: list[HubSpot] = field(default_factory=list)

    def post(self, path: str, /, **document: Any) -> Any:
        return self._pull("POST", path, document)

    def get(self, path: str) -> Any:
        return self._pull("GET", path, None)

    def fault(self, **fault: Any) -> None:
        self.post("faults", **fault)

    def import_contacts(self, rows: Iterable[dict[str, str]], at: int = NOW) -> list[str]:
        return [str(id) for id in self.post("people/import", rows=list(rows), at=at)["ids"]]

    def api(self, method: str, path: str, document: Any = None) -> Any:
        """A call as the customer's own programs make it."""
        headers = {"Authorization": f"Bearer {self.sandbox.token}"}
        answer = _ask(method, self.sandbox.url + path, document, headers)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def open(
        self, token: str | None = None, *, version: str = "v3", patience: Patience | None = None, sparing: bool = False
    ) -> HubSpot:
        """A connector with the portal's limits out of the way."""
        time = self.clock.time()
        budget = LocalBudget(tick=time.tick, wall=time.wall, burst=1_000_000, searches_per_second=1e9, share=1.0)
        made = connect(
            token or self.sandbox.token,
            url=self.sandbox.url,
            version=version,
            budget=budget,
            time=time,
            patience=patience,
            sparing=sparing,
        )
        self.opened.append(made)
        return made

    def requests(self, part: str) -> int:
        return sum(count for name, count in self.get("requests").items() if part in name)

    def _pull(self, method: str, path: str, document: Any) -> Any:
        answer = _ask(method, f"{self.sandbox.url}/_sandbox/{path}", document, {})
        assert answer.ok, answer.text
        return answer.json()


def _ask(method: str, url: str, document: Any, headers: dict[str, str]) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, json=document, headers=headers, timeout=60)


@contextmanager
def portal(**settings: Any) -> Iterator[Portal]:
    with serve(now=NOW, **settings) as sandbox:
        made = Portal(sandbox)
        try:
            yield made
        finally:
            for connector in made.opened:
                connector.close()


def record_ids(pages: Iterable[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]
