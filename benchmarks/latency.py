"""From a webhook to a score that is ready to be written: one contact, by the code that the service runs."""

import sqlite3
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from time import perf_counter

from sqlalchemy import Engine

from benchmarks.filling import NOW
from benchmarks.live_rig import (
    ACCOUNT,
    NEEDS,
    Crm,
    Sender,
    events,
    milliseconds,
    percentile,
    prepare,
    service,
)
from benchmarks.million import alone, rulebook
from benchmarks.results import Row, Section
from leadscore.jobs.inbox import StoreInbox, take_in
from leadscore.jobs.refetch import refetch
from leadscore.jobs.worker import Worker
from leadscore.jobs.writing_policy import WritePolicy
from leadscore.store.database import connect
from webhooks.delivery import Delivery, NamedRecord, Receipt

P50, P99 = 0.002, 0.010
_WARM = 300
"""Notices that are not counted: a process that was just started knows no value and no page yet."""
_STATIONS = ("kept", "taken in", "read", "scored")


class Line:
    """The stations of the live path, one after the other in one thread."""

    def __init__(self, url: str, store: Engine) -> None:
        self._inbox = StoreInbox(url, least_free=0)
        self._store = store
        self._crm = Crm().reader()
        self._worker = Worker(store, rulebook(edited=False), WritePolicy(), name="bench", most_an_hour=10**9)

    def one(self, number: int, contact: int) -> Mapping[str, float]:
        """Seconds at each station for one notice; nothing if the score needs no write, as other values gave the same
        one."""
        marks = [perf_counter()]
        self._inbox.put(_receipt(number, contact))
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
        return {name: end - begun for name, begun, end in zip(_STATIONS, marks, marks[1:], strict=False)}

    def close(self) -> None:
        """Ends the inbox."""
        self._inbox.close()


def _receipt(number: int, contact: int) -> Receipt:
    raw = b'{"eventId":%d,"objectId":%d,"subscriptionType":"contact.propertyChange"}' % (number, contact)
    named = (NamedRecord("itself", "contact", str(contact)),)
    told = Delivery("hubspot", ACCOUNT, f"{number:064x}", "changed", "contact", named, "title", NOW, raw)
    return Receipt("hubspot", NOW, (told,), ())


def in_line(url: str, contacts: int, times: int) -> list[Mapping[str, float]]:
    """The stations' seconds for so many notices, after some for warmth."""
    store = connect(url, "NORMAL")
    line = Line(url, store)
    try:
        found = [line.one(number, 1 + number * 7919 % contacts) for number in range(times + _WARM)]
    finally:
        line.close()
        store.dispose()
    return [one for one in found[_WARM:] if one]


def served(url: str, contacts: int, times: int) -> tuple[list[float], list[float]]:
    """Seconds from the sending of a signed request until it is answered, and until its score is in the outbox."""
    scored = Event()

    def watch(shift: str, done: int, failure: Exception | None) -> None:
        if failure is not None:
            raise RuntimeError("the service met an error") from failure
        if shift == "score" and done:
            scored.set()

    answered: list[float] = []
    ready: list[float] = []
    with service(url, watch) as address:
        sender = Sender(address)
        for number in range(times + _WARM):
            body = events(10_000_000 + number, 1, contacts)
            scored.clear()
            begun = perf_counter()
            status = sender.send(body)
            answered.append(perf_counter() - begun)
            if status != 200 or not scored.wait(30):
                raise RuntimeError(f"a notice was answered with {status} and not scored in half a minute")
            ready.append(perf_counter() - begun)
        sender.close()
    return answered[_WARM:], ready[_WARM:]


def bare(folder: Path, times: int) -> list[float]:
    """Seconds for one row in a transaction of its own with synchronous=FULL: what this disk and SQLite ask for."""
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, raw BLOB)")
    found: list[float] = []
    for number in range(times):
        begun = perf_counter()
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO rows VALUES (?, ?)", (f"{number:064x}", b"x" * 250))
        database.execute("COMMIT")
        found.append(perf_counter() - begun)
    database.close()
    return found


def run(folder: Path, quick: bool) -> Section:
    """Station by station in one thread, and through the running service."""
    contacts, times = (500, 200) if quick else (10_000, 2_000)
    path = folder / "latency.db"
    url = alone(prepare, path, contacts)
    stations = alone(in_line, url, contacts, times)
    answered, ready = alone(served, url, contacts, times)
    limit = bare(folder, times)
    for file in (*folder.glob("latency.db*"), *folder.glob("bare.db*")):
        file.unlink()
    totals = [sum(one.values()) for one in stations]
    parts = ", ".join(f"{name} {statistics.median(one[name] for one in stations) * 1000:.2f}" for name in _STATIONS)
    return Section(
        "From a webhook to the outbox",
        f"One contact among {contacts:,}, the model of a hundred rules, SQLite, {times:,} notices one after the other. "
        "Each brings other values, and the score goes into the outbox. The inbox commits with synchronous=FULL. The "
        "CRM answers at once, so its time is not in it.",
        (
            Row("all stations, in one thread", "p50 < 2 ms, p99 < 10 ms", milliseconds(totals), _met(totals)),
            Row("each station, p50", "", f"{parts} ms"),
            Row(
                "through the running service: HTTP, signature, and from thread to thread",
                "",
                milliseconds(ready),
                why="from the sending of the request until the score is committed with its row in the outbox.",
            ),
            Row("of this until HubSpot has its answer", "p99 < 100 ms", milliseconds(answered), _quick(answered)),
            Row("the limit: one row in one transaction with FULL, by sqlite3 alone", "", milliseconds(limit)),
        ),
    )


def _met(values: Sequence[float]) -> bool:
    return percentile(values, 0.5) < P50 and percentile(values, 0.99) < P99


def _quick(values: Sequence[float]) -> bool:
    return percentile(values, 0.99) < 0.1
