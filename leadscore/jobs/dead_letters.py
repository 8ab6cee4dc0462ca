"""What was given up: events that nobody could act upon, and what was put aside; all of it can be tried again."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Row, delete, select

from leadscore.store import deliveries, due, notices
from leadscore.store.batch import chunks
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.deliveries import DEAD
from leadscore.store.leases import set_free
from leadscore.store.live_tables import stage_intents
from leadscore.store.records import Held, Key, find_records
from leadscore.store.refetches import name_records
from leadscore.store.work_tables import due as due_table
from leadscore.store.work_tables import parked

RETRIED = ("read", "score", "write", "apply", "stage", "notice")
"""The jobs whose parked things can be tried again. `score` names a subject of ours, all others a record of the CRM."""
_SCORED = ("write", "apply", "stage")
"""What these could not bring to the CRM is made anew from the score."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Something given up. `sort`: event, or one of RETRIED; `id`: how to name it for a retry."""

    id: str
    sort: str
    what: str
    reason: str
    at: int


def dead_letters(store: Engine, limit: int = 1000) -> tuple[DeadLetter, ...]:
    """Everything given up on its way to the CRM, newest first. `reason` is a sentence, with the CRM's words where it
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
        rows: list[Row[Any]] = []
        for chunk in chunks(ids):
            query = select(parked).where(parked.c.digest.in_(chunk), parked.c.job.in_(RETRIED))
            rows += connection.execute(query).all()
        named: list[Key] = [(row.object, row.record_id) for row in rows if row.job != "score"]
        known = find_records(connection, named)
        scored = {int(row.record_id) for row in rows if row.job == "score"} | _subjects(known, rows)
        _read_again(connection, [held.id for held in known.values()], now)
        _score_again(connection, scored, now)
        notices.open_again(connection, [_notice(row.content) for row in rows if row.job == "notice"], now)
        for part in chunks([row.digest for row in rows]):
            connection.execute(delete(parked).where(parked.c.digest.in_(part)))
    return again + len(rows)


def _subjects(known: Mapping[Key, Held], rows: Iterable[Row[Any]]) -> set[int]:
    found = [known.get((row.object, row.record_id)) for row in rows if row.job in _SCORED]
    return {held.subject for held in found if held is not None and held.subject is not None}


def _read_again(connection: Connection, records: Sequence[int], now: int) -> None:
    """Asks for records again; a change of stage that waited for a person goes on, too."""
    name_records(connection, records, now)
    set_free(connection, stage_intents, records)


def _score_again(connection: Connection, subjects: Collection[int], now: int) -> None:
    due.mark(connection, subjects, "retried", now)
    set_free(connection, due_table, subjects)


def _notice(content: str) -> str:
    return str(msgspec.json.decode(content).get("notice", ""))
