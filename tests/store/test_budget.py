"""Calls of all processes come out of one budget, which no window of the CRM ever sees overdrawn."""

from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from connectors.budget import BURST, SEARCH, Limits
from connectors.errors import QuotaExhausted
from leadscore.store.budget import StoreBudget, calls_states, spent
from leadscore.store.database import reading
from tests.store.seen import HOUR, NOW


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def spend(budgets: list[StoreBudget], clock: Clock, many: int, kind: str = BURST) -> list[int]:
    """Sends calls as fast as the budgets allow, in turn; returns when."""
    sent: list[int] = []
    while len(sent) < many:
        wait = budgets[len(sent) % len(budgets)].take(kind)
        if wait == 0:
            sent.append(clock.now)
        clock.now += -int(-wait * 1000 // 1)
    return sent


def most_in_window(sent: list[int], window: int) -> int:
    return max(sum(1 for at in sent if start <= at < start + window) for start in sent)


def test_two_processes_together_stay_under_the_burst_limit_and_near_it(store: Engine, clock: Clock) -> None:
    budgets = [StoreBudget(store, wall=clock) for _ in range(2)]
    budgets[0].learn(Limits(burst=190, interval=10.0))
    sent = spend(budgets, clock, 400)
    assert most_in_window(sent, 10_000) <= 190
    assert len(sent) / (sent[-1] - sent[0]) * 10_000 >= 0.95 * 190 - 1


def test_searches_have_their_own_slower_limit(store: Engine, clock: Clock) -> None:
    sent = spend([StoreBudget(store, wall=clock, share=0.5)], clock, 20, SEARCH)
    assert most_in_window(sent, 1000) <= 3


def test_a_pause_holds_for_every_process(store: Engine, clock: Clock) -> None:
    one, other = (StoreBudget(store, wall=clock) for _ in range(2))
    one.pause(BURST, 7.0)
    one.pause(BURST, 2.0)
    assert other.take(BURST) == 7.0
    assert other.take(SEARCH) == 0
    clock.now += 7000
    assert other.take(BURST) == 0


def test_the_share_of_the_day_ends_and_begins_anew_with_the_accounts_day(store: Engine, clock: Clock) -> None:
    one, other = (StoreBudget(store, wall=clock, share=0.1) for _ in range(2))
    one.learn(Limits(day=100, day_left=90, day_ends=NOW + HOUR))
    spend([one, other], clock, 10)
    for budget in (one, other):
        with pytest.raises(QuotaExhausted) as told:
            budget.take(BURST)
        assert told.value.resets_at == NOW + HOUR
    clock.now = NOW + HOUR
    assert other.take(BURST) == 0
    assert one.day_ends() == NOW + 25 * HOUR


def test_the_last_tenth_of_the_day_is_left_to_other_apps(store: Engine, clock: Clock) -> None:
    budget = StoreBudget(store, wall=clock)
    budget.learn(Limits(day=1000, day_left=99, day_ends=NOW + HOUR))
    with pytest.raises(QuotaExhausted, match="left 99"):
        budget.take(BURST)


def test_a_day_that_the_crm_calls_used_up_is_over_for_every_process_until_it_ends(store: Engine, clock: Clock) -> None:
    one, other = (StoreBudget(store, wall=clock) for _ in range(2))
    one.learn(Limits(day_ends=NOW + HOUR))
    one.learn(Limits(day_left=0))
    for budget in (one, other, StoreBudget(store, wall=clock)):
        with pytest.raises(QuotaExhausted, match="used up") as told:
            budget.take(SEARCH)
        assert told.value.resets_at == NOW + HOUR
    with reading(store) as connection:
        day = calls_states(connection, clock.now)["day"]
        assert (day.left, day.ends, bool(spent(day, 0.5))) == (0, NOW + HOUR, True)
        later = calls_states(connection, NOW + HOUR)["day"]
        assert (later.left, later.ends, spent(later, 0.5)) == (None, NOW + 25 * HOUR, "")
    clock.now = NOW + HOUR
    assert other.take(SEARCH) == 0


def test_after_the_clock_was_set_back_nobody_waits_for_the_end_of_a_day_that_is_days_away(
    store: Engine, clock: Clock
) -> None:
    budget = StoreBudget(store, wall=clock)
    budget.learn(Limits(day_left=0, day_ends=NOW + 20 * HOUR))
    clock.now -= 48 * HOUR
    assert budget.take(BURST) == 0
    assert budget.day_ends() == NOW - 28 * HOUR


def test_a_clock_that_is_set_back_stops_nobody(store: Engine, clock: Clock) -> None:
    budget = StoreBudget(store, wall=clock)
    spend([budget], clock, 20)
    budget.pause(BURST, 30.0)
    clock.now -= 24 * HOUR
    assert budget.take(BURST) == 0
    assert budget.take(BURST) < 1


def test_what_was_learned_outlives_the_process(store: Engine, clock: Clock) -> None:
    StoreBudget(store, wall=clock).learn(Limits(day=1000, day_left=50, day_ends=NOW + HOUR))
    with pytest.raises(QuotaExhausted):
        StoreBudget(store, wall=clock).take(BURST)
