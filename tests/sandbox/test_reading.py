"""Reading single records and pages, with the habits of HubSpot that clients stumble over."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import NOW, Caller

CONTACTS = "/crm/v3/objects/contacts"
ISO_NOW = "2027-01-15T08:00:00.000Z"


def test_without_a_wish_the_default_properties_come(http: Caller) -> None:
    contact = http.contact(email="a@x.example", jobtitle="CEO")
    answer = http.get(f"{CONTACTS}/{contact}").json()
    assert answer == {
        "id": contact,
        "properties": {
            "createdate": ISO_NOW,
            "email": "a@x.example",
            "firstname": None,
            "hs_object_id": contact,
            "lastmodifieddate": ISO_NOW,
            "lastname": None,
        },
        "createdAt": ISO_NOW,
        "updatedAt": ISO_NOW,
        "archived": False,
    }


def test_ids_and_values_are_text_and_unset_ones_null(http: Caller) -> None:
    company = http.record("companies", name="Acme", numberofemployees=200)
    found = http.get(
        f"/crm/v3/objects/companies/{company}", properties="numberofemployees,annualrevenue,hs_object_id"
    ).json()["properties"]
    assert (found["numberofemployees"], found["annualrevenue"], found["hs_object_id"]) == ("200", None, company)


def test_an_unknown_property_is_ignored_on_read(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    assert "no_such_thing" not in http.read(contact, "email", "no_such_thing")


@pytest.mark.parametrize("spelling", ["properties=city&properties=zip", "properties=city,zip", "properties=city%2Czip"])
def test_names_come_as_repeated_keys_or_with_commas(http: Caller, spelling: str) -> None:
    http.contact(email="a@x.example", city="Köln", zip="50667")
    found = http.get(f"{CONTACTS}?{spelling}&archived=False").json()["results"][0]["properties"]
    assert (found["city"], found["zip"]) == ("Köln", "50667")


def test_pages_hold_ten_by_default_and_a_hundred_at_most(http: Caller) -> None:
    http.contacts(101)
    assert len(http.get(CONTACTS).json()["results"]) == 10
    first = http.get(CONTACTS, limit=100).json()
    assert len(first["results"]) == 100
    rest = http.get(CONTACTS, limit=100, after=first["paging"]["next"]["after"]).json()
    assert [item["properties"]["email"] for item in rest["results"]] == ["c100@x.example"]
    assert "paging" not in rest
    assert http.get(CONTACTS, limit=101).status_code == 400


def test_a_full_last_page_has_no_paging(http: Caller) -> None:
    http.contacts(10)
    assert "paging" not in http.get(CONTACTS, limit=10).json()


def test_pages_with_history_hold_fifty_at_most(http: Caller) -> None:
    http.contacts(51)
    assert len(http.get(CONTACTS, limit=50, propertiesWithHistory="email").json()["results"]) == 50
    assert http.get(CONTACTS, limit=51, propertiesWithHistory="email").status_code == 400


def test_an_email_in_the_path_is_percent_encoded_and_found_in_any_case(http: Caller) -> None:
    contact = http.contact(email="jane+x@ex.example")
    answer = http.get(f"{CONTACTS}/Jane%2Bx%40ex.example?idProperty=email")
    assert answer.json()["id"] == contact
    assert http.get(f"{CONTACTS}/other%40ex.example?idProperty=email").status_code == 404


@pytest.mark.parametrize(
    ("old", "dated"),
    [
        (CONTACTS, "/crm/objects/2026-09/contacts"),
        ("/crm/v3/objects/0-2", "/crm/objects/2026-03/companies"),
        ("/crm/v3/objects/deals", "/crm/objects/2026-09/0-3"),
        ("/crm/v3/properties/contacts", "/crm/properties/2026-03/contacts"),
        ("/crm/v3/properties/contacts/groups", "/crm/properties/2026-09/contact/groups"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals"),
        ("/crm/v3/owners", "/crm/owners/2026-09"),
        (
            "/crm/v3/lists/object-type-id/0-1/name/Do%20not%20score",
            "/crm/lists/2026-03/object-type-id/0-1/name/Do%20not%20score",
        ),
        ("/events/v3/events/", "/events/event-occurrences/2026-03"),
        ("/events/v3/events/event-types", "/events/event-occurrences/2026-03/event-types"),
        ("/account-info/v3/details", "/account-info/2026-03/details"),
        ("/marketing/v3/forms/", "/marketing/forms/2026-09-beta"),
    ],
)
def test_the_dated_spelling_of_a_path_gives_the_same(http: Caller, old: str, dated: str) -> None:
    http.contacts(2)
    answers = http.get(old), http.get(dated)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("path", ["/marketing/v3/forms", "/events/v3/events", "/crm/v3/lists", CONTACTS])
def test_a_trailing_slash_changes_nothing(http: Caller, path: str) -> None:
    assert http.get(path).status_code == http.get(path + "/").status_code == 200


def test_an_unknown_path_is_404_and_a_wrong_method_405(http: Caller) -> None:
    assert http.get("/crm/v3/objects/spaceships").status_code == 400
    assert http.get("/crm/v9/anything").status_code == 404
    assert http.send("PUT", CONTACTS, {}).status_code == 405


def test_a_very_long_address_is_414(http: Caller) -> None:
    assert http.get(CONTACTS, properties=",".join(f"property_{n}" for n in range(1200))).status_code == 414


def test_archived_records_are_listed_only_when_asked_for(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    assert http.send("DELETE", f"{CONTACTS}/{contact}").status_code == 204
    assert http.get(CONTACTS, archived="False").json()["results"] == []
    assert http.get(CONTACTS, archived="true").json()["results"][0]["archived"] is True
    assert http.send("DELETE", f"{CONTACTS}/{contact}").status_code == 204


def test_the_account_tells_its_id_time_zone_and_usage(http: Caller) -> None:
    details = http.get("/account-info/v3/details").json()
    assert (details["portalId"], details["timeZone"], details["utcOffsetMilliseconds"]) == (
        147000001,
        "US/Eastern",
        -18000000,
    )
    assert details["accountType"] == "DEVELOPER_TEST"
    usage = http.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"]) == (1_000_000, 2)
    assert usage["resetsAt"] == "2027-01-16T05:00:00.000Z"


def test_time_stands_where_it_was_put_and_moves_as_told(http: Caller) -> None:
    assert http.control("clock") == {"now": NOW, "iso": ISO_NOW, "standing": True}
    assert http.control("clock", {"advance_days": 1})["now"] == NOW + 86_400_000
    contact = http.contact(email="a@x.example")
    assert http.read(contact)["createdate"] == "2027-01-16T08:00:00.000Z"
    running = http.control("clock", {"now": "2027-03-01T00:00:00Z", "run": True})
    assert running["standing"] is False
    assert 0 <= running["now"] - 1_803_859_200_000 < 60_000


def test_owners_are_paged_and_found_by_address_and_the_archived_ones_stand_apart(http: Caller) -> None:
    first = http.get("/crm/v3/owners/", limit=1).json()
    rest = http.get("/crm/v3/owners/", limit=1, after=first["paging"]["next"]["after"]).json()
    assert [owner["id"] for owner in first["results"] + rest["results"]] == ["501", "502"]
    assert "paging" not in rest
    found = http.get("/crm/v3/owners", email="Tomas.Ferreira@example.com").json()["results"]
    assert [(owner["id"], owner["userId"]) for owner in found] == [("502", 9502)]
    assert [owner["id"] for owner in http.get("/crm/v3/owners", archived="true").json()["results"]] == ["503"]
    assert http.get("/crm/v3/owners/501").json()["email"] == "mara.lindqvist@example.com"
    assert http.get("/crm/v3/owners/999").status_code == 404


def test_one_pipeline_and_its_stages_can_be_read_alone(http: Caller) -> None:
    found = http.get("/crm/v3/pipelines/deals/75e28846").json()
    stages = http.get("/crm/v3/pipelines/0-3/75e28846/stages").json()["results"]
    assert (found["label"], found["stages"]) == ("Partner Pipeline", stages)
    assert stages[1]["metadata"] == {"isClosed": "true", "probability": "1.0"}
    assert http.get("/crm/v3/pipelines/deals/none").status_code == 404
