"""How near the CRM's own limit the writer stays, and whether it ever steps over it."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import requests
from sqlalchemy import Engine

from benchmarks.filling import NOW
from benchmarks.results import Row, Section
from config.defaults import shipped
from config.model_file import parse_model
from config.tables import load_tables
from connectors.hubspot.connect import HubSpot, connect
from connectors.protocol import RecordWrite, WriteAnswer
from leadscore.jobs.apply import apply_plan
from leadscore.jobs.plan import make_plan
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.sync import sync
from leadscore.jobs.write_back import write_back
from leadscore.sandbox import serve
from leadscore.store.budget import StoreBudget
from leadscore.store.database import connect as connect_store
from leadscore.store.database import open_store, reading, writing
from leadscore.store.outbox import Outgoing, put_out
from leadscore.store.tables import records

BURST, INTERVAL, SHARE = 190, 10, 0.95
"""What HubSpot allows an app in so many seconds, and how much of it the writer is to use."""


@dataclass
class Slices:
    """The CRM's writer with fewer records in a call, so that the portal beside it can keep up."""

    crm: HubSpot
    batch: int

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        """As the Protocol says."""
        return self.crm.writer.write(writes)


@dataclass(frozen=True, slots=True)
class Written:
    """`calls` to the portal in `seconds`, and how many of them it refused with 429, so that they came again."""

    records: int
    calls: int
    seconds: float
    refused: int


def measure(contacts: int, batch: int) -> Written:
    """Fills the outbox of a portal that was applied once, and empties it under the limits of the portal."""
    here, there = get_context("spawn").Pipe()
    portal = get_context("spawn").Process(target=_portal, args=(there,))
    portal.start()
    url, token = here.recv()
    try:
        _ask(url, "limits", {"burst": 100_000, "search_per_second": 1_000})
        _ask(url, "generate", {"contacts": contacts, "seed": 5})
        with tempfile.TemporaryDirectory(prefix="leadscore-bench-") as folder:
            return _written(Path(folder), url, token, batch)
    finally:
        here.send("enough")
        portal.join(60)


def _portal(there: Connection) -> None:
    with serve(now=NOW) as portal:
        there.send((portal.url, portal.token))
        there.recv()


def _written(folder: Path, url: str, token: str, batch: int) -> Written:
    address = f"sqlite:///{folder / 'write.db'}"
    store = open_store(address, "NORMAL")
    text = shipped("b2b").read_text(encoding="utf-8")
    rules = Rulebook((parse_model(text, "b2b.yaml"),), (text,), load_tables())
    free = connect(token, url=url, share=1.0)
    list(free.installer.carry_out(free.installer.plan(rules.models), rules.models))
    sync(store, free.reader, rules, NOW)
    apply_plan(store, free.reader, free.writer, make_plan(store, free.reader, rules, NOW).plan, rules, NOW)
    free.close()
    many = _fill(store)
    _ask(url, "limits", {"enforce": True, "burst": BURST, "interval_ms": INTERVAL * 1000})
    # The calls that made the store count in the portal's window, too.
    time.sleep(INTERVAL)
    shared = connect_store(address, "NORMAL")
    budget = StoreBudget(shared, wall=_wall, share=1.0, burst=BURST, interval=float(INTERVAL))
    crm = connect(token, url=url, budget=budget)
    before, begun = _counts(url), time.monotonic()
    while write_back(store, Slices(crm, batch), _wall(), "bench").written:
        pass
    seconds = time.monotonic() - begun
    crm.close()
    shared.dispose()
    store.dispose()
    calls = _counts(url) - before
    return Written(many, calls, seconds, calls - -(-many // batch))


def _fill(store: Engine) -> int:
    """Everybody's score is to be written, with another total than the CRM holds."""
    with reading(store) as connection:
        query = records.select().where(records.c.object == "contact").with_only_columns(records.c.id, records.c.subject)
        people = [(row[0], row[1]) for row in connection.execute(query)]
    rows = [Outgoing(record, who, {"total": "77"}, "facts", NOW) for record, who in people]
    with writing(store) as connection:
        put_out(connection, rows, NOW)
    return len(rows)


def _wall() -> int:
    return time.time_ns() // 1_000_000


def _ask(url: str, what: str, body: Mapping[str, object]) -> None:
    requests.post(f"{url}/_sandbox/{what}", json=body, timeout=600).raise_for_status()


def _counts(url: str) -> int:
    answer = requests.get(f"{url}/_sandbox/requests", timeout=60)
    answer.raise_for_status()
    found: dict[str, int] = answer.json()
    return sum(n for path, n in found.items() if path != "total" and "_sandbox" not in path)


def run(quick: bool) -> Section:
    """Empties an outbox against a portal that counts calls as HubSpot does."""
    contacts, batch = (900, 4) if quick else (12_000, 20)
    found = measure(contacts, batch)
    used = found.calls / (BURST * found.seconds / INTERVAL)
    return Section(
        "Writing back at the limit of the CRM",
        f"{found.records:,} scores in the outbox, {batch} a call, against a portal in another process that refuses "
        f"what goes over {BURST} calls in any {INTERVAL} s, as HubSpot does. The budget of calls is the one in the "
        "store, which all processes share.",
        (
            Row(
                "calls a second",
                f">= {SHARE} of the limit",
                f"{used:.3f}: {found.calls / found.seconds:.2f}, the limit is {BURST / INTERVAL:.0f}",
                used >= SHARE,
            ),
            Row("calls that the portal refused", "0", f"{found.refused}", found.refused == 0),
        ),
    )
