"""Takes back what was lent to processes that are no more, whatever they worked on."""

from collections.abc import Callable

from sqlalchemy import Connection, Table, select, update

from leadscore.store import chore_table, live_tables, work_tables

_ROOMS = (chore_table, live_tables, work_tables)


def free_leases(connection: Connection, gone: Callable[[str], bool]) -> int:
    """Ends the lease of every row, in every table that lends rows, whose owner is `gone`; returns how many owners
    lost theirs. Whoever is at it all the same finds out by the fence."""
    freed = 0
    for table in _lending():
        owners = connection.execute(select(table.c.owner).where(table.c.owner.is_not(None)).distinct()).scalars()
        for owner in [one for one in owners if gone(one)]:
            # Of whoever led the name stays; the end of its lease is what counts.
            free = {"until": 0} if table is live_tables.leaders else {"owner": None, "until": None}
            connection.execute(update(table).where(table.c.owner == owner).values(free))
            freed += 1
    return freed


def _lending() -> list[Table]:
    tables = [table for room in _ROOMS for table in vars(room).values() if isinstance(table, Table)]
    return [table for table in tables if {"owner", "until", "fence"} <= set(table.columns.keys())]
