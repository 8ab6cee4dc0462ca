"""The live path cut at any of its steps, and begun again, ends as one that nobody disturbed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine.default import DefaultDialect

from leadscore.store import leases
from leadscore.store.database import open_store, writing
from leadscore.store.live_tables import outbox, refetches
from leadscore.store.work_tables import due
from tests.conftest import NewDatabase
from tests.jobs.live import MINUTE, Live, notice
from tests.jobs.portal import Portal
from tests.store.seen import HOUR, NOW, company, contact, did

DAY = 24 * HOUR
PEOPLE = 6


class Killed(BaseException):
    """The process ends here; no handler of the product may catch it."""


@contextmanager
def cut(at: int, when: str) -> Iterator[list[int]]:
    """Ends the process `before` or `after` its commit number `at` (0: never), and counts the commits."""
    commit: Callable[[Any, Any], None] = DefaultDialect.do_commit
    count = [0]

    def watched(self: Any, connection: Any) -> None:
        count[0] += 1
        if (count[0], when) == (at, "before"):
            raise Killed
        commit(self, connection)
        if (count[0], when) == (at, "after"):
            raise Killed

    DefaultDialect.do_commit = watched  # type: ignore[method-assign] # where the database driver commits
    try:
        yield count
    finally:
        DefaultDialect.do_commit = commit  # type: ignore[method-assign] # as it was


def begun(url: str) -> tuple[Engine, Live]:
    """A store that was applied once, with notices about people and a company that wait to be acted upon."""
    store = open_store(url)
    live = Live(store, Portal())
    live.portal.show("companies", company("c", {"industry": "Farming"}))
    live.portal.show("activities", did("form_submission", NOW - 29 * DAY, "f", record="0", form="Demo"))
    live.begin(*(contact(str(n), {"jobtitle": "Clerk"}, company="c") for n in range(PEOPLE)))
    live.portal.show("companies", company("c", {"industry": "Software"}))
    live.portal.show("contacts", *(contact(str(n), {"jobtitle": "CEO"}, company="c") for n in range(0, PEOPLE, 2)))
    live.portal.show("contacts", contact("9", {"jobtitle": "CEO"}))
    live.tell(*(notice(f"k{n}", str(n)) for n in range(PEOPLE)), notice("k9", "9"), notice("c", "c", object="company"))
    return store, live


def go_on(live: Live) -> None:
    """The process starts again, takes back what it had, and works until all is done; time passes as well."""
    with writing(live.store) as connection:
        for queue in (due, refetches, outbox):
            leases.give_back_all(connection, queue, "w")
    live.settle(NOW + MINUTE)
    live.settle(NOW + 2 * DAY)


def ended(live: Live) -> tuple[object, Mapping[str, object]]:
    """The scores, and what the CRM holds but for words that say when something was done."""
    when = ("reason", "scored_at", "first_mql_at", "last_mql_at", "first_sql_at", "last_sql_at")
    held = {
        id: {w: v for w, v in values.items() if v and w not in when} for id, values in live.portal.outputs_held.items()
    }
    return live.scores(), held


def new_url(sort: str, request: pytest.FixtureRequest, number: int) -> str:
    if sort == "postgres":
        new_database: NewDatabase = request.getfixturevalue("postgres")
        return new_database()
    return f"sqlite:///{request.getfixturevalue('tmp_path') / f'{number}.db'}"


@pytest.mark.parametrize("sort", ["sqlite", "postgres"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_live_path_that_is_killed_at_any_commit_ends_as_an_undisturbed_one(
    sort: str, when: str, request: pytest.FixtureRequest
) -> None:
    store, live = begun(new_url(sort, request, 0))
    with cut(0, when) as count:
        live.settle(NOW)
    go_on(live)
    expected = ended(live)
    store.dispose()
    commits = count[0]
    assert commits >= 6
    for number in range(1, commits + 1):
        store, live = begun(new_url(sort, request, number))
        with cut(number, when), pytest.raises(Killed):
            live.settle(NOW)
        store.dispose()
        go_on(live)
        assert ended(live) == expected, number
        store.dispose()
