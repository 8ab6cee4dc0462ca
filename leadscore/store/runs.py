"""What was done when: each sync and each apply leaves a row."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from leadscore.store.batch import to_json
from leadscore.store.work_tables import runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job. `ended_at` None: it was cut, or goes on."""

    id: int
    job: str
    started_at: int
    ended_at: int | None
    outcome: str | None
    trace: Mapping[str, object]


def begin_run(connection: Connection, job: str, now: int) -> int:
    """Notes that a job begins; returns the number of the run."""
    number: int = connection.execute(select(func.coalesce(func.max(runs.c.id), 0) + 1)).scalar_one()
    connection.execute(insert(runs).values(id=number, job=job, started_at=now, trace="{}"))
    return number


def end_run(connection: Connection, id: int, now: int, outcome: str, trace: Mapping[str, object]) -> None:
    """Notes how a run ended: done, stopped or refused."""
    values = {"ended_at": now, "outcome": outcome, "trace": to_json(dict(trace))}
    connection.execute(update(runs).where(runs.c.id == id).values(values))


def last_runs(connection: Connection, limit: int = 20) -> tuple[Run, ...]:
    """The latest runs, newest first."""
    return tuple(
        Run(row.id, row.job, row.started_at, row.ended_at, row.outcome, msgspec.json.decode(row.trace))
        for row in connection.execute(select(runs).order_by(runs.c.id.desc()).limit(limit))
    )
