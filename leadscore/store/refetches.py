"""Which records are to be read from the CRM again, because a notice named them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import chunks
from leadscore.store.leases import set_free
from leadscore.store.live_tables import refetches
from leadscore.store.records import Key
from leadscore.store.tables import links, records


def name_records(connection: Connection, ids: Iterable[int], now: int) -> None:
    """Asks for records (our numbers) to be read again: one row each, however often they are named. One that was
    parked is tried once more, since it may have changed."""
    wanted = sorted(set(ids))
    rows = [{"record": id, "since": now, "mark": 1, "fence": 0, "tries": 0, "not_before": 0} for id in wanted]
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(refetches)
    again = statement.on_conflict_do_update(index_elements=[refetches.c.record], set_={"mark": refetches.c.mark + 1})
    connection.execute(again, rows)
    set_free(connection, refetches, wanted)


def keys_of(connection: Connection, ids: Sequence[int]) -> dict[int, Key]:
    """Object and CRM id of records by our number, and whether they were read before is not told."""
    found: dict[int, Key] = {}
    for chunk in chunks(ids):
        query = select(records.c.id, records.c.object, records.c.record_id).where(records.c.id.in_(chunk))
        found |= {row.id: (row.object, row.record_id) for row in connection.execute(query)}
    return found


def name_unread(connection: Connection, ids: Sequence[int], now: int) -> None:
    """Asks for the records that these are linked with and that nobody has read yet: a new contact's company."""
    for chunk in chunks(ids):
        unread = (
            select(records.c.id)
            .join(links, links.c.other == records.c.id)
            .where(links.c.record.in_(chunk), links.c.until.is_(None), records.c.read_at.is_(None))
            .where(records.c.until.is_(None))
        )
        name_records(connection, connection.execute(unread).scalars().all(), now)
