"""What was deleted stays deleted until the CRM itself shows it again; then it is as it was."""

import pytest

from connectors.protocol import SeenActivity
from leadscore.jobs.imports import import_activities
from leadscore.store.live_tables import outbox, refetches
from leadscore.store.work_tables import due, scores
from tests.moves.test_merges import late
from tests.moves.town import MINUTE, NOW, Town
from webhooks.delivery import Kind

ANA = "ana@acme.example"


def one(place: Town) -> str:
    """Ana, a boss who asked for a demo."""
    ana = place.person(ANA, "CEO")
    place.demo(ANA)
    place.begin()
    assert place.totals() == {ana: 60}
    place.listen()
    place.later()
    return ana


def test_a_deleted_record_has_no_score_and_late_notices_change_nothing(place: Town) -> None:
    ana = one(place)
    place.pull("people/delete", id=ana)
    place.live()
    assert (place.living(), place.rows(scores)) == (set(), [])
    kinds: tuple[Kind, ...] = ("changed", "created", "deleted", "linked")
    for kind in kinds:
        place.later()
        late(place, kind, ("itself", ana))
    assert (place.living(), place.rows(scores)) == (set(), [])
    assert [len(place.rows(table)) for table in (outbox, refetches, due)] == [0, 0, 0]


def test_a_deletion_of_which_we_hear_before_the_record_is_remembered(place: Town) -> None:
    place.begin()
    place.listen()
    ana = place.person(ANA, "CEO")
    place.pull("people/delete", id=ana)
    place.delivered()
    for _ in range(5):
        place.settle()
        place.later()
    assert (place.living(), place.rows(scores)) == (set(), [])


def test_a_search_that_still_shows_a_deleted_record_does_not_bring_it_back(place: Town) -> None:
    ana = one(place)
    place.pull("people/edit", id=ana, properties={"jobtitle": "Clerk"})
    place.live()
    place.pull("settings", search_lag_ms=10 * MINUTE)
    place.pull("people/delete", id=ana)
    place.live()
    place.look()
    place.settle()
    assert place.living() == set()


@pytest.mark.parametrize("told", [True, False])
def test_a_restored_record_is_back_with_all_that_it_had(place: Town, *, told: bool) -> None:
    ana = one(place)
    subject = place.subject(ana)
    place.pull("people/delete", id=ana)
    place.live()
    place.later()
    place.listen(on=told)
    place.pull("people/restore", id=ana)
    if not told:
        place.look()
    place.live()
    assert place.totals() == {ana: 60}
    assert (place.subject(ana), place.shown(ana)) == (subject, {"total": "60"})


def test_a_restore_that_overtakes_its_deletion_ends_alive(place: Town) -> None:
    ana = one(place)
    place.listen(on=False)
    place.pull("people/delete", id=ana)
    place.later()
    place.pull("people/restore", id=ana)
    late(place, "restored", ("itself", ana))
    place.later()
    late(place, "deleted", ("itself", ana))
    assert place.totals() == {ana: 60}


def test_a_merge_told_after_the_old_records_were_found_gone_brings_the_person_back(place: Town) -> None:
    ana, bea = place.person(ANA, "CEO"), place.person("bea@acme.example")
    place.demo(ANA)
    place.begin()
    place.later()
    new = place.merge(ana, bea)
    for id in (ana, bea):
        late(place, "changed", ("itself", id))
    assert place.living() == set()
    late(place, "merged", ("primary", ana), ("merged", ana), ("merged", bea), ("new", new))
    assert (place.living(), place.totals()) == ({new}, {new: 60})


def test_a_new_address_brings_what_waited_for_it_and_the_old_one_goes_on_being_known(place: Town) -> None:
    ana = one(place)
    moved = "ana.moved@acme.example"
    waits = SeenActivity("form_submission", NOW - MINUTE, {"form": "Request a demo"}, "w1", email=moved)
    assert import_activities(place.store, [waits], place.now).waiting == 1
    place.pull("people/edit", id=ana, properties={"email": moved})
    place.pull("people/add-email", contact=ana, email=ANA)
    place.live()
    assert place.totals() == {ana: 70}
    place.demo(ANA)
    place.look()
    place.settle()
    assert place.totals() == {ana: 80}
    assert place.subject(ANA) == place.subject(moved) == place.subject(ana)


def test_a_record_that_no_sync_ever_saw_is_made_by_its_notice(place: Town) -> None:
    place.begin()
    place.listen()
    ana = place.person(ANA, "CEO")
    place.live()
    assert (place.totals(), place.shown(ana)) == ({ana: 50}, {"total": "50"})
