"""Contacts are read whole once, and then every change, at ties, behind a slow index and beyond 10,000 results."""

import pytest

from connectors.hubspot.windows import LAG
from connectors.protocol import Needs, Page, SeenRecord
from tests.connectors.portal import CONTACTS_ONLY, NOW, Portal, record_ids

MINUTE = 60_000


def people(count: int, start: int = 0) -> list[dict[str, str]]:
    return [{"email": f"p{number}@example.com", "jobtitle": "VP Sales"} for number in range(start, start + count)]


def read_all(portal: Portal, cursor: str | None, now: int = NOW, needs: Needs = CONTACTS_ONLY) -> list[Page]:
    return list(portal.open().reader.read("contacts", cursor, needs, now))


def caught_up(portal: Portal, now: int = NOW) -> str:
    """The cursor after a full read, far enough behind the records so that none of them comes again."""
    return read_all(portal, None, now)[-1].cursor


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 200, 201, 430])
def test_a_full_read_gives_every_contact_once(portal: Portal, count: int) -> None:
    ids = portal.import_contacts(people(count)) if count else []
    pages = read_all(portal, None)
    assert sorted(record_ids(pages)) == sorted(ids)
    assert [page.last for page in pages] == [False] * (len(pages) - 1) + [True]


def test_a_full_read_counts_down_to_nothing(portal: Portal) -> None:
    portal.import_contacts(people(120))
    assert [page.remaining for page in read_all(portal, None)] == [70, 20, 0]


def test_only_what_changed_is_read_again(portal: Portal) -> None:
    ids = portal.import_contacts(people(60), at=NOW - 100 * MINUTE)
    cursor = caught_up(portal)
    portal.post("people/edit", id=ids[7], properties={"jobtitle": "CEO"}, at=NOW)
    (page,) = read_all(portal, cursor)
    assert [(record.id, record.values["jobtitle"]) for record in page.records] == [(ids[7], "CEO")]


@pytest.mark.parametrize("count", [199, 200, 201, 450])
def test_an_import_with_one_time_for_all_rows_loses_none(portal: Portal, count: int) -> None:
    cursor = caught_up(portal, NOW - 60 * MINUTE)
    ids = portal.import_contacts(people(count))
    assert sorted(record_ids(read_all(portal, cursor))) == sorted(ids)


def test_more_than_ten_thousand_changes_are_read(portal: Portal) -> None:
    cursor = caught_up(portal, NOW - 60 * MINUTE)
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(10_150)])
    needs = Needs({"contact": ("jobtitle",)}, {})
    assert sorted(record_ids(read_all(portal, cursor, needs=needs))) == sorted(ids)


def test_a_change_that_the_index_shows_late_is_seen_by_the_next_run(portal: Portal) -> None:
    cursor = caught_up(portal, NOW - 60 * MINUTE)
    portal.post("settings", search_lag_ms=5 * MINUTE)
    (id,) = portal.import_contacts(people(1), at=NOW - MINUTE)
    first = read_all(portal, cursor)
    assert record_ids(first) == []
    portal.post("clock", advance_ms=6 * MINUTE)
    assert record_ids(read_all(portal, first[-1].cursor, NOW + 6 * MINUTE)) == [id]


def test_a_change_while_the_window_is_read_falls_into_the_next_one(portal: Portal) -> None:
    cursor = caught_up(portal, NOW - 60 * MINUTE)
    ids = portal.import_contacts(people(450), at=NOW - 30 * MINUTE)
    pages = portal.open().reader.read("contacts", cursor, CONTACTS_ONLY, NOW)
    first = next(pages)
    assert first.records[0].id == ids[0]
    portal.post("people/edit", id=ids[0], properties={"jobtitle": "CEO"}, at=NOW + 1)
    *_, last = pages
    (page,) = read_all(portal, last.cursor, NOW + 1)
    assert ids[0] in record_ids([page])


@pytest.mark.parametrize("count", [130, 450])
def test_every_page_is_a_place_to_go_on_from(portal: Portal, count: int) -> None:
    start = caught_up(portal, NOW - 60 * MINUTE)
    ids = portal.import_contacts(people(count))
    for cursor in (None, start):
        pages = read_all(portal, cursor)
        for number, page in enumerate(pages[:-1]):
            rest = read_all(portal, page.cursor)
            assert sorted(record_ids([*pages[: number + 1], *rest])) == sorted(ids)


def test_a_sample_stops_early_and_its_cursor_skips_nobody(portal: Portal) -> None:
    ids = portal.import_contacts(people(180))
    sample = list(portal.open().reader.read("contacts", None, CONTACTS_ONLY, NOW, limit=60))
    assert len(record_ids(sample)) == 100
    assert sample[-1].last
    rest = read_all(portal, sample[-1].cursor)
    assert sorted(record_ids([*sample, *rest])) == sorted(ids)


def test_windows_overlap_by_the_lag_of_the_index(portal: Portal) -> None:
    ids = portal.import_contacts(people(2), at=NOW - LAG)
    assert record_ids(read_all(portal, caught_up(portal))) == ids


def test_a_broken_cursor_is_refused_with_the_way_out(portal: Portal) -> None:
    with pytest.raises(ValueError, match="sync --full"):
        read_all(portal, "page 7")


def fetch_one(portal: Portal, id: str, needs: Needs) -> SeenRecord:
    (record,) = portal.open().reader.fetch("contact", [id, "999999"], needs)
    return record


def test_a_fetched_contact_has_values_history_and_times(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "Ana@Example.com", "jobtitle": "CEO"}], at=NOW - 5000)
    portal.post("people/edit", id=id, properties={"jobtitle": "CFO"}, user=7, at=NOW - 1000)
    record = fetch_one(portal, id, CONTACTS_ONLY)
    assert record.email == "ana@example.com"
    assert (record.created_at, record.modified_at) == (NOW - 5000, NOW - 1000)
    assert [(past.value, past.at, past.by) for past in record.history["jobtitle"]] == [
        ("CEO", NOW - 5000, ""),
        ("CFO", NOW - 1000, "7"),
    ]
    assert dict(record.values) == {"jobtitle": "CFO"}


def test_values_of_one_and_the_same_instant_keep_their_order(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com", "jobtitle": "first"}], at=NOW)
    for title in ("second", "third"):
        portal.post("people/edit", id=id, properties={"jobtitle": title}, at=NOW)
    assert [past.value for past in fetch_one(portal, id, CONTACTS_ONLY).history["jobtitle"]] == [
        "first",
        "second",
        "third",
    ]


def test_a_property_that_the_portal_lacks_is_absent_and_an_empty_one_is_there(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}])
    assert dict(fetch_one(portal, id, Needs({"contact": ("jobtitle", "no_such_thing")}, {})).values) == {
        "jobtitle": None
    }


def test_many_properties_do_not_break_the_address(portal: Portal) -> None:
    portal.import_contacts(people(120))
    names = tuple(f"a_rather_long_property_name_number_{number}" for number in range(400))
    needs = Needs({"contact": ("jobtitle", *names)}, {"contact": ("jobtitle", *names[:50])})
    records = [record for page in read_all(portal, None, needs=needs) for record in page.records]
    assert len(records) == 120
    assert all(record.values["jobtitle"] == "VP Sales" and record.history["jobtitle"] for record in records)


def test_the_primary_company_is_linked(portal: Portal) -> None:
    first, second = portal.import_contacts(people(2))
    company = portal.api("POST", "/crm/v3/objects/companies", {"properties": {"name": "Acme"}})["id"]
    portal.api(
        "PUT",
        f"/crm/v4/objects/contacts/{first}/associations/companies/{company}",
        [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
    )
    needs = Needs({"contact": ("associatedcompanyid",), "company": ("industry",)}, {})
    links = {
        record.id: record.links["company"] for record in portal.open().reader.fetch("contact", [first, second], needs)
    }
    assert links == {first: (company,), second: ()}


def test_a_deleted_contact_is_told_once_an_hour(portal: Portal) -> None:
    ids = portal.import_contacts(people(3))
    reader = portal.open().reader
    *_, last = reader.read("archived", None, CONTACTS_ONLY, NOW)
    portal.api("DELETE", f"/crm/v3/objects/contacts/{ids[1]}")
    (soon,) = reader.read("archived", last.cursor, CONTACTS_ONLY, NOW + MINUTE)
    assert soon.records == ()
    later = list(reader.read("archived", soon.cursor, CONTACTS_ONLY, NOW + 61 * MINUTE))
    assert [(record.id, record.archived) for page in later for record in page.records] == [(ids[1], True)]
    assert ids[1] not in record_ids(read_all(portal, None))


def test_the_fill_rate_counts_records_with_a_value(portal: Portal) -> None:
    portal.import_contacts([*people(3), {"email": "x@example.com"}])
    assert portal.open().reader.filled("contact", "jobtitle") == (3, 4)
