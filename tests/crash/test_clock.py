"""The clock of the machine is set forward and back: nothing stays stuck, nothing is lost, and no storm breaks out."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from leadscore.jobs.chores import do_chore
from leadscore.jobs.leader import Leadership
from leadscore.jobs.scheduler import TIDY, ask_as_leader
from leadscore.store import leases
from leadscore.store.chores import Rhythm
from leadscore.store.database import open_store, writing
from leadscore.store.live_tables import outbox, refetches
from leadscore.store.work_tables import due
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.models import rulebook
from tests.jobs.portal import Portal
from tests.store.seen import NOW, contact

DAY = 24 * 60 * MINUTE
STEPS = (10 * MINUTE, -10 * MINUTE, -DAY, DAY)
PEOPLE = 4


@pytest.fixture
def live(database_url: str) -> Iterator[Live]:
    store = open_store(database_url)
    made = Live(store, Portal())
    made.begin(*(contact(str(n), {"jobtitle": "Clerk"}) for n in range(PEOPLE)))
    yield made
    store.dispose()


def promoted(live: Live, who: int, key: str, at: int) -> None:
    live.portal.show("contacts", contact(str(who), {"jobtitle": "CEO"}))
    live.tell(notice(key, str(who), at=at))


def totals(live: Live) -> list[str]:
    return [live.portal.outputs_held[str(n)].get("total", "") for n in range(PEOPLE)]


@pytest.mark.parametrize("step", STEPS)
def test_after_a_step_of_the_clock_what_was_lent_before_is_done_and_so_is_what_comes(live: Live, step: int) -> None:
    """Somebody claimed one row of each queue under the old clock and died; the clock steps."""
    promoted(live, 0, "before", NOW)
    for queue in (refetches, due, outbox):
        live.turn(NOW)
        with writing(live.store) as connection:
            leases.claim(connection, queue, NOW, f"dead:{queue.name}", many=1, lease=45_000)
    promoted(live, 1, "after", NOW + step)
    live.settle(NOW + step)
    # Within the longest lease, by the new clock, all is done.
    live.settle(NOW + step + 45_001)
    assert totals(live)[:2] == ["20", "20"]


@pytest.mark.parametrize("step", STEPS)
def test_a_reading_after_a_step_of_the_clock_is_the_newest(live: Live, step: int) -> None:
    promoted(live, 0, "first", NOW)
    live.settle(NOW)
    live.portal.show("contacts", contact("0", {"jobtitle": "Manager"}))
    live.tell(notice("second", "0", at=NOW + step))
    live.settle(NOW + step)
    assert totals(live)[0] == "15"


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_clock_sets_off_no_storm(live: Live, step: int) -> None:
    """Nothing but time: the same scores are neither made again and again nor written."""
    promoted(live, 0, "first", NOW)
    live.settle(NOW)
    live.portal.writes.clear()
    scored = sum(live.worker().score_due(NOW + step + turn * 1000).scored for turn in range(20))
    live.settle(NOW + step + 20_000)
    assert scored <= PEOPLE
    assert live.writes() == {}


@pytest.mark.parametrize("step", [10 * MINUTE, -DAY])
def test_chores_are_asked_for_at_their_pace_when_the_clock_steps(tmp_path: Path, step: int) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    clock = [NOW]
    leadership, rhythms = Leadership(store, "a", lambda: clock[0]), [Rhythm(TIDY, 30_000, 30_000)]
    done = []
    for tick in range(240):
        clock[0] = NOW + tick * 1000 + (step if tick >= 120 else 0)
        assert leadership.renew() is not None
        ask_as_leader(store, leadership, rhythms, clock[0])
        if do_chore(store, Portal(), rulebook(), rhythms, lambda: clock[0], "w"):
            done.append(tick)
    # Every 30 seconds, and once more or less for the step itself.
    assert 240 / 30 - 1 <= len(done) <= 240 / 30 + 1
    assert all(later - earlier >= 30 for earlier, later in pairwise(done) if later < 120)
    store.dispose()
