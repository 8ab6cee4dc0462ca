"""A portal whose records move, its signed webhooks at a real door, and the jobs that act upon them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Flask
from sqlalchemy import Engine, Table, select

from config.model_file import parse_model
from connectors.hubspot.connect import HubSpot, connect
from leadscore.cli.web_server import WebServer
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.inbox import StoreInbox, take_in
from leadscore.jobs.moves import HANDLERS
from leadscore.jobs.plan import make_plan
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.worker import Worker
from leadscore.jobs.write_back import write_back
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.sandbox import Sandbox, serve
from leadscore.store.database import open_store, reading
from leadscore.store.people import find_person
from leadscore.store.tables import records
from leadscore.store.work_tables import ledgers, scores
from scoring.values import Tables
from webhooks.blueprint import DoorSettings, hubspot_door
from webhooks.hubspot import Portal

NOW = 1_800_000_000_000
MINUTE = 60_000
SECRET = "s3cret"
PUBLIC = "https://leads.example.com/webhooks/hubspot"
KINDS = (
    "creation",
    "deletion",
    "merge",
    "restore",
    "privacyDeletion",
    "propertyChange:jobtitle",
    "propertyChange:email",
)
MODEL = """
name: moving
fields:
  title: {type: text, hubspot: jobtitle}
  industry: {type: text, hubspot: [company.industry]}
  won: {type: number, hubspot: {deals: won}}
scores:
  fit:
    groups:
      - name: Who
        rules:
          - {name: Boss, when: {title: {is: CEO}}, points: 50}
          - {name: Software, when: {industry: {is: COMPUTER_SOFTWARE}}, points: 7}
          - {name: Bought, when: {won: {at_least: 1}}, points: 3}
  engagement:
    groups:
      - name: Forms
        rules:
          - {name: Demo, on: form_submission, where: {form: {is: Request a demo}}, points: 10, count: each}
bands: {cold: null, warm: 35, hot: 65}
lifecycle:
  mode: observe
  field: {hubspot: lifecyclestage}
  stages: {lead: {hubspot: lead}, mql: {hubspot: marketingqualifiedlead}, sql: {hubspot: salesqualifiedlead}}
  enter:
    - {stage: sql, when: {total: {at_least: 65}}}
    - {stage: mql, when: {total: {at_least: 35}}}
feedback:
  field: {hubspot: leadscore_feedback}
  answers:
    - {answer: true_sql, label: "True SQL"}
    - {answer: not_ready, label: "MQL: not ready", drop_to: mql}
    - {answer: unqualified, label: "Unqualified", points: -100, hold: lead}
"""
BOOK = Rulebook((parse_model(MODEL, "model"),), (MODEL,), Tables(frozenset(), frozenset(), {}))


@dataclass
class Town:
    """A portal, its store, the door, and the time. `let_go` makes the door give its idle connections back, as if its
    process had ended."""

    portal: Sandbox
    crm: HubSpot
    store: Engine
    door: str
    let_go: Callable[[], None]
    clock: dict[str, int] = field(default_factory=lambda: {"now": NOW})

    @property
    def now(self) -> int:
        return self.clock["now"]

    def pull(self, path: str, **body: Any) -> Any:
        answer = requests.post(f"{self.portal.url}/_sandbox/{path}", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def later(self, ms: int = MINUTE) -> None:
        self.clock["now"] += ms
        self.pull("clock", now=self.now)

    def person(self, email: str, title: str = "", **more: str) -> str:
        row = {"email": email} | ({"jobtitle": title} if title else {}) | more
        return str(self.pull("people/import", rows=[row])["ids"][0])

    def demo(self, email: str) -> None:
        self.pull("people/submit-form", form="Request a demo", values={"email": email})

    def merge(self, primary: str, other: str, object: str = "contacts") -> str:
        return str(self.pull("people/merge", primary=primary, other=other, object=object)["id"])

    def listen(self, *, on: bool = True, **more: Any) -> None:
        """From now on the portal tells of everything; or of nothing any more."""
        names = [f"{thing}.{kind}" for thing in ("contact", "company", "deal") for kind in KINDS if _told(thing, kind)]
        self.pull(
            "webhooks", target_url=self.door, signed_url=PUBLIC, client_secret=SECRET, back_off_ms=[5, 10, 20],
            subscriptions=names if on else [], **more,
        )  # fmt: skip

    def delivered(self) -> None:
        """Waits until everything that was to be told was told."""
        assert self.pull("webhooks/flush", hurry=True)["empty"]

    def look(self) -> None:
        """A sync, as the reconciling look does it."""
        self.later()
        sync(self.store, self.crm.reader, BOOK, self.now)

    def settle(self) -> None:
        """Turns of every job until nothing is left to do."""
        needs = self.crm.reader.needs(BOOK.models)
        for _ in range(60):
            done = take_in(self.store, self.now, handlers=HANDLERS)
            read = refetch(self.store, self.crm.reader, needs, self.now, "w")
            scored = Worker(self.store, BOOK, WritePolicy(), name="w").score_due(self.now)
            out = write_back(self.store, self.crm.writer, self.now, "w")
            if not (
                done + read.read + read.missing + scored.scored + scored.gone + out.written + out.same + out.missing
            ):
                return
        raise AssertionError("the jobs do not come to rest")

    def live(self) -> None:
        """What was told arrives and is acted upon."""
        self.delivered()
        self.settle()

    def portal_calls(self) -> int:
        """How many calls the portal has answered."""
        return int(requests.get(f"{self.portal.url}/_sandbox/requests", timeout=10).json()["total"])

    def begin(self) -> None:
        """The first sync and apply."""
        self.look()
        plan = make_plan(self.store, self.crm.reader, BOOK, self.now, processes=1).plan
        assert apply_plan(self.store, self.crm.reader, self.crm.writer, plan, BOOK, self.now).complete

    def shown(self, id: str, *words: str) -> dict[str, str | None]:
        """What our fields hold in the portal."""
        return dict(self.crm.reader.outputs([id], words or ("total",))[id])

    def subject(self, who: str) -> int:
        with reading(self.store) as connection:
            person = find_person(connection, who)
        assert person is not None, f"nobody is known as {who}"
        return person.subject

    def living(self) -> set[str]:
        """The CRM's ids of the contacts that live, as far as we know."""
        r = records.c
        query = select(r.record_id).where(r.object == "contact", r.until.is_(None), r.read_at.is_not(None))
        with reading(self.store) as connection:
            return set(connection.execute(query).scalars())

    def totals(self) -> dict[str, int | None]:
        """The total of everybody whom a living contact shows, by the CRM's id."""
        r = records.c
        query = select(r.record_id, scores.c.total).join(scores, scores.c.subject == r.subject)
        with reading(self.store) as connection:
            found = connection.execute(query.where(r.object == "contact", r.until.is_(None)))
            return {row[0]: row[1] for row in found}

    def lines(self) -> dict[str, str]:
        """The ledger of everybody whom a living contact shows."""
        r = records.c
        query = select(r.record_id, ledgers.c.lines).join(ledgers, ledgers.c.subject == r.subject)
        with reading(self.store) as connection:
            return {row[0]: row[1] for row in connection.execute(query.where(r.until.is_(None)))}

    def rows(self, table: Table) -> list[Any]:
        with reading(self.store) as connection:
            return list(connection.execute(select(table)))


def _told(thing: str, kind: str) -> bool:
    return thing == "contact" or kind in ("creation", "deletion", "merge", "restore")


@contextmanager
def town(database_url: str) -> Iterator[Town]:
    with serve() as portal:
        crm = connect(portal.token, url=portal.url)
        store = open_store(database_url)
        inbox = StoreInbox(database_url, least_free=0)
        made = Town(portal, crm, store, "", let_go=inbox._store.dispose)
        door = DoorSettings(PUBLIC, Portal("147000001", ours=lambda name: name.startswith("leadscore_")), (SECRET,))
        app = Flask("door")
        app.register_blueprint(hubspot_door(door, inbox, lambda: made.now))
        server = WebServer(app, "127.0.0.1:0", 4)
        server.start()
        made.door = f"{server.url}/webhooks/hubspot"
        made.pull("limits", burst=100_000, search_per_second=1_000)
        made.pull("settings", account_type="SANDBOX")
        made.pull("clock", now=NOW)
        made.pull("forms", name="Request a demo")
        list(crm.installer.carry_out(crm.installer.plan(BOOK.models), BOOK.models))
        try:
            yield made
        finally:
            server.stop()
            inbox.close()
            crm.close()
            store.dispose()
