"""Tokens end, calls are counted, and faults come when told to."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox.salesforce.conftest import Caller


def test_a_token_ends_and_a_new_one_is_asked_for(call: Caller) -> None:
    call.control("clock", {"advance_ms": 7_200_001})
    answer = call.send("GET", "limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
    call.login()
    assert call.send("GET", "limits").status_code == 200


def test_a_wrong_secret_gets_no_token(call: Caller) -> None:
    form = {"grant_type": "client_credentials", "client_id": call.org.org.settings.client_id, "client_secret": "no"}
    answer = requests.post(f"{call.org.url}/services/oauth2/token", data=form, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
    assert "expires_in" not in answer.json()


def test_a_token_may_be_asked_for_in_chunks(call: Caller) -> None:
    settings = call.org.org.settings
    body = f"grant_type=client_credentials&client_id={settings.client_id}&client_secret={settings.client_secret}"
    pieces = (part.encode() for part in (body[:20], body[20:]))
    answer = requests.post(f"{call.org.url}/services/oauth2/token", data=pieces, timeout=10)
    assert answer.status_code == 200


def test_every_call_is_counted_and_a_day_has_an_end(call: Caller) -> None:
    call.control("limits", {"daily": 3, "used": 1})
    assert call.send("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=2/3"
    assert call.send("GET", "limits").status_code == 200
    answer = call.send("GET", "limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_the_user_of_a_token_can_be_asked_for(call: Caller) -> None:
    told = call.session.get(f"{call.org.url}/services/oauth2/userinfo", timeout=10).json()
    assert told["organization_id"] == call.org.organization_id
    assert len(told["user_id"]) == 18


def test_a_write_may_be_taken_although_its_answer_is_lost(call: Caller) -> None:
    id = call.lead()
    fault = {"kind": "reset", "method": "PATCH", "path": "sobjects", "when": "after"}
    requests.post(f"{call.org.url}/_sandbox/faults", json=fault, timeout=10)
    with pytest.raises(requests.ConnectionError):
        call.send("PATCH", f"sobjects/Lead/{id}", {"Title": "CEO"})
    assert call.rows("SELECT Title FROM Lead", "Title") == ["CEO"]


def test_ids_check_themselves(call: Caller) -> None:
    id = call.lead()
    assert call.send("GET", f"sobjects/Lead/{id[:15]}").json()["Id"] == id
    broken = id[:15] + ("AAA" if not id.endswith("AAA") else "BBB")
    assert call.send("GET", f"sobjects/Lead/{broken}").status_code == 404
