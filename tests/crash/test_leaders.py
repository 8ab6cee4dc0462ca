"""Many processes, one leader: whoever leads may die, another takes over, and nothing is done twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.sandbox import Sandbox
from tests.conftest import NewDatabase
from tests.crash.leaders import kill_leaders
from tests.crash.levels import Levels
from tests.crash.service import Service

KILLS = 3


@pytest.fixture
def many(sandbox: Sandbox, levels: Levels, postgres: NewDatabase, tmp_path: Path) -> Iterator[Service]:
    quick = {"LEADSCORE_POLL_QUICK": "1", "LEADSCORE_POLL_SLOW": "1"}
    made = Service(tmp_path, postgres(), sandbox, settings=quick)
    made.prepare()
    levels.begin(20, made.database)
    levels.tell(made.door, made.signed, "client-secret-of-the-app", duplicates=0.2)
    yield made
    made.kill()


def test_leaders_are_killed_and_every_look_is_made_once(many: Service, levels: Levels) -> None:
    told = kill_leaders(many, levels, KILLS)
    assert max(told.takeovers) < 10, told
    assert (told.overlapping, told.twice, told.wrong) == (0, 0, {}), told
    # One look a second, the first sync, and the reconciling one.
    assert KILLS <= told.reads <= told.seconds + 3, told
