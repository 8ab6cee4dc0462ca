"""Faults on demand: the errors, and what became of the write whose answer was lost."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
import requests
from hubspot import HubSpot
from hubspot.crm.contacts.exceptions import ApiException

from leadscore.sandbox import Sandbox
from tests.sandbox.conftest import Caller

CONTACTS = "/crm/v3/objects/contacts"


def _fault(http: Caller, **fault: Any) -> None:
    http.control("faults", fault)


@pytest.mark.parametrize("status", [423, 477, 500, 502, 503, 504, 521, 523, 524])
def test_a_status_strikes_as_often_as_told(http: Caller, status: int) -> None:
    _fault(http, status=status, count=2, retry_after=7 if status == 477 else None)
    answers = [http.get(CONTACTS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].headers.get("Retry-After") == ("7" if status == 477 else None)
    assert answers[0].json()["status"] == "error"


@pytest.mark.parametrize(
    ("kind", "policy"), [("burst", "TEN_SECONDLY_ROLLING"), ("search", "SECONDLY"), ("daily", "DAILY")]
)
@pytest.mark.parametrize("retry_after", [None, 3])
def test_a_rate_limit_can_be_feigned(http: Caller, kind: str, policy: str, retry_after: int | None) -> None:
    _fault(http, kind=kind, retry_after=retry_after)
    answer = http.get(CONTACTS)
    assert (answer.status_code, answer.json()["policyName"]) == (429, policy)
    assert answer.headers.get("Retry-After") == (None if retry_after is None else "3")


def test_an_expired_token_can_be_feigned(http: Caller) -> None:
    _fault(http, kind="expired_token")
    assert http.get(CONTACTS).json()["category"] == "EXPIRED_AUTHENTICATION"


def test_a_fault_hits_only_its_method_and_path(http: Caller) -> None:
    _fault(http, status=503, method="POST", path=r"/batch/(read|update)$", count=0)
    body: dict[str, Any] = {"inputs": []}
    assert http.post(f"{CONTACTS}/batch/read", body).status_code == 503
    assert http.post("/crm/objects/2026-09/contacts/batch/update", body).status_code == 503
    assert http.post(f"{CONTACTS}/batch/archive", body).status_code == 204
    assert http.get(CONTACTS).status_code == 200


def test_a_fault_can_skip_some_and_hit_every_third(http: Caller) -> None:
    _fault(http, status=503, skip=2, every=3, count=0)
    statuses = [http.get(CONTACTS).status_code for _ in range(8)]
    assert statuses == [200, 200, 200, 200, 503, 200, 200, 503]


def test_faults_are_shown_with_their_hits_and_cleared(http: Caller) -> None:
    http.control("faults", {"faults": [{"status": 503, "count": 0}, {"kind": "reset", "skip": 100}]})
    http.get(CONTACTS)
    assert [fault["hits"] for fault in http.control("faults")["faults"]] == [1, 0]
    http.session.delete(f"{http.url}/_sandbox/faults", timeout=10)
    assert http.get(CONTACTS).status_code == 200


@pytest.mark.parametrize("fault", [{"kind": "earthquake"}, {"path": "("}, {"every": 0}, {"status": "bad"}])
def test_a_wrong_fault_is_refused(http: Caller, fault: dict[str, Any]) -> None:
    answer = http.session.post(f"{http.url}/_sandbox/faults", json=fault, timeout=10)
    assert answer.status_code == 400
    assert "not a fault" in answer.json()["message"]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ({"kind": "reset"}, requests.exceptions.ConnectionError),
        ({"kind": "hang"}, requests.exceptions.ReadTimeout),
        ({"kind": "status", "status": 502}, None),
    ],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_may_hide_a_write_that_was_taken(
    http: Caller, fault: dict[str, Any], raised: type[Exception] | None, when: str
) -> None:
    contact = http.contact(email="a@x.example")
    _fault(http, method="PATCH", when=when, **fault)
    wish = {"properties": {"city": "Köln"}}
    headers = {"Authorization": f"Bearer {http.token}"}
    url = f"{http.url}{CONTACTS}/{contact}"
    if raised is None:
        assert requests.patch(url, json=wish, headers=headers, timeout=5).status_code == 502
    else:
        with pytest.raises(raised):
            requests.patch(url, json=wish, headers=headers, timeout=(5, 0.15))
    taken = when == "after"
    assert http.read(contact, "city")["city"] == ("Köln" if taken else None)
    assert [entry["method"] for entry in http.control("journal")["entries"]] == ["POST"] + ["PATCH"] * taken


def test_a_reset_is_a_reset_and_no_orderly_end(http: Caller, portal: Sandbox) -> None:
    _fault(http, kind="reset")
    host, _, port = portal.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(f"GET {CONTACTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {http.token}\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            wire.recv(1024)


def test_a_body_can_end_in_the_middle(http: Caller) -> None:
    contact = http.contact(email="a@x.example")
    _fault(http, kind="half_body", method="PATCH")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        http.patch(f"{CONTACTS}/{contact}", {"properties": {"city": "Köln"}})
    assert http.read(contact, "city")["city"] == "Köln"


def test_a_slow_answer_comes_whole(http: Caller) -> None:
    _fault(http, kind="slow", seconds=0.1)
    assert http.get(CONTACTS).elapsed.total_seconds() >= 0.1


def test_a_hanging_answer_holds_nobody_else_up_and_ends_with_the_portal(http: Caller, portal: Sandbox) -> None:
    _fault(http, kind="hang", seconds=600)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(http.url + CONTACTS, headers={"Authorization": f"Bearer {http.token}"}, timeout=(5, 0.1))
    assert http.get(CONTACTS).status_code == 200
    began = time.monotonic()
    portal.stop()
    assert time.monotonic() - began < 3


def test_the_official_client_sees_a_fault_as_its_exception(client: HubSpot, http: Caller) -> None:
    _fault(http, kind="burst", retry_after=1)
    with pytest.raises(ApiException) as caught:
        client.crm.contacts.basic_api.get_page()
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
