"""SIGTERM under load ends everything in time, and leaves nothing lent and nothing lost."""

from tests.crash.levels import Levels
from tests.crash.service import APART, Service
from tests.crash.stopping import stop_and_stop

TIMES = 2


def test_sigterm_under_load_ends_in_time_with_nothing_lent_and_nothing_lost(service: Service, levels: Levels) -> None:
    service.roles = APART if service.database.startswith("postgresql") else service.roles
    told = stop_and_stop(service, levels, TIMES)
    assert told.codes == {0}, told
    assert max(told.seconds) < 30, told
    assert (told.lent, told.lost, told.wrong) == ([], 0, {}), told
