"""Copies of a SQLite store: made while leadscore works, checked, readable by their owner only, and put back."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.engine import make_url

from leadscore.store.batch import insert_new
from leadscore.store.database import connect, open_store, reading, writing
from leadscore.store.erased import add_salts, salts
from leadscore.store.erasing import erase_again
from leadscore.store.errors import StoreError
from leadscore.store.live_tables import erased
from leadscore.store.scrubbing import scrub

_POSTGRES = (
    "This store is in PostgreSQL, which keeps its own backups: `pg_dump --format=custom --file=leadscore.dump` makes "
    "one, `pg_restore` puts it back."
)


_SHORT = 0.5


class _Gone(NamedTuple):
    """The list of the erased: the salts and the rows of hashes."""

    salts: tuple[str, ...]
    rows: Sequence[tuple[str, int]]


def backup(url: str, target: Path) -> int:
    """Copies the store into a new file, also while others write; returns its size in bytes.

    The file appears only when it is whole and checked. Raises StoreError: for PostgreSQL, for a file that exists, and
    when the copy is not sound.
    """
    source = _file(url)
    if not source.exists():
        raise StoreError(f"There is no store at {source}. Run `leadscore sync`, or correct DATABASE_URL.")
    if target.exists():
        raise StoreError(f"{target} exists. Name a file that does not: a backup is never overwritten.")
    begun = target.with_name(f".{target.name}.part")
    try:
        begun.unlink(missing_ok=True)
        begun.touch(mode=0o600)
        with closing(sqlite3.connect(source)) as store, closing(sqlite3.connect(begun)) as copy:
            # At one go: a copy in steps begins anew whenever somebody writes between two of them. Nobody waits for it.
            store.backup(copy)
            # A copy that is one file, not three, can be moved about.
            copy.execute("PRAGMA journal_mode=DELETE")
        check(begun)
        _sync(begun)
        begun.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"Cannot write the backup {target}: {error}. Look at the path and the free space.") from error
    finally:
        begun.unlink(missing_ok=True)
    return target.stat().st_size


def check(file: Path) -> None:
    """Raises StoreError unless the file is a sound SQLite database that leadscore wrote."""
    if not file.is_file():
        raise StoreError(f"There is no file {file}.")
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as copy:
            (said,) = copy.execute("PRAGMA integrity_check").fetchone()
            ours = copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
    except sqlite3.Error as error:
        raise StoreError(f"{file} is no sound SQLite database: {error}. Take another backup.") from error
    if said != "ok" or not ours:
        fault = said if said != "ok" else "leadscore did not write it"
        raise StoreError(f"{file} is no sound backup: {fault}. Take another one.")


def restore(url: str, file: Path, now: int, *, force: bool = False) -> None:
    """Puts a backup in the place of the store, in one transaction, and brings its schema up to date.

    Who was erased since the backup was made is erased in it first, as far as the store that it replaces knows: where
    that is lost, so is its list. Raises StoreError: for PostgreSQL, for a file that is not sound, and, unless forced,
    while leadscore runs or if the place is not empty.
    """
    target = _file(url)
    check(file)
    gone = _Gone((), ())
    if target.exists() and target.stat().st_size:
        if not force:
            raise StoreError(f"There is a store at {target}. Back it up, then restore with --force.")
        gone = _erased_and_at_rest(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Whatever cuts this short, the list of the erased is in one of the two: the old store, or all of the new one.
    begun = target.with_name(f".{target.name}.restoring")
    try:
        _remove(begun)
        _copy(file, begun)
        _erase_since(f"sqlite:///{begun}", gone, now)
        _copy(begun, target)
    finally:
        _remove(begun)


def _copy(source: Path, target: Path) -> None:
    try:
        target.touch(mode=0o600, exist_ok=True)
        target.chmod(0o600)
        with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(target, timeout=10)) as store:
            copy.backup(store)
            # What was there before may stand in the journal still.
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"Cannot write {target}: {error}. Stop leadscore, then restore again.") from error


def _erase_since(url: str, gone: _Gone, now: int) -> None:
    engine = open_store(url)
    try:
        with writing(engine) as connection:
            add_salts(connection, gone.salts)
            insert_new(connection, erased, ("hash", "at"), list(gone.rows))
            erase_again(connection, now)
        scrub(engine)
    finally:
        engine.dispose()


def _remove(file: Path) -> None:
    for end in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + end).unlink(missing_ok=True)


def _erased_and_at_rest(url: str) -> _Gone:
    """Who was erased, as the store that is to be replaced knows it. Raises StoreError while a program has it open."""
    _alone(_file(url))
    engine: Engine = connect(url)
    try:
        with reading(engine) as connection:
            return _Gone(salts(connection), [(row.hash, row.at) for row in connection.execute(select(erased))])
    finally:
        engine.dispose()


def _alone(file: Path) -> None:
    """SQLite gives up its write-ahead log only when no other connection is open, be it at rest or in another program:
    the web side waits for notices without any lease. It takes it up again when the store is opened."""
    with closing(sqlite3.connect(file, timeout=_SHORT, isolation_level=None)) as store:
        try:
            (mode,) = store.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError:
            mode = "wal"
    if mode != "delete":
        raise StoreError(
            f"A program has the store at {file} open; leadscore runs on it, most likely. Stop it (SIGTERM), wait until "
            "it has ended, then restore."
        )


def _file(url: str) -> Path:
    place = make_url(url)
    if place.get_backend_name() != "sqlite" or not place.database:
        raise StoreError(_POSTGRES)
    return Path(place.database)


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
