"""Takes PostgreSQL away from a service under load, and gives it back."""

import signal
import threading
import time
from dataclasses import dataclass, field

import requests

from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.postgres import Postgres
from tests.crash.service import Service
from tests.serve.service import until


@dataclass
class Back:
    """`door`: seconds from when PostgreSQL was up again until a notice was taken; `work`: until a change that came then
    stood in the portal; `ended`: processes that died of it; `answers` of the door; the rest as in killing.py."""

    door: list[float] = field(default_factory=list)
    work: list[float] = field(default_factory=list)
    ended: int = 0
    answers: set[str] = field(default_factory=set)
    acked: int = 0
    lost: int = 0
    wrong: dict[str, int] = field(default_factory=dict)


def take_away(service: Service, levels: Levels, postgres: Postgres, times: int) -> Back:
    """kill -9 and immediate stop in turn. Every process must be ready again within ten seconds of the last return."""
    told, stop, pause = Back(), threading.Event(), threading.Event()
    ledger = Ledger(service.url, sorted(levels.levels), many=5)
    service.launch()
    service.up()
    senders = ledger.send(30, 3, stop)
    try:
        for number in range(times):
            levels.raise_one()
            taken = ledger.answers["200"]
            until(lambda: ledger.answers["200"] > taken + 10)  # noqa: B023 # it is called at once
            refused = ledger.answers["503"]
            postgres.end(signal.SIGQUIT if number % 2 else signal.SIGKILL)
            until(lambda: ledger.answers["503"] > refused)  # noqa: B023 # the same
            pause.wait(0.5)
            postgres.start()
            began, taken = time.monotonic(), ledger.answers["200"]
            id = levels.raise_one()
            until(lambda: ledger.answers["200"] > taken, 60)  # noqa: B023 # the same
            told.door.append(time.monotonic() - began)
            until(lambda: levels.totals_of([id])[id] == levels.levels[id], 60)  # noqa: B023 # the same
            told.work.append(time.monotonic() - began)
        until(lambda: requests.get(f"{service.url}/readyz", timeout=5).ok, 10)
    finally:
        stop.set()
        for sender in senders:
            sender.join()
    told.ended = sum(process.poll() is not None for process in service.running)
    until(lambda: ledger.send_open() == 0)
    until(lambda: levels.open_notices() == 0, 60)
    service.at_rest(60)
    store = service.store()
    told.acked, told.lost, told.answers = ledger.count, ledger.lost(store), set(ledger.answers)
    store.dispose()
    told.wrong = levels.wrong()
    return told
