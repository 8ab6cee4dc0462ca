"""What keeps the work from going on is told by every process, and no longer when the work goes on."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine

from connectors.errors import AccessDenied, QuotaExhausted, RetryLater
from leadscore.jobs.troubles import FRESH, Troubles
from leadscore.store.database import reading
from leadscore.store.errors import StoreError
from leadscore.store.troubles import Trouble, troubles_since
from tests.store.seen import NOW

MINUTE = 60_000


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Watched:
    store: Engine
    clock: Clock = field(default_factory=Clock)

    def process(self) -> Troubles:
        return Troubles(self.store, self.clock)

    def seen(self) -> tuple[Trouble, ...]:
        with reading(self.store) as connection:
            return troubles_since(connection, self.clock.now - FRESH)


@pytest.fixture
def watched(store: Engine) -> Watched:
    return Watched(store)


def test_a_trouble_is_told_until_the_first_step_that_does_something(watched: Watched) -> None:
    one = watched.process()
    one.saw("read", 0, AccessDenied("HubSpot does not know this token."))
    assert [(met.name, met.error, met.said) for met in watched.seen()] == [
        ("read", "AccessDenied", "HubSpot does not know this token.")
    ]
    one.saw("read", 0, None)
    assert len(watched.seen()) == 1
    one.saw("read", 3, None)
    assert watched.seen() == ()


def test_it_keeps_its_beginning_while_it_is_of_the_same_sort(watched: Watched) -> None:
    one = watched.process()
    for minutes in range(4):
        watched.clock.now = NOW + minutes * MINUTE
        one.saw("write", 0, AccessDenied(f"no {minutes}"))
    (met,) = watched.seen()
    assert (met.since, met.seen_at, met.said) == (NOW, NOW + 3 * MINUTE, "no 3")
    one.saw("write", 0, QuotaExhausted("The day is used up."))
    (met,) = watched.seen()
    assert (met.since, met.error) == (NOW + 3 * MINUTE, "QuotaExhausted")


def test_a_process_that_died_with_its_trouble_is_forgotten_and_its_successor_clears_it(watched: Watched) -> None:
    watched.process().saw("read", 0, AccessDenied("no"))
    watched.process().saw("read", 1, None)
    assert watched.seen() == ()
    watched.process().saw("read", 0, AccessDenied("no"))
    watched.clock.now += FRESH + 1
    assert watched.seen() == ()


def test_a_moments_patience_is_no_trouble_but_again_and_again_is(watched: Watched) -> None:
    one = watched.process()
    one.saw("read", 0, RetryLater("Fewer calls, please.", 1))
    assert watched.seen() == ()
    one.saw("read", 5, None)
    one.saw("read", 0, RetryLater("Fewer calls, please.", 1))
    assert watched.seen() == ()
    one.saw("read", 0, RetryLater("Fewer calls, please.", 1))
    assert [met.error for met in watched.seen()] == ["RetryLater"]


def test_of_an_error_that_nobody_foresaw_only_its_sort_is_told(watched: Watched) -> None:
    watched.process().saw("score", 0, ValueError("amelia@nimbus.example"))
    (met,) = watched.seen()
    assert "ValueError" in met.said
    assert "amelia" not in met.said


def test_a_store_that_cannot_be_written_disturbs_nobody(watched: Watched) -> None:
    one = watched.process()
    one.saw("score", 0, StoreError("The store does not answer."))
    assert watched.seen() == ()
