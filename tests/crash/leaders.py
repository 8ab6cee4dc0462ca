"""Kills whoever leads, again and again, beside two doors and two workers."""

import os
import random
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import select

from leadscore.cli.clock import now
from leadscore.store.database import reading
from leadscore.store.leaders import leader
from leadscore.store.work_tables import runs
from tests.crash.levels import Levels, twice
from tests.crash.service import Service, free_port
from tests.serve.service import until

LEASE = 1.0
SCHEDULERS = 3


@dataclass
class Led:
    """`takeovers`: seconds until another led; `overlapping`: reads of the CRM that began before the one before ended;
    `reads`: how many there were in `seconds`; `twice`: writes that were made twice; `wrong`: contacts that do
    not look as after an undisturbed run."""

    takeovers: list[float] = field(default_factory=list)
    overlapping: int = 0
    reads: int = 0
    seconds: float = 0.0
    twice: int = 0
    wrong: dict[str, int] = field(default_factory=dict)


def kill_leaders(service: Service, levels: Levels, kills: int) -> Led:
    """The service must be of PostgreSQL and read the CRM every second."""
    told, began, pause, draw = Led(), time.monotonic(), threading.Event(), random.Random(3)
    second = ("serve", "--web-only", "--listen", f"127.0.0.1:{free_port()}")
    service.roles = [("serve", "--web-only"), second, ("worker",), ("worker",)]
    service.launch()
    service.up()
    schedulers = [_scheduler(service) for _ in range(SCHEDULERS)]
    store = service.store()

    def leads() -> int:
        with reading(store) as connection:
            found = leader(connection, "scheduler", now())
        return int(found.owner.rpartition(":")[2].partition(".")[0]) if found else 0

    try:
        for _ in range(kills):
            old = until(leads, 30)
            levels.raise_one()
            pause.wait(2 * draw.random())
            os.kill(old, signal.SIGKILL)
            killed = time.monotonic()
            until(lambda: leads() not in (0, old), 30)  # noqa: B023 # it is called at once
            told.takeovers.append(time.monotonic() - killed)
            gone = next(one for one in schedulers if one.pid == old)
            gone.wait(5)
            schedulers[schedulers.index(gone)] = _scheduler(service)
        until(lambda: levels.open_notices() == 0, 60)
        service.at_rest(60)
        with reading(store) as connection:
            query = select(runs.c.started_at, runs.c.ended_at).where(runs.c.job == "sync").order_by(runs.c.id)
            rows = [tuple(row) for row in connection.execute(query)]
    finally:
        store.dispose()
        for one in schedulers:
            one.kill()
            one.wait()
    ends = [ended or 0 for _, ended in rows]
    told.overlapping = sum(begun < end for (begun, _), end in zip(rows[1:], ends, strict=False))
    told.reads, told.seconds = len(rows), time.monotonic() - began
    told.twice = sum(len(twice(totals)) for totals in levels.written().values())
    told.wrong = levels.wrong()
    return told


def _scheduler(service: Service) -> "subprocess.Popen[bytes]":
    return service.start("scheduler", "--lease", str(LEASE))
