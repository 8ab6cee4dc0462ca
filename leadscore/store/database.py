"""Opens the store, brings its schema up to date and hands out transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from leadscore.store.errors import StoreError
from leadscore.store.turns import Turns

_WRITES = "leadscore_writes"
_LONGEST = 60
"""Seconds that a writer on SQLite waits for the others."""
_MIGRATION_LOCK = 0x1EAD5C07E
_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "15",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""After how long a PostgreSQL that vanished without a word counts as gone; what its address says comes first."""


def open_store(url: str, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> Engine:
    """The store at a database URL (`sqlite:///PATH` or `postgresql://...`), created or migrated as needed.

    A new SQLite file is readable by its owner only. Raises StoreError if the store cannot be opened or was written by
    a newer leadscore.
    """
    engine = connect(url, synchronous)
    try:
        _migrate(engine)
    except DBAPIError as error:
        engine.dispose()
        place = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"Cannot open the store at {place}: {error.orig}. Check DATABASE_URL.") from error
    except StoreError:
        engine.dispose()
        raise
    return engine


def connect(url: str, synchronous: Literal["FULL", "NORMAL"] = "FULL") -> Engine:
    """An engine for a store that is known to be up to date: no look at its schema."""
    place = _address(url)
    if place.get_backend_name() == "postgresql":
        try:
            return create_engine(_impatient(place), hide_parameters=True)
        except ModuleNotFoundError as error:
            raise StoreError(
                "DATABASE_URL names PostgreSQL, whose driver is not installed. Install leadscore[postgres]."
            ) from error
    if place.database and place.database != ":memory:":
        _private_file(Path(place.database))
    # What an error says may be logged: never with the values of a row.
    engine = create_engine(place, connect_args={"timeout": _LONGEST}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def settings(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy begins transactions itself (below): the driver's own BEGIN comes too late to read consistently.
        connection.isolation_level = None
        for line in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {line}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer may find the file changed below it and fail; so who writes says so at once.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine, *, urgent: bool = False) -> Iterator[Connection]:
    """One transaction that writes: all of it is kept at the end, or nothing. On SQLite there is one at a time, and who
    is `urgent` comes before the other threads of this process.

    Raises StoreError if the database does not take it: it is locked, its disk is full, or it is gone.
    """
    with _told(engine), _turn(engine, urgent=urgent), engine.connect() as plain:
        connection = plain.execution_options(**{_WRITES: True})
        with connection.begin():
            yield connection


@contextmanager
def _turn(engine: Engine, *, urgent: bool) -> Iterator[None]:
    """Lets the threads of this process write one after the other. SQLite itself would let all but one sleep for some
    milliseconds, and again, until one of them happens to find it free."""
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    with _turns(engine.url.database).turn(_LONGEST, urgent=urgent):
        yield


@cache
def _turns(_file: str) -> Turns:
    return Turns()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that only reads, and sees one state of the store throughout. Raises StoreError as `writing`."""
    with _told(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def _told(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        place = engine.url.render_as_string(hide_password=True)
        raise StoreError(
            f"The store at {place} does not answer: {error.orig}. Nothing of this step was kept. Look whether another "
            "leadscore is at work on it, whether the disk is full, or whether the database is up; then run it again."
        ) from error


def one_writer(connection: Connection) -> None:
    """Waits until no other transaction that called this is open. Ids are handed out under it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK + 1})


def _address(url: str) -> URL:
    try:
        place = make_url(url)
    except ArgumentError as error:
        raise StoreError("DATABASE_URL is no database address. Write sqlite:///FILE or postgresql://...") from error
    backend = place.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise StoreError(f"DATABASE_URL names {backend!r}. leadscore keeps its store in sqlite or postgresql.")
    return place.set(drivername="postgresql+psycopg") if backend == "postgresql" else place


def _impatient(place: URL) -> URL:
    return place.update_query_dict({name: value for name, value in _PATIENCE.items() if name not in place.query})


def _private_file(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(f"Cannot create the store at {path}: {error.strerror}. Check DATABASE_URL.") from error


def newest_schema() -> str | None:
    """The schema that this version of leadscore brings a store to."""
    return ScriptDirectory.from_config(_migrations()).get_current_head()


def is_current(url: str) -> bool:
    """Whether a store of this very version is there. Creates nothing; one that does not answer is not there."""
    place = _address(url)
    if place.get_backend_name() == "sqlite" and not (place.database and Path(place.database).exists()):
        return False
    engine = connect(url)
    try:
        with reading(engine) as connection:
            return MigrationContext.configure(connection).get_current_revision() == newest_schema()
    except (StoreError, DBAPIError):
        return False
    finally:
        engine.dispose()


def _migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", "leadscore.store:migrations")
    return config


def _migrate(engine: Engine) -> None:
    config = _migrations()
    scripts = ScriptDirectory.from_config(config)
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        now = MigrationContext.configure(connection).get_current_revision()
        if now == scripts.get_current_head():
            return
        if now is not None and now not in {script.revision for script in scripts.walk_revisions()}:
            raise StoreError(
                f"The store was written by a newer leadscore (its schema is {now}). "
                "Install that version, or point DATABASE_URL at another store."
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
