"""Stages whose moving is killed at any commit are moved as if nobody had disturbed it, and sales is told once."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from leadscore.store.database import open_store, writing
from leadscore.store.leases import give_back_all
from leadscore.store.live_tables import stage_intents
from tests.jobs.stage_portal import LEAD, SQL, Town, town
from tests.jobs.test_live_kill import Killed, cut, new_url


@contextmanager
def begun(url: str) -> Iterator[Town]:
    """One lead is about to fall from a stage of ours, another to enter it."""
    store = open_store(url)
    with town(store) as place:
        falls, rises = place.begin({}, {})
        place.later().edit(falls, jobtitle="CEO", industry="Software")
        place.settle()
        place.later().edit(falls, jobtitle="Clerk")
        place.edit(rises, jobtitle="CEO", industry="Software")
        place.score()
        yield place
    store.dispose()


def go_on(place: Town) -> None:
    """The process starts again and takes back what it had."""
    with writing(place.store) as connection:
        give_back_all(connection, stage_intents, "m")
    place.later().settle()


def ended(place: Town) -> tuple[object, ...]:
    falls, rises = place.people
    moves = [(one.id, one.before, one.after, one.outcome) for one in place.past()]
    return place.history(falls), place.history(rises), sorted(moves), [told[:2] for told in place.told()]


# A process that is killed takes its connections with it; here the one whose commit was cut is left to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("sort", ["sqlite", "postgres"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_stages_that_are_killed_at_any_commit_end_as_undisturbed_ones(
    sort: str, when: str, request: pytest.FixtureRequest
) -> None:
    with begun(new_url(sort, request, 0)) as place:
        with cut(0, when) as count:
            place.move()
        go_on(place)
        expected = ended(place)
    assert expected[:2] == ([SQL, "", LEAD], [SQL])
    assert len(place.told()) == 2
    commits = count[0]
    assert commits >= 8
    for number in range(1, commits + 1):
        with begun(new_url(sort, request, number)) as place:
            with cut(number, when), pytest.raises(Killed):
                place.move()
            place.store.dispose()
            go_on(place)
            assert ended(place) == expected, number
