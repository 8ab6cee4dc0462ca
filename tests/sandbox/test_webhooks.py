"""What the portal tells an app about changes, and in which words."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.sandbox.conftest import NOW, Caller
from tests.sandbox.receiver import Receiver

CONTACTS = "/crm/v3/objects/contacts"


def _told(receiver: Receiver) -> list[tuple[str, Any]]:
    return [(event["subscriptionType"], event.get("propertyName")) for event in receiver.told]


def test_a_new_contact_is_told_with_its_values(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.creation", "contact.propertyChange:city")
    contact = http.contact(email="a@x.example", city="Köln")
    http.flush()
    creation, change = receiver.told
    assert creation == {
        "eventId": creation["eventId"],
        "subscriptionId": 1000,
        "portalId": 147000001,
        "appId": 4711,
        "occurredAt": NOW,
        "subscriptionType": "contact.creation",
        "attemptNumber": 0,
        "objectId": int(contact),
        "changeFlag": "CREATED",
        "changeSource": "INTEGRATION",
        "sourceId": "4711",
    }
    assert (change["propertyName"], change["propertyValue"], change["objectId"]) == ("city", "Köln", int(contact))


def test_history_and_webhook_name_the_same_app(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.propertyChange:city")
    contact = http.contact(email="a@x.example")
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": "Ulm"}})
    http.flush()
    history = http.get(f"{CONTACTS}/{contact}", propertiesWithHistory="city").json()["propertiesWithHistory"]["city"]
    assert history[0]["sourceId"] == receiver.told[0]["sourceId"] == "4711"


def test_each_way_of_writing_names_its_own_source(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.propertyChange:*")
    http.contacts(1)
    http.control("people/edit", {"id": "c0@x.example", "properties": {"city": "Bonn"}, "user": 77})
    http.control(
        "people/submit-form", {"form": "Contact sales", "values": {"email": "c0@x.example", "firstname": "Jo"}}
    )
    http.flush()
    sources = {event["propertyName"]: (event["changeSource"], event.get("sourceId")) for event in receiver.told}
    assert sources["email"] == ("IMPORT", f"import-{NOW}")
    assert sources["city"] == ("CRM_UI", "userId:77")
    assert sources["firstname"][0] == "FORM"
    assert set(sources) == {"email", "city", "firstname"}


def test_counters_of_pages_are_told_only_where_asked_for(http: Caller, receiver: Receiver) -> None:
    http.contacts(1)
    http.subscribe(receiver.url, "contact.propertyChange:hs_analytics_num_page_views")
    http.control("people/view-page", {"contact": "c0@x.example", "url": "/a"})
    http.flush()
    assert receiver.told == []
    http.control("webhooks", {"uncertain": True})
    http.control("people/view-page", {"contact": "c0@x.example", "url": "/b"})
    http.flush()
    assert [(event["changeSource"], event["propertyValue"]) for event in receiver.told] == [("ANALYTICS", "2")]


def test_nothing_is_told_of_what_did_not_change_or_was_refused(http: Caller, receiver: Receiver) -> None:
    ids = http.contacts(2)
    http.patch(f"{CONTACTS}/{ids[0]}", {"properties": {"city": "Ulm"}})
    http.control("settings", {"batch_errors": "207"})
    http.subscribe(receiver.url, "contact.propertyChange:*")
    http.patch(f"{CONTACTS}/{ids[0]}", {"properties": {"city": "Ulm"}})
    http.patch(f"{CONTACTS}/{ids[0]}", {"properties": {"city": "Bonn", "no_such": "x"}})
    rows = [{"id": ids[0], "properties": {"email": "c1@x.example"}}, {"id": ids[1], "properties": {"city": "Köln"}}]
    assert http.post(f"{CONTACTS}/batch/update", {"inputs": rows}).status_code == 207
    http.flush()
    assert [event["propertyValue"] for event in receiver.told] == ["Köln"]


def test_a_cleared_value_is_an_empty_text_and_a_deletion_has_its_flag(http: Caller, receiver: Receiver) -> None:
    contact = http.contact(email="a@x.example", city="Ulm")
    http.subscribe(receiver.url, "contact.propertyChange:city", "contact.deletion")
    http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": ""}})
    http.send("DELETE", f"{CONTACTS}/{contact}")
    http.flush()
    assert receiver.told[0]["propertyValue"] == ""
    assert receiver.told[1]["changeFlag"] == "DELETED"


def test_companies_and_deals_are_told_too(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "company.propertyChange:domain", "deal.creation", "deal.propertyChange:dealstage")
    http.record("companies", domain="acme.example")
    http.record("deals", dealname="Acme", pipeline="default", dealstage="contractsent")
    http.flush()
    assert sorted(_told(receiver), key=str) == [
        ("company.propertyChange", "domain"), ("deal.creation", None), ("deal.propertyChange", "dealstage"),
    ]  # fmt: skip


def test_a_link_is_told_once_for_either_side(http: Caller, receiver: Receiver) -> None:
    contact, company = http.contacts(1)[0], http.record("companies", name="Acme")
    http.subscribe(receiver.url, "contact.associationChange", "company.associationChange")
    path = f"{CONTACTS}/{contact}/associations/default/companies/{company}".replace("v3", "v4")
    http.send("PUT", path)
    http.send("PUT", path)
    http.send("DELETE", path.replace("/default", ""))
    http.flush()
    sides = [
        (event["associationType"], event["fromObjectId"], event["toObjectId"], event["associationRemoved"])
        for event in receiver.told
    ]
    one, other = ("CONTACT_TO_COMPANY", int(contact), int(company)), ("COMPANY_TO_CONTACT", int(company), int(contact))
    assert sides == [(*one, False), (*other, False), (*one, True), (*other, True)]
    assert receiver.told[0]["isPrimaryAssociation"] is True
    assert "objectId" not in receiver.told[0]


def test_the_generic_dialect_names_the_object_type(http: Caller, receiver: Receiver) -> None:
    project = {
        "crmObjects": [
            {
                "subscriptionType": "object.propertyChange",
                "objectType": "contact",
                "propertyName": "city",
                "active": True,
            }
        ],
        "legacyCrmObjects": [{"subscriptionType": "contact.creation", "active": False}],
        "hubEvents": [{"subscriptionType": "contact.privacyDeletion", "active": True}],
    }
    http.control("webhooks", {"target_url": receiver.url, "subscriptions": project, "dialect": "generic"})
    http.contact(email="a@x.example", city="Ulm")
    http.flush()
    (event,) = receiver.told
    assert (event["subscriptionType"], event["objectTypeId"], event["isSensitive"]) == (
        "object.propertyChange",
        "0-1",
        False,
    )


def test_the_printed_dialect_uses_the_key_of_the_guide(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.creation", dialect="eventType")
    http.contacts(1)
    http.flush()
    (event,) = receiver.told
    assert (event["eventType"], event["changeFlag"], "subscriptionType" in event) == ("contact.creation", "NEW", False)


def test_an_array_holds_at_most_a_hundred_events(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.creation")
    ids = http.contacts(230)
    http.flush()
    assert max(len(call.events) for call in receiver.calls) == 100
    assert Counter(event["objectId"] for event in receiver.told) == Counter(int(contact) for contact in ids)


@pytest.mark.parametrize(
    ("wish", "word"),
    [
        ({"target_url": "http://192.0.2.7/hooks"}, "on this machine"),
        ({"target_url": "http://example.com/hooks"}, "on this machine"),
        ({"target_url": "https://127.0.0.1/hooks"}, "on this machine"),
        ({"subscriptions": ["contact.birthday"]}, "no subscription type"),
        ({"subscriptions": ["company.privacyDeletion"]}, "no subscription type"),
        ({"subscriptions": ["contact.propertyChange"]}, "needs a propertyName"),
        ({"subscriptions": ["contact.creation:email"]}, "takes no propertyName"),
        ({"batch_size": 101}, "from 1 to 100"),
        ({"dialect": "latin"}, "not webhook settings"),
        ({"no_such": 1}, "not webhook settings"),
    ],
)
def test_a_wrong_setting_is_refused_and_changes_nothing(http: Caller, wish: dict[str, Any], word: str) -> None:
    before = http.control("webhooks")
    answer = http.session.post(f"{http.url}/_sandbox/webhooks", json=wish, timeout=10)
    assert (answer.status_code, word in answer.json()["message"]) == (400, True), answer.text
    assert http.control("webhooks") == before


def test_without_subscriptions_nothing_is_kept_for_sending(http: Caller) -> None:
    http.contacts(3)
    assert http.flush() == {"empty": True, "waiting": 0, "sending": 0, "dropped": 0, "given_up": 0, "delivered": 0}
    assert json.dumps(http.deliveries()) == "[]"
