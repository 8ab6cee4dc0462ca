"""What could not be used, put aside with its reason so that a person can look at it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, or_, select

from leadscore.store.batch import insert_new, storable
from leadscore.store.prepared import Among, Prepared, told
from leadscore.store.work_tables import parked

_WRITTEN = Prepared(
    delete(parked).where(
        or_(parked.c.job == "write", parked.c.job == "apply"),
        parked.c.object == told("object"),
        Among(parked.c.record_id),
    )
)


@dataclass(frozen=True, slots=True)
class Parked:
    """One thing put aside. `reason` is a sentence, with the CRM's own words where it refused; `content` is JSON."""

    job: str
    object: str
    record_id: str
    reason: str
    content: str
    at: int


def park(connection: Connection, things: list[Parked]) -> None:
    """Puts things aside; the same thing for the same reason only once."""
    columns = ("digest", "job", "object", "record_id", "reason", "content", "at")
    rows = [(_digest(p), p.job, p.object, p.record_id, storable(p.reason), storable(p.content), p.at) for p in things]
    insert_new(connection, parked, columns, rows)


def unpark(connection: Connection, job: str, object: str, record_id: str) -> None:
    """What a job had put aside of a record has come right since."""
    mine = (parked.c.job == job, parked.c.object == object, parked.c.record_id == record_id)
    connection.execute(delete(parked).where(*mine))


def written_at_last(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Takes away what was refused of these records (object, id): the CRM has taken a newer score of them."""
    by_object: dict[str, list[str]] = {}
    for object, id in keys:
        by_object.setdefault(object, []).append(id)
    for object, ids in by_object.items():
        _WRITTEN.run(connection, object=object, keys=ids)


def all_parked(connection: Connection, limit: int = 1000) -> tuple[Parked, ...]:
    """What is put aside, newest first."""
    order = (parked.c.at.desc(), parked.c.job, parked.c.object, parked.c.record_id)
    return tuple(Parked(*row[1:]) for row in connection.execute(select(parked).order_by(*order).limit(limit)))


def count_parked(connection: Connection) -> dict[str, int]:
    """How much each job has put aside."""
    query = select(parked.c.job, func.count()).group_by(parked.c.job).order_by(parked.c.job)
    return {row[0]: row[1] for row in connection.execute(query)}


def _digest(thing: Parked) -> str:
    return hashlib.sha256(
        "\n".join((thing.job, thing.object, thing.record_id, thing.reason)).encode(errors="replace")
    ).hexdigest()
