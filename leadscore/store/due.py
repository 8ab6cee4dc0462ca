"""Whom to score again: one row a subject, however often it is named; with mark 0 only its instant has come."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import CHUNK, chunks, insert_new
from leadscore.store.database import one_writer
from leadscore.store.work_tables import due, scores

_WAKES = 10_000


def mark(connection: Connection, subjects: Iterable[int], reason: str, now: int) -> None:
    """Makes subjects due. The first reason and time stay; a later notice only counts up."""
    rows = [{"subject": subject, "since": now, "mark": 1, "reason": reason} for subject in sorted(set(subjects))]
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(due)
    again = statement.on_conflict_do_update(index_elements=[due.c.subject], set_={"mark": due.c.mark + 1})
    connection.execute(again, rows)


def waiting(connection: Connection) -> int:
    """How many subjects are due by notice."""
    return connection.execute(select(func.count()).select_from(due)).scalar_one()


def marks(connection: Connection, subjects: Iterable[int]) -> dict[int, int]:
    """The open notices of these subjects, to be handed to `settle` with their scores."""
    found: dict[int, int] = {}
    for chunk in chunks(subjects, CHUNK):
        rows = connection.execute(select(due.c.subject, due.c.mark).where(due.c.subject.in_(chunk)))
        found |= {row.subject: row.mark for row in rows}
    return found


def wake(connection: Connection, now: int) -> int:
    """Makes due whose instant has come; returns how many were not due before. Waits for other transactions that hand
    out work, so that they never wait for each other in a circle."""
    sleeping = (
        select(scores.c.subject)
        .where(scores.c.wake_at <= now)
        .where(~select(due.c.subject).where(due.c.subject == scores.c.subject).exists())
    )
    if connection.execute(sleeping.limit(1)).first() is None:
        return 0
    one_writer(connection)
    woken = connection.execute(sleeping.order_by(scores.c.wake_at).limit(_WAKES)).scalars().all()
    insert_new(
        connection, due, ("subject", "since", "mark", "reason"), [(who, now, 0, "time") for who in sorted(woken)]
    )
    return len(woken)


def settle(connection: Connection, seen: dict[int, int]) -> None:
    """Takes notices away, but not of a subject that was named again since they were seen."""
    rows = [{"who": subject, "seen": mark} for subject, mark in seen.items()]
    if rows:
        same = (due.c.subject == bindparam("who")) & (due.c.mark == bindparam("seen"))
        connection.execute(delete(due).where(same), rows)
