"""The disk is full under load: the door says so and never otherwise, and all goes on when there is room again."""

import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from leadscore.sandbox import Sandbox
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.service import Service
from tests.serve.service import until

FULL = 4096
"""Files of the process may not grow beyond so many bytes: every write to the store then fails as on a full disk."""


@pytest.fixture
def alone(sandbox: Sandbox, levels: Levels, tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", sandbox)
    made.prepare()
    levels.begin(20, made.database)
    levels.tell(made.door, made.signed, "client-secret-of-the-app")
    yield made
    made.kill()


def test_a_full_disk_is_told_and_never_acknowledged_and_room_again_is_all_it_takes(
    alone: Service, levels: Levels
) -> None:
    stop, ledger = threading.Event(), Ledger(alone.url, sorted(levels.levels), many=5)
    alone.launch()
    alone.up()
    senders = ledger.send(30, 3, stop)
    (process,) = alone.running
    before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    for _ in range(2):
        until(lambda taken=ledger.answers["200"]: ledger.answers["200"] > taken + 10)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL, before[1]))
        until(lambda refused=ledger.answers["503"]: ledger.answers["503"] > refused + 5)
        taken = ledger.answers["200"]
        levels.raise_one()
        until(lambda refused=ledger.answers["503"]: ledger.answers["503"] > refused + 20)
        assert ledger.answers["200"] == taken
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
    until(lambda: ledger.answers["200"] > taken)
    stop.set()
    for sender in senders:
        sender.join()
    until(lambda: ledger.send_open() == 0)
    until(lambda: levels.open_notices() == 0, 60)
    alone.at_rest(60)
    assert process.poll() is None
    assert set(ledger.answers) <= {"200", "503"}
    store = alone.store()
    assert ledger.lost(store) == 0
    store.dispose()
    assert levels.wrong() == {}
    assert alone.stop()[0] == [0]
    with closing(sqlite3.connect(alone.directory / "store.db")) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
