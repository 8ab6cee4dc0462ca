"""Who rises to a total that the model asks about is told of once a crossing, and never of what was there before."""

from collections.abc import Callable, Iterator

import msgspec
import pytest
from sqlalchemy import Engine, select

from leadscore.jobs.notices import rises
from leadscore.jobs.plan import make_plan
from leadscore.jobs.sync import sync
from leadscore.store.database import open_store, reading
from leadscore.store.live_tables import notices
from leadscore.store.notices import Figures
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.models import SMALL, rulebook
from tests.jobs.portal import Portal
from tests.jobs.test_live_kill import Killed, cut, go_on, new_url
from tests.store.seen import NOW, contact

MODEL = (
    SMALL
    + """
notify:
  - {on: {rises_to: 40}, by: [webhook, crm_task], text: "{name} has {total}"}
  - {on: {rises_to: 50}, by: [crm_task], text: "{name} has {total}, even"}
"""
)
LOW = {"jobtitle": "CEO", "industry": "Farming"}
HIGH = {"jobtitle": "CEO", "industry": "Software"}
MIDDLE = {"jobtitle": "Manager", "industry": "Software"}


def begun(store: Engine) -> Live:
    book = rulebook(MODEL)
    return Live(store, Portal(), book, hooks=(rises(book.models),))


@pytest.fixture
def live(store: Engine) -> Live:
    return begun(store)


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    engine = open_store(database_url)
    yield engine
    engine.dispose()


def told(live: Live) -> list[tuple[str, str, int]]:
    n = notices.c
    with reading(live.store) as connection:
        return [tuple(row) for row in connection.execute(select(n.event, n.by, n.at).order_by(n.at, n.event, n.by))]


def becomes(live: Live, values: dict[str, str], at: int) -> None:
    live.portal.show("contacts", contact("1", values))
    live.tell(notice(f"k{at}", "1", at=at))
    live.settle(at)


def test_each_edge_that_a_score_rises_over_is_told_through_each_channel(live: Live) -> None:
    live.begin(contact("1", LOW))
    becomes(live, HIGH, NOW + MINUTE)
    at = NOW + MINUTE
    assert told(live) == [
        ("rises_to:40", "crm_task", at),
        ("rises_to:40", "webhook", at),
        ("rises_to:50", "crm_task", at),
    ]


def test_what_stays_above_is_told_once_and_what_falls_and_rises_again_twice(live: Live) -> None:
    live.begin(contact("1", LOW))
    for step, values in enumerate((MIDDLE, HIGH, MIDDLE, LOW, MIDDLE), start=1):
        becomes(live, values, NOW + step * MINUTE)
    tasks = [(event, (at - NOW) // MINUTE) for event, by, at in told(live) if by == "crm_task"]
    assert tasks == [("rises_to:40", 1), ("rises_to:50", 2), ("rises_to:40", 5)]


def test_who_stood_above_before_the_first_apply_is_told_to_nobody(live: Live) -> None:
    live.begin(contact("1", HIGH))
    becomes(live, MIDDLE, NOW + MINUTE)
    assert told(live) == []


def test_before_the_first_apply_nobody_is_told(live: Live) -> None:
    live.portal.show("contacts", contact("1", LOW))
    sync(live.store, live.portal, live.book, NOW)
    make_plan(live.store, live.portal, live.book, NOW, live.policy)
    becomes(live, HIGH, NOW + MINUTE)
    assert told(live) == []


def test_a_new_lead_that_begins_above_is_told(live: Live) -> None:
    live.begin(contact("2", LOW))
    becomes(live, HIGH, NOW + MINUTE)
    assert len(told(live)) == 3


def test_a_repeated_notice_tells_nothing_again(live: Live) -> None:
    live.begin(contact("1", LOW))
    becomes(live, HIGH, NOW + MINUTE)
    live.tell(notice("again", "1", at=NOW + 2 * MINUTE))
    live.settle(NOW + 2 * MINUTE)
    assert len(told(live)) == 3


def test_the_figures_are_those_of_the_crossing(live: Live) -> None:
    live.begin(contact("1", LOW))
    becomes(live, HIGH, NOW + MINUTE)
    becomes(live, LOW, NOW + 2 * MINUTE)
    with reading(live.store) as connection:
        (kept,) = set(connection.execute(select(notices.c.figures)).scalars())
    found = msgspec.json.decode(kept, type=Figures)
    assert (found.total, found.band, found.stage) == (50, "warm", "mql")
    assert found.reason


@pytest.mark.parametrize("sort", ["sqlite", "postgres"])
def test_a_crossing_is_kept_once_wherever_the_process_is_killed(sort: str, request: pytest.FixtureRequest) -> None:
    def crossed(number: int, act: Callable[[Live], None]) -> list[tuple[str, str, int]]:
        live = begun(open_store(new_url(sort, request, number)))
        live.begin(contact("1", LOW))
        live.portal.show("contacts", contact("1", HIGH))
        live.tell(notice("k", "1", at=NOW + MINUTE))
        act(live)
        go_on(live)
        found = told(live)
        live.store.dispose()
        return found

    with cut(0, "before") as count:
        assert len(crossed(0, lambda live: live.settle(NOW + MINUTE))) == 3

    def killed(at: int, when: str) -> Callable[[Live], None]:
        def act(live: Live) -> None:
            with cut(at, when), pytest.raises(Killed):
                live.settle(NOW + MINUTE)

        return act

    for number in range(1, 6):
        for when in ("before", "after"):
            place = 10 * number + (when == "after")
            assert [one[:2] for one in crossed(place, killed(number, when))] == [
                ("rises_to:40", "crm_task"),
                ("rises_to:40", "webhook"),
                ("rises_to:50", "crm_task"),
            ]
    assert count[0] >= 5
