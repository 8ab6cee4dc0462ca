"""What must hold, as checks that can be run with a protection and without it. Each raises AssertionError."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from sqlalchemy import Engine, func, select, text

from connectors.protocol import RecordWrite, WriteAnswer, Writer
from leadscore.cli.clock import now
from leadscore.jobs.inbox import take_in
from leadscore.jobs.leader import Leadership
from leadscore.jobs.refetch import refetch
from leadscore.jobs.scheduler import ask_as_leader
from leadscore.jobs.worker import Worker
from leadscore.jobs.write_back import LEASE, write_back
from leadscore.store import deliveries
from leadscore.store.database import open_store, reading, writing
from leadscore.store.live_tables import deliveries as kept
from tests.faults.rig import RHYTHMS, Rig
from tests.serve.service import PORTAL, change, post, until
from webhooks.blueprint import PATH

_PROCESS = Path(__file__).with_name("door_process.py")


def what_was_acknowledged_survives_kill_9(database: str, *faults: str) -> None:
    """The database takes nothing for a while, and the process dies just then."""
    store = open_store(database)
    environment = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR", "LANG", "HOME")}
    command = [sys.executable, str(_PROCESS), database, *faults]
    door = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert door.stdout is not None
        url = f"http://127.0.0.1:{door.stdout.readline().strip()}"
        acknowledged = [post(url, [change(1, "a", 1)]).status_code]
        with _held(store):
            with suppress(requests.Timeout):
                acknowledged.append(post(url, [change(2, "b", 2)], timeout=1).status_code)
            door.kill()
            door.wait()
    finally:
        door.kill()
        door.communicate()
    with reading(store) as connection:
        stored = connection.execute(select(func.count()).select_from(kept)).scalar_one()
    store.dispose()
    assert stored == acknowledged.count(200)


@contextmanager
def _held(store: Engine) -> Iterator[None]:
    """Nobody else can write meanwhile."""
    with writing(store) as connection:
        if store.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
        yield


def each_event_is_kept_once_and_none_is_taken_for_another(made: Rig) -> None:
    """Repeats, and two events that share their id."""
    base = made.url.removesuffix(PATH)
    first, second = change(int(made.ids[0]), "a", 7), change(int(made.ids[1]), "b", 7)
    for attempt in range(3):
        assert post(base, [first | {"attemptNumber": attempt}, second]).status_code == 200
    with reading(made.store) as connection:
        assert sum(deliveries.count_states(connection).values()) == 2


def what_did_not_change_is_not_written(made: Rig) -> None:
    """A change that moves a score, notices that tell nothing new, and changes of what counts for nothing."""
    made.edit(made.ids[0], level="8")
    for number in range(3):
        made.edit(made.ids[1], touched=str(number))
        events = [change(int(id), "x", number) | {"propertyName": "level", "portalId": PORTAL} for id in made.ids[:4]]
        assert post(made.url.removesuffix(PATH), events).status_code == 200
        made.settle()
    assert Counter(made.journal()) == {(made.ids[0], "8"): 1}


@dataclass
class Late:
    """A writer whose first call leaves so late that another worker has written something newer meanwhile."""

    made: Rig
    real: Writer
    batch: int
    waits: bool = True

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        if self.waits:
            self.waits = False
            made = self.made
            made.edit(writes[0].id, level="21")
            assert post(made.url.removesuffix(PATH), [change(int(writes[0].id), "x", 2)]).status_code == 200
            score(made)
            write_back(made.store, self.real, made.clock() + LEASE + 1_000, "other")
        return self.real.write(writes)


def score(made: Rig) -> None:
    """From the notice to the outbox."""
    reader, book = made.made.reader, made.made.rulebook
    take_in(made.store, made.clock())
    refetch(made.store, reader, reader.needs(book.models), made.clock(), "w")
    Worker(made.store, book, made.made.policy, name="w").score_due(made.clock())


def a_worker_that_comes_too_late_leaves_nothing_old_behind(made: Rig) -> None:
    made.edit(made.ids[0], level="20")
    assert post(made.url.removesuffix(PATH), [change(int(made.ids[0]), "x", 1)]).status_code == 200
    score(made)
    writer = made.made.writer
    write_back(made.store, Late(made, writer, writer.batch), made.clock(), "late")
    made.ahead += 2 * LEASE
    made.settle()
    assert made.totals()[made.ids[0]] == "21"


def one_leads_and_who_led_before_asks_for_nothing(store: Engine) -> None:
    first, second = Leadership(store, "a:1", now, 300), Leadership(store, "b:2", now, 300)
    assert first.renew() is not None
    assert second.renew() is None
    old = first.fence
    until(lambda: second.renew() is not None, 10)
    # The first one was asleep: it still believes that it leads.
    first.fence = old
    assert ask_as_leader(store, first, RHYTHMS, now()) == 0
    assert second.renew() is not None
    assert ask_as_leader(store, second, RHYTHMS, now()) == len(RHYTHMS)
