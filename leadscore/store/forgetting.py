"""Drops what has served its time, a bite at a time, so that nobody waits long for the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    and_,
    cast,
    delete,
    exists,
    not_,
    or_,
    select,
    tuple_,
)

from leadscore.store.deliveries import DONE
from leadscore.store.leases import PARKED
from leadscore.store.live_tables import deliveries, notices, quarantine, refetches, rescores, stage_intents, troubles
from leadscore.store.stage_tables import stage_moves
from leadscore.store.tables import records
from leadscore.store.work_tables import due, parked, runs

BITE = 2_000
"""How many rows one transaction drops."""
_DAY = 86_400_000
_SHORT = 0.2
"""Seconds that the shrinking of SQLite's journal may keep writers waiting."""


def served(now: int, kept: int) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Which rows of which tables have served their time; `kept`: for how long events that were acted upon stay, ms.

    Dead letters, applies, and what waits for a person stay, but for what has come right since it was put aside.
    """
    d, n, r = deliveries.c, notices.c, runs.c
    syncs = or_(and_(r.outcome == "done", r.ended_at < now - 7 * _DAY), r.started_at < now - 30 * _DAY)
    yield deliveries, and_(d.state == DONE, d.received_at < now - kept)
    yield rescores, rescores.c.since < now - 2 * _DAY
    yield runs, and_(r.job == "sync", syncs)
    yield notices, and_(n.state.in_(("done", "void")), n.done_at < now - 90 * _DAY)
    yield stage_moves, stage_moves.c.at < now - 400 * _DAY
    yield quarantine, quarantine.c.released_at < now - 90 * _DAY
    yield troubles, troubles.c.seen_at < now - _DAY
    yield parked, _right_again()


def drop(connection: Connection, table: Table, old: ColumnElement[bool], many: int = BITE) -> int:
    """Drops up to `many` rows; returns how many there were."""
    keys = list(table.primary_key.columns)
    some = select(*keys).where(old).limit(many)
    chosen = keys[0].in_(some) if len(keys) == 1 else tuple_(*keys).in_(some)
    return connection.execute(delete(table).where(chosen), execution_options={"preserve_rowcount": True}).rowcount


def shrink_journal(store: Engine) -> bool:
    """Empties the write-ahead log of a SQLite store into its file; False: somebody reads or writes, so later. Nothing
    to do on PostgreSQL."""
    if store.dialect.name != "sqlite" or not store.url.database:
        return True
    with closing(sqlite3.connect(store.url.database, timeout=_SHORT, isolation_level=None)) as connection:
        try:
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
    return not busy


def _right_again() -> ColumnElement[bool]:
    """Put aside, but tried again or done since, so that no row waits for a person any more."""
    r, p = records.c, parked.c
    same = and_(r.object == p.object, r.record_id == p.record_id)
    unread = exists().where(same, refetches.c.record == r.id, refetches.c.not_before == PARKED)
    undecided = exists().where(same, stage_intents.c.record == r.id, stage_intents.c.not_before == PARKED)
    unscored = exists().where(cast(due.c.subject, Text) == p.record_id, due.c.not_before == PARKED)
    return or_(
        and_(p.job == "read", not_(unread)),
        and_(p.job == "stage", not_(undecided)),
        and_(p.job == "score", not_(unscored)),
    )
