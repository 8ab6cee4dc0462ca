"""The process dies between the answer of the CRM and our note of it: what is sent again does no harm."""

from tests.crash.between import kill_between
from tests.crash.levels import Levels
from tests.crash.service import APART, Service

KILLS = 3


def test_killed_between_the_answer_and_our_note_nothing_older_is_written_and_the_end_is_the_same(
    service: Service, levels: Levels
) -> None:
    service.roles = APART if service.database.startswith("postgresql") else service.roles
    told = kill_between(service, levels, KILLS)
    assert (told.back, told.wrong) == (0, {}), told
    assert told.again >= 1, told
