"""One leads, another takes over when it is gone, and an old leader can do nothing more."""

from sqlalchemy import Engine

from leadscore.store.database import reading, writing
from leadscore.store.leaders import database_now, lead, leader, resign, still_leads

NOW = 1_800_000_000_000
LEASE = 60_000


def try_to_lead(store: Engine, owner: str, now: int = NOW, lease: int = LEASE) -> int | None:
    with writing(store) as connection:
        return lead(connection, "scheduler", owner, now, lease)


def test_only_one_leads_and_it_may_renew(store: Engine) -> None:
    fence = try_to_lead(store, "a")
    assert fence is not None
    assert try_to_lead(store, "b") is None
    assert try_to_lead(store, "a") == fence
    with reading(store) as connection:
        found = leader(connection, "scheduler", NOW)
    assert found is not None
    assert (found.owner, found.fence) == ("a", fence)


def test_who_resigns_makes_room_at_once_and_its_fence_is_worth_nothing(store: Engine) -> None:
    first = try_to_lead(store, "a")
    with writing(store) as connection:
        resign(connection, "scheduler", "a")
        assert leader(connection, "scheduler", NOW) is None
    second = try_to_lead(store, "b")
    assert first is not None
    assert second is not None
    assert second > first
    with writing(store) as connection:
        assert not still_leads(connection, "scheduler", first, NOW)
        assert still_leads(connection, "scheduler", second, NOW)


def test_a_lease_that_ended_is_anybodys(store: Engine) -> None:
    first = try_to_lead(store, "a", lease=-1)
    assert first is not None
    with writing(store) as connection:
        assert not still_leads(connection, "scheduler", first, NOW)
    assert try_to_lead(store, "b") == first + 1


def test_a_lease_from_a_future_that_the_clock_left_again_is_anybodys(store: Engine) -> None:
    with writing(store) as connection:
        skew = database_now(connection, NOW) - NOW
    assert try_to_lead(store, "a", lease=86_400_000) is not None
    assert try_to_lead(store, "b", NOW + skew, lease=LEASE) is not None
