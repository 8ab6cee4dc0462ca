"""Chores wait as the CRM tells, look more often while things move, and never stand in each other's way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, update

from connectors.errors import AccessDenied, QuotaExhausted, RetryLater
from connectors.protocol import Cursor, Needs, Page
from leadscore.jobs.chores import do_chore
from leadscore.jobs.nudge import Nudge
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.scheduler import rhythms
from leadscore.store.chore_table import chores
from leadscore.store.chores import ChoreState, ask, chore_states
from leadscore.store.database import reading, writing
from leadscore.store.leaders import database_now
from leadscore.store.records import find_records
from leadscore.store.writes import save_held
from tests.jobs.portal import Portal
from tests.store.seen import NOW, contact

HOUR = 3_600_000
RHYTHMS = rhythms(30, 900, 6)


class Failing(Portal):
    """A CRM whose every stream ends as told, and while whose streams are read something else happens."""

    broken: Exception | None = None
    meanwhile: Callable[[], None] | None = None

    def read(
        self, stream: str, cursor: Cursor | None, needs: Needs, now: int, limit: int | None = None
    ) -> Iterator[Page]:
        if self.broken is not None:
            raise self.broken
        if self.meanwhile is not None:
            self.meanwhile()
        return super().read(stream, cursor, needs, now, limit)


@dataclass
class Service:
    """A worker and its scheduler, with a clock of ours (on PostgreSQL, leases go by the clock of the database)."""

    store: Engine
    portal: Failing
    book: Rulebook
    now: int

    def turn(self, *names: str) -> None:
        """Everything that is due is asked for and done, or only chores of these names."""
        with writing(self.store) as connection:
            ask(connection, [one for one in RHYTHMS if not names or one.name in names], self.now)
        while do_chore(self.store, self.portal, self.book, RHYTHMS, lambda: self.now, "w:chores"):
            pass

    def state(self, name: str) -> ChoreState:
        with reading(self.store) as connection:
            (found,) = [one for one in chore_states(connection) if one.name == name]
        return found

    def rest(self, name: str) -> int:
        """In how many seconds it is asked for again, about."""
        with reading(self.store) as connection:
            return round((self.state(name).next_at - database_now(connection, self.now)) / 1000)

    def come_due(self) -> None:
        """As if the time of every chore had come."""
        with writing(self.store) as connection:
            connection.execute(update(chores).values(next_at=0))


@pytest.fixture
def service(store: Engine, book: Rulebook) -> Service:
    with reading(store) as connection:
        return Service(store, Failing(), book, database_now(connection, NOW))


@pytest.mark.parametrize(
    ("error", "seconds", "hours"),
    [
        (QuotaExhausted("The day is used up.", NOW + 9 * HOUR), 900, 6),
        (RetryLater("Fewer calls, please.", 120), 120, 120 / 3600),
        (RetryLater("A moment.", 0.5), 30, 60 / 3600),
        (AccessDenied("HubSpot does not know this token."), 300, 300 / 3600),
    ],
)
def test_a_chore_that_the_crm_does_not_allow_waits_as_told_and_the_others_go_on(
    service: Service, error: Exception, seconds: int, hours: float
) -> None:
    if isinstance(error, QuotaExhausted):
        error.resets_at = service.now + 9 * HOUR
    service.portal.broken = error
    service.turn()
    for name, rest in (("poll", seconds), ("reconcile", hours * 3600)):
        assert service.state(name).outcome == str(error)
        assert service.rest(name) == pytest.approx(rest, abs=5)
    assert service.state("tidy").outcome == "done"
    assert service.state("tidy").asked_at is None


def test_a_chore_at_which_the_program_fails_does_not_stand_before_the_others(service: Service) -> None:
    service.portal.broken = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        service.turn("poll")
    assert "ZeroDivisionError" in (service.state("poll").outcome or "")
    service.turn("tidy")
    assert service.state("tidy").outcome == "done"


def test_looks_become_rarer_while_nothing_moves_and_quick_again_when_something_does(service: Service) -> None:
    rests = []
    for _ in range(7):
        service.turn("poll")
        rests.append(service.rest("poll"))
        service.come_due()
    assert rests == pytest.approx([60, 120, 240, 480, 900, 900, 900], abs=5)
    service.portal.show("contacts", contact("1", {"jobtitle": "CEO"}, modified_at=service.now))
    service.turn("poll")
    assert service.rest("poll") == pytest.approx(30, abs=5)


def test_what_we_wrote_ourselves_is_no_reason_to_look_again_soon(service: Service) -> None:
    ids = ["1", "2", "3"]
    service.portal.show("contacts", *(contact(id, {"jobtitle": "CEO"}, modified_at=NOW) for id in ids))
    service.turn("poll")
    with writing(service.store) as connection:
        known = find_records(connection, [("contact", id) for id in ids])
        save_held(connection, {held.id: {"total": "20"} for held in known.values()}, service.now)
    service.portal.show("contacts", *(contact(id, {"jobtitle": "CEO"}, modified_at=service.now) for id in ids))
    service.come_due()
    service.turn("poll")
    assert service.rest("poll") == pytest.approx(60, abs=5)


def test_a_notice_that_comes_during_a_look_brings_the_next_one_soon(service: Service) -> None:
    """The look may have passed the form by which the notice was caused."""
    (poll,) = [one for one in RHYTHMS if one.name == "poll"]
    for _ in range(4):
        service.turn("poll")
        service.come_due()
    service.portal.meanwhile = Nudge(service.store, poll, lambda: service.now)
    service.turn("poll")
    assert service.rest("poll") == pytest.approx(30, abs=5)
    service.portal.meanwhile = None
    service.come_due()
    service.turn("poll")
    assert service.rest("poll") == pytest.approx(60, abs=5)
