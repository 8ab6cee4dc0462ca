"""PostgreSQL dies under load and comes back: nothing is lost, and the service goes on by itself."""

from pathlib import Path

from leadscore.sandbox import Sandbox
from tests.crash.levels import Levels
from tests.crash.outage import take_away
from tests.crash.postgres import postgres_of_ones_own
from tests.crash.service import APART, Service
from tests.serve.service import SECRET

BACK = 10.0


def test_postgresql_killed_and_stopped_under_load_loses_nothing_and_the_service_goes_on(
    sandbox: Sandbox, levels: Levels, tmp_path: Path
) -> None:
    with postgres_of_ones_own() as postgres:
        service = Service(tmp_path, postgres.url, sandbox, APART)
        service.prepare()
        levels.begin(20, postgres.url)
        levels.tell(service.door, service.signed, SECRET)
        try:
            told = take_away(service, levels, postgres, 2)
        finally:
            service.kill()
    assert max(told.door + told.work) < BACK, told
    assert (told.ended, told.lost, told.wrong) == (0, 0, {}), told
    assert told.answers <= {"200", "503"}, told
