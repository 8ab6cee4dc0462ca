"""Work is lent: whoever comes back too late saves nothing, and nothing older ever stands over something newer."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Connection, Engine, select

from connectors.errors import RetryLater
from connectors.protocol import RecordWrite, WriteAnswer
from leadscore.jobs.inbox import take_in
from leadscore.jobs.refetch import refetch
from leadscore.jobs.rescore import rescore
from leadscore.jobs.worker import Settled, Worker
from leadscore.jobs.write_back import write_back
from leadscore.store import due, leases
from leadscore.store.database import reading, writing
from leadscore.store.live_tables import outbox, rescores
from leadscore.store.scores import due_subjects
from leadscore.store.work_tables import due as due_table
from leadscore.store.work_tables import scores
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact, did

DAY = 24 * HOUR


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    return Live(store, portal)


def lend(store: Engine, owner: str, now: int, many: int = 10) -> list[leases.Claim]:
    with writing(store) as connection:
        return leases.claim(connection, due_table, now, owner, many=many, lease=30_000)


def test_two_workers_never_have_the_same_person(store: Engine) -> None:
    with writing(store) as connection:
        due.mark(connection, range(10), "record", NOW)
    one, other = lend(store, "a:1", NOW, 6), lend(store, "b:1", NOW)
    assert sorted(claim.key for claim in one + other) == list(range(10))
    assert len(one) == 6
    assert lend(store, "c:1", NOW + 29_999) == []
    assert len(lend(store, "c:2", NOW + 30_000)) == 10


def test_a_clock_that_was_set_back_leaves_no_lease_stuck(store: Engine) -> None:
    with writing(store) as connection:
        due.mark(connection, [1], "record", NOW)
    lend(store, "a:1", NOW)
    assert len(lend(store, "b:1", NOW - DAY)) == 1


def test_a_worker_that_ends_gives_its_leases_back_and_no_others(store: Engine) -> None:
    with writing(store) as connection:
        due.mark(connection, range(4), "record", NOW)
    lend(store, "a:1", NOW, 2)
    lend(store, "ab:1", NOW, 2)
    with writing(store) as connection:
        assert leases.give_back_all(connection, due_table, "a") == 2
    assert len(lend(store, "c:1", NOW)) == 2


def test_whoever_killed_its_worker_twice_goes_alone(store: Engine) -> None:
    with writing(store) as connection:
        due.mark(connection, range(4), "record", NOW)
    for time in range(2):
        assert len(lend(store, f"a:{time}", NOW + time * HOUR)) == 4
    assert [len(lend(store, f"b:{time}", NOW + 2 * HOUR)) for time in range(5)] == [1, 1, 1, 1, 0]


def held_up(worker: Worker, meanwhile: Callable[[Connection], object]) -> Worker:
    """A worker that is held up between reading and saving, while something happens in the store."""
    answers = worker._answers

    def slow(subjects: list[int], now: int) -> object:
        found = answers(subjects, now)
        with writing(worker._store) as connection:
            meanwhile(connection)
        return found

    worker._answers = slow  # type: ignore[method-assign,assignment] # the same, only slower
    return worker


def test_a_worker_whose_lease_ran_out_cannot_save(live: Live) -> None:
    def overtaken(connection: Connection) -> None:
        lent = leases.claim(connection, due_table, NOW + 2 * MINUTE, "b:1", many=10, lease=30_000)
        assert len(lent) == 1

    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    take_in(live.store, NOW)
    refetch(live.store, live.portal, live.portal.needs(live.book.models), NOW, "w")
    before = live.scores()
    report = held_up(live.worker("late"), overtaken).score_due(NOW)
    assert (report.scored, report.out, report.lost) == (0, 0, 1)
    assert live.scores() == before
    live.settle(NOW + HOUR)
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_notice_that_comes_while_scoring_is_not_lost(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    with writing(live.store) as connection:
        due.mark(connection, [1], "record", NOW)
    assert held_up(live.worker(), lambda c: due.mark(c, [1], "record", NOW)).score_due(NOW).scored == 1
    assert live.worker().score_due(NOW).scored == 1
    assert live.worker().score_due(NOW).scored == 0


def test_whom_a_hook_makes_due_stays_due(live: Live) -> None:
    def again(connection: Connection, settled: Sequence[Settled], _now: int) -> None:
        due.mark(connection, [one.current.subject for one in settled], "record", NOW)

    live.begin(contact("1", {"jobtitle": "Clerk"}))
    with writing(live.store) as connection:
        due.mark(connection, [1], "record", NOW)
    live.hooks = (again,)
    assert [live.worker().score_due(NOW).scored for _ in range(3)] == [1, 1, 1]


class Breaking(Portal):
    """A CRM whose answers get lost: it does what it is told, and the caller hears nothing."""

    lost: int = 0

    def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
        answers = super().write(writes)
        if self.lost:
            self.lost -= 1
            raise RetryLater("no answer", 1.0)
        return answers


def test_a_write_of_unknown_outcome_is_overtaken_by_the_newest_score(store: Engine) -> None:
    portal = Breaking()
    live = Live(store, portal)
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    portal.lost = 1
    with pytest.raises(RetryLater):
        live.settle(NOW)
    assert portal.outputs_held["1"]["total"] == "20"
    # Back to what we noted last: only whoever sends it whole brings the CRM back.
    portal.show("contacts", contact("1", {"jobtitle": "Clerk"}))
    live.tell(notice("b", "1"))
    live.settle(NOW + MINUTE)
    assert portal.outputs_held["1"].get("total", "") in ("", "0")


def test_a_call_that_comes_after_a_newer_one_is_made_good(store: Engine) -> None:
    class Late(Portal):
        """The first call hangs until another worker, whose lease came after, has written something newer."""

        hangs = False

        def write(self, writes: Sequence[RecordWrite]) -> tuple[WriteAnswer, ...]:
            if self.hangs:
                self.hangs = False
                mine.portal.show("contacts", contact("1", {"jobtitle": "Manager"}))
                mine.tell(notice("b", "1"))
                mine.settle(NOW + 10 * MINUTE)
                assert self.outputs_held["1"]["total"] == "15"
            return super().write(writes)

    portal = Late()
    mine = Live(store, portal)
    mine.begin(contact("1", {"jobtitle": "Clerk"}))
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    mine.tell(notice("a", "1"))
    portal.hangs = True
    mine.settle(NOW)
    mine.settle(NOW + 20 * MINUTE)
    assert portal.outputs_held["1"]["total"] == "15"


def test_the_newest_of_several_scores_is_written_once(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.fails_after, live.portal.failure = 0, RetryLater("away", 60.0)
    for number, title in enumerate(("CEO", "Manager", "CEO", "Manager")):
        live.portal.show("contacts", contact("1", {"jobtitle": title}))
        live.tell(notice(str(number), "1"))
        try:
            live.settle(NOW + number)
        except RetryLater:
            assert number == 0
    assert live.portal.writes == []
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "15"
    assert len(live.portal.writes) == 1


def test_the_outbox_is_written_a_hundred_records_a_call(live: Live) -> None:
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(250)))
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(250)))
    live.tell(*(notice(str(n), str(n)) for n in range(250)))
    for _ in range(6):
        live.turn(NOW)
        with reading(live.store) as connection:
            if len(connection.execute(select(outbox.c.record)).all()):
                write_back(live.store, live.portal, NOW, "w")
    live.settle(NOW)
    assert all(held["total"] == "20" for held in live.portal.outputs_held.values())
    assert max(len(batch) for batch in live.portal.writes) <= 100


def test_after_any_wait_every_score_is_that_of_a_full_rescore_and_only_the_due_were_touched(
    store: Engine, portal: Portal
) -> None:
    live = Live(store, portal)
    portal.show(
        "activities", *(did("form_submission", NOW - n * DAY, f"f{n}", record=str(n), form="Demo") for n in range(20))
    )
    portal.show("activities", did("page_view", NOW - DAY, "v", record="3", url="https://a.example/pricing"))
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}, created_at=NOW - DAY) for n in range(60)))
    now = NOW
    for wait in (HOUR, 9 * DAY, 3 * DAY + 1, 30 * DAY, 90 * DAY):
        now += wait
        with reading(store) as connection:
            expected = len(due_subjects(connection, now))
        worker, touched = live.worker(), 0
        while (report := worker.score_due(now)).scored:
            touched += report.scored
        assert touched == expected
        assert touched <= 20
        before = live.scores()
        with writing(store) as connection:
            due.mark(connection, connection.execute(select(scores.c.subject)).scalars().all(), "record", now)
        assert rescore(store, live.book, now).scored == 60
        assert live.scores() == before
    with reading(store) as connection:
        assert connection.execute(select(rescores)).all() == []
