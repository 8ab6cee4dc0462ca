"""A local Salesforce to test against, with connectors to it and what people do there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests

from connectors.budget import LocalBudget
from connectors.http import Patience
from connectors.salesforce.client import Client
from connectors.salesforce.fields import field_name, kind_of
from connectors.salesforce.login import Credentials
from leadscore.sandbox.salesforce.rows import Write, create
from leadscore.sandbox.salesforce.server import SalesforceSandbox, serve
from leadscore.sandbox.salesforce.setup import people
from tests.connectors.portal import NOW, Clock

HOUR = 3_600_000


@dataclass
class Org:
    """The local Salesforce with its strings. `clock` is that of the connector; the org's own stands at NOW."""

    sandbox: SalesforceSandbox
    clock: Clock = field(default_factory=Clock)
    clients: list[Client] = field(default_factory=list)

    @property
    def credentials(self) -> Credentials:
        settings = self.sandbox.org.settings
        return Credentials(settings.client_id, settings.client_secret)

    def client(
        self, credentials: Credentials | None = None, *, share: float = 1.0, patience: Patience | None = None
    ) -> Client:
        time = self.clock.time()
        budget = LocalBudget(tick=time.tick, wall=time.wall, burst=1_000_000, share=share)
        made = Client(
            credentials or self.credentials, budget, self.sandbox.url, time=time, patience=patience or Patience()
        )
        self.clients.append(made)
        return made

    def post(self, path: str, /, **document: Any) -> Any:
        return self._pull("POST", path, document)

    def get(self, path: str) -> Any:
        return self._pull("GET", path, None)

    def make(self, object: str, *, at: int | None = None, **values: Any) -> str:
        """A record made by a person in the app."""
        known = {} if at is None else {"at": at}
        return str(self.post("people/make", object=object, values=values, **known)["id"])

    def lead(self, **values: Any) -> str:
        return self.make("Lead", **{"LastName": "Ode", "Company": "Acme", **values})

    def make_all(self, object: str, rows: Sequence[dict[str, Any]]) -> list[str]:
        """Many records of one and the same second, as an import makes them."""
        inside = self.sandbox.org
        with inside.transaction():
            write = Write(people(inside).admin, unchecked=True)
            return [str(create(inside, object, row, write).id) for row in rows]

    def install(self, object: str, words: Sequence[str]) -> None:
        """Our fields for these output words, which our user may edit."""
        types: dict[str, dict[str, Any]] = {
            "number": {"type": "double", "precision": 18},
            "datetime": {"type": "datetime"},
            "long": {"type": "textarea", "length": 32_768},
            "picklist": {"type": "picklist"},
            "text": {"type": "string", "length": 255},
        }
        self.fields(object, *({"name": field_name(word), **types[kind_of(word)]} for word in words))
        for client in self.clients:
            client.forget_fields()

    def edit(self, object: str, id: str, **values: Any) -> None:
        self.post("people/edit", object=object, id=id, values=values)

    def advance(self, ms: int) -> None:
        self.post("clock", advance_ms=ms)

    def now(self) -> int:
        return int(self.get("clock")["now"])

    def fields(self, object: str, *fields: dict[str, Any], edit: bool = True) -> None:
        """Makes custom fields that our user may see (and edit)."""
        self.post("fields", object=object, fields=list(fields))
        self.post("grant", object=object, fields=[one["name"] for one in fields], edit=edit)

    def requests(self, part: str) -> int:
        return sum(count for name, count in self.get("requests").items() if part in name)

    def _pull(self, method: str, path: str, document: Any) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.sandbox.url}/_sandbox/{path}", json=document, timeout=60)
        assert answer.ok, answer.text
        return answer.json()


@contextmanager
def running(**settings: Any) -> Iterator[Org]:
    with serve(now=NOW, **settings) as sandbox:
        made = Org(sandbox)
        try:
            yield made
        finally:
            for client in made.clients:
                client.close()
