"""A copy of the store is whole, private and checked; it comes back as it was, but never over a running leadscore."""

import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from leadscore.store import tables
from leadscore.store.backup import backup, restore
from leadscore.store.batch import insert_new
from leadscore.store.database import open_store, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.leaders import lead
from leadscore.store.live_tables import erased

NOW = 1_800_000_000_000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def kept(url: str) -> Iterator[Engine]:
    store = open_store(url)
    add_form(store, "before")
    yield store
    store.dispose()


def add_form(store: Engine, name: str) -> None:
    with writing(store) as connection:
        insert_new(connection, tables.forms, ("form_id", "since", "name"), [(name, 1, name)])


def forms(url: str) -> list[str]:
    store = open_store(url)
    with reading(store) as connection:
        found = list(connection.execute(select(tables.forms.c.form_id)).scalars())
    store.dispose()
    return found


def test_a_backup_holds_what_was_committed_while_others_write(kept: Engine, url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with writing(kept) as connection:
        insert_new(connection, tables.forms, ("form_id", "since", "name"), [("later", 1, "later")])
        assert backup(url, copy) > 0
    assert forms(f"sqlite:///{copy}") == ["before"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_overwrites_nothing(kept: Engine, url: str, tmp_path: Path) -> None:
    assert kept
    (tmp_path / "copy.db").write_text("mine")
    with pytest.raises(StoreError, match="never overwritten"):
        backup(url, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "mine"


def test_a_restored_store_is_as_it_was_but_for_who_was_erased_since(kept: Engine, url: str, tmp_path: Path) -> None:
    backup(url, tmp_path / "copy.db")
    add_form(kept, "after")
    with writing(kept) as connection:
        insert_new(connection, erased, ("hash", "at"), [("somebody", NOW)])
    with pytest.raises(StoreError, match="--force"):
        restore(url, tmp_path / "copy.db", NOW)
    restore(url, tmp_path / "copy.db", NOW, force=True)
    assert forms(url) == ["before"]
    assert stat.S_IMODE((tmp_path / "store.db").stat().st_mode) == 0o600
    with reading(kept) as connection:
        assert connection.execute(select(erased.c.hash)).scalars().all() == ["somebody"]


def test_nothing_is_restored_below_a_running_leadscore(kept: Engine, url: str, tmp_path: Path) -> None:
    backup(url, tmp_path / "copy.db")
    add_form(kept, "after")
    with writing(kept) as connection:
        lead(connection, "scheduler", "somebody", NOW, 15_000)
    with pytest.raises(StoreError, match="Stop it"):
        restore(url, tmp_path / "copy.db", NOW, force=True)
    assert forms(url) == ["after", "before"]


def test_a_damaged_file_and_a_stranger_are_not_restored(kept: Engine, url: str, tmp_path: Path) -> None:
    backup(url, tmp_path / "copy.db")
    whole = (tmp_path / "copy.db").read_bytes()
    (tmp_path / "damaged.db").write_bytes(whole[:8192] + b"\xff" * 20_000 + whole[28_192:])
    with sqlite3.connect(tmp_path / "stranger.db") as stranger:
        stranger.execute("CREATE TABLE notes (words)")
    for name in ("damaged.db", "stranger.db", "missing.db"):
        with pytest.raises(StoreError):
            restore(url, tmp_path / name, NOW, force=True)
    with reading(kept) as connection:
        assert connection.execute(text("SELECT form_id FROM forms")).scalars().all() == ["before"]


def test_postgresql_is_left_to_its_own_tools(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        backup("postgresql://host/db", tmp_path / "copy.db")
    with pytest.raises(StoreError, match="pg_restore"):
        restore("postgresql://host/db", tmp_path / "copy.db", NOW)
