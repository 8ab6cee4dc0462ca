"""How the portal calls an app: signed, again when refused, late, twice, in disorder or never."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import pytest

from leadscore.sandbox import Sandbox, serve, signing
from tests.sandbox.conftest import NOW, Caller
from tests.sandbox.receiver import Receiver, expected_v3

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"


def test_signatures_follow_the_published_vectors() -> None:
    body = b"{'example_field':'example_value'}"
    url = "https://www.example.com/webhook_uri"
    assert signing.v3(SECRET, "POST", url, body, 1693657560000) == "K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y="
    assert signing.v1(SECRET, body) == "69fc6631a867edd4f9e9e627fc5c1148e3fbdd8b21837b6d2b8901c1fa57f750"


def test_every_call_is_signed_over_its_bytes_its_decoded_address_and_its_time(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.propertyChange:city")
    http.contact(email="a@x.example", city="Zoë 🎉")
    http.flush()
    (call,) = receiver.calls
    address = receiver.url.replace("%2F", "/")
    assert address.endswith("?tenant=a/b&x=%20")
    assert call.headers["X-HubSpot-Request-Timestamp"] == str(NOW)
    assert call.headers["X-HubSpot-Signature-v3"] == expected_v3("s3cret", address, call.body, str(NOW))
    assert call.headers["X-HubSpot-Signature"] == hashlib.sha256(b"s3cret" + call.body).hexdigest()
    assert call.headers["X-HubSpot-Signature-Version"] == "v1"
    assert call.path == "/hooks/crm?tenant=a%2Fb&x=%20"


def test_behind_a_proxy_the_public_address_is_what_is_signed(http: Caller, receiver: Receiver) -> None:
    public = "https://hooks.acme.example/leads/webhooks/hubspot"
    http.subscribe(receiver.url, "contact.creation", signed_url=public, skew_ms=-400_000, signatures=["v3"])
    http.contacts(1)
    http.flush()
    (call,) = receiver.calls
    assert call.headers["X-HubSpot-Request-Timestamp"] == str(NOW - 400_000)
    assert call.headers["X-HubSpot-Signature-v3"] == expected_v3("s3cret", public, call.body, str(NOW - 400_000))
    assert "X-HubSpot-Signature" not in call.headers


def test_what_is_not_taken_comes_again_with_the_next_number(http: Caller, receiver: Receiver) -> None:
    receiver.answers = [503, 429, 500]
    http.subscribe(receiver.url, "contact.creation")
    http.contacts(2)
    assert http.flush()["delivered"] == 2
    assert [[event["attemptNumber"] for event in call.events] for call in receiver.calls] == [[n] * 2 for n in range(4)]
    assert [delivery["status"] for delivery in http.deliveries()] == [503, 429, 500, 204]
    assert len({event["eventId"] for event in receiver.events}) == 2


def test_a_retry_may_carry_a_new_id(http: Caller, receiver: Receiver) -> None:
    receiver.answers = [503]
    http.subscribe(receiver.url, "contact.creation", new_ids_on_retry=True)
    http.contacts(1)
    http.flush()
    assert len({event["eventId"] for event in receiver.events}) == 2


def test_after_the_last_attempt_an_event_is_given_up_and_can_be_sent_anew(http: Caller, receiver: Receiver) -> None:
    receiver.answers = [500] * 4
    http.subscribe(receiver.url, "contact.creation")
    http.contacts(1)
    assert http.flush(hurry=True)["given_up"] == 1
    assert len(receiver.calls) == 4
    assert http.control("webhooks/resend", {}) == {"queued": 1}
    assert http.flush()["delivered"] == 1


@pytest.mark.parametrize(("again", "calls"), [(True, 2), (False, 1)])
def test_a_refusal_is_final_only_by_the_older_rule(http: Caller, receiver: Receiver, again: bool, calls: int) -> None:
    receiver.answers = [401]
    http.subscribe(receiver.url, "contact.creation", retry_4xx=again)
    http.contacts(1)
    assert http.flush()["given_up"] == 2 - calls
    assert len(receiver.calls) == calls


def test_who_does_not_answer_in_time_is_called_again(http: Caller, receiver: Receiver) -> None:
    receiver.answers = [-1]
    http.subscribe(receiver.url, "contact.creation", timeout_ms=100)
    http.contacts(1)
    assert http.flush()["delivered"] == 1
    first, second = http.deliveries()
    assert (first["status"], first["error"].partition(":")[0], second["status"]) == (None, "TimeoutError", 204)
    assert first["ms"] >= 100


def test_nobody_listening_is_an_attempt_like_any_other(http: Caller) -> None:
    http.subscribe("http://127.0.0.1:1/", "contact.creation")
    http.contacts(1)
    assert http.flush()["given_up"] == 1
    assert [delivery["error"].partition(":")[0] for delivery in http.deliveries()] == ["ConnectionRefusedError"] * 4


def test_several_calls_are_under_way_at_once(http: Caller, receiver: Receiver) -> None:
    receiver.together = threading.Barrier(5)
    http.subscribe(receiver.url, "contact.creation", batch_size=2, concurrency=5)
    http.contacts(10)
    assert http.flush()["delivered"] == 10


def test_mishaps_are_the_same_for_the_same_seed(receiver: Receiver) -> None:
    def events(seed: int) -> tuple[list[tuple[int, int]], int]:
        receiver.calls.clear()
        with serve(now=NOW) as portal:
            http = Caller(portal.url, portal.token)
            faults = {"seed": seed, "duplicates": 0.3, "drops": 0.2, "delays": 0.5, "same_ids": 0.2, "disorder": 1.0}
            http.subscribe(receiver.url, "contact.creation", faults=faults)
            http.contacts(60)
            dropped = http.flush(hurry=True)["dropped"]
            http.session.close()
        return sorted((event["objectId"], event["eventId"]) for event in receiver.events), dropped

    first, dropped = events(1)
    assert events(1) == (first, dropped)
    assert events(2) != (first, dropped)
    assert 0 < dropped < 30
    assert len(set(first)) < len(first)
    assert len({event_id for _, event_id in first}) < len({contact for contact, _ in first})


def test_disorder_lets_later_events_overtake(http: Caller, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.creation", faults={"disorder": 1.0, "disorder_ms": 20}, concurrency=1)
    http.contacts(60)
    http.flush()
    order = [event["objectId"] for event in receiver.events]
    assert sorted(order) != order
    assert len(order) == 60


def test_what_was_not_sent_before_a_restart_is_sent_after_it(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "portal.db"
    receiver.answers = [503]
    with serve(path, now=NOW) as first:
        one = Caller(first.url, first.token)
        one.subscribe(receiver.url, "contact.creation", back_off_ms=[60_000])
        one.contacts(1)
        one.session.close()
    with serve(path, now=NOW) as second:
        two = Caller(second.url, second.token)
        assert two.flush(hurry=True)["delivered"] == 1
        two.session.close()


def test_a_flush_that_runs_out_of_time_says_what_is_left(http: Caller, receiver: Receiver) -> None:
    receiver.answers = [503]
    http.subscribe(receiver.url, "contact.creation", back_off_ms=[60_000])
    http.contacts(1)
    told = http.control("webhooks/flush", {"timeout_s": 0.2})
    assert (told["empty"], told["waiting"]) == (False, 1)


def test_switched_off_it_calls_nobody(http: Caller, portal: Sandbox, receiver: Receiver) -> None:
    http.subscribe(receiver.url, "contact.creation")
    http.session.delete(f"{portal.url}/_sandbox/webhooks", timeout=10)
    http.contacts(1)
    assert http.flush()["delivered"] == 0
    assert json.dumps(receiver.calls) == "[]"
