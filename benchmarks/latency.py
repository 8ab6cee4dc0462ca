"""From a webhook to a score that is ready to be written: one contact, by the code that the service runs."""

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import cast

from sqlalchemy import Engine

from benchmarks.fields import PROPERTIES, raw_values, typed_values
from benchmarks.filling import NOW, fill, pretend_written
from benchmarks.million import rulebook
from connectors.protocol import Needs, Page, Reader, SeenRecord
from leadscore.jobs.inbox import StoreInbox, take_in
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rescore import rescore
from leadscore.jobs.worker import Worker
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.account import note
from leadscore.store.database import connect, writing
from webhooks.delivery import Delivery, NamedRecord, Receipt

ACCOUNT = "1"
NEEDS = Needs({"contact": tuple(one.name for one in PROPERTIES)}, {})


@dataclass
class Crm:
    """A CRM that takes no time: each reading shows a contact with other values than before."""

    draw: random.Random = field(default_factory=lambda: random.Random(3))

    def __post_init__(self) -> None:
        self._pool = [raw_values(typed_values(self.draw)) for _ in range(500)]

    def fetch_with_activities(self, object: str, ids: Sequence[str], _needs: Needs) -> Page:
        """These contacts, with no activity of their own."""
        return Page("", tuple(self._record(object, id) for id in ids), last=True)

    def _record(self, object: str, id: str) -> SeenRecord:
        values = {name: text for name, text in self.draw.choice(self._pool).items() if name != "email"}
        return SeenRecord(object, id, values, modified_at=NOW)


def prepare(url: str, path: Path, contacts: int) -> None:
    """A store of so many people that was scored and applied once."""
    fill(path, contacts)
    store = connect(url, "NORMAL")
    rescore(store, rulebook(edited=False), NOW, processes=1)
    pretend_written(store, rulebook(edited=False))
    with writing(store) as connection:
        note(connection, baseline_at=NOW - 1)
    store.dispose()


def receipt(number: int, contact: int) -> Receipt:
    """One event about one contact, each with a key of its own."""
    raw = b'{"eventId":%d,"objectId":%d,"subscriptionType":"contact.propertyChange"}' % (number, contact)
    named = (NamedRecord("itself", "contact", str(contact)),)
    told = Delivery("hubspot", ACCOUNT, f"{number:064x}", "changed", "contact", named, "title", NOW, raw)
    return Receipt("hubspot", NOW, (told,), ())


class Line:
    """The stations of the live path, one after the other in one thread."""

    def __init__(self, url: str, store: Engine) -> None:
        self._inbox = StoreInbox(url, least_free=0)
        self._store = store
        self._crm = cast(Reader, Crm())  # of a Reader, only reading by id is used here
        self._worker = Worker(store, rulebook(edited=False), WritePolicy(), name="bench", most_an_hour=10**9)

    def one(self, number: int, contact: int) -> Mapping[str, float]:
        """Seconds at each station for one notice; nothing if the score needs no write, as other values gave the same
        one."""
        marks = [perf_counter()]
        self._inbox.put(receipt(number, contact))
        marks.append(perf_counter())
        take_in(self._store, NOW + number)
        marks.append(perf_counter())
        refetch(self._store, self._crm, NEEDS, NOW + number, "bench:read")
        marks.append(perf_counter())
        report = self._worker.score_due(NOW + number)
        marks.append(perf_counter())
        if report.scored != 1:
            raise RuntimeError(f"one notice is to become one score, not {report}")
        if not report.out:
            return {}
        names = ("kept", "taken in", "read", "scored")
        return {name: end - begun for name, begun, end in zip(names, marks, marks[1:], strict=False)}

    def close(self) -> None:
        self._inbox.close()


def percentile(values: Sequence[float], part: float) -> float:
    """The value that so many (0 to 1) of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def measure(url: str, contacts: int, times: int) -> list[Mapping[str, float]]:
    """The stations' seconds for so many notices, after some for warmth."""
    store = connect(url, "NORMAL")
    line = Line(url, store)
    try:
        found = [line.one(number, 1 + number * 7919 % contacts) for number in range(times + 50)]
    finally:
        line.close()
        store.dispose()
    return [one for one in found[50:] if one]


def told(found: Sequence[Mapping[str, float]]) -> str:
    """Totals and stations in ms."""
    totals = [sum(one.values()) for one in found]
    parts = ", ".join(f"{name} {statistics.median(one[name] for one in found) * 1000:.2f}" for name in found[0])
    return f"p50 {percentile(totals, 0.5) * 1000:.2f} ms, p99 {percentile(totals, 0.99) * 1000:.2f} ms ({parts})"
