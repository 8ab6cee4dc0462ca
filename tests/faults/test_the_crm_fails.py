"""A portal that asks us to wait, breaks off, talks nonsense or refuses rows: no write is lost and no wait is cut."""

import random
import threading
import time
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, update

from connectors.errors import ConnectorError, QuotaExhausted, RetryLater
from leadscore.store.database import reading, writing
from leadscore.store.live_tables import budget
from leadscore.store.parked import all_parked
from tests.faults.gateway import Reply
from tests.faults.rig import HOUR, Rig, people, rig
from tests.serve.service import change, post
from webhooks.blueprint import PATH


def wait_answer(**headers: str) -> Reply:
    words = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING"}
    body = msgspec.json.encode(words)
    return Reply(429, body, {name.replace("_", "-"): value for name, value in headers.items()})


def raise_all(made: Rig, level: str) -> None:
    """Everybody changes, and the portal tells."""
    made.hear("contact.propertyChange:level")
    for id in made.ids:
        made.edit(id, level=level)
    made.delivered()


def steps(made: Rig, seconds: float) -> list[Exception]:
    """Works for so long as a crew without patience does, and as every other process may at the same time."""
    met: list[Exception] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for shift in made.steps:
            try:
                shift.step()
            except ConnectorError as error:
                met.append(error)
    return met


def asleep(made: Rig) -> bool:
    """Ends every pause, as if it had passed: nobody waits for an hour in a test."""
    with writing(made.store) as connection:
        longest: list[int] = list(connection.execute(select(budget.c.paused_until)).scalars())
        connection.execute(update(budget).values(paused_until=0))
    return max(longest) > made.clock() + HOUR - 60_000


def test_nobody_calls_before_the_wait_is_over_that_the_portal_asks_for(made: Rig) -> None:
    """Not even a new process; meanwhile the door answers as ever, and in the end nothing is lost."""
    raise_all(made, "20")
    made.way.rule = lambda _method, _path: wait_answer(Retry_After="2")
    began = time.monotonic()
    steps(made, 2.1)
    made.restart()
    steps(made, 1.0)
    came = made.way.since(began)
    gaps = [after - before for before, after in pairwise(came)]
    assert len(came) >= 2
    assert min(gaps) >= 2.0
    lags: list[float] = []
    for number in range(30):
        at = time.monotonic()
        assert post(made.url.removesuffix(PATH), [change(int(made.ids[0]), "x", number)]).status_code == 200
        lags.append(time.monotonic() - at)
    assert sorted(lags)[27] < 0.5
    made.way.rule = lambda _method, _path: None
    made.endure(lambda: set(made.totals().values()) == {"20"} and not made.waiting())


def test_a_date_in_retry_after_is_by_the_clock_of_the_portal(lone: Rig) -> None:
    """Theirs is an hour behind ours: taken by our clock the wait would be over long ago."""
    raise_all(lone, "20")
    theirs = time.time() - 3600
    answer = wait_answer(Date=formatdate(theirs, usegmt=True), Retry_After=formatdate(theirs + 3, usegmt=True))
    lone.way.rule = lambda _method, _path: answer
    began = time.monotonic()
    steps(lone, 3.5)
    came = lone.way.since(began)
    assert len(came) >= 2
    assert all(after - before >= 2.9 for before, after in pairwise(came))


@pytest.mark.parametrize("header", [{}, {"Retry_After": "soon"}, {"Retry_After": "99999"}])
def test_without_a_sensible_wait_one_is_chosen_that_is_neither_none_nor_for_ever(
    lone: Rig, header: dict[str, str]
) -> None:
    raise_all(lone, "20")
    lone.way.rule = lambda _method, _path: wait_answer(**header)
    began = time.monotonic()
    assert all(isinstance(one, RetryLater) for one in steps(lone, 2))
    assert len(lone.way.since(began)) == 1
    assert asleep(lone) == ("99999" in header.values()), "an absurd wait is cut to an hour"
    lone.way.rule = lambda _method, _path: None
    lone.endure(lambda: set(lone.totals().values()) == {"20"} and not lone.waiting())


def test_a_day_that_is_used_up_stops_every_process_until_midnight_and_no_longer(made: Rig) -> None:
    raise_all(made, "20")
    words = {"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY"}
    made.way.rule = lambda _method, _path: Reply(429, msgspec.json.encode(words))
    began = time.monotonic()
    met = steps(made, 0.5)
    made.restart()
    met += steps(made, 0.5)
    assert len(made.way.since(began)) == 1
    assert {type(one) for one in met} == {QuotaExhausted}
    made.way.rule = lambda _method, _path: None
    assert post(made.url.removesuffix(PATH), [change(int(made.ids[0]), "x")]).status_code == 200
    with writing(made.store) as connection:
        connection.execute(update(budget).where(budget.c.kind == "day").values(ends=made.clock() - 1))
    made.endure(lambda: set(made.totals().values()) == {"20"} and not made.waiting())


NONSENSE = (
    Reply(how="reset"),
    Reply(how="reset", carried_out=True),
    Reply(body=b"<html>sorry</html>"),
    Reply(body=b"<html>sorry</html>", carried_out=True),
    Reply(body=b"{}"),
    Reply(body=b"{}", carried_out=True),
    Reply(body=b"[]"),
    Reply(body=b"null", carried_out=True),
    Reply(body=b'{"results": [', how="half", carried_out=True),
    Reply(502, b"<html>bad gateway</html>"),
    Reply(503, b"", {"Retry-After": "0"}),
    Reply(504, b"{}", carried_out=True),
    Reply(423, b"{}"),
)


def test_resets_half_bodies_and_nonsense_lose_no_write_and_no_record(made: Rig) -> None:
    """Half of all calls go wrong, half of those after the portal has carried them out."""
    made.hear("contact.propertyChange:level", faults={"duplicates": 0.2, "disorder": 0.3})
    threads = threading.active_count()
    draw = random.Random(11)
    wrong: list[Reply] = []

    def rule(_method: str, _path: str) -> Reply | None:
        if draw.random() < 0.5:
            return None
        wrong.append(draw.choice(NONSENSE))
        return wrong[-1]

    made.way.rule = rule
    for level in range(2, 12):
        for id in draw.sample(made.ids, 5):
            made.edit(id, level=str(level))
        made.delivered()
        for shift in made.steps:
            try:
                shift.step()
            except ConnectorError:
                made.ahead += 5_000

    def rested() -> bool:
        made.ahead += 15_000
        return not made.waiting()

    made.endure(rested)
    made.way.rule = lambda _method, _path: None
    assert len(wrong) > 10
    shown = made.made.reader.fetch("contact", made.ids, made.made.reader.needs(made.made.rulebook.models))
    assert made.totals() == {record.id: record.values["level"] for record in shown}
    seen: dict[str, list[int]] = {}
    for id, total in made.journal():
        seen.setdefault(id, []).append(int(total))
    assert all(totals == sorted(totals) for totals in seen.values()), "an older score never covers a newer one"
    with reading(made.store) as connection:
        assert all_parked(connection) == ()
    assert threading.active_count() <= threads + 8


def test_a_call_that_hangs_is_given_up_and_made_again(lone: Rig) -> None:
    raise_all(lone, "20")
    lone.control("faults", {"kind": "hang", "seconds": 20, "count": 1, "path": "batch/update"})
    lone.endure(lambda: set(lone.totals().values()) == {"20"} and not lone.waiting())


@pytest.mark.parametrize("errors", ["207", "400"])
def test_exactly_the_refused_rows_are_parked_with_the_words_of_the_portal(tmp_path: Path, errors: str) -> None:
    """Five of forty lack a field that an admin has made mandatory meanwhile; the others are written."""
    rows = [row | ({} if number % 8 == 3 else {"touched": "1"}) for number, row in enumerate(people(40))]
    with rig(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", rows, LEADSCORE_HUBSPOT_API_VERSION="2026-09") as made:
        made.control("settings", {"required": {"contacts": ["touched"]}, "batch_errors": errors})
        bad = set(made.ids[3::8])
        raise_all(made, "20")
        began = time.monotonic()
        made.settle()
        assert made.totals() == {id: "1" if id in bad else "20" for id in made.ids}
        assert sum(path.endswith("update") for at, _, path in made.way.seen if at >= began) <= 1 + 8 * len(bad)
        with reading(made.store) as connection:
            aside = all_parked(connection)
        assert {(one.job, one.record_id) for one in aside} == {("write", id) for id in bad}
        assert {"touched is required" in one.reason for one in aside} == {True}
        assert not made.waiting()
        # What an admin mends is written with the next change.
        for id in bad:
            made.edit(id, touched="1", level="21")
        made.settle()
        assert {made.totals()[id] for id in bad} == {"21"}
