"""The budget uses the burst limit almost whole, the search limit by its share, and leaves part of the day to others."""

import pytest

from connectors.budget import BURST, SEARCH, Limits, LocalBudget
from connectors.errors import QuotaExhausted
from tests.connectors.portal import DAY, NOW, Clock


def budget(clock: Clock, share: float = 0.5) -> LocalBudget:
    time = clock.time()
    return LocalBudget(tick=time.tick, wall=time.wall, share=share)


def spend(made: LocalBudget, clock: Clock, kind: str, calls: int) -> list[float]:
    """The instants (seconds) at which so many calls were let through."""
    times = []
    for _ in range(calls):
        while (wait := made.take(kind)) > 0:
            clock.sleep(wait)
        times.append(clock.seconds)
    return times


@pytest.mark.parametrize("limit", [100, 190, 250])
def test_no_ten_seconds_hold_more_calls_than_the_limit_and_hardly_fewer(limit: int) -> None:
    clock = Clock()
    made = budget(clock)
    made.learn(Limits(burst=limit, interval=10.0))
    times = spend(made, clock, BURST, limit * 20)
    assert max(sum(1 for t in times if start <= t < start + 10) for start in times) <= limit
    assert len(times) / (times[-1] - times[0]) >= 0.95 * limit / 10


def test_searches_keep_to_their_share_of_five_a_second() -> None:
    clock = Clock()
    times = spend(budget(clock, share=0.5), clock, SEARCH, 11)
    assert times[-1] == pytest.approx(4.0)


def test_searches_do_not_use_up_the_burst_limit() -> None:
    clock = Clock()
    made = budget(clock)
    spend(made, clock, SEARCH, 200)
    before = clock.seconds
    spend(made, clock, BURST, 98)
    assert clock.seconds == before


def test_nothing_of_a_kind_is_sent_while_the_crm_said_wait() -> None:
    clock = Clock()
    made = budget(clock)
    made.pause(BURST, 7.5)
    assert made.take(SEARCH) == 0
    assert made.take(BURST) == pytest.approx(7.5)
    clock.sleep(7.5)
    assert made.take(BURST) == 0


def test_our_calls_stop_at_our_share_of_the_day_and_start_with_the_next() -> None:
    clock = Clock()
    made = budget(clock, share=0.5)
    made.learn(Limits(day=20, day_left=20, day_ends=NOW + 60_000))
    spend(made, clock, BURST, 10)
    with pytest.raises(QuotaExhausted) as stopped:
        made.take(BURST)
    assert stopped.value.resets_at == NOW + 60_000
    clock.sleep(60)
    assert made.take(BURST) == 0
    assert made.day_ends() == NOW + 60_000 + DAY


def test_the_last_tenth_of_the_day_is_left_to_the_other_apps() -> None:
    clock = Clock()
    made = budget(clock)
    made.learn(Limits(day=1000, day_left=100))
    assert made.take(BURST) == 0
    made.learn(Limits(day=1000, day_left=99))
    with pytest.raises(QuotaExhausted, match="keeps the last tenth"):
        made.take(BURST)


def test_an_answer_without_headers_changes_nothing_that_was_learnt() -> None:
    clock = Clock()
    made = budget(clock)
    made.learn(Limits(burst=190, interval=10.0, day=10, day_left=10))
    made.learn(Limits())
    spend(made, clock, BURST, 5)
    with pytest.raises(QuotaExhausted):
        made.take(BURST)
