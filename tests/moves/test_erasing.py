"""Who is deleted for privacy is gone from every place that we have, and nothing brings them back."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import false, or_, select

from connectors.protocol import Needs, Page, SeenActivity
from leadscore.jobs.imports import import_activities
from leadscore.jobs.privacy import forget, report
from leadscore.jobs.refetch import refetch
from leadscore.jobs.refused import Refused
from leadscore.jobs.sync import sync
from leadscore.store.database import reading, writing
from leadscore.store.deliveries import Stored, add
from leadscore.store.erasing import GONE, erase
from leadscore.store.live_tables import deliveries, erased, refetches
from leadscore.store.parked import Parked, park
from leadscore.store.refetches import name_records
from leadscore.store.scrubbing import scrub, to_scrub
from leadscore.store.tables import metadata, records, unmatched
from leadscore.store.work_tables import parked
from tests.moves.test_merges import late
from tests.moves.town import BOOK, MINUTE, Town
from tests.moves.trace import EMAIL, MOVED, TITLE, WORDS, deliver, event, found_in, lives_here
from webhooks.delivery import NamedRecord


def rows_about(place: Town, subject: int) -> dict[str, int]:
    """How many rows each table has about somebody."""
    with reading(place.store) as connection:
        own = select(records.c.id).where(records.c.subject == subject)
        numbers = list(connection.execute(own).scalars())
        found: dict[str, int] = {}
        for table in metadata.sorted_tables:
            if table is not records:
                owners = (("subject", [subject]), ("record", numbers))
                theirs = or_(*(table.c[column].in_(ids) for column, ids in owners if column in table.c), false())
                found[table.name] = len(connection.execute(select(table).where(theirs)).all())
    return {name: many for name, many in found.items() if many}


def test_a_privacy_deletion_leaves_no_byte_of_the_person_and_all_of_the_neighbour(place: Town) -> None:
    who = lives_here(place)
    subject = place.subject(who)
    assert {"property_facts", "activities", "scores", "ledgers", "answers", "written"} <= rows_about(
        place, subject
    ).keys()
    deliver(place, raw=b'[{"objectId": ' + who.encode() + b', "email": "' + MOVED.upper().encode() + b'"}]')
    with writing(place.store) as connection:
        park(connection, [Parked("sync", "form_submission", "f", f"{EMAIL} names nobody.", "{}", 1)])
        park(connection, [Parked("write", "contact", who, TITLE, "{}", 1), Parked("sync", "x", "y", "other", "{}", 1)])
    place.pull("people/gdpr-delete", id=who)
    place.live()
    assert rows_about(place, subject) == {}
    assert to_scrub(place.store)
    assert scrub(place.store)
    assert not to_scrub(place.store)
    assert found_in(place.store) == set()
    assert list(place.totals().values()) == [60]
    assert [row.reason for row in place.rows(parked)] == ["other"]
    with pytest.raises(Refused, match="Nothing is held"):
        report(place.store, who)


def test_nothing_that_comes_late_brings_an_erased_person_back(place: Town) -> None:
    who = lives_here(place)
    early = [event(place, who, number=n) for n in range(3)] + [event(place, who, "creation", 9)]
    place.pull("people/gdpr-delete", id=who)
    place.live()
    scrub(place.store)
    deliver(place, *early, event(place, who, "restore", 10), event(place, who, "privacyDeletion", 11))
    place.settle()
    sync(place.store, place.crm.reader, BOOK, place.now, full=True)
    place.settle()
    old = SeenActivity(
        "form_submission", place.now - 5 * MINUTE, {"form": "Request a demo", "x": TITLE}, "a", email=EMAIL
    )
    by_id = replace(old, id="b", record_id=who, email=None, occurred_at=place.now)
    import_activities(place.store, [old, by_id], place.now)
    assert found_in(place.store) == set()
    assert len(place.living()) == 1
    assert place.rows(unmatched) == []


def test_somebody_new_under_the_same_address_is_somebody_new(place: Town) -> None:
    who = lives_here(place)
    place.pull("people/gdpr-delete", id=who)
    place.live()
    place.later()
    place.demo(EMAIL)
    place.live()
    place.look()
    place.settle()
    (new,) = place.living() - {who} - {id for id, total in place.totals().items() if total == 60}
    assert place.totals()[new] == 10
    assert who not in place.living()


def test_an_erased_person_is_erased_in_all_records_that_were_merged(place: Town) -> None:
    who = lives_here(place)
    new = place.merge(who, place.person("second@canary-mail.example", "Xylophone tuner"))
    place.live()
    place.later()
    place.pull("people/gdpr-delete", id=new)
    place.live()
    assert scrub(place.store)
    assert found_in(place.store) == set()
    assert len(place.living()) == 1


def test_who_was_merged_into_somebody_erased_is_erased_too_whatever_is_told_first(place: Town) -> None:
    who, other = lives_here(place), place.person("second@canary-mail.example", "Xylophone tuner")
    place.live()
    place.listen(on=False)
    new = place.merge(who, other)
    place.pull("people/gdpr-delete", id=new)
    late(place, "erased", ("itself", new))
    late(place, "merged", ("primary", who), ("merged", who), ("merged", other), ("new", new))
    assert scrub(place.store)
    assert found_in(place.store) == set()


def test_an_event_about_several_people_is_kept_for_the_others_without_its_bytes(place: Town) -> None:
    who = lives_here(place)
    ana, bea = place.person("ana@acme.example", "CEO"), place.person("bea@acme.example")
    place.live()
    place.listen(on=False)
    new = place.merge(ana, bea)
    told = {"primaryObjectId": int(ana), "mergedObjectIds": [int(bea), int(who)], "newObjectId": int(new)}
    deliver(place, event(place, who, "merge", 77, **told, note=EMAIL))
    assert forget(place.store, who, place.now).clean
    assert found_in(place.store) == set()
    place.settle()
    assert place.subject(ana) == place.subject(bea) == place.subject(new)


def test_a_reading_that_was_under_way_does_not_bring_an_erased_person_back(place: Town) -> None:
    who = lives_here(place)

    class Slow:
        """Shows what it read after the person was erased."""

        def fetch_with_activities(self, object: str, ids: Sequence[str], needs: Needs) -> Page:
            page = place.crm.reader.fetch_with_activities(object, ids, needs)
            with writing(place.store) as connection:
                erase(connection, [("contact", who)], [], place.now)
            return page

        def __getattr__(self, name: str) -> Any:
            return getattr(place.crm.reader, name)

    late_reader: Any = Slow()
    with writing(place.store) as connection:
        name_records(connection, [row.id for row in place.rows(records) if row.record_id == who], place.now)
    refetch(place.store, late_reader, place.crm.reader.needs(BOOK.models), place.now, "w")
    place.settle()
    assert scrub(place.store)
    assert found_in(place.store) == set()
    assert place.rows(refetches) == []


def test_an_event_that_was_kept_while_its_person_was_being_erased_is_not_kept_long(place: Town) -> None:
    who = lives_here(place)
    forget(place.store, who, place.now)
    raw = msgspec.json.encode(event(place, who))
    named = (NamedRecord("itself", "contact", who),)
    one = Stored("k", "hubspot", "147000001", "changed", "contact", named, "jobtitle", place.now, raw, place.now)
    with writing(place.store) as connection:
        add(connection, [one])
    place.settle()
    assert [row for row in place.rows(deliveries) if row.key == "k"] == []


def test_a_person_of_whom_only_the_id_is_known_is_kept_out(place: Town) -> None:
    place.begin()
    place.listen()
    who = place.person(EMAIL, TITLE)
    place.pull("people/gdpr-delete", id=who)
    place.live()
    assert scrub(place.store)
    assert (place.living(), found_in(place.store)) == (set(), set())


def test_numbers_of_erased_people_are_never_given_out_again(place: Town) -> None:
    who = lives_here(place)
    numbers = {row.id for row in place.rows(records) if row.record_id == who}
    forget(place.store, who, place.now)
    new = place.person("later@acme.example")
    place.look()
    assert {row.id for row in place.rows(records) if row.object == GONE} == numbers
    assert {row.id for row in place.rows(records) if row.record_id == new}.isdisjoint(numbers)


def test_what_waits_for_an_address_is_told_and_erased_by_the_address(place: Town) -> None:
    place.begin()
    waits = SeenActivity("form_submission", place.now, {"form": TITLE}, "a", email=EMAIL)
    import_activities(place.store, [waits], place.now)
    assert report(place.store, EMAIL).tables["unmatched"][0]["details"] == {"form": TITLE}
    assert forget(place.store, EMAIL.upper(), place.now).clean
    assert found_in(place.store) == set()


def test_who_is_not_known_is_only_kept_out_if_that_is_wanted(place: Town) -> None:
    place.begin()
    with pytest.raises(Refused, match="--unseen"):
        forget(place.store, "999", place.now)
    assert place.rows(erased) == []
    forget(place.store, "999", place.now, unseen=True)
    assert len(place.rows(erased)) == 1


def test_the_report_tells_all_that_is_held(place: Town) -> None:
    who = lives_here(place)
    held = report(place.store, EMAIL)
    assert held.emails == (MOVED, EMAIL)
    tables = held.tables
    about = rows_about(place, place.subject(who))
    assert {name: len(rows) for name, rows in tables.items() if name in about} == about
    told = str(tables).lower()
    assert [word for word in WORDS if word not in told and word != "9876543210"] == []
    assert tables["deliveries"][0]["raw"].startswith("{")
    assert tables["activities"][0]["details"]["form"] == "Request a demo"


def test_events_about_somebody_erased_are_never_stored_again(place: Town) -> None:
    who = lives_here(place)
    forget(place.store, who, place.now)
    before = place.rows(deliveries)
    deliver(place, event(place, who, number=50))
    assert place.rows(deliveries) == before
