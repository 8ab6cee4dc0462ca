"""Deleting, restoring and deleting for good, and how each is told."""

from __future__ import annotations

from tests.sandbox.conftest import Caller
from tests.sandbox.receiver import Receiver

CONTACTS = "/crm/v3/objects/contacts"


def _kinds(receiver: Receiver) -> list[str]:
    return sorted(event["subscriptionType"] for event in receiver.told)


def test_a_deleted_contact_comes_back_with_its_address_and_its_history(http: Caller, receiver: Receiver) -> None:
    contact = http.contact(email="a@x.example", city="Ulm")
    http.subscribe(receiver.url, "contact.deletion", "contact.restore")
    http.control("people/delete", {"id": "a@x.example"})
    assert http.get(f"{CONTACTS}/{contact}").status_code == 404
    http.control("people/restore", {"id": contact})
    assert http.get(f"{CONTACTS}/a@x.example", idProperty="email").json()["id"] == contact
    http.flush()
    assert _kinds(receiver) == ["contact.deletion", "contact.restore"]
    assert {event["changeSource"] for event in receiver.told} == {"CRM_UI"}


def test_a_contact_whose_address_was_taken_meanwhile_stays_deleted(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    http.send("DELETE", f"{CONTACTS}/{contact}")
    http.contact(email="a@x.example")
    answer = http.session.post(f"{http.url}/_sandbox/people/restore", json={"id": contact}, timeout=10)
    assert answer.status_code == 409
    assert http.get(f"{CONTACTS}/{contact}").status_code == 404


def test_what_was_never_deleted_cannot_be_restored(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    answer = http.session.post(f"{http.url}/_sandbox/people/restore", json={"id": contact}, timeout=10)
    assert answer.status_code == 404


def test_a_contact_erased_for_privacy_leaves_nothing(http: Caller, receiver: Receiver) -> None:
    contact = http.contact(email="a@x.example", city="Ulm")
    http.control("people/submit-form", {"form": "Contact sales", "values": {"email": "a@x.example"}})
    http.control("people/view-page", {"contact": contact, "url": "/a"})
    http.subscribe(receiver.url, "contact.deletion", "contact.privacyDeletion")
    body = {"objectId": "a@x.example", "idProperty": "email"}
    assert http.post(f"{CONTACTS}/gdpr-delete", body).status_code == 204
    assert http.get(f"{CONTACTS}/{contact}").status_code == 404
    assert http.get(CONTACTS, archived="true").json()["results"] == []
    form = "3a5b8c1e-0003-4d6f-9a03-6f1d2e3c4b03"
    assert http.get(f"/form-integrations/v1/submissions/forms/{form}").json()["results"] == []
    assert http.contact(email="a@x.example") != contact
    http.flush()
    assert _kinds(receiver) == ["contact.deletion", "contact.privacyDeletion"]
    assert {event["objectId"] for event in receiver.told} == {int(contact)}


def test_an_already_deleted_contact_is_erased_without_a_second_deletion(http: Caller, receiver: Receiver) -> None:
    contact = http.contact(email="a@x.example")
    http.send("DELETE", f"{CONTACTS}/{contact}")
    http.subscribe(receiver.url, "contact.deletion", "contact.privacyDeletion", dialect="generic")
    assert http.post(f"{CONTACTS}/gdpr-delete", {"objectId": contact}).status_code == 204
    http.flush()
    assert _kinds(receiver) == ["contact.privacyDeletion"]


def test_an_unknown_address_is_taken_and_an_unknown_id_is_not(http: Caller) -> None:
    body = {"objectId": "nobody@x.example", "idProperty": "email"}
    assert http.post(f"{CONTACTS}/gdpr-delete", body).status_code == 204
    assert http.post(f"{CONTACTS}/gdpr-delete", {"objectId": "4242"}).status_code == 404
    assert http.post(f"{CONTACTS}/gdpr-delete", {"objectId": "x", "idProperty": "phone"}).status_code == 400
    assert http.post("/crm/v3/objects/deals/gdpr-delete", {"objectId": "1"}).status_code == 404
