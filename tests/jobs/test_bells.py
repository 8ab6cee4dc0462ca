"""Shifts of one process tell each other that there is something to do, so that nothing waits for a rest to end."""

from sqlalchemy import Engine

from leadscore.jobs.crew import Crew, Shift
from leadscore.jobs.inbox import StoreInbox
from tests.jobs.live import Live
from tests.jobs.portal import Portal
from tests.serve.service import until
from tests.store.seen import NOW
from webhooks.delivery import Delivery, NamedRecord, Receipt

LONG = 600.0


def test_a_shift_that_did_something_ends_the_rest_of_the_next_one() -> None:
    work = {"first": 0, "second": 0}
    done: list[str] = []

    def step(name: str, following: str) -> int:
        if not work[name]:
            return 0
        work[name] = 0
        done.append(name)
        work[following] = 1
        return 1

    first = Shift("first", lambda: step("first", "second"), idle=LONG, rings=("second",))
    crew = Crew([first, Shift("second", lambda: step("second", "nobody"), idle=LONG)], lambda: 0)
    crew.start()
    try:
        work["first"] = 1

        def done_when_rung() -> bool:
            crew.ring("first")
            return done == ["first", "second"]

        assert until(done_when_rung, 10.0)
    finally:
        assert crew.end(10.0)


def test_a_shift_that_failed_is_not_rung_before_its_rest_is_over() -> None:
    tried: list[int] = []
    other: list[int] = []

    def fail() -> int:
        tried.append(1)
        raise ConnectionError

    def once() -> int:
        other.append(1)
        return 1 if len(other) == 1 and tried else 0

    crew = Crew([Shift("fails", fail), Shift("other", once, idle=0.01, rings=("fails",))], lambda: 0)
    crew.start()
    try:
        assert until(lambda: tried and len(other) > 5, 10.0)
        crew.ring("fails")
        assert len(tried) == 1
    finally:
        assert crew.end(10.0)


def test_the_inbox_rings_once_something_new_was_kept(store: Engine, portal: Portal) -> None:
    Live(store, portal).begin()
    rung: list[int] = []
    named = (NamedRecord("itself", "contact", "1"),)
    told = Delivery("hubspot", "4711", "a", "changed", "contact", named, "email", NOW, b"{}")
    url = store.url.render_as_string(hide_password=False)
    inbox = StoreInbox(url, least_free=0, ring=lambda: rung.append(1))
    try:
        assert inbox.put(Receipt("hubspot", NOW, (told,), ())) == 1
        assert inbox.put(Receipt("hubspot", NOW, (told,), ())) == 0
    finally:
        inbox.close()
    assert rung == [1]
