"""The inbox keeps what it says it kept, once, whoever else asks at the same time."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from leadscore.jobs.inbox import StoreInbox, take_in
from leadscore.jobs.room import Room
from leadscore.store import deliveries
from leadscore.store.database import open_store, reading, writing
from leadscore.store.group_commit import GroupCommit, Overfull
from tests.jobs.live import notice
from tests.store.seen import NOW
from webhooks.delivery import Delivery, InboxUnavailable, NamedRecord, Receipt, Rejected


def delivery(key: str, id: str = "1", raw: bytes = b"{}") -> Delivery:
    return Delivery("hubspot", "4711", key, "changed", "contact", (NamedRecord("itself", "contact", id),), "", NOW, raw)


def receipt(*found: Delivery, rejected: tuple[Rejected, ...] = ()) -> Receipt:
    return Receipt("hubspot", NOW, found, rejected)


@pytest.fixture
def inbox(store: Engine) -> Iterator[StoreInbox]:
    made = StoreInbox(store.url.render_as_string(hide_password=False), least_free=0)
    yield made
    made.close()


def kept(store: Engine) -> list[deliveries.Stored]:
    with reading(store) as connection:
        return deliveries.find_deliveries(connection)


def test_what_was_put_is_there_byte_by_byte(store: Engine, inbox: StoreInbox) -> None:
    raw = b'{"\xff\x00": 1}'
    assert inbox.put(receipt(delivery("a", "7", raw))) == 1
    (one,) = kept(store)
    assert (one.raw, one.records, one.state) == (raw, (NamedRecord("itself", "contact", "7"),), "open")


def test_a_repeat_is_no_new_delivery_even_with_other_bytes(store: Engine, inbox: StoreInbox) -> None:
    assert inbox.put(receipt(delivery("a"), delivery("b"))) == 2
    assert inbox.put(receipt(delivery("b", raw=b"other"), delivery("c"))) == 1
    assert [one.raw for one in kept(store)] == [b"{}"] * 3


def test_what_nobody_can_read_is_a_dead_letter_at_once(store: Engine, inbox: StoreInbox) -> None:
    unreadable = Rejected("hubspot", "4711", "x", "no list", whole=True, raw=b"[")
    assert inbox.put(receipt(delivery("a"), rejected=(unreadable,))) == 2
    assert {one.key: (one.state, one.reason) for one in kept(store)} == {"a": ("open", None), "x": ("dead", "no list")}


def test_many_threads_with_the_same_events_keep_each_once(store: Engine, inbox: StoreInbox) -> None:
    def put(number: int) -> int:
        return inbox.put(receipt(*(delivery(str((number + n) % 50)) for n in range(20))))

    with ThreadPoolExecutor(8) as pool:
        new = sum(pool.map(put, range(40)))
    assert new == len(kept(store)) == 50


def test_nothing_is_taken_in_before_the_first_sync(store: Engine, inbox: StoreInbox) -> None:
    inbox.put(receipt(delivery("a")))
    assert take_in(store, NOW) == 0
    assert [one.state for one in kept(store)] == ["open"]


def test_a_locked_database_asks_the_crm_to_come_again_and_later_takes_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url)
    inbox = StoreInbox(url, least_free=0)
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(InboxUnavailable):
        inbox.put(receipt(delivery("a")))
    other.execute("ROLLBACK")
    other.close()
    inbox.put(receipt(delivery("b")))
    inbox.close()
    assert {one.key for one in kept(store)} == {"a", "b"}
    store.dispose()


def test_a_disk_that_is_almost_full_asks_the_crm_to_come_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url)
    inbox = StoreInbox(url, least_free=2**62)
    with pytest.raises(InboxUnavailable, match="almost full"):
        inbox.put(receipt(delivery("a")))
    inbox.close()
    assert kept(store) == []
    store.dispose()


def test_no_more_events_are_taken_while_too_many_wait_and_again_when_they_were_acted_upon(store: Engine) -> None:
    ticks = iter(range(0, 1000, 5))
    room = Room(store, least_free=0, most_open=2, tick=lambda: next(ticks))
    for key in ("a", "b"):
        room.check()
        with writing(store) as connection:
            deliveries.add(connection, [notice(key, "1")])
    with pytest.raises(InboxUnavailable, match="2 events wait") as refused:
        room.check()
    assert refused.value.retry_after == 300
    with writing(store) as connection:
        deliveries.close(connection, ["a"], NOW)
    room.check()


def test_how_many_wait_is_looked_up_every_few_seconds_only(store: Engine) -> None:
    now = [0.0]
    room = Room(store, least_free=0, most_open=1, tick=lambda: now[0])
    room.check()
    with writing(store) as connection:
        deliveries.add(connection, [notice("a", "1")])
    room.check()
    now[0] = 5.0
    with pytest.raises(InboxUnavailable):
        room.check()


def test_a_store_that_is_broken_asks_the_crm_to_come_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(url)
    with writing(store) as connection:
        connection.exec_driver_sql("DROP TABLE deliveries")
    inbox = StoreInbox(url, least_free=0)
    with pytest.raises(InboxUnavailable, match="does not answer"):
        inbox.put(receipt(delivery("a")))
    inbox.close()
    store.dispose()


def test_those_who_wait_are_committed_together_and_each_is_told_its_own_number() -> None:
    first, go = threading.Event(), threading.Event()
    calls: list[list[list[int]]] = []

    def commit(groups: Sequence[Sequence[int]]) -> list[int]:
        calls.append([list(group) for group in groups])
        first.set()
        assert go.wait(10)
        return [len(group) for group in calls[-1]]

    group: GroupCommit[int] = GroupCommit(commit, most=10)
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(group.put, [1], 10)]
        assert first.wait(10)
        told += [pool.submit(group.put, [2, 3], 10), pool.submit(group.put, [4, 5, 6], 10)]
        while group.waiting < 6:
            pass
        with pytest.raises(Overfull):
            group.put([7] * 5, 10)
        go.set()
        assert [one.result() for one in told] == [1, 2, 3]
    group.close()
    assert len(calls) == 2


def test_one_request_at_which_the_commit_fails_is_not_laid_on_the_others() -> None:
    first, go = threading.Event(), threading.Event()

    def commit(groups: Sequence[Sequence[int]]) -> list[int]:
        rows = [list(group) for group in groups]
        first.set()
        assert go.wait(10)
        if any(0 in group for group in rows):
            raise ZeroDivisionError
        return [len(group) for group in rows]

    group: GroupCommit[int] = GroupCommit(commit)
    with ThreadPoolExecutor(4) as pool:
        begun = pool.submit(group.put, [1], 10)
        assert first.wait(10)
        good, bad = pool.submit(group.put, [2], 10), pool.submit(group.put, [0], 10)
        while group.waiting < 3:
            pass
        go.set()
        assert (begun.result(), good.result()) == (1, 1)
        with pytest.raises(ZeroDivisionError):
            bad.result()
    group.close()
