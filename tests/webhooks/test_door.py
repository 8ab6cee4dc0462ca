"""The door answers within the rules: kept, refused, put off or not for us, and never an error for a body."""

import json
import random

import pytest

from tests.webhooks.door import PORTAL, Door, event, open_door, signed
from webhooks.blueprint import DoorSettings
from webhooks.delivery import InboxUnavailable


def test_a_signed_batch_is_kept_and_answered_200(door: Door) -> None:
    assert door.say(event(), event(eventId=2)).status == 200
    kept = door.inbox.deliveries
    assert [one.records[0].id for one in kept] == ["123", "123"]
    assert kept[0].raw == json.dumps(event()).encode()
    assert door.told[0].new == 2


def test_a_repeated_delivery_is_stored_once(door: Door) -> None:
    for attempt in range(3):
        assert door.say(event(attemptNumber=attempt)).status == 200
    assert door.say(event(), event(attemptNumber=9)).status == 200
    assert len(door.inbox.kept) == 1
    assert [one.new for one in door.told] == [1, 0, 0, 0]


def test_one_event_id_with_other_content_is_another_event(door: Door) -> None:
    door.say(event(propertyValue="a"), event(propertyValue="b"), event(objectId=9))
    assert len(door.inbox.deliveries) == 3


def test_one_bad_event_of_a_hundred_goes_to_the_dead_letters_alone(door: Door) -> None:
    bad = [
        b'{"portalId":62515,"portalId":62515}',
        b'{"a":NaN}',
        b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"\xff",
    ]
    for number, one in enumerate(bad):
        good = [json.dumps(event(eventId=1000 * number + n)).encode() for n in range(99)]
        body = b"[" + b",".join([*good[:50], one, *good[50:]]) + b"]"
        assert door.post(body, signed(body)).status == 200
        assert (door.told[-1].deliveries, door.told[-1].rejected) == (99, 1), one
    assert [one.raw for one in door.inbox.rejected] == bad
    assert all(one.reason.startswith("event 51 of 100: ") for one in door.inbox.rejected)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[", b"[1] [2]", b"\xff\xfe", b"[" * 100_000, b'["', b"]", b"[}"]
)
def test_a_signed_body_that_nobody_can_read_is_a_dead_letter(door: Door, body: bytes) -> None:
    assert door.post(body, signed(body)).status == 200
    (letter,) = door.inbox.rejected
    assert (letter.raw, letter.whole) == (body, True)


def test_an_oversize_body_is_refused_for_good() -> None:
    with open_door(max_bytes=1000) as door:
        body = b"[" + b" " * 1000 + b"]"
        assert door.post(body, signed(body)).status == 413
        assert not door.inbox.kept


@pytest.mark.parametrize(
    ("trouble", "wait"), [(InboxUnavailable("the disk is full", 17), "17"), (OSError("anything"), "60")]
)
def test_our_own_trouble_asks_for_another_try(door: Door, trouble: Exception, wait: str) -> None:
    door.inbox.trouble = trouble
    answer = door.say(event())
    assert (answer.status, answer.headers["Retry-After"]) == (503, wait)
    door.inbox.trouble = None
    assert door.say(event()).status == 200
    assert len(door.inbox.kept) == 1


def test_without_a_secret_everything_is_put_off() -> None:
    with open_door(secrets=()) as door:
        answer = door.say(event())
        assert answer.status == 503
        assert "Retry-After" in answer.headers
        assert not door.inbox.kept


def test_an_address_or_a_secret_that_cannot_work_is_refused_at_once() -> None:
    for url in ("score.example.com/x", "https://a.example/x?y=1", "ftp://a.example/"):
        with pytest.raises(ValueError, match="public URL"):
            DoorSettings(url, PORTAL, ("s",))
    with pytest.raises(ValueError, match="secret"):
        DoorSettings("https://a.example/x", PORTAL, ("s", " "))


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr(DoorSettings("https://a.example/x", PORTAL, ("hidden",)))


def _mutated(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(changed) + 1)
        action = rng.randrange(4)
        if action == 0:
            changed[at:at] = rng.choice(
                [b'"', b"\\", b"[", b"}", b"\x00", b"\xed\xa0\x80", b"NaN", b"1e999", b"null", b"-0"]
            )
        elif action == 1:
            del changed[at : at + rng.randint(1, 9)]
        elif action == 2 and at < len(changed):
            changed[at] = rng.randrange(256)
        else:
            start = rng.randrange(len(changed) + 1)
            changed[at:at] = changed[start : start + rng.randint(1, 40)]
    return bytes(changed)


_ODD: list[object] = [
    None,
    True,
    -1,
    0,
    2**63,
    10**30,
    1.5,
    1e300,
    "",
    "\u0000",
    "\ud800",
    "x" * 70_000,
    [],
    {},
    [[]],
    {"a": {}},
    "NaN",
]


def test_no_malformed_body_gives_a_server_error(door: Door) -> None:
    rng = random.Random(7)
    bodies = [_mutated(rng, json.dumps([event(), event(eventId=2)]).encode()) for _ in range(1500)]
    kinds = ["contact.merge", "contact.associationChange", "contact.deletion", "contact.propertyChange", "object.merge"]
    for kind in kinds:
        whole = event(subscriptionType=kind, primaryObjectId=1, mergedObjectIds=[2], newObjectId=3, toObjectId=4)
        for name in whole:
            bodies += [json.dumps([{**whole, name: odd}, event()]).encode() for odd in _ODD]
    statuses = [door.post(body, signed(body)).status for body in bodies]
    assert len(statuses) > 2500
    assert set(statuses) == {200}
    assert door.inbox.rejected
    assert door.inbox.deliveries
    for delivery in door.inbox.deliveries:
        delivery.property.encode()


def test_a_call_without_any_event_is_answered_and_leaves_the_inbox_alone(door: Door) -> None:
    door.inbox.trouble = InboxUnavailable("locked")
    assert door.say().status == 200
    assert door.say(event(portalId=99)).status == 200
