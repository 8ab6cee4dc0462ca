"""Two records become one, and the old ids lead to it where HubSpot's do."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm import contacts
from hubspot.crm.contacts.exceptions import ApiException

from tests.sandbox.conftest import NOW, Caller
from tests.sandbox.receiver import Receiver

CONTACTS = "/crm/v3/objects/contacts"


def _merge(http: Caller, primary: str, other: str, kind: str = "contacts") -> str:
    answer = http.post(f"/crm/v3/objects/{kind}/merge", {"primaryObjectId": primary, "objectIdToMerge": other})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def _pair(http: Caller) -> tuple[str, str]:
    one = http.contact(email="a@x.example", city="Ulm", lifecyclestage="lead")
    return one, http.contact(email="b@x.example", city="Bonn", jobtitle="Buyer", lifecyclestage="customer")


def test_the_primarys_values_win_gaps_are_filled_and_the_stage_is_the_furthest(http: Caller) -> None:
    one, two = _pair(http)
    merged = _merge(http, one, two)
    assert merged not in (one, two)
    found = http.read(
        merged, "email", "city", "jobtitle", "lifecyclestage", "hs_merged_object_ids", "hs_additional_emails"
    )
    assert found | {"createdate": "", "lastmodifieddate": ""} == {
        "createdate": "", "lastmodifieddate": "", "hs_object_id": merged, "email": "a@x.example", "city": "Ulm",
        "jobtitle": "Buyer", "lifecyclestage": "customer", "hs_merged_object_ids": f"{one};{two}",
        "hs_additional_emails": "b@x.example",
    }  # fmt: skip
    vids = http.read(merged, "hs_calculated_merged_vids", "hs_all_contact_vids")
    assert vids["hs_calculated_merged_vids"] == f"{one}:{NOW};{two}:{NOW}"
    assert vids["hs_all_contact_vids"] == f"{merged};{one};{two}"


def test_both_old_ids_resolve_on_get_and_patch_but_not_in_a_batch(http: Caller) -> None:
    one, two = _pair(http)
    merged = _merge(http, one, two)
    for old in (one, two):
        assert http.get(f"{CONTACTS}/{old}").json()["id"] == merged
        assert http.patch(f"{CONTACTS}/{old}", {"properties": {"city": f"City {old}"}}).json()["id"] == merged
        assert http.read(merged, "city")["city"] == f"City {old}"
    rows = [{"id": old, "properties": {"city": "Köln"}} for old in (one, two)]
    answer = http.post(f"{CONTACTS}/batch/update", {"inputs": rows})
    assert (answer.status_code, answer.json()["results"]) == (207, [])
    assert answer.json()["errors"][0]["context"]["ids"] == [one, two]
    assert [item["id"] for item in http.search().json()["results"]] == [merged]


def test_a_merge_may_keep_the_primarys_id(http: Caller, receiver: Receiver) -> None:
    http.control("settings", {"merge_keeps_primary_id": True})
    http.subscribe(receiver.url, "contact.merge")
    one, two = _pair(http)
    assert _merge(http, one, two) == one
    assert http.get(f"{CONTACTS}/{two}").json()["id"] == one
    http.flush()
    (event,) = receiver.told
    assert (event["newObjectId"], event["primaryObjectId"], event["mergedObjectIds"]) == (
        int(one),
        int(one),
        [int(two)],
    )


def test_a_merge_of_merged_records_leads_every_old_id_to_the_last(http: Caller) -> None:
    one, two = _pair(http)
    three = http.contact(email="c@x.example")
    first = _merge(http, one, two)
    last = _merge(http, three, one)
    assert {http.get(f"{CONTACTS}/{old}").json()["id"] for old in (one, two, three, first)} == {last}
    assert http.get(f"{CONTACTS}/b@x.example", idProperty="email").status_code == 404
    http.control("settings", {"secondary_email_resolves": True})
    assert http.get(f"{CONTACTS}/b@x.example", idProperty="email").json()["id"] == last


def test_forms_links_and_history_move_along(http: Caller) -> None:
    one, two = _pair(http)
    company = http.record("companies", name="Acme")
    http.control("people/link", {"from": "contacts", "id": two, "to": "companies", "to_id": company})
    for email in ("a@x.example", "b@x.example", "b@x.example"):
        http.control("people/submit-form", {"form": "Contact sales", "values": {"email": email}})
    http.patch(f"{CONTACTS}/{one}", {"properties": {"city": "Köln"}})
    merged = _merge(http, one, two)
    found = http.read(merged, "num_conversion_events", "num_unique_conversion_events", "associatedcompanyid")
    assert (found["num_conversion_events"], found["num_unique_conversion_events"]) == ("3", "1")
    assert found["associatedcompanyid"] == company
    linked = http.get(f"{CONTACTS}/{merged}", associations="companies").json()["associations"]["companies"]["results"]
    assert {entry["id"] for entry in linked} == {company}
    history = http.get(f"{CONTACTS}/{merged}", propertiesWithHistory="city").json()["propertiesWithHistory"]["city"]
    assert [entry["value"] for entry in history] == ["Köln", "Ulm"]


def test_of_two_primary_companies_the_primarys_stays(http: Caller) -> None:
    one, two = _pair(http)
    companies = [http.record("companies", name=name) for name in ("Acme", "Beta")]
    for contact, company in zip((one, two), companies, strict=True):
        http.control("people/link", {"from": "contacts", "id": contact, "to": "companies", "to_id": company})
    merged = _merge(http, one, two)
    answer = http.post("/crm/v4/associations/contacts/companies/batch/read", {"inputs": [{"id": merged}]}).json()
    labels = {
        to["toObjectId"]: sorted(kind["typeId"] for kind in to["associationTypes"]) for to in answer["results"][0]["to"]
    }
    assert labels == {int(companies[0]): [1, 279], int(companies[1]): [279]}


def test_a_merge_is_told_once_with_all_ids(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.merge", "contact.propertyChange:*", "contact.creation", "contact.deletion")
    one, two = _pair(http)
    http.flush()
    receiver.calls.clear()
    merged = http.control("people/merge", {"primary": "a@x.example", "other": two, "user": 9502})["id"]
    http.flush()
    (event,) = receiver.told
    assert event["subscriptionType"] == "contact.merge"
    assert event["objectId"] == event["newObjectId"] == int(merged)
    assert (event["primaryObjectId"], event["mergedObjectIds"]) == (int(one), [int(one), int(two)])
    assert event["sourceId"] == "userId:9502"
    assert event["numberOfPropertiesMoved"] == 2


@pytest.mark.parametrize("object_id", ["new", "primary", "none"])
def test_the_object_id_of_a_merge_can_be_any_of_three(http: Caller, receiver: Receiver, object_id: str) -> None:
    http.subscribe(receiver.url, "contact.merge", merge_object_id=object_id)
    one, two = _pair(http)
    merged = _merge(http, one, two)
    http.flush()
    expected: dict[str, Any] = {"new": int(merged), "primary": int(one), "none": None}
    assert receiver.told[0].get("objectId") == expected[object_id]


@pytest.mark.parametrize(("kind", "name"), [("companies", "name"), ("deals", "dealname")])
def test_companies_and_deals_are_merged_too(http: Caller, kind: str, name: str) -> None:
    one, two = (http.record(kind, **{name: value}) for value in ("Acme", "Acme Inc"))
    merged = _merge(http, one, two, kind)
    assert http.get(f"/crm/v3/objects/{kind}/{merged}").json()["properties"][name] == "Acme"


def test_unknown_records_and_a_record_with_itself_are_refused(http: Caller) -> None:
    one, two = _pair(http)
    merged = _merge(http, one, two)
    for primary, other, status in ((one, "99", 404), ("99", one, 404), (one, two, 400), (merged, merged, 400)):
        body = {"primaryObjectId": primary, "objectIdToMerge": other}
        assert http.post(f"{CONTACTS}/merge", body).status_code == status


def test_the_official_client_merges_and_erases(client: HubSpot, http: Caller) -> None:
    one, two = _pair(http)
    api = client.crm.contacts.basic_api
    merged = api.merge(contacts.PublicMergeInput(primary_object_id=one, object_id_to_merge=two))
    assert api.get_by_id(two).id == merged.id
    api.purge(contacts.PublicGdprDeleteInput(object_id="a@x.example", id_property="email"))
    with pytest.raises(ApiException) as caught:
        api.get_by_id(two)
    assert caught.value.status == 404
