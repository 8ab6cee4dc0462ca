"""SIGTERM under load ends everything in time, and leaves nothing lent and nothing lost."""

import threading

import requests
from sqlalchemy import select

from leadscore.cli.clock import now
from leadscore.store.database import reading
from leadscore.store.live_tables import leaders, outbox, refetches
from leadscore.store.work_tables import due
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.service import APART, Service
from tests.serve.service import until

TIMES = 2


def lent(service: Service) -> list[str]:
    """Who still has something of the store."""
    store = service.store()
    with reading(store) as connection:
        queues = [
            connection.execute(select(q.c.owner).where(q.c.owner.is_not(None))).scalars()
            for q in (due, refetches, outbox)
        ]
        owners = [str(owner) for found in queues for owner in found]
        leads = connection.execute(select(leaders.c.owner).where(leaders.c.until > now())).scalars()
        owners += [str(owner) for owner in leads]
    store.dispose()
    return owners


def test_sigterm_under_load_ends_in_time_with_nothing_lent_and_nothing_lost(service: Service, levels: Levels) -> None:
    service.roles = APART if service.database.startswith("postgresql") else service.roles
    stop, ledger = threading.Event(), Ledger(service.url, sorted(levels.levels), many=5)
    senders = ledger.send(40, 3, stop)
    for _ in range(TIMES):
        service.launch()
        service.up()
        taken = ledger.count
        first = levels.raise_one()
        # Then every process has begun to work: the door, the worker, and the scheduler.
        until(lambda: levels.totals_of([first])[first] == levels.levels[first], 60)  # noqa: B023 # called at once
        until(lambda: requests.get(f"{service.url}/readyz", timeout=5).ok, 60)
        for _ in range(4):
            levels.raise_one()
        until(lambda: ledger.count > taken + 50)  # noqa: B023 # the same
        codes, seconds = service.stop()
        assert set(codes) == {0}
        assert seconds < 30
        assert lent(service) == []
    stop.set()
    for sender in senders:
        sender.join()
    service.launch()
    service.up()
    until(lambda: ledger.send_open() == 0)
    until(lambda: levels.open_notices() == 0, 60)
    service.at_rest(60)
    store = service.store()
    assert ledger.lost(store) == 0
    store.dispose()
    assert levels.shown() == levels.levels
