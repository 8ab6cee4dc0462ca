"""HubSpot's events in our words: both dialects, every kind, and what is not for us."""

import hashlib
import json
from typing import Any

import pytest

from tests.webhooks.door import PORTAL, Door, event
from webhooks.delivery import Delivery
from webhooks.hubspot import Batch, read_body
from webhooks.strict_json import MOST_EVENTS


def _read(*events: object) -> Batch:
    return read_body(json.dumps(list(events)).encode(), PORTAL)


def _one(**more: Any) -> Delivery:
    batch = _read(event(**more))
    assert not batch.rejected
    (delivery,) = batch.deliveries
    return delivery


def _named(delivery: Delivery) -> list[tuple[str, str, str]]:
    return [(one.part, one.object, one.id) for one in delivery.records]


def test_a_change_names_its_record_property_and_time() -> None:
    found = _one()
    assert (found.source, found.account, found.kind, found.object) == ("hubspot", "62515", "changed", "contact")
    assert (found.property, found.occurred_at) == ("jobtitle", 1564113600000)
    assert _named(found) == [("itself", "contact", "123")]


def test_the_key_is_the_hash_of_the_canonical_event_without_its_attempt() -> None:
    rest = {name: value for name, value in event(propertyValue="Zoë").items() if name != "attemptNumber"}
    canonical = "{" + ",".join(f'"{n}":{json.dumps(rest[n], ensure_ascii=False)}' for n in sorted(rest)) + "}"
    assert _one(propertyValue="Zoë").key == hashlib.sha256(canonical.encode()).hexdigest()


def test_a_repeat_has_the_same_key_however_it_is_written() -> None:
    backwards = dict(reversed(list(event(attemptNumber=4).items())))
    spaced = read_body(json.dumps([backwards], indent=3).encode(), PORTAL)
    assert spaced.deliveries[0].key == _one().key


@pytest.mark.parametrize("name", sorted(set(event()) - {"attemptNumber", "portalId", "subscriptionType"}))
def test_any_other_difference_makes_another_key(name: str) -> None:
    odd = {"propertyName": "x", "propertyValue": "x", "changeSource": "x", "sourceId": "x"}
    assert _one(**{name: odd.get(name, 987)}).key != _one().key


@pytest.mark.parametrize(
    ("told", "kind", "thing"),
    [
        ({"subscriptionType": "contact.creation"}, "created", "contact"),
        ({"subscriptionType": "company.deletion"}, "deleted", "company"),
        ({"subscriptionType": "deal.restore"}, "restored", "deal"),
        ({"subscriptionType": "contact.privacyDeletion"}, "erased", "contact"),
        ({"subscriptionType": None, "eventType": "contact.creation"}, "created", "contact"),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-1"}, "created", "contact"),
        ({"subscriptionType": "object.deletion", "objectTypeId": "0-2"}, "deleted", "company"),
        ({"subscriptionType": "object.restore", "objectTypeId": "0-3"}, "restored", "deal"),
    ],
)
def test_both_dialects_and_all_objects_are_understood(told: dict[str, Any], kind: str, thing: str) -> None:
    found = _one(**told)
    assert (found.kind, found.object, found.property) == (kind, thing, "")
    assert _named(found) == [("itself", thing, "123")]


def test_a_merge_names_the_primary_the_merged_and_the_new_record() -> None:
    told = {"subscriptionType": "contact.merge", "primaryObjectId": 101, "mergedObjectIds": [102, 103]}
    both = [("primary", "contact", "101"), ("merged", "contact", "102"), ("merged", "contact", "103")]
    assert _named(_one(**told, newObjectId=151, objectId=151)) == [*both, ("new", "contact", "151")]
    assert _named(_one(**told)) == both


def test_an_association_names_both_ends() -> None:
    told = {"subscriptionType": "contact.associationChange", "fromObjectId": 101, "toObjectId": 901}
    ends = [("from", "contact", "101"), ("to", "company", "901")]
    assert _named(_one(**told, associationType="CONTACT_TO_COMPANY")) == ends
    assert _named(_one(**told, toObjectTypeId="0-2")) == ends
    assert _named(_one(**told)) == [("from", "contact", "101"), ("to", "", "901")]
    generic = {"subscriptionType": "object.associationChange", "fromObjectTypeId": "0-1", "toObjectTypeId": "0-3"}
    assert _named(_one(**generic, toObjectId=5)) == [("from", "contact", "123"), ("to", "deal", "5")]


@pytest.mark.parametrize(
    "told",
    [
        {"objectId": None},
        {"objectId": True},
        {"objectId": 2**63 - 1.0},
        {"objectId": "12a"},
        {"objectId": "9999999999999999999"},
        {"portalId": "none"},
        {"occurredAt": "yesterday"},
        {"occurredAt": -1},
        {"propertyName": None},
        {"propertyName": "a\u0000b"},
        {"propertyName": "a\ud800"},
        {"subscriptionType": 5},
        {"subscriptionType": None},
        {"subscriptionType": "contact.merge", "mergedObjectIds": [1]},
        {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": []},
        {"subscriptionType": "contact.merge", "primaryObjectId": 1, "mergedObjectIds": [[2]]},
        {"extra": 2**64},
        {"extra": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]},
    ],
)
def test_an_event_that_lacks_what_we_need_is_rejected_beside_a_good_one(told: dict[str, Any]) -> None:
    batch = _read(event(**told), event(eventId=2))
    assert len(batch.deliveries) == 1
    (letter,) = batch.rejected
    assert json.loads(letter.raw) == event(**told)
    assert not letter.whole
    assert letter.reason.startswith("event 1 of 2: ")


def test_a_value_with_nul_or_half_a_sign_is_kept_because_values_are_only_hints() -> None:
    assert _one(propertyValue="a\u0000b").key != _one(propertyValue="ab").key
    assert _one(propertyValue="cut \ud83d").raw == json.dumps(event(propertyValue="cut \ud83d")).encode()


def test_a_reason_quotes_nothing_of_what_was_sent() -> None:
    batch = _read(event(objectId="ann@example.com"), "ann@example.com", event(occurredAt="ann@example.com"))
    assert len(batch.rejected) == 3
    assert not any("ann" in one.reason for one in batch.rejected)


def test_what_is_not_for_us_is_answered_and_counted_and_not_kept(door: Door) -> None:
    others = ["ticket.creation", "contact.somethingNew", "conversation.privacyDeletion", "nonsense"]
    events = [event(subscriptionType=one) for one in others]
    events += [
        event(subscriptionType="object.creation", objectTypeId="0-5"),
        event(portalId=99),
        event(portalId=99, x=1),
    ]
    assert door.say(*events).status == 200
    assert not door.inbox.kept
    assert (door.told[0].not_for_us, door.told[0].elsewhere) == (5, 2)


def test_our_own_changes_are_answered_and_counted_and_not_kept(door: Door) -> None:
    by_us = {"changeSource": "INTEGRATION", "sourceId": "54321"}
    assert door.say(event(propertyName="leadscore_total"), event(propertyName="lifecyclestage", **by_us)).status == 200
    assert not door.inbox.kept
    assert door.told[0].echoes == 2


def test_what_looks_like_an_echo_but_is_not_is_kept() -> None:
    by_us = {"changeSource": "INTEGRATION", "sourceId": "54321"}
    batch = _read(
        event(propertyName="leadscore_feedback"),
        event(propertyName="leadscore_feedback", **by_us),
        event(changeSource="INTEGRATION", sourceId="777"),
        event(changeSource="CRM_UI", sourceId="54321"),
        event(subscriptionType="contact.privacyDeletion", **by_us),
        event(subscriptionType="contact.deletion", **by_us),
    )
    assert (len(batch.deliveries), batch.echoes) == (6, 0)


def test_a_list_longer_than_any_crm_sends_is_one_dead_letter() -> None:
    for filler in (b"1", b"NaN"):
        body = b"[" + b",".join([filler] * (MOST_EVENTS + 1)) + b"]"
        (letter,) = read_body(body, PORTAL).rejected
        assert (letter.whole, letter.raw) == (True, body)


def test_an_empty_list_is_nothing() -> None:
    assert read_body(b" [ ] ", PORTAL) == Batch()
