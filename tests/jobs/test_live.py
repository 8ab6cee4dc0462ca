"""A notice becomes a score in the CRM: once, in order or not, and without disturbing its neighbours."""

import random
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine, func, select

from connectors.errors import Rejected, RetryLater
from connectors.protocol import Needs, SeenRecord
from leadscore.jobs.inbox import take_in
from leadscore.jobs.refetch import refetch
from leadscore.jobs.refused import Refused
from leadscore.jobs.rescore import rescore
from leadscore.jobs.sync import sync
from leadscore.jobs.worker import Settled
from leadscore.jobs.write_back import write_back
from leadscore.store import deliveries
from leadscore.store.database import reading
from leadscore.store.deliveries import DEAD, DONE
from leadscore.store.live_tables import outbox, quarantine, refetches
from leadscore.store.parked import all_parked
from leadscore.store.work_tables import due
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, company, contact, deal, did

DAY = 24 * HOUR


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    return Live(store, portal)


def count(live: Live, table: object) -> int:
    with reading(live.store) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type] # a table


def states(live: Live) -> dict[str, int]:
    with reading(live.store) as connection:
        return deliveries.count_states(connection)


def test_a_notice_becomes_a_score_in_the_crm(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}), contact("2", {"jobtitle": "CEO"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"
    assert live.writes().keys() == {"1"}
    assert states(live) == {DONE: 1}
    assert [count(live, table) for table in (refetches, due, outbox)] == [0, 0, 0]


def test_a_repeated_delivery_is_stored_once(live: Live) -> None:
    assert live.tell(notice("a", "1"), notice("b", "1"), notice("a", "1")) == 2
    assert live.tell(notice("b", "1"), notice("c", "2")) == 1
    assert states(live) == {"open": 3}


def test_a_hundred_notices_for_one_record_are_one_piece_of_work(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(*(notice(str(number), "1") for number in range(100)))
    assert take_in(live.store, NOW) == 100
    assert count(live, refetches) == 1
    report = refetch(live.store, live.portal, live.portal.needs(live.book.models), NOW, "w")
    assert (report.read, count(live, due)) == (1, 1)


def test_what_a_record_tells_of_what_somebody_did_counts_at_once(live: Live) -> None:
    """A click comes with the contact and in no stream of its own: the next poll would be minutes late."""
    live.begin(contact("1", {"jobtitle": "CEO"}))
    live.portal.show("contacts", did("event_attended", NOW - HOUR, "e1", record="1"))
    live.tell(notice("a", "1"))
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "40"


def test_our_own_echo_causes_no_scoring_and_no_write(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    live.settle(NOW + MINUTE)
    assert live.portal.writes == []
    assert count(live, due) == 0
    live.tell(notice("b", "1", property="leadscore_total"))
    assert take_in(live.store, NOW, ours={"leadscore_total"}) == 1
    assert count(live, refetches) == 0


def test_a_record_that_no_sync_ever_saw_is_read_with_its_company(live: Live) -> None:
    live.begin()
    live.portal.show("contacts", contact("9", {"jobtitle": "CEO"}, company="c"))
    live.portal.show("companies", company("c", {"industry": "Software"}))
    live.tell(notice("a", "9"))
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["9"]["total"] == "50"


def test_a_change_of_a_company_or_a_deal_moves_its_contacts(live: Live) -> None:
    live.portal.show("companies", company("c", {"industry": "Farming"}))
    live.portal.show("deals", deal("d", ["2"], ("open", NOW - DAY)))
    live.begin(contact("1", {"jobtitle": "CEO"}, company="c"), contact("2", {"jobtitle": "CEO"}))
    live.portal.show("companies", company("c", {"industry": "Software"}))
    live.portal.show("deals", deal("d", ["2"], ("open", NOW - DAY), ("won", NOW)))
    live.tell(notice("a", "c", object="company"), notice("b", "d", object="deal"))
    live.settle(NOW + MINUTE)
    assert {id: values["total"] for id, values in live.writes().items()} == {"1": "50", "2": "45"}


def test_a_record_that_is_gone_is_scored_no_more_and_a_late_notice_does_nothing(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "CEO"}), contact("2", {"jobtitle": "CEO"}))
    live.portal.events = [event for event in live.portal.events if event[1].id != "1"]
    for number in range(3):
        live.tell(notice(str(number), "1"))
        live.settle(NOW + number * MINUTE)
    assert len(live.scores()) == 1
    assert live.portal.writes == []


def test_a_notice_that_comes_before_its_record_waits_for_it(live: Live) -> None:
    live.begin()
    live.tell(notice("a", "9"))
    live.settle(NOW)
    live.portal.show("contacts", contact("9", {"jobtitle": "CEO"}))
    live.settle(NOW + 10_000)
    assert live.portal.outputs_held["9"]["total"] == "20"


def test_events_three_times_in_any_order_end_in_the_same_store(store: Engine, portal: Portal) -> None:
    live = Live(store, portal)
    people = [contact(str(n), {"jobtitle": "Clerk"}, company="c") for n in range(8)]
    live.portal.show("companies", company("c", {"industry": "Software"}))
    live.begin(*people)
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}, company="c") for n in range(0, 8, 2)))
    live.portal.show("contacts", contact("9", {"jobtitle": "CEO"}))
    events = [notice(f"k{n}", str(n)) for n in (*range(8), 9)] + [notice("c", "c", object="company")]
    draw = random.Random(4)
    for _ in range(3):
        draw.shuffle(events)
        for start in range(0, len(events), 3):
            live.tell(*events[start : start + 3])
            live.turn(NOW + MINUTE)
    live.settle(NOW + MINUTE)
    before = live.scores()
    assert rescore(store, live.book, NOW + MINUTE).scored == 0
    assert live.scores() == before
    assert {id: held["total"] for id, held in portal.outputs_held.items()} == {
        **{str(n): "50" if n % 2 == 0 else "30" for n in range(8)},
        "9": "20",
    }


def test_an_event_that_nobody_can_read_is_a_dead_letter_and_its_neighbours_go_on(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "", object=""), notice("b", "1"), notice("c", "5", object="ticket"))
    live.settle(NOW)
    assert states(live) == {DEAD: 1, DONE: 2}
    assert live.writes().keys() == {"1"}


def test_an_event_whose_handler_fails_is_given_up_at_last_and_its_neighbours_go_on(live: Live) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("no such merge")

    live.begin(contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1", kind="merged"), notice("b", "1"))
    for _ in range(5):
        assert states(live).get(DEAD) is None
        take_in(live.store, NOW, handlers={"merged": fails})
    assert states(live) == {DEAD: 1, DONE: 1}
    with reading(live.store) as connection:
        (dead,) = deliveries.find_deliveries(connection, states=[DEAD])
    assert dead.reason == "ZeroDivisionError: no such merge"


class Picky(Portal):
    """A CRM that refuses to show one record, and with it every batch that has it."""

    def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
        if "bad" in ids:
            raise Rejected("bad is no id", "bad is no id")
        return super().fetch(object, ids, needs)


def test_a_record_that_the_crm_refuses_to_show_is_put_aside_and_its_neighbours_go_on(store: Engine) -> None:
    live = Live(store, Picky())
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(5)))
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(5)))
    live.tell(notice("bad", "bad"), *(notice(str(n), str(n)) for n in range(5)))
    live.settle(NOW)
    assert live.writes().keys() == {"0", "1", "2", "3", "4"}
    with reading(store) as connection:
        (aside,) = all_parked(connection)
    assert (aside.job, aside.record_id) == ("read", "bad")
    assert "bad is no id" in aside.reason


def test_a_person_at_whom_scoring_fails_is_put_aside_and_the_neighbours_go_on(live: Live) -> None:
    def fails(_connection: Connection, settled: Sequence[Settled], _now: int) -> None:
        if any(one.current.facts.id == "2" for one in settled):
            raise ZeroDivisionError("poison")

    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(5)))
    live.hooks = (fails,)
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(5)))
    live.tell(*(notice(str(n), str(n)) for n in range(5)))
    for minute in range(10):
        live.settle(NOW + minute * 5 * MINUTE)
    assert live.writes().keys() == {"0", "1", "3", "4"}
    with reading(live.store) as connection:
        (aside,) = all_parked(connection)
    assert (aside.job, aside.reason) == ("score", "This person could not be scored: ZeroDivisionError: poison")
    assert live.worker().score_due(NOW + DAY).scored == 0


def test_nothing_is_written_before_the_first_apply(live: Live, portal: Portal) -> None:
    portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    sync(live.store, portal, live.book, NOW)
    rescore(live.store, live.book, NOW)
    live.tell(notice("a", "2"))
    portal.show("contacts", contact("2", {"jobtitle": "CEO"}))
    live.settle(NOW)
    assert len(live.scores()) == 2
    assert portal.writes == []


def test_a_worker_with_other_models_than_those_in_force_stops(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "CEO"}))
    worker = live.worker()
    rescore(live.store, rulebook(SMALL.replace("points: 20}", "points: 19}")), NOW)
    with pytest.raises(Refused, match="leadscore plan"):
        worker.score_due(NOW)


def test_a_crm_that_does_not_answer_loses_nothing(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    live.portal.failure, live.portal.fails_after = RetryLater("no answer", 20.0), 0
    with pytest.raises(RetryLater):
        live.settle(NOW)
    assert write_back(live.store, live.portal, NOW + 19_000, "w").written == 0
    assert write_back(live.store, live.portal, NOW + 20_000, "w").written == 1
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_row_that_the_crm_refuses_is_put_aside_and_its_neighbours_are_written(live: Live) -> None:
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(3)))
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(3)))
    live.portal.refuses["1"] = "Property values were not valid"
    live.tell(*(notice(str(n), str(n)) for n in range(3)))
    live.settle(NOW)
    assert {id for id, held in live.portal.outputs_held.items() if held.get("total") == "20"} == {"0", "2"}
    with reading(live.store) as connection:
        (aside,) = all_parked(connection)
    assert (aside.job, aside.record_id, aside.reason) == ("write", "1", "Property values were not valid")
    assert count(live, outbox) == 0


def test_a_loop_through_a_workflow_is_quarantined(live: Live) -> None:
    """The portal's workflow changes the title whenever we write."""
    live.begin(contact("1", {"jobtitle": "Clerk"}), contact("2", {"jobtitle": "Clerk"}))
    for number in range(40):
        title = "CEO" if number % 2 == 0 else "Clerk"
        live.portal.show("contacts", contact("1", {"jobtitle": title}, modified_at=NOW + number))
        live.tell(notice(str(number), "1"))
        live.settle(NOW + number * 1000)
    assert len(live.portal.writes) == 30
    assert count(live, quarantine) == 1
    live.portal.show("contacts", contact("2", {"jobtitle": "CEO"}))
    live.tell(notice("other", "2"))
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["2"]["total"] == "20"
