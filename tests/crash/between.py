"""Kills a service at the very moment at which the CRM has taken a write, and we have not noted it yet."""

import random
import threading
from dataclasses import dataclass

from tests.crash.levels import Levels, twice
from tests.crash.service import Service
from tests.serve.service import until

TASKS = "objects/tasks"


@dataclass(frozen=True)
class Between:
    """`again`: writes that were sent once more; `back`: contacts over whose newer score an older one was written;
    `wrong`: contacts that do not look as after an undisturbed run, by what is wrong."""

    kills: int
    again: int
    back: int
    wrong: dict[str, int]


def kill_between(service: Service, levels: Levels, kills: int, *, seed: int = 1) -> Between:
    """Of three kills, one comes while the portal, which has taken a score or stage, keeps its answer back; one while it
    does so with a task, which must not be made twice; one up to 20 ms after a write."""
    draw, pause = random.Random(seed), threading.Event()
    for number in range(kills):
        service.launch()
        service.up()
        # What the last kill left is sent again first: the next one is to hit a write of its own.
        service.at_rest(90)
        kept_back = ("objects/contacts/batch/update", TASKS, "")[number % 3]
        if kept_back:
            slow = {"kind": "slow", "when": "after", "method": "POST", "path": kept_back, "seconds": 5, "count": 1}
            levels.control("faults", slow)
        before = _last(levels, kept_back)
        levels.raise_one(over_the_line=kept_back == TASKS)
        until(lambda: _last(levels, kept_back) > before, 60)  # noqa: B023 # it is called at once
        pause.wait(0 if kept_back else 0.02 * draw.random())
        service.kill()
    service.launch()
    service.up()
    until(lambda: levels.open_notices() == 0, 60)
    service.at_rest(90)
    again = sum(len(twice(totals)) for totals in levels.written().values())
    wrong = levels.wrong()
    return Between(kills, again, len(levels.went_back()), wrong)


def _last(levels: Levels, path: str) -> int:
    """The number of the latest write to such a path that the portal took."""
    with levels.sandbox.portal.lock:
        query = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE path LIKE ?"
        row = levels.sandbox.portal.db.execute(query, (f"%{path}%",)).fetchone()
    return int(row[0])
