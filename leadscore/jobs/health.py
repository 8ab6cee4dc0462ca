"""Whether the service can do its work now, check by check, each with a sentence when it cannot."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert

from leadscore.jobs.leader import SCHEDULER
from leadscore.store.database import newest_schema, reading, writing
from leadscore.store.deliveries import open_up_to
from leadscore.store.errors import StoreError
from leadscore.store.leaders import leader
from leadscore.store.live_tables import leaders

_MEGABYTE = 1_000_000
_PROBE = "probe"
_LOCKED = 2.0


class _Undo(Exception):
    """Takes the row back that was written to see whether the store takes one."""


def health(store: Engine, now: int, least_disk_mb: int, most_open: int) -> Mapping[str, str]:
    """What is wrong, by check (`store`, `schema`, `scheduler`, `disk`, `inbox`); empty when all is well."""
    found = {
        "store": _writable(store),
        "schema": _schema(store),
        "scheduler": _scheduler(store, now),
        "disk": _disk(store, least_disk_mb),
        "inbox": _inbox(store, most_open),
    }
    return {name: said for name, said in found.items() if said}


def _writable(store: Engine) -> str:
    """SQLite is asked through a connection of its own, which waits for a lock no longer than a monitor waits."""
    if store.dialect.name == "sqlite" and store.url.database:
        try:
            with closing(sqlite3.connect(store.url.database, timeout=_LOCKED, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO leaders (name, owner, until, fence) VALUES (?, '', 0, 0)", (_PROBE,))
                connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            return f"The store takes no writes: {error}. Look at its disk, and whether another program holds it."
        return ""
    try:
        with writing(store) as connection:
            connection.execute(insert(leaders).values(name=_PROBE, owner="", until=0, fence=0))
            raise _Undo
    except _Undo:
        return ""
    except StoreError as error:
        return f"The store takes no writes: {error}"


def _schema(store: Engine) -> str:
    try:
        with reading(store) as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except StoreError as error:
        return f"The store cannot be read: {error}"
    newest = newest_schema()
    return "" if found == newest else f"The store's schema is {found}, not {newest}. Run `leadscore db upgrade`."


def _scheduler(store: Engine, now: int) -> str:
    try:
        with reading(store) as connection:
            found = leader(connection, SCHEDULER, now)
    except StoreError as error:
        return f"The store cannot be read: {error}"
    return "" if found else "No scheduler leads. Start `leadscore scheduler`, or wait half a minute if one just ended."


def _inbox(store: Engine, most: int) -> str:
    try:
        with reading(store) as connection:
            full = open_up_to(connection, most) >= most
    except StoreError as error:
        return f"The store cannot be read: {error}"
    return (
        f"{most:,} events wait, so no more are taken. Start more `leadscore worker`, and see its log." if full else ""
    )


def _disk(store: Engine, least: int) -> str:
    if store.dialect.name != "sqlite" or not store.url.database:
        return ""
    free = shutil.disk_usage(Path(store.url.database).absolute().parent).free // _MEGABYTE
    return "" if free >= least else f"Only {free} MB are free beside the store, fewer than {least}. Make room."
