"""Whom to score again: one row a subject, however often it is named."""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import CHUNK, chunks
from leadscore.store.work_tables import due


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


def settle(connection: Connection, seen: dict[int, int]) -> None:
    """Takes notices away, but not of a subject that was named again since they were seen."""
    rows = [{"who": subject, "seen": mark} for subject, mark in seen.items()]
    if rows:
        same = (due.c.subject == bindparam("who")) & (due.c.mark == bindparam("seen"))
        connection.execute(delete(due).where(same), rows)
