"""How much lies in each queue of the live path and how old it is; what operators and `/metrics` look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from leadscore.store import leases
from leadscore.store.budget import CallsState, calls_states
from leadscore.store.deliveries import DEAD, oldest_open
from leadscore.store.live_tables import deliveries, outbox, postings, quarantine, refetches, stage_intents, tellings
from leadscore.store.parked import count_parked
from leadscore.store.work_tables import due, streams

_QUEUES = (refetches, due, outbox, stage_intents, tellings, postings)


@dataclass(frozen=True, slots=True)
class Backlog:
    """`waiting`: rows in each queue that somebody will work on; `oldest`: the instant since when the oldest of them
    waits, None if none does. `dead`: deliveries that could not be used, `parked`: what waits for a person, by the job
    that put it aside, `quarantined`: people that a loop keeps changing. `synced_at`: when the CRM was last read to the
    end of a stream. `calls`: how each budget of calls stands."""

    waiting: Mapping[str, int]
    oldest: int | None
    dead: int
    parked: Mapping[str, int]
    quarantined: int
    synced_at: int | None
    calls: Mapping[str, CallsState]


def backlog(connection: Connection, now: int) -> Backlog:
    """The queues as they are."""
    waiting: dict[str, int] = {}
    since: list[int] = []
    d = deliveries.c
    looks = {"deliveries": oldest_open(connection)}
    looks |= {queue.name: leases.backlog(connection, queue) for queue in _QUEUES}
    for name, (count, oldest) in looks.items():
        waiting[name] = count
        since += [] if oldest is None else [oldest]
    return Backlog(
        waiting=waiting,
        oldest=min(since, default=None),
        dead=_count(connection, select(func.count()).where(d.state == DEAD)),
        parked=count_parked(connection),
        quarantined=_count(connection, select(func.count()).where(quarantine.c.released_at.is_(None))),
        synced_at=connection.execute(select(func.max(streams.c.finished_at))).scalar_one(),
        calls=calls_states(connection, now),
    )


def _count(connection: Connection, query: Select[Any]) -> int:
    found: int = connection.execute(query).scalar_one()
    return found
