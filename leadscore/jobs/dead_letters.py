"""What was given up: events that nobody could act upon, and what was put aside; all of it can be tried again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, select

from leadscore.store import deliveries, due
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.deliveries import DEAD
from leadscore.store.leases import set_free
from leadscore.store.records import Key, find_records
from leadscore.store.refetches import name_records
from leadscore.store.work_tables import due as due_table
from leadscore.store.work_tables import parked

RETRIED = ("read", "score", "write")
"""The live path's jobs whose parked things can be tried again."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something given up. `sort`: event, read, score or write; `id`: how to name it for a retry."""

    id: str
    sort: str
    what: str
    reason: str
    at: int


def dead_letters(store: Engine, limit: int = 1000) -> tuple[DeadLetter, ...]:
    """Everything given up by the live path, newest first. `reason` is a sentence, with the CRM's words where it
    refused."""
    with reading(store) as connection:
        events = deliveries.find_deliveries(connection, states=[DEAD], limit=limit)
        query = select(parked).where(parked.c.job.in_(RETRIED)).order_by(parked.c.at.desc()).limit(limit)
        things = connection.execute(query).all()
    found = [DeadLetter(one.key, "event", one.kind, one.reason or "", one.done_at or one.received_at) for one in events]
    found += [DeadLetter(row.digest, row.job, f"{row.object} {row.record_id}", row.reason, row.at) for row in things]
    return tuple(sorted(found, key=lambda one: (-one.at, one.id))[:limit])


def retry(store: Engine, ids: Sequence[str], now: int) -> int:
    """Lets dead letters be tried again; returns how many there were. One that fails again comes back."""
    with writing(store) as connection:
        one_writer(connection)
        again = deliveries.open_again(connection, ids)
        rows = connection.execute(select(parked).where(parked.c.digest.in_(ids), parked.c.job.in_(RETRIED))).all()
        _score_again(connection, [int(row.record_id) for row in rows if row.job == "score"], now)
        keys: list[Key] = [(row.object, row.record_id) for row in rows if row.job != "score"]
        known = find_records(connection, keys)
        name_records(connection, [held.id for held in known.values()], now)
        # A refused write is made anew from the score: whom it concerns is scored again.
        written = [known[row.object, row.record_id].subject for row in rows if row.job == "write"]
        _score_again(connection, [subject for subject in written if subject is not None], now)
        connection.execute(delete(parked).where(parked.c.digest.in_([row.digest for row in rows])))
    return again + len(rows)


def _score_again(connection: Connection, subjects: Sequence[int], now: int) -> None:
    due.mark(connection, subjects, "retried", now)
    set_free(connection, due_table, subjects)
