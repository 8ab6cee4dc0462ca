"""Writing single records: what is taken, what is refused, and in which words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.conftest import Caller

CONTACTS = "/crm/v3/objects/contacts"


def _faults(answer: Any) -> list[dict[str, Any]]:
    """The list that HubSpot hides as text inside `message`."""
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    prefix = "Property values were not valid: "
    message = answer.json()["message"]
    assert message.startswith(prefix)
    found: list[dict[str, Any]] = json.loads(message.removeprefix(prefix))
    return found


@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        ("no_such", "x", "PROPERTY_DOESNT_EXIST", 'Property "no_such" does not exist'),
        (
            "lifecyclestage",
            "reports",
            "INVALID_OPTION",
            "reports was not one of the allowed options: [subscriber, lead",
        ),
        ("numemployees", "200", "INVALID_OPTION", "200 was not one of the allowed options: [1-5, 5-25"),
        ("product_interest", "Planning;Tea", "INVALID_OPTION", "Tea was not one of the allowed options"),
        ("email", "not an address", "INVALID_EMAIL", "Email address not an address is invalid"),
        ("associatedcompanyid", "many", "INVALID_INTEGER", "many was not a valid number."),
        ("is_partner", "perhaps", "INVALID_OPTION", "perhaps was not one of the allowed options: [true, false]"),
        ("contract_renewal_date", "soon", "INVALID_DATE", "soon was not a valid date."),
        ("contract_renewal_date", "2027-02-03soon", "INVALID_DATE", "2027-02-03soon was not a valid date."),
        ("contract_renewal_date", "1800000000001", "INVALID_DATE", "1800000000001 is not midnight UTC"),
        ("closedate", "soon", "INVALID_DATE", "soon was not a valid long."),
        ("hubspot_owner_id", "999", "INVALID_OPTION", "999 was not one of the allowed options: [501, 502]"),
        ("hs_object_id", "5", "READ_ONLY_VALUE", '"hs_object_id" is a calculated property; its value cannot be set'),
        ("hs_analytics_num_page_views", "5", "READ_ONLY_VALUE", "cannot be set"),
        ("city", "x" * 65_537, "VALUE_TOO_LONG", "city is longer than 65536 characters"),
    ],
)
def test_a_bad_value_is_refused_with_its_code(http: Caller, name: str, value: str, code: str, words: str) -> None:
    contact = http.contact(email="a@x.example", city="Köln")
    faults = _faults(http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": "Bonn"} | {name: value}}))
    assert [(fault["name"], fault["error"], fault["isValid"]) for fault in faults] == [(name, code, False)]
    assert words in faults[0]["message"]
    assert http.read(contact, "city")["city"] == "Köln"


def test_all_faults_of_a_record_come_in_one_message(http: Caller) -> None:
    faults = _faults(http.post(CONTACTS, {"properties": {"nope": "1", "lifecyclestage": "2"}}))
    assert [fault["name"] for fault in faults] == ["nope", "lifecyclestage"]


@pytest.mark.parametrize(
    ("name", "sent", "kept"),
    [
        ("associatedcompanyid", 42.0, "42"),
        ("contract_renewal_date", "1800057600000", "2027-01-16"),
        ("contract_renewal_date", "2027-02-03", "2027-02-03"),
        ("closedate", "1800000000123", "2027-01-15T08:00:00.123Z"),
        ("closedate", "2027-01-15T09:00:00+01:00", "2027-01-15T08:00:00.000Z"),
        ("is_partner", True, "true"),
        ("email", " Jane@X.Example ", "jane@x.example"),
        ("city", "東京 🗼", "東京 🗼"),
        ("product_interest", "Billing;Planning", "Billing;Planning"),
        ("message", "é" * 65_536, "é" * 65_536),
    ],
)
def test_a_value_is_kept_in_hubspots_text_form(http: Caller, name: str, sent: object, kept: str) -> None:
    contact = http.contact(**{name: sent})
    assert http.read(contact, name)[name] == kept


def test_a_leading_semicolon_adds_to_a_multiple_choice(http: Caller) -> None:
    contact = http.contact(product_interest="Planning")
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"product_interest": ";Billing"}})
    assert http.read(contact, "product_interest")["product_interest"] == "Planning;Billing"


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_text_clears_a_value(http: Caller, nothing: str | None) -> None:
    contact = http.contact(email="a@x.example", city="Köln")
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": nothing}})
    assert http.read(contact, "city")["city"] is None


def test_a_lifecycle_stage_moves_forward_only_and_a_backward_write_says_nothing(http: Caller) -> None:
    contact = http.contact(email="a@x.example", lifecyclestage="opportunity")
    answer = http.patch(f"{CONTACTS}/{contact}", {"properties": {"lifecyclestage": "lead", "city": "Köln"}})
    assert answer.status_code == 200
    assert http.read(contact, "lifecyclestage", "city")["lifecyclestage"] == "opportunity"
    assert http.read(contact, "city")["city"] == "Köln"
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"lifecyclestage": ""}})
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"lifecyclestage": "lead"}})
    assert http.read(contact, "lifecyclestage")["lifecyclestage"] == "lead"


def test_a_new_stage_leaves_its_date(http: Caller) -> None:
    contact = http.contact(email="a@x.example", lifecyclestage="lead")
    http.control("clock", {"advance_ms": 1000})
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"lifecyclestage": "marketingqualifiedlead"}})
    found = http.read(contact, "hs_v2_date_entered_marketingqualifiedlead")
    assert found["hs_v2_date_entered_marketingqualifiedlead"] == "2027-01-15T08:00:01.000Z"


@pytest.mark.parametrize(("kind", "name"), [("contacts", "lastmodifieddate"), ("companies", "hs_lastmodifieddate")])
def test_every_write_moves_the_date_of_modification_even_when_nothing_differs(
    http: Caller, kind: str, name: str
) -> None:
    record = http.record(kind, city="Köln")
    http.control("clock", {"advance_ms": 5000})
    http.patch(f"/crm/v3/objects/{kind}/{record}", {"properties": {"city": "Köln"}})
    found = http.get(f"/crm/v3/objects/{kind}/{record}").json()
    assert found["properties"][name] == found["updatedAt"] == "2027-01-15T08:00:05.000Z"


def test_an_email_is_unique_until_its_contact_is_archived(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    answer = http.post(CONTACTS, {"properties": {"email": "A@X.example"}})
    assert answer.status_code == 409
    assert answer.json()["category"] == "CONFLICT"
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {contact}"
    http.send("DELETE", f"{CONTACTS}/{contact}")
    assert http.post(CONTACTS, {"properties": {"email": "a@x.example"}}).status_code == 201


def test_a_changed_email_frees_the_old_one(http: Caller) -> None:
    contact = http.contact(email="old@x.example")
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"email": "new@x.example"}})
    assert http.get(f"{CONTACTS}/new%40x.example", idProperty="email").json()["id"] == contact
    assert http.get(f"{CONTACTS}/old%40x.example", idProperty="email").status_code == 404


def test_a_deal_is_marked_closed_by_its_stages_metadata(http: Caller) -> None:
    deal = http.record("deals", dealname="Acme", pipeline="default", dealstage="contractsent", amount="4800")
    names = "hs_is_closed,hs_is_closed_won,hs_is_closed_lost,hs_closed_won_date,closedate"
    path = f"/crm/v3/objects/deals/{deal}"
    assert http.get(path, properties=names).json()["properties"]["hs_is_closed"] == "false"
    http.control("clock", {"advance_ms": 1000})
    http.patch(path, {"properties": {"dealstage": "wonwithpilot"}})
    won = http.get(path, properties=names).json()["properties"]
    assert (won["hs_is_closed"], won["hs_is_closed_won"], won["hs_is_closed_lost"]) == ("true", "true", "false")
    assert won["closedate"] == won["hs_closed_won_date"] == "2027-01-15T08:00:01.000Z"


@pytest.mark.parametrize("body", [b"{", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_is_a_400(http: Caller, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {http.token}"}
    answer = http.session.post(http.url + CONTACTS, data=body, headers=headers, timeout=10)
    assert answer.status_code == 400
    assert "Invalid input JSON" in answer.json()["message"]


def test_from_2026_09_on_an_admins_mandatory_field_refuses_any_write(http: Caller) -> None:
    bare, full = http.contact(email="a@x.example"), http.contact(email="b@x.example", country="DE")
    http.control("settings", {"required": {"contacts": ["country"]}, "batch_errors": "207"})
    rows = [{"id": contact, "properties": {"city": "Köln"}} for contact in (bare, full)]
    answer = http.post("/crm/objects/2026-09/contacts/batch/update", {"inputs": rows})
    assert (answer.status_code, [item["id"] for item in answer.json()["results"]]) == (207, [full])
    assert "country is required" in answer.json()["errors"][0]["message"]
    emptied = http.patch(f"/crm/objects/2026-09/contacts/{full}", {"properties": {"country": ""}})
    assert [fault["name"] for fault in _faults(emptied)] == ["country"]
    assert http.post("/crm/v3/objects/contacts/batch/update", {"inputs": rows}).status_code == 200


def test_a_unique_property_of_the_portals_own_is_held_once(http: Caller) -> None:
    http.contact(email="a@x.example", customer_number="C-1")
    again = http.post(CONTACTS, {"properties": {"email": "b@x.example", "customer_number": "C-1"}})
    assert (again.status_code, again.json()["category"]) == (409, "CONFLICT")
    assert http.get(f"{CONTACTS}/C-1", idProperty="customer_number").status_code == 200
    assert http.get(f"{CONTACTS}/Berlin", idProperty="city").status_code == 400
