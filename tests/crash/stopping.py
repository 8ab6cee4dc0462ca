"""Stops a service by SIGTERM again and again while notices come in."""

import threading
from dataclasses import dataclass, field

import requests
from sqlalchemy import select

from leadscore.cli.clock import now
from leadscore.store.database import reading
from leadscore.store.live_tables import leaders, outbox, refetches
from leadscore.store.work_tables import due
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.service import Service
from tests.serve.service import until


@dataclass
class Stopped:
    """`seconds` until all had ended, each time; `codes`: with what they ended; `lent`: who still had something of the
    store then; `lost`: acknowledged events that the store does not hold; `wrong`: as in killing.py."""

    seconds: list[float] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)
    lent: list[str] = field(default_factory=list)
    acked: int = 0
    lost: int = 0
    wrong: dict[str, int] = field(default_factory=dict)


def stop_and_stop(service: Service, levels: Levels, times: int) -> Stopped:
    """Every process has begun to work whenever it is stopped."""
    told, stop = Stopped(), threading.Event()
    ledger = Ledger(service.url, sorted(levels.levels), many=5)
    senders = ledger.send(40, 3, stop)
    for _ in range(times):
        service.launch()
        service.up()
        taken = ledger.count
        first = levels.raise_one()
        until(lambda: levels.totals_of([first])[first] == levels.levels[first], 60)  # noqa: B023 # called at once
        until(lambda: requests.get(f"{service.url}/readyz", timeout=5).ok, 60)
        for _ in range(4):
            levels.raise_one()
        until(lambda: ledger.count > taken + 50)  # noqa: B023 # the same
        codes, seconds = service.stop()
        told.seconds.append(seconds)
        told.codes |= set(codes)
        told.lent += _lent(service)
    stop.set()
    for sender in senders:
        sender.join()
    service.launch()
    service.up()
    until(lambda: ledger.send_open() == 0)
    until(lambda: levels.open_notices() == 0, 60)
    service.at_rest(60)
    store = service.store()
    told.acked, told.lost = ledger.count, ledger.lost(store)
    store.dispose()
    told.wrong = levels.wrong()
    return told


def _lent(service: Service) -> list[str]:
    store = service.store()
    with reading(store) as connection:
        owners = [
            str(owner)
            for queue in (due, refetches, outbox)
            for owner in connection.execute(select(queue.c.owner).where(queue.c.owner.is_not(None))).scalars()
        ]
        leads = connection.execute(select(leaders.c.owner).where(leaders.c.until > now())).scalars()
        owners += [str(owner) for owner in leads]
    store.dispose()
    return owners
