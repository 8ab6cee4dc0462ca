"""A copy of the store is whole, private and checked; it comes back as it was, but never over a running leadscore."""

import itertools
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from leadscore.store import tables
from leadscore.store.backup import backup, restore
from leadscore.store.batch import insert_new
from leadscore.store.database import open_store, reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.live_tables import erased
from tests.serve.service import change, place, post, stop, until

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
    kept.dispose()
    restore(url, tmp_path / "copy.db", NOW, force=True)
    assert forms(url) == ["before"]
    assert stat.S_IMODE((tmp_path / "store.db").stat().st_mode) == 0o600
    with reading(kept) as connection:
        assert connection.execute(select(erased.c.hash)).scalars().all() == ["somebody"]


def test_nothing_is_restored_below_a_program_that_has_the_store_open(kept: Engine, url: str, tmp_path: Path) -> None:
    backup(url, tmp_path / "copy.db")
    add_form(kept, "after")
    with pytest.raises(StoreError, match="Stop it"):
        restore(url, tmp_path / "copy.db", NOW, force=True)
    assert forms(url) == ["after", "before"]
    kept.dispose()
    restore(url, tmp_path / "copy.db", NOW, force=True)
    assert forms(url) == ["before"]


def test_a_store_is_copied_while_notices_come_in_and_comes_back_only_when_the_service_has_ended(tmp_path: Path) -> None:
    with place(tmp_path, f"sqlite:///{tmp_path / 'store.db'}") as site:
        site.bind()
        web, said = site.start("serve", "--web-only", "--listen", "127.0.0.1:0")
        worker, _ = site.start("worker")
        acknowledged: list[int] = []
        enough = threading.Event()

        def send() -> None:
            for number in itertools.count(1):
                if enough.is_set():
                    return
                if post(said["url"], [change(number, "x@b.example", number)]).status_code == 200:
                    acknowledged.append(number)

        sender = threading.Thread(target=send)
        sender.start()
        sizes: list[tuple[int, int, int]] = []
        for copy in (tmp_path / "first.db", tmp_path / "second.db"):
            before = len(acknowledged)
            until(lambda before=before: len(acknowledged) > before + 20)
            before = len(acknowledged)
            backup(site.database, copy)
            sizes.append((before, events(copy), len(acknowledged) + 1))
        enough.set()
        sender.join()
        assert all(before <= copied <= after for before, copied, after in sizes)
        with pytest.raises(StoreError, match="Stop it"):
            restore(site.database, tmp_path / "first.db", NOW, force=True)
        stop(worker)
        with pytest.raises(StoreError, match="Stop it"):
            restore(site.database, tmp_path / "first.db", NOW, force=True)
        stop(web)
        assert events(tmp_path / "store.db") == len(acknowledged)
        restore(site.database, tmp_path / "first.db", NOW, force=True)
        assert events(tmp_path / "store.db") == sizes[0][1]


def events(file: Path) -> int:
    with closing(sqlite3.connect(file)) as store:
        (count,) = store.execute("SELECT count(*) FROM deliveries").fetchone()
    return int(count)


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
