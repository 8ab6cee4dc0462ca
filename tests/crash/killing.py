"""A service that is killed again and again while notices come in; and what must be true when it was left alone."""

import random
import threading
from dataclasses import dataclass

from leadscore.cli.clock import now
from leadscore.jobs.status import status
from tests.crash.ledger import Ledger
from tests.crash.levels import Levels
from tests.crash.service import Service
from tests.serve.service import until


@dataclass(frozen=True)
class Killed:
    """What became of it. `lost`: acknowledged events that the store does not hold; `wrong`: contacts that do not
    look as after an undisturbed run, by what is wrong; `back`: contacts over whose newer score an older one
    was written; `rest`: seconds from the last start until nothing was left to do."""

    kills: int
    acked: int
    unanswered: int
    lost: int
    dead: int
    wrong: dict[str, int]
    back: int
    rest: float


def kill_and_kill(service: Service, levels: Levels, kills: int, *, rate: float = 40.0, seed: int = 1) -> Killed:
    """Kills the whole group so often, 0.1 to 1.2 s after its door opened, one time in eight while it starts."""
    draw, stop = random.Random(seed), threading.Event()
    ledger = Ledger(service.url, sorted(levels.levels), many=5)
    senders = ledger.send(rate, 3, stop)
    pause = threading.Event()
    for number in range(kills):
        service.launch()
        if number % 8 != 7:
            service.up()
        until_killed = 0.1 + 1.1 * draw.random()
        for _ in range(5):
            pause.wait(until_killed / 5)
            levels.raise_one()
        service.kill()
    service.launch()
    service.up()
    stop.set()
    for sender in senders:
        sender.join()
    unanswered = len(ledger.open)
    until(lambda: ledger.send_open() == 0)
    until(lambda: levels.open_notices() == 0, 60)
    rest = service.at_rest(90)
    return _told(service, levels, ledger, kills, unanswered, rest)


def _told(service: Service, levels: Levels, ledger: Ledger, kills: int, unanswered: int, rest: float) -> Killed:
    store = service.store()
    lost, dead = ledger.lost(store), status(store, now()).backlog.dead
    store.dispose()
    wrong = levels.wrong()
    return Killed(kills, ledger.count, unanswered * ledger.many, lost, dead, wrong, len(levels.went_back()), rest)
