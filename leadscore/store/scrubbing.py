"""Clears the store's files of the bytes of what was deleted."""

import sqlite3
from contextlib import closing

from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DBAPIError

from leadscore.store.database import reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.every_table import every_table
from leadscore.store.live_tables import erased, erased_salt

_FAILED = "The store's files could not be cleared of who was erased"


def to_scrub(store: Engine) -> bool:
    """Whether somebody was erased since the files were last cleared."""
    return _last(store) is not None


def scrub(store: Engine) -> bool:
    """Clears the files if somebody was erased since the last time; returns whether nothing of them is left there.

    SQLite: the file is written anew without gaps and its journal emptied, which takes a minute for some 10 GB, as much
    free space as the file has, and keeps other writers waiting; False if somebody reads from an old state. PostgreSQL:
    dead rows are given free with VACUUM, as far as the role may; their pages are the server's to overwrite. Raises
    StoreError.
    """
    last = _last(store)
    if last is None:
        return True
    whole = _rewrite(store) if store.dialect.name == "sqlite" else _vacuum(store)
    if whole:
        with writing(store) as connection:
            connection.execute(update(erased_salt).values(scrubbed_at=last))
    return whole


def _last(store: Engine) -> int | None:
    """When somebody was last erased, unless the files were cleared since."""
    with reading(store) as connection:
        last = connection.execute(select(func.max(erased.c.at))).scalar_one()
        done = connection.execute(select(func.min(func.coalesce(erased_salt.c.scrubbed_at, -1)))).scalar_one()
    return None if last is None or (done is not None and done >= last) else int(last)


def _rewrite(store: Engine) -> bool:
    try:
        with closing(store.raw_connection()) as connection:
            cursor = connection.cursor()
            cursor.execute("VACUUM")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise StoreError(f"{_FAILED}: {error}. It needs as much free space as the store has.") from error
    return not busy


def _vacuum(store: Engine) -> bool:
    try:
        with store.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in every_table():
                connection.execute(text(f"VACUUM {table.name}"))
    except DBAPIError as error:
        raise StoreError(f"{_FAILED}: {error.orig}. Look whether the database is up.") from error
    return True
