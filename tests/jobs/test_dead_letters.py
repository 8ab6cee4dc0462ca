"""What was given up is told with its reason, and goes through when it is tried again and nothing is wrong any more."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine, Table, Text, insert, select, update

from connectors.errors import Rejected
from connectors.protocol import Needs, SeenRecord
from leadscore.jobs.dead_letters import dead_letters, retry
from leadscore.jobs.inbox import take_in
from leadscore.jobs.refetch import refetch
from leadscore.jobs.worker import Settled
from leadscore.store import deliveries, leases, notices
from leadscore.store.database import reading, writing
from leadscore.store.leases import PARKED
from leadscore.store.live_tables import refetches, stage_intents, tellings
from leadscore.store.notices import Crossing, Figures
from leadscore.store.parked import Parked, all_parked, park
from leadscore.store.records import find_records
from leadscore.store.work_tables import due
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    return Live(store, portal)


def sorts(live: Live) -> list[str]:
    return [one.sort for one in dead_letters(live.store)]


def retry_all(live: Live, now: int) -> int:
    return retry(live.store, [one.id for one in dead_letters(live.store)], now)


def test_an_event_that_was_given_up_is_acted_upon_again(live: Live) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1", kind="linked"))
    for _ in range(5):
        take_in(live.store, NOW, handlers={"linked": fails})
    assert sorts(live) == ["event"]
    assert retry_all(live, NOW + MINUTE) == 1
    live.settle(NOW + MINUTE)
    assert sorts(live) == []
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_person_who_was_put_aside_is_scored_again(live: Live) -> None:
    def fails(_connection: Connection, settled: Sequence[Settled], _now: int) -> None:
        if settled:
            raise ZeroDivisionError

    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    live.hooks = (fails,)
    for number in range(6):
        live.settle(NOW + number * HOUR)
    assert sorts(live) == ["score"]
    live.hooks = ()
    assert retry_all(live, NOW + 6 * HOUR) == 1
    live.settle(NOW + 6 * HOUR)
    assert sorts(live) == []
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_write_that_was_refused_is_made_again(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.portal.refuses["1"] = "no"
    live.tell(notice("a", "1"))
    live.settle(NOW)
    assert [(one.sort, one.reason) for one in dead_letters(live.store)] == [("write", "no")]
    live.portal.refuses.clear()
    assert retry_all(live, NOW + MINUTE) == 1
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_a_refusal_is_forgotten_when_a_newer_score_was_taken(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}), contact("2", {"jobtitle": "Clerk"}))
    live.portal.refuses |= {"1": "no", "2": "no"}
    for number, title in enumerate(("CEO", "Clerk", "CEO")):
        for id in ("1", "2"):
            live.portal.show("contacts", contact(id, {"jobtitle": title}))
            live.tell(notice(f"{id}-{number}", id))
        live.settle(NOW + number * MINUTE)
        live.portal.refuses.pop("1", None)
    assert [(one.sort, one.what) for one in dead_letters(live.store)] == [("write", "contact 2")]


def test_a_record_that_the_crm_did_not_show_is_read_again(store: Engine) -> None:
    class Picky(Portal):
        def fetch(self, object: str, ids: Sequence[str], needs: Needs) -> tuple[SeenRecord, ...]:
            if self.refuses:
                raise Rejected("no")
            return super().fetch(object, ids, needs)

    live = Live(store, Picky())
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.portal.refuses["1"] = "no"
    live.tell(notice("a", "1"))
    live.settle(NOW)
    assert sorts(live) == ["read"]
    live.portal.refuses.clear()
    assert retry_all(live, NOW + MINUTE) == 1
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"


def test_acting_upon_everything_once_more_changes_nothing(live: Live) -> None:
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(5)))
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}) for n in range(5)))
    live.tell(*(notice(str(n), str(n)) for n in range(5)))
    live.settle(NOW)
    before, written = live.scores(), len(live.portal.writes)
    with writing(live.store) as connection:
        assert deliveries.open_again(connection, [str(n) for n in range(5)]) == 5
    live.settle(NOW)
    assert (live.scores(), len(live.portal.writes)) == (before, written)


def add_row(connection: Connection, table: Table, **values: object) -> None:
    """A row in which everything that is not given is 0 or empty."""
    empty = {c.name: "" if isinstance(c.type, Text) else 0 for c in table.columns if not c.nullable}
    connection.execute(insert(table).values(empty | values))


def test_a_stage_and_a_notice_that_waited_for_a_person_go_on(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    with writing(live.store) as connection:
        record = find_records(connection, [("contact", "1")])["contact", "1"]
        add_row(connection, stage_intents, record=record.id, tries=9, not_before=PARKED)
        said = Crossing(1, record.id, "enters:sql", NOW, "crm_task", "small", "A new SQL", Figures())
        (number,) = notices.put(connection, [said], NOW)
        notices.settle(connection, number, "dead", NOW, reason="No owner.", record=("contact", "1"))
        park(
            connection,
            [
                Parked("stage", "contact", "1", "The portal has no such stage.", "{}", NOW),
                Parked("apply", "contact", "1", "Property values were not valid", "{}", NOW),
                Parked("sync", "form_submission", "7", "It names nobody.", "{}", NOW),
            ],
        )
    assert sorted(sorts(live)) == ["apply", "notice", "stage"]
    assert retry_all(live, NOW) == 3
    with reading(live.store) as connection:
        assert connection.execute(select(stage_intents.c.tries, stage_intents.c.not_before)).one() == (0, 0)
        assert leases.backlog(connection, tellings) == (1, NOW)
        assert connection.execute(select(refetches.c.record)).scalars().all() == [record.id]
        assert connection.execute(select(due.c.subject)).scalars().all() == [record.subject]
        assert [one.job for one in all_parked(connection)] == ["sync"]


def test_a_person_who_seemed_to_kill_workers_is_really_tried_again(live: Live) -> None:
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    live.portal.show("contacts", contact("1", {"jobtitle": "CEO"}))
    live.tell(notice("a", "1"))
    take_in(live.store, NOW)
    refetch(live.store, live.portal, live.portal.needs(live.book.models), NOW, "w")
    with writing(live.store) as connection:
        connection.execute(update(due).values(tries=20))
    live.settle(NOW)
    assert sorts(live) == ["score"]
    assert retry_all(live, NOW + MINUTE) == 1
    live.settle(NOW + MINUTE)
    assert sorts(live) == []
    assert live.portal.outputs_held["1"]["total"] == "20"
