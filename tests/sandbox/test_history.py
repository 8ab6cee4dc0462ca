"""Property history: who wrote what and when, newest first."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import Caller


def _history(http: Caller, contact: str, name: str) -> list[dict[str, Any]]:
    answer = http.get(f"/crm/v3/objects/contacts/{contact}", propertiesWithHistory=name)
    found: list[dict[str, Any]] = answer.json()["propertiesWithHistory"][name]
    return found


def _set(http: Caller, contact: str, **values: str) -> None:
    http.control("clock", {"advance_ms": 1000})
    assert http.patch(f"/crm/v3/objects/contacts/{contact}", {"properties": values}).status_code == 200


def test_versions_come_newest_first_with_their_source(http: Caller) -> None:
    contact = http.contact(email="a@x.example", city="one")
    _set(http, contact, city="two")
    http.control("clock", {"advance_ms": 1000})
    http.control("people/edit", {"id": contact, "properties": {"city": "three"}, "user": 7})
    assert _history(http, contact, "city") == [
        {
            "value": "three",
            "timestamp": "2027-01-15T08:00:02.000Z",
            "sourceType": "CRM_UI",
            "sourceId": "userId:7",
            "updatedByUserId": 7,
        },
        {
            "value": "two",
            "timestamp": "2027-01-15T08:00:01.000Z",
            "sourceType": "INTEGRATION",
            "sourceId": "sandbox-app",
        },
        {
            "value": "one",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "sourceType": "INTEGRATION",
            "sourceId": "sandbox-app",
        },
    ]


def test_clearing_leaves_an_empty_version_and_repeating_a_value_none(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    for city in ("one", "one", "", "two"):
        _set(http, contact, city=city)
    assert [version["value"] for version in _history(http, contact, "city")] == ["two", "", "one"]
    assert _history(http, contact, "zip") == []


def test_a_batch_read_gives_the_same_history(http: Caller) -> None:
    contact = http.contact(email="a@x.example", city="one")
    _set(http, contact, city="two")
    body = {"inputs": [{"id": contact}], "properties": [], "propertiesWithHistory": ["city", "no_such"]}
    read = http.post("/crm/v3/objects/contacts/batch/read", body).json()["results"][0]
    assert read["propertiesWithHistory"] == {"city": _history(http, contact, "city")}
    assert read["properties"]["city"] == "two"


def test_the_depth_of_history_can_be_cut(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    for number in range(5):
        _set(http, contact, city=str(number))
    http.control("settings", {"history_depth": 2})
    assert [version["value"] for version in _history(http, contact, "city")] == ["4", "3"]


def test_the_source_of_api_writes_can_be_named_otherwise(http: Caller) -> None:
    http.control("settings", {"write_source": "BATCH_UPDATE", "write_source_id": None})
    version = _history(http, http.contact(city="one"), "city")[0]
    assert (version["sourceType"], "sourceId" in version) == ("BATCH_UPDATE", False)


def test_imports_and_forms_name_themselves(http: Caller) -> None:
    contact = str(http.control("people/import", {"rows": [{"email": "a@x.example", "city": "one"}]})["ids"][0])
    assert _history(http, contact, "city")[0]["sourceType"] == "IMPORT"
    answers = {"email": "b@x.example", "firstname": "Bo"}
    visitor = str(http.control("people/submit-form", {"form": "Checklist", "values": answers})["contact"])
    first = _history(http, visitor, "firstname")[0]
    assert (first["sourceType"], first["sourceId"]) == ("FORM", "3a5b8c1e-0004-4d6f-9a04-6f1d2e3c4b04")


def test_a_page_with_history_carries_it_for_every_record(http: Caller) -> None:
    http.contacts(3)
    page = http.get("/crm/v3/objects/contacts", propertiesWithHistory="email", properties="city").json()["results"]
    assert [item["propertiesWithHistory"]["email"][0]["value"] for item in page] == [
        f"c{number}@x.example" for number in range(3)
    ]
