"""From a changed record to a task in the portal: entering SQL tells sales, and so does entering it again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from connectors.signed_post import Poster
from leadscore.jobs.messenger import Messenger
from leadscore.jobs.tell import tell
from leadscore.store.database import open_store
from tests.connectors.portal import Portal
from tests.jobs.stage_portal import DAY, SQL, Town, town


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    engine = open_store(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def place(store: Engine) -> Iterator[Town]:
    with town(store) as made:
        yield made


def told(place: Town) -> list[str]:
    """Tells everything that is ready; returns what every task of the portal says."""
    messenger = Messenger(place.hubspot.tasks, Poster(()))
    while tell(place.store, messenger, place.book, lambda: place.now, "w").all:
        pass
    found = Portal(place.sandbox).api("GET", "/crm/v3/objects/tasks?limit=100&properties=hs_task_subject")["results"]
    return [str(one["properties"]["hs_task_subject"]) for one in found]


def test_entering_sql_is_told_and_entering_it_again_is_told_again(place: Town) -> None:
    (id,) = place.begin({"jobtitle": "Cook", "industry": "Software", "firstname": "Ana"})
    for round in (1, 2):
        place.later(DAY).edit(id, jobtitle="CEO")
        place.settle()
        assert place.stage(id) == SQL
        assert len(told(place)) == round
        place.later(DAY).edit(id, jobtitle="Cook")
        place.settle()
        assert place.stage(id) != SQL
        assert len(told(place)) == round
    assert told(place) == ["Ana is sales ready"] * 2
