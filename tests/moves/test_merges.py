"""Records that were merged are one person from then on, however and in whatever order we hear of it."""

import pytest

from leadscore.jobs.feedback import heard_answers, waiting_answers
from leadscore.store import deliveries
from leadscore.store.database import reading, writing
from leadscore.store.deliveries import Stored
from leadscore.store.live_tables import outbox, quarantine, refetches
from leadscore.store.loops import in_quarantine, put_in_quarantine
from leadscore.store.work_tables import due, stage_changes
from tests.moves.town import BOOK, MINUTE, Town
from webhooks.delivery import Kind, NamedRecord

ANA, BEA = "ana@acme.example", "bea@acme.example"


def two(place: Town) -> tuple[str, str]:
    """Ana is a boss, Bea asked for a demo; both are scored and written."""
    ana, bea = place.person(ANA, "CEO"), place.person(BEA, "Clerk")
    place.demo(BEA)
    place.begin()
    assert place.totals() == {ana: 50, bea: 10}
    place.listen()
    place.later()
    return ana, bea


def late(place: Town, kind: Kind, *named: tuple[str, str]) -> None:
    """A notice that comes late, or that never came and is told by hand."""
    records = tuple(NamedRecord(part, "contact", id) for part, id in named)  # type: ignore[arg-type]  # a part
    key = f"{kind}{named}{place.now}"
    one = Stored(key, "hubspot", "147000001", kind, "contact", records, None, place.now, b"{}", place.now)
    with writing(place.store) as connection:
        deliveries.add(connection, [one])
    place.settle()


def queues(place: Town) -> list[int]:
    return [len(place.rows(table)) for table in (outbox, refetches, due)]


def test_merged_records_are_one_person_with_the_acts_of_both(place: Town) -> None:
    ana, bea = two(place)
    new = place.merge(ana, bea)
    assert new not in (ana, bea)
    place.live()
    assert place.living() == {new}
    assert place.totals() == {new: 60}
    assert place.shown(new) == {"total": "60"}
    assert place.subject(ana) == place.subject(bea) == place.subject(new) == place.subject(BEA)
    assert queues(place) == [0, 0, 0]


def test_who_stood_in_a_stage_with_one_record_does_not_enter_it_anew_with_what_they_became(place: Town) -> None:
    ana, bea = place.person(ANA, "CEO"), place.person(BEA, "CEO")
    place.demo(BEA)
    place.demo(BEA)
    place.begin()
    assert place.totals() == {ana: 50, bea: 70}
    place.listen()
    place.later()
    new = place.merge(ana, bea)
    place.live()
    assert place.totals() == {new: 70}
    assert place.rows(stage_changes) == []


def test_a_merge_that_keeps_the_id_of_the_primary_record_is_followed(place: Town) -> None:
    place.pull("settings", merge_keeps_primary_id=True)
    ana, bea = two(place)
    assert place.merge(ana, bea) == ana
    place.live()
    assert place.living() == {ana}
    assert (place.totals(), place.shown(ana)) == ({ana: 60}, {"total": "60"})


def test_a_field_that_took_the_value_of_the_primary_record_is_written_even_if_ours_was_right_on_the_other(
    place: Town,
) -> None:
    ana, bea = place.person(ANA, "Clerk"), place.person(BEA, "CEO")
    place.demo(ANA)
    place.begin()
    place.listen()
    place.later()
    place.pull("people/edit", id=ana, properties={"jobtitle": ""})
    place.live()
    place.later()
    # The portal shows 10 now, which is what Ana had; ours is 10 for other reasons.
    new = place.merge(ana, bea)
    place.live()
    assert place.shown(new, "total")["total"] == str(place.totals()[new])
    assert place.totals()[new] == 60


def test_a_merge_of_records_that_were_never_seen_is_remembered(place: Town) -> None:
    place.begin()
    place.listen()
    ana, bea = place.person(ANA, "CEO"), place.person(BEA)
    new = place.merge(ana, bea)
    place.live()
    assert place.living() == {new}
    assert place.totals() == {new: 50}
    assert place.subject(ana) == place.subject(new)


def test_late_notices_of_merged_records_do_nothing(place: Town) -> None:
    ana, bea = two(place)
    new = place.merge(ana, bea)
    place.live()
    before = (place.living(), place.totals(), place.lines())
    calls = place.portal_calls()
    kinds: tuple[Kind, ...] = ("created", "changed", "deleted", "restored")
    for kind in kinds:
        for id in (ana, bea):
            late(place, kind, ("itself", id))
    late(place, "merged", ("primary", ana), ("merged", ana), ("merged", bea), ("new", new))
    assert (place.living(), place.totals(), place.lines()) == before
    assert place.portal_calls() == calls
    assert queues(place) == [0, 0, 0]


@pytest.mark.parametrize("swapped", [False, True])
def test_merges_of_merged_records_end_in_one_in_whatever_order_they_are_told(place: Town, *, swapped: bool) -> None:
    ana, bea = two(place)
    cid = place.person("cid@acme.example")
    place.live()
    place.listen(on=False)
    first = place.merge(ana, bea)
    second = place.merge(first, cid)
    told = [
        (("primary", ana), ("merged", ana), ("merged", bea), ("new", first)),
        (("primary", first), ("merged", first), ("merged", cid), ("new", second)),
    ]
    for named in reversed(told) if swapped else told:
        late(place, "merged", *named)
    assert place.living() == {second}
    assert place.totals() == {second: 60}
    assert len({place.subject(id) for id in (ana, bea, cid, first, second)}) == 1


def test_a_merge_that_no_webhook_told_is_seen_by_the_next_look(place: Town) -> None:
    ana, bea = two(place)
    place.listen(on=False)
    new = place.merge(ana, bea)
    place.look()
    place.settle()
    assert place.living() == {new}
    assert (place.totals(), place.shown(new)) == ({new: 60}, {"total": "60"})
    assert place.subject(ana) == place.subject(bea) == place.subject(new)
    place.look()
    place.settle()
    assert place.totals() == {new: 60}


def test_a_search_that_still_shows_the_old_records_brings_none_of_them_back(place: Town) -> None:
    ana, bea = two(place)
    place.pull("settings", search_lag_ms=10 * MINUTE)
    place.pull("people/edit", id=ana, properties={"jobtitle": "CTO"})
    new = place.merge(ana, bea)
    place.live()
    place.look()
    place.settle()
    assert place.living() == {new}


def test_a_form_sent_under_the_address_of_the_record_that_went_counts_for_the_one_that_is_left(place: Town) -> None:
    ana, bea = two(place)
    new = place.merge(ana, bea)
    place.live()
    place.demo(BEA)
    place.look()
    place.settle()
    assert place.totals() == {new: 70}


def test_answers_of_both_records_count_and_what_the_merge_copied_is_no_new_answer(place: Town) -> None:
    ana, bea = two(place)
    place.pull("people/edit", id=bea, properties={"leadscore_feedback": "unqualified"}, user=9501)
    late(place, "changed", ("itself", bea))
    assert place.totals()[bea] == -90
    place.later()
    new = place.merge(ana, bea)
    place.live()
    assert [(one.given.answer, one.given.id) for one in heard_answers(place.store, BOOK)] == [("unqualified", bea)]
    assert waiting_answers(place.store) == ()
    assert place.totals() == {new: -40}
    place.later()
    place.pull("people/edit", id=new, properties={"leadscore_feedback": "true_sql"}, user=9501)
    late(place, "changed", ("itself", new))
    assert place.totals() == {new: 60}, "the newest answer wins"


def test_an_answer_that_was_put_aside_on_a_merged_record_is_shown_for_the_one_that_is_left(place: Town) -> None:
    ana, bea = two(place)
    place.pull("people/edit", id=ana, properties={"leadscore_feedback": "unqualified"}, source={"type": "IMPORT"})
    late(place, "changed", ("itself", ana))
    assert [one.record_id for one in waiting_answers(place.store)] == [ana]
    place.later()
    new = place.merge(ana, bea)
    place.live()
    assert [one.record_id for one in waiting_answers(place.store)] == [new]


def test_our_own_emptying_before_a_merge_is_no_answer_after_it(place: Town) -> None:
    ana, bea = two(place)
    place.pull("people/edit", id=ana, properties={"leadscore_feedback": "not_ready"}, user=9501)
    late(place, "changed", ("itself", ana))
    place.demo(ANA)
    place.demo(ANA)
    place.later()
    place.look()
    place.settle()
    assert place.shown(ana, "feedback", "stage") == {"feedback": "", "stage": "sql"}
    place.later()
    new = place.merge(ana, bea)
    place.live()
    assert [one.given.answer for one in heard_answers(place.store, BOOK)] == ["not_ready"]
    assert place.shown(new, "feedback") == {"feedback": ""}
    assert waiting_answers(place.store) == ()


def test_whoever_is_in_quarantine_stays_there_through_a_merge(place: Town) -> None:
    ana, bea = two(place)
    with writing(place.store) as connection:
        put_in_quarantine(connection, {place.subject(bea): "It loops."}, place.now)
    new = place.merge(ana, bea)
    place.live()
    with reading(place.store) as connection:
        assert [one.subject for one in in_quarantine(connection)] == [place.subject(new)]
    assert len(place.rows(quarantine)) == 1


def test_merged_companies_and_deals_go_on_counting_for_their_contacts(place: Town) -> None:
    ana, bea = place.person(ANA, "CEO"), place.person(BEA)
    rows = [{"name": "Acme", "industry": "COMPUTER_SOFTWARE"}, {"name": "Acme Ltd", "industry": "BANKING"}]
    acme, double = map(str, place.pull("people/import", object="companies", rows=rows)["ids"])
    won = [{"dealname": n, "dealstage": "closedwon", "pipeline": "default"} for n in ("one", "two")]
    one, other = map(str, place.pull("people/import", object="deals", rows=won)["ids"])
    for contact, company in ((ana, acme), (bea, double)):
        place.pull("people/link", **{"from": "contacts"}, id=contact, to="companies", to_id=company, types=[1])
    for deal in (one, other):
        place.pull("people/link", **{"from": "deals"}, id=deal, to="contacts", to_id=ana)
    place.begin()
    assert place.totals() == {ana: 60, bea: 0}
    place.listen()
    place.later()
    place.merge(acme, double, "companies")
    place.merge(one, other, "deals")
    place.live()
    assert place.totals() == {ana: 60, bea: 7}
    place.later()
    new = place.merge(bea, ana)
    place.live()
    # The primary record has no job title, so it takes the other's.
    assert place.totals() == {new: 60}
