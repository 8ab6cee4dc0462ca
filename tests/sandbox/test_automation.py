"""What changes by itself: workflows that loop, stages that follow companies and deals, answers given in bulk."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import NOW, Caller
from tests.sandbox.receiver import Receiver

CONTACTS = "/crm/v3/objects/contacts"


def _stage(http: Caller, contact: str) -> str | None:
    found: str | None = http.read(contact, "lifecyclestage")["lifecyclestage"]
    return found


def test_a_workflow_answers_every_change_with_a_change(http: Caller, receiver: Receiver) -> None:
    http.control("workflows", {"when": "city", "set": "message"})
    http.subscribe(receiver.url, "contact.propertyChange:message")
    contact = http.contact(email="a@x.example")
    for city in ("Ulm", "Bonn", "Bonn"):
        http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": city}})
    assert http.read(contact, "city", "message")["message"] == "2"
    http.flush()
    told = [(event["propertyValue"], event["changeSource"]) for event in receiver.told]
    assert sorted(told) == [("1", "AUTOMATION_PLATFORM"), ("2", "AUTOMATION_PLATFORM")]
    assert http.control("workflows")["workflows"][0]["runs"] == 2


def test_two_workflows_may_feed_one_another_but_end(http: Caller) -> None:
    http.control("workflows", {"when": "city", "set": "state", "at_most": 5})
    http.control("workflows", {"when": "state", "set": "city", "at_most": 5})
    contact = http.contact(email="a@x.example", city="Ulm")
    assert [flow["runs"] for flow in http.control("workflows")["workflows"]] == [5, 5]
    assert http.read(contact, "city", "state")["city"] == "5"


def test_a_workflow_can_set_given_values_in_turn_and_is_ended(http: Caller) -> None:
    http.control("workflows", {"when": "city", "set": "hs_lead_status", "values": ["NEW", "OPEN"]})
    contact = http.contact(email="a@x.example")
    seen = []
    for city in ("a", "b", "c"):
        http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": city}})
        seen.append(http.read(contact, "hs_lead_status")["hs_lead_status"])
    assert seen == ["NEW", "OPEN", "NEW"]
    http.session.delete(f"{http.url}/_sandbox/workflows", timeout=10)
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": "d"}})
    assert http.read(contact, "hs_lead_status")["hs_lead_status"] == "NEW"


def test_a_form_keeps_what_a_workflow_wrote_meanwhile(http: Caller) -> None:
    http.control("workflows", {"when": "city", "set": "message"})
    contact = http.contact(email="a@x.example")
    values = {"email": "a@x.example", "city": "Ulm"}
    http.control("people/submit-form", {"form": "Contact sales", "values": values})
    assert http.read(contact, "message", "num_conversion_events") | {"lastmodifieddate": "", "createdate": ""} == {
        "hs_object_id": contact, "message": "1", "num_conversion_events": "1", "lastmodifieddate": "", "createdate": "",
    }  # fmt: skip


@pytest.mark.parametrize("wish", [{"when": "city"}, {"when": "city", "set": "no_such"}, {"when": "x", "set": "city"}])
def test_a_wrong_workflow_is_refused(http: Caller, wish: dict[str, str]) -> None:
    assert http.session.post(f"{http.url}/_sandbox/workflows", json=wish, timeout=10).status_code == 400


def test_a_companys_stage_moves_its_contacts_forward_only_where_that_is_on(http: Caller, receiver: Receiver) -> None:
    low, high = (
        http.contact(email="a@x.example", lifecyclestage="lead"),
        http.contact(email="b@x.example", lifecyclestage="customer"),
    )
    company = http.record("companies", name="Acme", lifecyclestage="lead")
    for contact in (low, high):
        http.control("people/link", {"from": "contacts", "id": contact, "to": "companies", "to_id": company})
    path = f"/crm/v3/objects/companies/{company}"
    http.patch(path, {"properties": {"lifecyclestage": "marketingqualifiedlead"}})
    assert _stage(http, low) == "lead"
    http.control("settings", {"sync_company_stage": True})
    http.subscribe(receiver.url, "contact.propertyChange:lifecyclestage")
    http.patch(path, {"properties": {"lifecyclestage": "opportunity"}})
    assert (_stage(http, low), _stage(http, high)) == ("opportunity", "customer")
    http.flush()
    assert [(event["objectId"], event["changeSource"]) for event in receiver.told] == [(int(low), "COMPANIES")]


def test_a_deal_moves_its_contact_when_made_and_when_won(http: Caller) -> None:
    http.control("settings", {"deal_created_stage": "opportunity", "deal_won_stage": "customer"})
    contact = http.contact(email="a@x.example", lifecyclestage="lead")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}]
    given = {"dealname": "Acme", "pipeline": "default", "dealstage": "contractsent"}
    body = {"properties": given, "associations": [{"to": {"id": contact}, "types": types}]}
    deal = http.post("/crm/v3/objects/deals", body).json()["id"]
    assert _stage(http, contact) == "opportunity"
    http.patch(f"/crm/v3/objects/deals/{deal}", {"properties": {"dealstage": "closedwon"}})
    assert _stage(http, contact) == "customer"


def test_answers_come_from_a_rep_from_an_import_and_in_bulk(http: Caller, receiver: Receiver) -> None:
    ids = http.contacts(3)
    http.subscribe(receiver.url, "contact.propertyChange:hs_lead_status")
    http.control("people/edit", {"id": ids[0], "properties": {"hs_lead_status": "BAD_TIMING"}, "user": 9502})
    http.control("people/import", {"rows": [{"email": "c1@x.example", "hs_lead_status": "UNQUALIFIED"}]})
    http.control("people/bulk-edit", {"ids": ids, "properties": {"hs_lead_status": "OPEN"}, "user": 9503})
    http.flush()
    told = [(event["changeSource"], event["sourceId"], event["propertyValue"]) for event in receiver.told]
    assert sorted(told) == [
        ("CRM_UI", "userId:9502", "BAD_TIMING"),
        *[("CRM_UI", "userId:9503", "OPEN")] * 3,
        ("IMPORT", f"import-{NOW}", "UNQUALIFIED"),
    ]
    assert {event["occurredAt"] for event in receiver.told} == {NOW}
