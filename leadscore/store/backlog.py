"""How much lies in each queue of the live path and how old it is; what operators and `/metrics` look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from leadscore.store import leases
from leadscore.store.deliveries import DEAD, OPEN, oldest_open
from leadscore.store.leases import PARKED
from leadscore.store.live_tables import budget, deliveries, notices, outbox, quarantine, refetches, stage_intents
from leadscore.store.work_tables import due, streams


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting`: rows in each queue; `oldest`: the instant since when the oldest open delivery, record, person or write
    waits, None if nothing does. `dead`: deliveries that could not be used, `parked`: due people and writes that wait
    for a person, `quarantined`: people that a loop keeps changing. `synced_at`: when the CRM was last read to the end
    of a stream. `calls`: used, limit of each kind of call."""

    waiting: Mapping[str, int]
    oldest: int | None
    dead: int
    parked: int
    quarantined: int
    synced_at: int | None
    calls: Mapping[str, tuple[int, int]]


def backlog(connection: Connection) -> Backlog:
    """The queues as they are."""
    waiting: dict[str, int] = {}
    since: list[int] = []
    d = deliveries.c
    looks = {"deliveries": oldest_open(connection)}
    looks |= {queue.name: leases.backlog(connection, queue) for queue in (refetches, due, outbox)}
    for name, (count, oldest) in looks.items():
        waiting[name] = count
        since += [] if oldest is None else [oldest]
    waiting["stage_intents"] = _count(connection, select(func.count()).select_from(stage_intents))
    waiting["notices"] = _count(connection, select(func.count()).where(notices.c.state == OPEN))
    parked = sum(
        _count(connection, select(func.count()).where(queue.c.not_before == PARKED))
        for queue in (refetches, due, outbox)
    )
    return Backlog(
        waiting=waiting,
        oldest=min(since, default=None),
        dead=_count(connection, select(func.count()).where(d.state == DEAD)),
        parked=parked,
        quarantined=_count(connection, select(func.count()).where(quarantine.c.released_at.is_(None))),
        synced_at=connection.execute(select(func.max(streams.c.finished_at))).scalar_one(),
        calls={row.kind: (row.used, row.limit) for row in connection.execute(select(budget))},
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    found: int = connection.execute(query).scalar_one()
    return found
