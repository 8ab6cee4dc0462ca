"""Chores are asked for once in their time, done by one worker at a time, and given back when it stops."""

from sqlalchemy import Engine

from leadscore.jobs.leader import Leadership
from leadscore.jobs.nudge import Nudge
from leadscore.jobs.scheduler import ask_as_leader
from leadscore.store.chores import DONE, ChoreState, Rhythm, ask, chore_states, end, give_back_chores, renew, take
from leadscore.store.database import reading, writing
from leadscore.store.leaders import database_now

RHYTHMS = (Rhythm("poll", 1_000_000, 9_000_000), Rhythm("tidy", 5_000_000, 5_000_000))
LEASE = 60_000


def instant(store: Engine) -> int:
    with reading(store) as connection:
        return database_now(connection, 1_800_000_000_000)


def test_a_chore_is_asked_for_once_until_its_time_comes_again(store: Engine) -> None:
    now = instant(store)
    with writing(store) as connection:
        assert ask(connection, RHYTHMS, now) == 2
        assert ask(connection, RHYTHMS, now) == 0
        turn = take(connection, "w", now, LEASE)
        assert turn is not None
        assert end(connection, turn, now, every=1, rest=9_000, outcome="done", moved=3)
        assert ask(connection, RHYTHMS, now) == 0


def test_one_chore_at_a_time_is_lent(store: Engine) -> None:
    now = instant(store)
    with writing(store) as connection:
        ask(connection, RHYTHMS, now)
        turn = take(connection, "w", now, LEASE)
        assert turn is not None
        assert turn.name == "poll"
        assert take(connection, "other", now, LEASE) is None
        assert give_back_chores(connection, "w") == 1
        again = take(connection, "other", now, LEASE)
    assert again is not None
    assert (again.name, again.fence) == ("poll", turn.fence + 1)


def test_who_lost_the_lease_can_neither_renew_nor_end(store: Engine) -> None:
    now = instant(store)
    with writing(store) as connection:
        ask(connection, RHYTHMS, now)
        lost = take(connection, "w", now, -1)
        taken = take(connection, "other", now, LEASE)
        assert lost is not None
        assert taken is not None
        assert not renew(connection, lost, now, LEASE)
        assert not end(connection, lost, now, every=1, rest=0, outcome="done", moved=0)
        assert renew(connection, taken, now, LEASE)


def test_only_the_leader_asks_and_an_old_one_does_not(store: Engine) -> None:
    now = instant(store)
    first = Leadership(store, "a", lambda: now)
    second = Leadership(store, "b", lambda: now)
    assert first.renew() is not None
    assert second.renew() is None
    assert ask_as_leader(store, second, RHYTHMS, now) == 0
    old = first.fence
    first.resign()
    assert second.renew() is not None
    first.fence = old
    assert ask_as_leader(store, first, RHYTHMS, now) == 0
    assert ask_as_leader(store, second, RHYTHMS, now) == 2


def test_a_chore_from_a_future_that_the_clock_left_again_comes_now(store: Engine) -> None:
    now = instant(store)
    with writing(store) as connection:
        ask(connection, RHYTHMS[:1], now)
        turn = take(connection, "w", now, LEASE)
        assert turn is not None
        end(connection, turn, now, every=1, rest=86_400_000, outcome="done", moved=0)
        assert ask(connection, RHYTHMS[:1], now) == 1
        assert [state.ran_at for state in chore_states(connection)] == [now]


def _ended(store: Engine, now: int, outcome: str) -> None:
    """The poll was done, and has become slow."""
    with writing(store) as connection:
        ask(connection, RHYTHMS, now)
        turn = take(connection, "w", now, LEASE)
        assert turn is not None
        assert end(connection, turn, now, every=9_000_000, rest=9_000_000, outcome=outcome, moved=0)


def _poll(store: Engine) -> ChoreState:
    with reading(store) as connection:
        return next(one for one in chore_states(connection) if one.name == "poll")


def test_notices_bring_a_slow_look_back_to_its_quick_rhythm(store: Engine) -> None:
    now = instant(store)
    _ended(store, now, DONE)
    asked = 0

    def clock() -> int:
        nonlocal asked
        asked += 1
        return now

    nudge = Nudge(store, RHYTHMS[0], clock)
    nudge()
    soon = _poll(store)
    assert soon.every == RHYTHMS[0].quick
    assert soon.ran_at is not None
    assert soon.next_at == soon.ran_at + RHYTHMS[0].quick
    nudge()
    assert (_poll(store), asked) == (soon, 2)


def test_a_look_that_the_crm_does_not_allow_now_is_not_brought_forward(store: Engine) -> None:
    now = instant(store)
    _ended(store, now, "The calls of today are used up.")
    before = _poll(store)
    Nudge(store, RHYTHMS[0], lambda: now)()
    assert _poll(store) == before
