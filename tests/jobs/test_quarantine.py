"""Whom a workflow keeps changing is shown, stays out of the way, and is scored again when a person lets them out."""

import pytest
from sqlalchemy import Engine

from leadscore.jobs.quarantine import held_people, release, release_all
from leadscore.jobs.refused import Refused
from leadscore.store.backlog import backlog
from leadscore.store.database import reading
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, contact


@pytest.fixture
def live(store: Engine, portal: Portal) -> Live:
    """Two people whom a workflow changes whenever we write, until both are in quarantine."""
    made = Live(store, portal, most_an_hour=2)
    made.begin(*(contact(id, {"jobtitle": "Clerk"}, email=f"{id}@b.example") for id in ("1", "2", "3")))
    for number in range(3):
        title = ("CEO", "Clerk")[number % 2]
        for id in ("1", "2"):
            portal.show("contacts", contact(id, {"jobtitle": title}, email=f"{id}@b.example", modified_at=NOW + number))
            made.tell(notice(f"{id}-{number}", id))
        made.settle(NOW + number * 1000)
    return made


def test_who_is_in_quarantine_is_named_with_the_reason(live: Live) -> None:
    found = held_people(live.store)
    assert sorted(one.person.id for one in found if one.person) == ["1", "2"]
    assert {one.reason.partition(" times")[0] for one in found} == {"Facts changed this person's score 3"}


def test_somebody_who_is_let_out_is_scored_again_and_the_others_stay_in(live: Live) -> None:
    assert live.portal.outputs_held["1"]["total"] == "0"
    assert release(live.store, "1@b.example", NOW + MINUTE).id == "1"
    live.settle(NOW + MINUTE)
    assert live.portal.outputs_held["1"]["total"] == "20"
    assert live.portal.outputs_held["2"]["total"] == "0"
    assert [one.person.id for one in held_people(live.store) if one.person] == ["2"]


def test_all_can_be_let_out_at_once(live: Live) -> None:
    assert release_all(live.store, NOW + MINUTE) == 2
    assert release_all(live.store, NOW + MINUTE) == 0
    live.settle(NOW + MINUTE)
    assert held_people(live.store) == ()
    assert live.portal.outputs_held["2"]["total"] == "20"


def test_who_loops_on_comes_back(live: Live) -> None:
    release(live.store, "1", NOW + MINUTE)
    for number in range(10, 14):
        live.portal.show("contacts", contact("1", {"jobtitle": f"Title {number}"}, modified_at=NOW + number))
        live.tell(notice(str(number), "1"))
        live.settle(NOW + MINUTE + number * 1000)
    assert sorted(one.person.id for one in held_people(live.store) if one.person) == ["1", "2"]


@pytest.mark.parametrize(("who", "said"), [("3", "not in quarantine"), ("nobody@b.example", "Nobody is known")])
def test_nobody_else_can_be_released(live: Live, who: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        release(live.store, who, NOW)


def test_those_in_quarantine_do_not_count_as_work_that_waits_or_as_parked(live: Live) -> None:
    with reading(live.store) as connection:
        found = backlog(connection, NOW)
    assert (found.quarantined, found.waiting["due"], sum(found.parked.values())) == (2, 0, 0)


def test_a_loop_is_seen_wherever_in_an_hour_it_begins(store: Engine, portal: Portal) -> None:
    """Five scorings on each side of a full hour are ten within minutes."""
    hour = NOW - NOW % HOUR + HOUR
    assert _scorings(store, portal, [hour + number * MINUTE for number in range(-5, 5)]) == 9


def test_who_is_scored_as_often_as_that_but_over_more_than_an_hour_is_in_no_loop(store: Engine, portal: Portal) -> None:
    assert _scorings(store, portal, [NOW + number * 10 * MINUTE for number in range(30)]) == 30


def _scorings(store: Engine, portal: Portal, instants: list[int]) -> int:
    """How many of these changes of one person are scored where eight an hour are allowed; the last one is answered by
    quarantine."""
    live = Live(store, portal, most_an_hour=8)
    live.begin(contact("1", {"jobtitle": "Clerk"}))
    for number, now in enumerate(instants, start=1):
        title = ("Clerk", "CEO")[number % 2]
        portal.show("contacts", contact("1", {"jobtitle": title}, modified_at=NOW + number))
        live.tell(notice(f"loop-{number}", "1", at=now))
        live.settle(now)
        if held_people(live.store):
            return number
    return len(instants)
