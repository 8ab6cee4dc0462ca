"""Takes in activities from elsewhere: webinars, product use, tickets."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine

from connectors.protocol import SeenActivity
from leadscore.store.account import bound
from leadscore.store.batch import chunks
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.pages import count_unmatched, keep_activities
from leadscore.store.people import count_activities


@dataclass(frozen=True, slots=True)
class ImportReport:
    """`read` activities came; `kept` were new and have a person, `waiting` were new and wait for a record with their
    e-mail address. The rest was known already, or names nobody and was put aside."""

    read: int
    kept: int
    waiting: int


def import_activities(store: Engine, activities: Iterable[SeenActivity], now: int) -> ImportReport:
    """Keeps activities, matched by record id or else by e-mail; the same ones again change nothing.

    They count as known when they happened. Raises StoreError if nothing was synced yet: there is nobody to match.
    """
    read = kept = waiting = 0
    with reading(store) as connection:
        bound(connection)
    for chunk in chunks(activities, 1000):
        with writing(store) as connection:
            one_writer(connection)
            before = count_activities(connection), count_unmatched(connection)
            keep_activities(connection, chunk, now, first=True)
            read += len(chunk)
            kept += count_activities(connection) - before[0]
            waiting += count_unmatched(connection) - before[1]
    return ImportReport(read, kept, waiting)
