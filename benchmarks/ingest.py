"""How many signed events a second are kept before they are answered, while a worker runs beside the door."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.live_rig import Sender, events, milliseconds, percentile, prepare, service
from benchmarks.million import alone
from benchmarks.results import Row, Section
from leadscore.store.batch import to_json
from webhooks.delivery import Delivery, Inbox, Receipt

LONGEST = 0.1
"""Within so many seconds nearly every request is to be answered."""
LOADS = ((100, 10, True), (200, 100, True))
"""Requests a second, events in each, and whether that is a goal."""
_SENDERS = 16
_ANSWER = 0.15
"""Seconds that the CRM takes for an answer to the worker."""
_PUT = """
INSERT OR IGNORE INTO deliveries
(key, source, account, kind, object, record_ids, property, occurred_at, raw, received_at, state, attempts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 0)
"""


class EachForItself:
    """The peer: an inbox in which each thread has a connection, and each request a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()

    def put(self, receipt: Receipt) -> int:
        """As the Protocol says."""
        database = getattr(self._own, "database", None)
        if database is None:
            database = self._own.database = sqlite3.connect(self._path, timeout=60, isolation_level=None)
            database.execute("PRAGMA synchronous=FULL")
        rows = [_row_of(one, receipt.received_at) for one in receipt.deliveries]
        database.execute("BEGIN IMMEDIATE")
        new = database.executemany(_PUT, rows).rowcount
        database.execute("COMMIT")
        return int(new)


def _row_of(one: Delivery, at: int) -> tuple[object, ...]:
    told = (one.source, one.account, one.kind, one.object, to_json(one.records), one.property)
    return (one.key, *told, one.occurred_at, one.raw, at)


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a load: seconds from when each request was to be sent until its answer, the seconds that all took,
    how many were refused, and how many acknowledged events are not in the store."""

    seconds: list[float]
    took: float
    refused: int
    lost: int
    done: int


def fire(path: Path, peer: bool, rate: int, many: int, seconds: int, contacts: int) -> Load:
    """Sends at a fixed rate, whatever the answers take, and looks what the store has of it then."""
    bodies = [events(number * many, many, contacts) for number in range(rate * seconds)]
    answers, refused = [0.0] * len(bodies), [0] * _SENDERS
    with _served(path, peer) as url:
        begins = time.perf_counter() + 0.5

        def send(which: int) -> None:
            sender = Sender(url)
            for number in range(which, len(bodies), _SENDERS):
                due = begins + number / rate
                time.sleep(max(0.0, due - time.perf_counter()))
                refused[which] += sender.send(bodies[number]) != 200
                answers[number] = time.perf_counter() - due
            sender.close()

        with ThreadPoolExecutor(_SENDERS) as pool:
            list(pool.map(send, range(_SENDERS)))
        took = time.perf_counter() - begins
    with sqlite3.connect(path) as database:
        kept, done = database.execute("SELECT count(*), sum(state = 'done') FROM deliveries").fetchone()
    acknowledged = (len(bodies) - sum(refused)) * many
    return Load(answers, took, sum(refused), acknowledged - kept, done or 0)


@contextmanager
def _served(path: Path, peer: bool) -> Iterator[str]:
    """The service in a process of its own; its address."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(path, peer, there))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("enough")
        process.join(60)


def _serve(path: Path, peer: bool, there: Connection) -> None:
    inbox: Inbox | None = EachForItself(path) if peer else None
    with service(f"sqlite:///{path}", lambda *_: None, inbox=inbox, pause=_ANSWER) as url:
        there.send(url)
        there.recv()


def run(folder: Path, quick: bool) -> Section:
    """Each load against the product's inbox and against the peer, in stores of their own."""
    contacts, seconds = (300, 3) if quick else (10_000, 20)
    rows: list[Row] = []
    for rate, many, goal in LOADS:
        for peer in (False, True):
            path = folder / "ingest.db"
            alone(prepare, path, contacts)
            load = fire(path, peer, rate, many, seconds, contacts)
            for file in folder.glob("ingest.db*"):
                file.unlink()
            rows.append(_row(load, rate, many, seconds, peer=peer, goal=goal))
    return Section(
        "Events that come in",
        f"Signed requests over HTTP from another process, {seconds} s at a fixed rate, each counted from when it was "
        "due to be sent, so that a server which falls behind is not spared; every event is new, among "
        f"{contacts:,} contacts. One process has the door, which commits with synchronous=FULL before it answers, and "
        f"the worker, which acts upon the events meanwhile (its CRM takes {_ANSWER} s for an answer); sender and "
        "service share the two cores. The peer differs in one thing: there each thread commits its own request.",
        tuple(rows),
    )


def _row(load: Load, rate: int, many: int, seconds: int, *, peer: bool, goal: bool) -> Row:
    who = "peer: a transaction a thread" if peer else "one thread commits for all"
    met = percentile(load.seconds, 0.99) < LONGEST and not load.refused and not load.lost
    per_second = len(load.seconds) / max(load.took, seconds)
    told = (
        f"{milliseconds(load.seconds)}; {per_second:,.0f} requests/s, {load.refused} refused, {load.lost} events lost"
    )
    aim = "p99 < 100 ms, none lost" if goal and not peer else ""
    return Row(
        f"{rate} requests/s x {many} events, {who}", aim, f"{told}, {load.done:,} acted upon", met if aim else None
    )
