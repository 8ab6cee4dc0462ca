"""Kills a service at the very moment at which the CRM has taken a write, and we have not noted it yet."""

import random
import threading
from dataclasses import dataclass

from tests.crash.levels import Levels, twice
from tests.crash.service import Service
from tests.serve.service import until


@dataclass(frozen=True)
class Between:
    """`again`: writes that were sent once more; `back`: contacts over whose newer score an older one was written;
    `wrong`: contacts whose score in the portal is not that of an undisturbed run."""

    kills: int
    again: int
    back: int
    wrong: int


def kill_between(service: Service, levels: Levels, kills: int, *, seed: int = 1) -> Between:
    """Every other time the portal takes the write and keeps its answer back, so that nothing can have been noted;
    else the kill comes up to 20 ms after the write."""
    draw, pause = random.Random(seed), threading.Event()
    for number in range(kills):
        service.launch()
        service.up()
        # What the last kill left is sent again first: the next one is to hit a write of its own.
        service.at_rest(90)
        if number % 2 == 0:
            slow = {"kind": "slow", "when": "after", "path": "contacts/batch/update", "seconds": 5, "count": 1}
            levels.control("faults", slow)
        before = _last(levels)
        levels.raise_one()
        until(lambda: _last(levels) > before, 60)  # noqa: B023 # it is called at once
        pause.wait(0 if number % 2 == 0 else 0.02 * draw.random())
        service.kill()
    service.launch()
    service.up()
    until(lambda: levels.open_notices() == 0, 60)
    service.at_rest(90)
    again = sum(len(twice(totals)) for totals in levels.written().values())
    shown = levels.shown()
    wrong = sum(shown[id] != level for id, level in levels.levels.items())
    return Between(kills, again, len(levels.went_back()), wrong)


def _last(levels: Levels) -> int:
    with levels.sandbox.portal.lock:
        row = levels.sandbox.portal.db.execute("SELECT COALESCE(MAX(seq), 0) FROM journal").fetchone()
    return int(row[0])
