"""What has served its time is forgotten, and nothing that somebody may still need."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Table, Text, func, insert, select

from leadscore.jobs.chores import Lost
from leadscore.jobs.tidying import tidy
from leadscore.store import deliveries as kept_events
from leadscore.store.database import open_store, reading, writing
from leadscore.store.deliveries import DEAD, DONE, OPEN
from leadscore.store.forgetting import shrink_journal
from leadscore.store.leases import PARKED
from leadscore.store.live_tables import deliveries, quarantine, refetches, rescores
from leadscore.store.parked import Parked, all_parked, park
from leadscore.store.records import ensure_records
from leadscore.store.runs import begin_run, end_run, last_runs
from leadscore.store.work_tables import due
from tests.jobs.live import notice
from tests.store.seen import NOW

DAY = 86_400_000


def hold(_connection: Connection) -> None:
    """The lease is ours throughout."""


def add_row(connection: Connection, table: Table, **values: object) -> None:
    """A row in which everything that is not given is 0 or empty."""
    empty = {c.name: "" if isinstance(c.type, Text) else 0 for c in table.columns if not c.nullable}
    connection.execute(insert(table).values(empty | values))


def count(store: Engine, table: Table) -> int:
    with reading(store) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_events_acted_upon_go_after_their_time_and_those_open_or_given_up_stay(store: Engine) -> None:
    with writing(store) as connection:
        for age in (13, 15):
            for state in (OPEN, DONE, DEAD):
                kept_events.add(connection, [notice(f"{state}-{age}", "1", at=NOW - age * DAY)._replace(state=state)])
    assert tidy(store, NOW, 14 * DAY, hold) == {"deliveries": 1}
    with reading(store) as connection:
        left = {one.key for one in kept_events.find_deliveries(connection)}
    assert left == {"open-13", "done-13", "dead-13", "open-15", "dead-15"}
    assert tidy(store, NOW, 10 * DAY, hold) == {"deliveries": 1}


def test_many_events_go_in_several_bites_each_under_the_lease(store: Engine) -> None:
    with writing(store) as connection:
        old = [notice(str(number), "1", at=NOW - 30 * DAY)._replace(state=DONE) for number in range(5_000)]
        kept_events.add(connection, old)
    bites: list[int] = []

    def lose_it(_connection: Connection) -> None:
        bites.append(1)
        if len(bites) == 2:
            raise Lost

    with pytest.raises(Lost):
        tidy(store, NOW, 14 * DAY, lose_it)
    assert count(store, deliveries) == 3_000
    assert tidy(store, NOW, 14 * DAY, hold) == {"deliveries": 3_000}


def test_syncs_that_ended_well_and_long_ago_go_and_applies_stay(store: Engine) -> None:
    with writing(store) as connection:
        for job, ended, outcome in (
            ("sync", NOW - 8 * DAY, "done"),
            ("sync", NOW - 8 * DAY, "stopped"),
            ("sync", NOW - 31 * DAY, "stopped"),
            ("apply", NOW - 900 * DAY, "done"),
            ("sync", NOW, "done"),
        ):
            end_run(connection, begin_run(connection, job, ended), ended, outcome, {})
        begin_run(connection, "sync", NOW - 31 * DAY)
    assert tidy(store, NOW, 14 * DAY, hold) == {"runs": 3}
    with reading(store) as connection:
        assert [(run.job, run.outcome) for run in last_runs(connection)] == [
            ("sync", "done"),
            ("apply", "done"),
            ("sync", "stopped"),
        ]


def test_counts_of_hours_long_gone_and_people_let_out_long_ago_go(store: Engine) -> None:
    with writing(store) as connection:
        for since in (NOW, NOW - 3 * DAY):
            add_row(connection, rescores, subject=1, since=since, count=1)
        for subject, out in ((1, None), (2, NOW), (3, NOW - 91 * DAY)):
            add_row(connection, quarantine, subject=subject, released_at=out)
    assert tidy(store, NOW, 14 * DAY, hold) == {"rescores": 1, "quarantine": 1}


def test_what_was_put_aside_stays_until_it_has_come_right(store: Engine) -> None:
    """Records 1 and 2 could not be read, people 7 and 8 not be scored; then 1 and 7 could."""
    with writing(store) as connection:
        known = ensure_records(connection, [("contact", "1"), ("contact", "2")])
        add_row(connection, refetches, record=known["contact", "2"].id, not_before=PARKED)
        add_row(connection, due, subject=8, not_before=PARKED)
        things = [
            ("read", "contact", "1"),
            ("read", "contact", "2"),
            ("score", "subject", "7"),
            ("score", "subject", "8"),
        ]
        things += [("write", "contact", "1"), ("sync", "form_submission", "9")]
        park(connection, [Parked(job, object, id, "no", "{}", NOW) for job, object, id in things])
    assert tidy(store, NOW, 14 * DAY, hold) == {"parked": 2}
    with reading(store) as connection:
        left = {(one.job, one.record_id) for one in all_parked(connection)}
    assert left == {("read", "2"), ("score", "8"), ("write", "1"), ("sync", "9")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def sqlite(file: Path) -> Iterator[Engine]:
    engine = open_store(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def test_the_journal_of_sqlite_becomes_small_again_unless_somebody_reads(sqlite: Engine, file: Path) -> None:
    journal = file.with_name("store.db-wal")
    reader = sqlite3.connect(file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM deliveries").fetchone()
    with writing(sqlite) as connection:
        kept_events.add(connection, [notice(str(number), "1")._replace(state=DEAD) for number in range(2_000)])
    tidy(sqlite, NOW, 14 * DAY, hold)
    assert journal.stat().st_size > 100_000
    assert not shrink_journal(sqlite)
    reader.execute("COMMIT")
    reader.close()
    tidy(sqlite, NOW, 14 * DAY, hold)
    assert journal.stat().st_size == 0
