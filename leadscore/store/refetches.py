"""Which records are to be read from the CRM again, because a notice named them."""

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Connection, case, select
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.leases import PARKED
from leadscore.store.live_tables import refetches
from leadscore.store.prepared import Among, Prepared, given
from leadscore.store.records import Key
from leadscore.store.tables import links, records


def name_records(connection: Connection, ids: Iterable[int], now: int) -> None:
    """Asks for records (our numbers) to be read again: one row each, however often they are named. One that was
    parked is tried once more, since it may have changed."""
    _name(connection.dialect.name).run_all(connection, [{"record": id, "now": now} for id in sorted(set(ids))])


def keys_of(connection: Connection, ids: Sequence[int]) -> dict[int, Key]:
    """Object and CRM id of records by our number, and whether they were read before is not told."""
    return {id: (name, theirs) for id, name, theirs in _KEYS.rows(connection, keys=list(ids))} if ids else {}


def name_unread(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Asks for the records that these are linked with and that nobody has read yet: a new contact's company."""
    if ids:
        name_records(connection, [row[0] for row in _UNREAD.rows(connection, keys=list(ids))], now)


@cache
def _name(database: str) -> Prepared:
    insert = (postgresql.insert if database == "postgresql" else sqlite.insert)(refetches)
    held = refetches.c
    fresh = {"record": given("record"), "since": given("now"), "mark": 1, "fence": 0, "tries": 0, "not_before": 0}
    waits = case((held.not_before == PARKED, 0), else_=held.not_before)
    again = {"mark": held.mark + 1, "not_before": waits}
    return Prepared(insert.values(fresh).on_conflict_do_update(index_elements=[held.record], set_=again))


_KEYS = Prepared(select(records.c.id, records.c.object, records.c.record_id).where(Among(records.c.id)))
_UNREAD = Prepared(
    select(records.c.id)
    .join(links, links.c.other == records.c.id)
    .where(Among(links.c.record), links.c.until.is_(None), records.c.read_at.is_(None), records.c.until.is_(None))
)
