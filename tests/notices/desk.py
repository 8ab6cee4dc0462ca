"""A store that knows some leads of a local HubSpot, and everything by which sales is told of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, update

from connectors.hubspot.connect import HubSpot
from connectors.signed_post import Poster
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.notices import Entered, put_entered
from leadscore.jobs.post import PostReport, post
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.tell import TellReport, tell
from leadscore.store.account import note
from leadscore.store.database import open_store, reading, writing
from leadscore.store.leases import give_back_all
from leadscore.store.live_tables import postings, tellings
from leadscore.store.notices import Line, listed
from leadscore.store.records import find_records
from leadscore.store.tables import records
from tests.connectors.portal import NOW, Portal
from tests.connectors.portal import portal as local_portal
from tests.jobs.models import SMALL, rulebook

HOUR = 3_600_000
DAY = 24 * HOUR
STATES = ("open", "digest", "done", "dead", "void")
TASK = """
notify:
  - {on: {enters: sql}, by: [crm_task], text: "{name} of {company} is ready: {reason} {link}"}
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = b"1\xf2\x90\xf6\xbf\x06)\x8a\xabO\x08\xd4<?\x08,\xf6H\xa3b\xda-\xa4\xb0"
"""What the secret stands for, written down by hand."""


@dataclass
class Desk:
    """`now` is what time it is for the jobs; the portal's own clock stands still."""

    portal: Portal
    hubspot: HubSpot
    store: Engine
    book: Rulebook
    messenger: Messenger
    now: int = NOW
    told: list[str] = field(default_factory=list)

    def add(self, **values: str) -> str:
        """A new contact that sync has read."""
        (id,) = self.portal.import_contacts([{"email": f"p{len(self.told)}@acme.example"} | values])
        self.told.append(id)
        sync(self.store, self.hubspot.reader, self.book, NOW)
        return id

    def edit(self, id: str, **values: str) -> None:
        self.portal.post("people/edit", id=id, properties=values)

    def entered(self, *ids: str, at: int = NOW, stage: str = "sql") -> int:
        """These contacts entered a stage; returns how many notices are new."""
        with writing(self.store) as connection:
            held = find_records(connection, [("contact", id) for id in ids])
            rows = [Entered(held["contact", id].id, held["contact", id].subject or 0, "small", stage, at) for id in ids]
            return put_entered(connection, self.book.models, rows, self.now)

    def tell(self, worker: str = "w") -> TellReport:
        return tell(self.store, self.messenger, self.book, lambda: self.now, worker)

    def post(self, worker: str = "w") -> PostReport:
        return post(self.store, self.messenger, self.book, lambda: self.now, worker)

    def restarted(self) -> None:
        """The process was killed and starts again; what it held is free at once."""
        with writing(self.store) as connection:
            for queue in (tellings, postings):
                give_back_all(connection, queue, "w")

    def tasks(self) -> list[dict[str, Any]]:
        """Every task of the portal, oldest first, with the contacts that it is on."""
        names = "hs_task_body,hs_task_subject,hs_timestamp,hubspot_owner_id"
        path = f"/crm/v3/objects/tasks?limit=100&properties={names}&associations=contacts"
        found = self.portal.api("GET", path)["results"]
        shown = [one["properties"] | {"on": _linked(one)} for one in found]
        return sorted(shown, key=lambda one: int(one["hs_object_id"]))

    def lines(self, *states: str) -> list[Line]:
        with reading(self.store) as connection:
            return listed(connection, states or STATES, 100)

    def gone(self, id: str) -> None:
        """Our own store knows that a record was archived."""
        with writing(self.store) as connection:
            connection.execute(update(records).where(records.c.record_id == id).values(until=self.now))

    def merged(self, gone: str, left: str) -> None:
        """Our own store knows that a record was merged into another."""
        with writing(self.store) as connection:
            held = find_records(connection, [("contact", left)])["contact", left]
            away = {"until": self.now, "subject": held.subject}
            connection.execute(update(records).where(records.c.record_id == gone).values(away))


def _linked(task: dict[str, Any]) -> list[str]:
    return sorted({one["id"] for one in task.get("associations", {}).get("contacts", {}).get("results", ())})


@contextmanager
def desk(url: str, model: str = TASK, **settings: Any) -> Iterator[Desk]:
    """`settings` are those of the messenger."""
    with local_portal() as portal:
        hubspot = portal.open()
        store = open_store(url)
        poster = settings.pop("poster", Poster([KEY], allow_loopback=True))
        messenger = Messenger(hubspot.tasks, poster, **settings)
        made = Desk(portal, hubspot, store, rulebook(SMALL + model), messenger)
        try:
            sync(store, hubspot.reader, made.book, NOW)
            with writing(store) as connection:
                note(connection, baseline_at=NOW - DAY)
            yield made
        finally:
            store.dispose()
