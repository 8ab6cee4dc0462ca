"""The store opens on both databases, brings itself up to date, and refuses what it cannot know."""

import stat
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, select, text

from leadscore.store import chore_table, live_tables, stage_tables, tables, work_tables
from leadscore.store.batch import insert_new, upsert
from leadscore.store.database import open_store, reading, writing
from leadscore.store.errors import StoreError

FORM = ("form_id", "since", "name")


def test_the_migrations_make_exactly_the_tables_that_the_code_speaks_of(store: Engine) -> None:
    assert {
        one.metadata
        for one in (
            work_tables.scores,
            live_tables.outbox,
            chore_table.chores,
            stage_tables.known_stages,
        )
    } == {tables.metadata}
    with reading(store) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_every_table_and_column_says_what_it_is() -> None:
    for table in tables.metadata.tables.values():
        assert table.comment, table.name
        assert all(column.comment for column in table.columns), table.name


def test_opening_a_store_again_keeps_what_is_in_it(database_url: str) -> None:
    for _ in range(2):
        engine = open_store(database_url)
        with writing(engine) as connection:
            insert_new(connection, tables.forms, FORM, [("f", 1, "Demo")])
        engine.dispose()
    engine = open_store(database_url)
    with reading(engine) as connection:
        assert connection.execute(select(tables.forms)).all() == [("f", 1, "Demo")]
    engine.dispose()


def test_a_store_of_a_newer_version_is_refused(database_url: str) -> None:
    engine = open_store(database_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"newer leadscore .* 9999"):
        open_store(database_url)


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "store.db"
    open_store(f"sqlite:///{path}").dispose()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", ["mysql://host/db", "no address at all"])
def test_an_address_of_something_else_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(StoreError, match="DATABASE_URL"):
        open_store(url)


def test_a_place_where_no_file_can_be_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="Cannot create the store"):
        open_store(f"sqlite:///{tmp_path / 'file' / 'store.db'}")


def test_a_file_that_is_no_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at " * 20)
    with pytest.raises(StoreError, match="Cannot open the store"):
        open_store(f"sqlite:///{tmp_path / 'notes.txt'}")


def test_a_transaction_that_fails_leaves_nothing(store: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(store) as connection:
        insert_new(connection, tables.forms, FORM, [("f", 1, "Demo")])
        raise ZeroDivisionError
    with reading(store) as connection:
        assert connection.execute(select(tables.forms)).all() == []


def test_a_database_that_is_gone_is_told_in_a_sentence(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE forms"))
    with pytest.raises(StoreError, match="does not answer: no such table: forms"), reading(engine) as connection:
        connection.execute(select(tables.forms))
    engine.dispose()


def test_known_keys_are_left_alone_or_replaced_as_asked(store: Engine) -> None:
    with writing(store) as connection:
        assert insert_new(connection, tables.forms, FORM, [("a", 1, "x"), ("b", 1, "y")]) == 2
        assert insert_new(connection, tables.forms, FORM, [("a", 1, "other"), ("c", 1, "z")]) == 1
        upsert(connection, tables.forms, FORM, [("b", 1, "new"), ("d", 1, "d")])
        rows = connection.execute(select(tables.forms).order_by(tables.forms.c.form_id)).all()
    assert rows == [("a", 1, "x"), ("b", 1, "new"), ("c", 1, "z"), ("d", 1, "d")]
