"""Keeps what CRMs told us, each event once, until it was acted upon and for a while after."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Select, bindparam, func, select, update

from leadscore.store.batch import Row, insert_new, to_json
from leadscore.store.live_tables import deliveries
from leadscore.store.prepared import Among, Prepared, given, told
from webhooks.delivery import NamedRecord

OPEN, DONE, DEAD = "open", "done", "dead"
_decode = msgspec.json.Decoder(tuple[NamedRecord, ...]).decode
_COLUMNS = (
    "key", "source", "account", "kind", "object", "record_ids", "property", "occurred_at", "raw", "received_at",
    "state", "reason", "attempts", "done_at",
)  # fmt: skip


class Stored(NamedTuple):
    """An event as it is kept. `raw` is what came, byte by byte; `reason` says why it is dead, or had no effect."""

    key: str
    source: str
    account: str
    kind: str
    object: str
    records: tuple[NamedRecord, ...]
    property: str | None
    occurred_at: int | None
    raw: bytes
    received_at: int
    state: str = OPEN
    reason: str | None = None
    attempts: int = 0
    done_at: int | None = None


def add(connection: Connection, rows: Sequence[Stored]) -> int:
    """Keeps events; those that are there already, or come twice, are kept once. Returns how many were new."""
    # In one order, so that two requests with the same events never wait for each other in a circle.
    return insert_new(connection, deliveries, _COLUMNS, [_as_row(row) for row in sorted(rows, key=lambda row: row.key)])


def open_deliveries(connection: Connection, limit: int) -> list[Stored]:
    """The oldest events that nobody has acted upon; on PostgreSQL only those that no other transaction has."""
    return [_stored(row) for row in _OPEN.rows(connection, many=limit)]


def close(connection: Connection, keys: Iterable[str], now: int, reason: str | None = None) -> None:
    """Notes that events were acted upon, or why they needed no act."""
    _end(connection, keys, {"became": DONE, "why": reason, "at": now})


def bury(connection: Connection, key: str, reason: str, now: int) -> None:
    """Puts an event among the dead letters."""
    _end(connection, [key], {"became": DEAD, "why": reason, "at": now})


def count_attempt(connection: Connection, key: str) -> None:
    """Notes that acting upon an event has failed once more."""
    tried = update(deliveries).where(deliveries.c.key == key).values(attempts=deliveries.c.attempts + 1)
    connection.execute(tried)


def open_again(connection: Connection, keys: Iterable[str]) -> int:
    """Makes events be acted upon once more; returns how many there were. Acting twice ends as acting once."""
    rows = [{"one": key} for key in sorted(set(keys))]
    if not rows:
        return 0
    again = {"state": OPEN, "reason": None, "attempts": 0, "done_at": None}
    statement = update(deliveries).where(deliveries.c.key == bindparam("one")).values(again)
    return connection.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def find_deliveries(
    connection: Connection,
    *,
    states: Sequence[str] = (OPEN, DONE, DEAD),
    since: int | None = None,
    until: int | None = None,
    limit: int = 1000,
) -> list[Stored]:
    """Events by their state and by when they came (`until` not included), newest first."""
    d = deliveries.c
    bounds = [] if since is None else [d.received_at >= since]
    bounds += [] if until is None else [d.received_at < until]
    query = select(deliveries).where(d.state.in_(states), *bounds).order_by(d.received_at.desc(), d.key)
    return [_stored(row) for row in connection.execute(query.limit(limit))]


def by_key(connection: Connection, key: str, limit: int = 10) -> list[Stored]:
    """The events whose key begins so."""
    d = deliveries.c
    query = select(deliveries).where(d.key.startswith(key, autoescape=True)).order_by(d.key).limit(limit)
    return [_stored(row) for row in connection.execute(query)]


def stored_rows(connection: Connection, query: Select[Any]) -> list[Stored]:
    """What a query for whole rows finds."""
    return [_stored(row) for row in connection.execute(query)]


def count_states(connection: Connection) -> dict[str, int]:
    """How many events are open, done and dead."""
    query = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def oldest_open(connection: Connection) -> tuple[int, int | None]:
    """How many events wait to be acted upon, and when the oldest of them came."""
    query = select(func.count(), func.min(deliveries.c.received_at)).where(deliveries.c.state == OPEN)
    row = connection.execute(query).one()
    return row[0], row[1]


def open_up_to(connection: Connection, most: int) -> int:
    """How many events wait to be acted upon, counted no further than `most`."""
    some = select(deliveries.c.key).where(deliveries.c.state == OPEN).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def _end(connection: Connection, keys: Iterable[str], values: dict[str, object]) -> None:
    if wanted := sorted(keys):
        _END.run(connection, keys=wanted, **values)


def _as_row(row: Stored) -> Row:
    return (*row[:5], to_json(row.records), *row[6:])


def _stored(row: Any) -> Stored:
    named = _decode(row[5])
    return Stored._make((*row[:5], named, *row[6:8], bytes(row[8]), *row[9:]))


_d = deliveries.c
_OPEN = Prepared(
    select(*(_d[name] for name in _COLUMNS))
    .where(_d.state == OPEN)
    .order_by(_d.received_at, _d.key)
    .limit(given("many"))
    .with_for_update(skip_locked=True)
)
_ENDED = {"state": told("became"), "reason": told("why"), "done_at": given("at")}
_END = Prepared(update(deliveries).where(Among(_d.key)).values(_ENDED))
