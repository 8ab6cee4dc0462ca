"""PostgreSQL dies under load and comes back: nothing is lost, and the service goes on by itself."""

import signal
import threading
import time
from pathlib import Path

import pytest
import requests

from leadscore.sandbox import Sandbox
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.postgres import Postgres, postgres_of_ones_own
from tests.crash.service import APART, Service
from tests.serve.service import until

BACK = 10.0


def go_down(postgres: Postgres, how: signal.Signals, ledger: Ledger, levels: Levels) -> float:
    """Ends and starts it under load; seconds from when it is up until a notice is taken again."""
    pause = threading.Event()
    postgres.end(how)
    refused = ledger.answers["503"]
    until(lambda: ledger.answers["503"] > refused)
    pause.wait(0.5)
    levels.raise_one()
    postgres.start()
    began, taken = time.monotonic(), ledger.answers["200"]
    until(lambda: ledger.answers["200"] > taken, 30)
    return time.monotonic() - began


@pytest.mark.parametrize("roles", [APART])
def test_postgresql_killed_and_stopped_under_load_loses_nothing_and_the_service_goes_on(
    roles: tuple[tuple[str, ...], ...], sandbox: Sandbox, levels: Levels, tmp_path: Path
) -> None:
    with postgres_of_ones_own() as postgres:
        service, stop = Service(tmp_path, postgres.url, sandbox, roles), threading.Event()
        service.prepare()
        levels.begin(20, postgres.url)
        levels.tell(service.door, service.signed, "client-secret-of-the-app")
        ledger = Ledger(service.url, sorted(levels.levels), many=5)
        try:
            service.launch()
            service.up()
            senders = ledger.send(30, 3, stop)
            for how in (signal.SIGKILL, signal.SIGQUIT):
                levels.raise_one()
                until(lambda: ledger.answers["200"] > 10)
                assert go_down(postgres, how, ledger, levels) < BACK
            before, began = levels.shown(), time.monotonic()
            id = levels.raise_one()
            until(lambda: levels.shown()[id] != before[id], 30)
            assert time.monotonic() - began < BACK
            stop.set()
            for sender in senders:
                sender.join()
            assert [process.poll() for process in service.running] == [None] * len(roles)
            until(lambda: requests.get(f"{service.url}/readyz", timeout=5).ok, BACK)
            until(lambda: ledger.send_open() == 0)
            until(lambda: levels.open_notices() == 0, 60)
            service.at_rest(60)
            store = service.store()
            assert ledger.lost(store) == 0
            store.dispose()
            assert levels.shown() == levels.levels
            assert set(ledger.answers) <= {"200", "503"}
        finally:
            stop.set()
            service.kill()
