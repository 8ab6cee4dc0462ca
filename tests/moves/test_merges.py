"""Records that were merged are one person from then on, however and in whatever order we hear of it."""

import pytest
from sqlalchemy import select

from leadscore.jobs.feedback import heard_answers, waiting_answers
from leadscore.store import due
from leadscore.store.database import one_writer, reading, writing
from leadscore.store.live_tables import outbox, quarantine, refetches, rescores
from leadscore.store.loops import in_quarantine, put_in_quarantine
from leadscore.store.merging import merge
from leadscore.store.refetches import name_records
from leadscore.store.tables import activities, records
from leadscore.store.work_tables import written
from tests.moves.town import BOOK, MINUTE, Town

ANA, BEA = "ana@acme.example", "bea@acme.example"


def two(place: Town) -> tuple[str, str]:
    """Ana is a boss, Bea asked for a demo; both are scored and written."""
    ana, bea = place.person(ANA, "CEO"), place.person(BEA, "Clerk")
    place.demo(BEA)
    place.begin()
    assert place.totals() == {ana: 50, bea: 10}
    place.listen()
    return ana, bea


def test_merged_records_are_one_person_with_the_acts_of_both(place: Town) -> None:
    ana, bea = two(place)
    place.later()
    new = place.merge(ana, bea)
    assert new not in (ana, bea)
    place.live()
    assert place.living() == {new}
    assert place.totals() == {new: 60}
    assert place.shown(new) == {"total": "60"}
    assert place.subject(ana) == place.subject(bea) == place.subject(new) == place.subject(BEA)
    assert [len(place.rows(table)) for table in (outbox, refetches)] == [0, 0]
