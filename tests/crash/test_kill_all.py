"""Everything is killed at once, again and again, under load: no acknowledged event is lost, and the end is the same."""

from tests.crash.killing import kill_and_kill
from tests.crash.levels import Levels
from tests.crash.service import APART, Service

KILLS = 3


def test_a_service_that_is_killed_again_and_again_loses_nothing_and_ends_as_an_undisturbed_one(
    service: Service, levels: Levels
) -> None:
    service.roles = APART if service.database.startswith("postgresql") else service.roles
    told = kill_and_kill(service, levels, KILLS)
    assert told.acked > 100, told
    assert (told.lost, told.dead, told.wrong, told.back) == (0, 0, {}, 0), told
    assert told.rest < 60, told
