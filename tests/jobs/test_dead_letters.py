"""What was given up is told with its reason, and goes through when it is tried again and nothing is wrong any more."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, Engine

from connectors.errors import Rejected
from connectors.protocol import Needs, SeenRecord
from leadscore.jobs.dead_letters import dead_letters, retry
from leadscore.jobs.inbox import take_in
from leadscore.jobs.worker import Settled
from leadscore.store import deliveries
from leadscore.store.database import writing
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
    live.tell(notice("a", "1", kind="merged"))
    for _ in range(5):
        take_in(live.store, NOW, handlers={"merged": fails})
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
