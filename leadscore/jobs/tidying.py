"""Tidies the store: what has served its time goes, a bite at a time, and SQLite's journal becomes small again."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from leadscore.store.database import writing
from leadscore.store.forgetting import BITE, drop, served, shrink_journal

_MOST = 500
"""Bites that one turn takes of a table: the next turn goes on."""


def tidy(store: Engine, now: int, kept: int, hold: Callable[[Connection], None]) -> dict[str, int]:
    """How many rows went, by table. `kept`: for how long events that were acted upon stay, ms.

    `hold` is called in every transaction that drops something; what it raises passes through, and StoreError.
    """
    gone: dict[str, int] = {}
    for table, old in served(now, kept):
        for _ in range(_MOST):
            with writing(store) as connection:
                hold(connection)
                many = drop(connection, table, old)
            gone[table.name] = gone.get(table.name, 0) + many
            if many < BITE:
                break
    shrink_journal(store)
    return {name: many for name, many in gone.items() if many}
