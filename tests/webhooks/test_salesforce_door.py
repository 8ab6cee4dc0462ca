"""Salesforce's door: every message is kept before its one Ack, and nothing else is ever acknowledged."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.webhooks.door import NOW, Door
from tests.webhooks.salesforce_door import ACK, ORGANIZATION, TOKEN, message, notification, open_door, tell
from webhooks.delivery import InboxUnavailable
from webhooks.salesforce import SalesforceDoorSettings


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as opened:
        yield opened


def test_all_notifications_of_a_message_are_kept_before_its_one_ack(door: Door) -> None:
    answer = tell(door, message(notification(1), notification(2, "Contact")))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.body.count(ACK) == 1
    lead, contact = door.inbox.deliveries
    assert (lead.source, lead.account, lead.kind, lead.occurred_at) == ("salesforce", ORGANIZATION, "changed", NOW)
    assert [(one.object, one.records[0].id) for one in (lead, contact)] == [
        ("Lead", "00Q5f0000000001AAA"),
        ("Contact", "0035f0000000002AAA"),
    ]
    assert (door.told[0].new, door.told[0].deliveries) == (2, 2)


def test_a_repeated_notification_is_stored_once_even_with_newer_values(door: Door) -> None:
    tell(door, message(notification(1)))
    tell(door, message(notification(1, fields="<sf:Title>CEO</sf:Title>"), notification(2)))
    assert len(door.inbox.kept) == 2
    assert [one.new for one in door.told] == [1, 1]


def test_an_id_that_stands_twice_in_one_message_is_stored_once(door: Door) -> None:
    assert tell(door, message(notification(1), notification(1, fields="<sf:Title>x</sf:Title>"))).status == 200
    assert (len(door.inbox.kept), door.told[0].deliveries) == (1, 1)


def test_a_session_id_is_never_stored(door: Door) -> None:
    body = message(notification(1), notification(2, record="?"), session="<SessionId>00D!secret.session</SessionId>")
    assert tell(door, body).status == 200
    assert len(door.inbox.kept) == 2
    assert not any(b"secret.session" in one.raw for one in door.inbox.kept.values())


def test_another_organisation_is_acknowledged_dropped_and_told(door: Door) -> None:
    for foreign in ("00D5f000000ZZZZEAK", ORGANIZATION.replace("AbCd", "ABCD")):
        answer = tell(door, message(notification(1), notification(2), organization=foreign))
        assert (answer.status, ACK in answer.body) == (200, True)
    assert not door.inbox.kept
    assert [(one.elsewhere, one.reason) for one in door.told] == [(2, "messages of another organisation")] * 2


def test_the_short_form_of_the_organisation_is_the_same_organisation(door: Door) -> None:
    assert tell(door, message(notification(1), organization=ORGANIZATION[:15])).status == 200
    assert len(door.inbox.deliveries) == 1


@pytest.mark.parametrize("token", ["x", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "%C3%A9", "%FF", "%ED%A0%80"])
def test_a_wrong_token_looks_like_any_address_that_does_not_exist(door: Door, token: str) -> None:
    answer = tell(door, message(notification(1)), token)
    nowhere = door.post(b"", {}, "/webhooks/nowhere")
    assert (answer.status, answer.body) == (404, nowhere.body)
    assert answer.headers["Content-Type"] == nowhere.headers["Content-Type"]
    assert not door.inbox.kept


def test_an_old_token_counts_while_it_is_being_replaced() -> None:
    with open_door(tokens=(TOKEN, TOKEN[::-1])) as door:
        assert [tell(door, message(notification(1)), one).status for one in (TOKEN, TOKEN[::-1])] == [200, 200]


def test_one_bad_notification_is_a_dead_letter_and_its_neighbours_are_kept(door: Door) -> None:
    assert tell(door, message(notification(1), notification(2, record="00Q!"), notification(3))).status == 200
    assert len(door.inbox.deliveries) == 2
    (letter,) = door.inbox.rejected
    assert letter.reason == "notification 2 of 3: the record's Id is missing or no id"
    assert b"00Q!" in letter.raw


def test_other_objects_and_empty_notifications_are_acknowledged_and_left_alone(door: Door) -> None:
    empty = "<Notification><Id>04l5f0000000009AAA</Id></Notification>"
    assert ACK in tell(door, message(notification(1, "Opportunity"), empty)).body
    assert not door.inbox.kept
    assert door.told[0].not_for_us == 2


_BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        message(notification(1, fields="<sf:Title>&b;</sf:Title>"), before=_BOMB),
        message(notification(1), before="<!DOCTYPE soapenv:Envelope>"),
        message(notification(1), before='<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
        message(
            notification(1, fields="<sf:Title>&f;</sf:Title>"),
            before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
        ),
        message(notification(1), before='<?xml-stylesheet href="http://127.0.0.1:9/x"?>'),
        message(notification(1, fields="<?php 1?>")),
        message(notification(1, fields="<a>" * 200_000 + "</a>" * 200_000)),
        message(notification(1, fields="<a/>" * 200_000)),
        message(),
        message(*(notification(number) for number in range(101))),
        message(notification(1), organization=""),
        message(notification(1), organization="0055f000000AbCdEAK"),
        message(notification(1)).replace(b"soapenv:Body", b"soapenv:Head"),
        message(notification(1)).replace(b"utf-8", b"utf-7").replace(b"UTF-8", b"UTF-7"),
        message(notification(1)).replace(b"UTF-8", b"no-such-encoding"),
        message(notification(1)).replace(b"2005/09/outbound", b"2005/09/inbound"),
        b"",
        b"{}",
        b"\x00",
        b"<a/>",
    ],
)
def test_what_is_no_message_is_refused_without_an_ack(door: Door, body: bytes) -> None:
    answer = tell(door, body)
    assert (answer.status, b"Ack" in answer.body) == (400, False)
    assert door.told[0].reason
    assert not door.inbox.kept


def test_an_oversize_body_is_refused() -> None:
    with open_door(max_bytes=3000) as door:
        assert tell(door, message(notification(1, fields=f"<sf:Title>{'x' * 3000}</sf:Title>"))).status == 413
        assert not door.inbox.kept


@pytest.mark.parametrize(
    ("trouble", "wait"), [(InboxUnavailable("the disk is full", 17), "17"), (OSError("anything"), "60")]
)
def test_our_own_trouble_gives_no_ack_and_asks_for_another_try(door: Door, trouble: Exception, wait: str) -> None:
    door.inbox.trouble = trouble
    answer = tell(door, message(notification(1)))
    assert (answer.status, answer.headers["Retry-After"], b"Ack" in answer.body) == (503, wait, False)
    door.inbox.trouble = None
    assert tell(door, message(notification(1))).status == 200
    assert len(door.inbox.kept) == 1


def test_without_a_token_everything_is_put_off() -> None:
    with open_door(tokens=()) as door:
        answer = tell(door, message(notification(1)))
        assert (answer.status, "Retry-After" in answer.headers) == (503, True)


def test_an_id_or_a_token_that_cannot_work_is_refused_at_once_and_tokens_are_not_shown() -> None:
    for organization in ("", "00D", "0055f000000AbCdEAK", "00D5f000000AbCdé"):
        with pytest.raises(ValueError, match="Company Information"):
            SalesforceDoorSettings(organization, (TOKEN,))
    for token in ("", "short", "a/b" * 10, "é" * 30):
        with pytest.raises(ValueError, match="token"):
            SalesforceDoorSettings(ORGANIZATION, (token,))
    assert TOKEN not in repr(SalesforceDoorSettings(ORGANIZATION, (TOKEN,)))


def _mutated(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(changed) + 1)
        action = rng.randrange(4)
        if action == 0:
            changed[at:at] = rng.choice(
                [b"<", b"&", b"&#0;", b"&x;", b"]]>", b"\x00", b"\xff\xfe", b"<![CDATA[", b"</"]
            )
        elif action == 1:
            del changed[at : at + rng.randint(1, 30)]
        elif action == 2 and at < len(changed):
            changed[at] = rng.randrange(256)
        else:
            start = rng.randrange(len(changed) + 1)
            changed[at:at] = changed[start : start + rng.randint(1, 90)]
    return bytes(changed)


def test_no_malformed_body_gives_a_server_error(door: Door) -> None:
    rng = random.Random(11)
    whole = message(notification(1), notification(2, "Contact", fields="<sf:Email>a@b.example</sf:Email>"))
    answers = [tell(door, _mutated(rng, whole)) for _ in range(1000)]
    assert {one.status for one in answers} == {200, 400}
    assert all((ACK in one.body) == (one.status == 200) for one in answers)
    assert door.inbox.rejected
