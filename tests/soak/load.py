"""A service at work for long: a constant rate for half an hour, and a burst after an outage, with probes all along."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from leadscore.sandbox import serve
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.service import Service, left
from tests.serve.service import SECRET, until
from tests.soak.gauges import Gauges, Look
from tests.soak.sender import Order, Sent, begin, end

PEOPLE = 600
PROBES = 2.0
"""Seconds between two contacts that are raised, to see how long it takes until the portal shows it."""


@dataclass
class Ran:
    """`lost`: acknowledged events that the store does not hold; `wrong`: contacts that do not look as
    after an undisturbed run;
    `rest`: seconds from the end of the load until nothing was left to do; `delays`: seconds from a change in the
    portal until it shows the new score."""

    sent: Sent
    looks: list[Look]
    lost: int
    wrong: dict[str, int]
    rest: float
    delays: list[float] = field(default_factory=list)

    def delay(self, percent: int) -> float:
        """So many percent of the probes took no longer, in seconds."""
        return quantiles(self.delays, n=100)[percent - 1] if len(self.delays) > 1 else float("nan")


@contextmanager
def standing(folder: Path, database: str, people: int = PEOPLE) -> Iterator[tuple[Service, Levels]]:
    """A portal and a service that is not started yet."""
    with serve() as sandbox:
        folder.mkdir(parents=True, exist_ok=True)
        service, levels = Service(folder, database, sandbox), Levels(sandbox)
        service.prepare()
        levels.begin(people, database)
        levels.tell(service.door, service.signed, SECRET)
        try:
            yield service, levels
        finally:
            service.kill()


def run_load(folder: Path, *, rate: float, many: int, seconds: float, rest: float) -> Ran:
    """So many requests a second of `many` events each, on SQLite in one process; waits up to `rest` seconds after."""
    with standing(folder, f"sqlite:///{folder / 'store.db'}") as (service, levels):
        service.launch()
        service.up()
        store = service.store()
        gauges = Gauges(service.running[0].pid, folder / "store.db-wal", lambda: sum(left(store).values()))
        prober = _Prober(levels)
        gauges.start()
        prober.start()
        sender = begin(Order(service.url, sorted(levels.levels), many, rate, seconds))
        sent = end(sender)
        delays = prober.end()
        until(lambda: levels.open_notices() == 0, 60)
        rested = service.at_rest(rest)
        looks = gauges.end()
        ledger = Ledger(service.url, sorted(levels.levels), many, acked=set(sent.acked_requests))
        lost = ledger.lost(store)
        store.dispose()
        wrong = levels.wrong()
        return Ran(sent, looks, lost, wrong, rested, delays)


class _Prober:
    """Raises a contact from time to time and sees when the portal shows its new score."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        self._stop = threading.Event()
        self._delays: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> list[float]:
        self._stop.set()
        self._thread.join()
        return self._delays

    def _run(self) -> None:
        waiting: dict[str, float] = {}
        raised = time.monotonic()
        while not self._stop.wait(0.2) or waiting:
            if not self._stop.is_set() and time.monotonic() - raised >= PROBES:
                raised = time.monotonic()
                waiting[self._levels.raise_one()] = raised
            if waiting:
                shown = self._levels.totals_of(sorted(waiting))
                for id in [id for id in waiting if shown[id] == self._levels.levels[id]]:
                    self._delays.append(time.monotonic() - waiting.pop(id))
