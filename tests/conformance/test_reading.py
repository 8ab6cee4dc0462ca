"""What every connector promises about reading: nothing is lost, wherever it is cut, and nothing is read unasked."""

from collections.abc import Iterable

import pytest

from connectors.protocol import Page
from tests.conformance.rigs import HOUR, Rig


def texts(pages: Iterable[Page], rig: Rig) -> dict[str, str | None]:
    """The latest text of each person, in the order of reading."""
    return {record.id: record.values[rig.property] for page in pages for record in page.records}


def read(rig: Rig, cursor: str | None = None, limit: int | None = None) -> list[Page]:
    return list(rig.reader.read(rig.stream, cursor, rig.needs, rig.now(), limit))


@pytest.mark.parametrize("count", [0, 1, 100, 257])
def test_reading_without_a_cursor_gives_everything(rig: Rig, count: int) -> None:
    ids = rig.add([f"text {number}" for number in range(count)]) if count else []
    assert texts(read(rig), rig) == {id: f"text {number}" for number, id in enumerate(ids)}


def test_only_the_last_page_is_last(rig: Rig) -> None:
    rig.add(["x"] * 257)
    pages = read(rig)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_changed_record_is_seen_and_the_others_are_left_in_peace(rig: Rig) -> None:
    ids = rig.add(["before"] * 120)
    rig.advance(HOUR)
    cursor = read(rig)[-1].cursor
    rig.advance(HOUR)
    rig.change(ids[77], "after")
    assert texts(read(rig, cursor), rig) == {ids[77]: "after"}


def test_records_of_one_and_the_same_time_are_all_seen(rig: Rig) -> None:
    cursor = read(rig)[-1].cursor
    rig.advance(HOUR)
    ids = rig.add(["imported"] * 430)
    assert set(texts(read(rig, cursor), rig)) == set(ids)


@pytest.mark.parametrize("from_the_start", [True, False])
def test_every_page_is_a_place_to_go_on_from_after_a_restart(rig: Rig, from_the_start: bool) -> None:
    cursor = None if from_the_start else read(rig)[-1].cursor
    rig.advance(HOUR)
    ids = rig.add(["x"] * 430)
    pages = read(rig, cursor)
    assert len(pages) > 2
    for number, page in enumerate(pages[:-1]):
        rest = read(rig.again(), page.cursor)
        assert set(texts([*pages[: number + 1], *rest], rig)) == set(ids)


def test_a_change_between_two_pages_is_seen_at_last(rig: Rig) -> None:
    ids = rig.add(["before"] * 430)
    pages = rig.reader.read(rig.stream, None, rig.needs, rig.now())
    first = next(pages)
    rig.advance(1)
    rig.change(first.records[0].id, "after")
    *_, last = pages
    rig.advance(1)
    assert texts(read(rig, last.cursor), rig)[first.records[0].id] == "after"
    assert first.records[0].id in ids


def test_a_run_without_changes_ends_at_once_and_gives_a_cursor(rig: Rig) -> None:
    rig.add(["x"] * 3)
    rig.advance(HOUR)
    cursor = read(rig)[-1].cursor
    rig.advance(HOUR)
    (page,) = read(rig, cursor)
    assert (page.records, page.last) == ((), True)
    rig.change(rig.add(["new"])[0], "newer")
    assert list(texts(read(rig, page.cursor), rig).values()) == ["newer"]


def test_a_sample_is_small_and_says_that_it_ends(rig: Rig) -> None:
    rig.add(["x"] * 430)
    pages = read(rig, limit=10)
    assert 10 <= len(texts(pages, rig)) <= 210
    assert pages[-1].last


def test_fetching_gives_what_is_there_and_leaves_out_what_is_not(rig: Rig) -> None:
    ids = rig.add([f"text {number}" for number in range(230)])
    rig.remove(ids[3])
    records = rig.reader.fetch(rig.object, [*ids, *ids[:5], "99999999"], rig.needs)
    expected = {id: f"text {number}" for number, id in enumerate(ids) if number != 3}
    assert {record.id: record.values[rig.property] for record in records} == expected
    assert len(records) == len(expected)


def test_fetching_records_with_what_they_did_tells_what_reading_tells(rig: Rig) -> None:
    ids = rig.add([f"text {number}" for number in range(120)])
    for id in ids[:3]:
        rig.advance(HOUR)
        rig.act(id)
    pages = list(rig.reader.read(rig.stream, None, rig.acting, rig.now()))
    fetched = rig.reader.fetch_with_activities(rig.object, [*ids, "99999999"], rig.acting)
    assert {activity.record_id for activity in fetched.activities} == set(ids[:3])
    assert sorted(fetched.activities, key=lambda activity: (activity.type, activity.id)) == sorted(
        (activity for page in pages for activity in page.activities), key=lambda activity: (activity.type, activity.id)
    )
    assert {record.id: record for record in fetched.records} == {
        record.id: record for page in pages for record in page.records
    }
    assert rig.reader.fetch_with_activities(rig.object, ids, rig.needs).activities == ()


def test_watched_properties_bring_their_history_oldest_first(rig: Rig) -> None:
    (id,) = rig.add(["first"])
    for text in ("second", "third"):
        rig.advance(HOUR)
        rig.change(id, text)
    (record,) = rig.reader.fetch(rig.object, [id], rig.needs)
    past = record.history[rig.property]
    assert [entry.value for entry in past] == ["first", "second", "third"]
    assert [entry.at for entry in past] == [rig.now() - 2 * HOUR, rig.now() - HOUR, rig.now()]


def test_nothing_is_read_that_nobody_asked_for(rig: Rig) -> None:
    rig.add(["x"])
    (record,) = [record for page in read(rig) for record in page.records]
    assert set(record.values) <= set(rig.needs.properties[rig.object])
    assert set(record.history) <= set(rig.needs.watched[rig.object])


def test_times_are_told_in_milliseconds(rig: Rig) -> None:
    (id,) = rig.add(["x"])
    rig.advance(1234)
    rig.change(id, "y")
    (record,) = rig.reader.fetch(rig.object, [id], rig.needs)
    now, tick = rig.now(), rig.tick
    assert (record.created_at, record.modified_at) == ((now - 1234) // tick * tick, now // tick * tick)


def test_the_account_is_named_and_opens_a_record(rig: Rig) -> None:
    account = rig.reader.account()
    assert account == rig.again().reader.account()
    assert account.id
    assert account.kind in ("production", "sandbox", "developer", "test")
    assert "42" in account.url.format(id="42")


def test_properties_are_described_and_none_is_ours_before_installing(rig: Rig) -> None:
    found = {info.name: info for info in rig.reader.properties(rig.object)}
    assert rig.property in found
    assert not [info for info in found.values() if info.ours]


def test_the_fill_rate_is_counted(rig: Rig) -> None:
    rig.add(["x", "", "y"])
    assert rig.reader.filled(rig.object, rig.property) == (2, 3)
