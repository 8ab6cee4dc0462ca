"""Refreshing a token: how long it lives, what rotates, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from hubspot import HubSpot

from tests.sandbox.conftest import Caller

CONTACTS = "/crm/v3/objects/contacts"
GRANT = {
    "grant_type": "refresh_token", "client_id": "sandbox-client", "client_secret": "sandbox-client-secret",
    "refresh_token": "na1-00000000-sandbox-refresh-token",
}  # fmt: skip


def _token(http: Caller, path: str = "/oauth/2026-03/token", **more: str) -> requests.Response:
    return http.session.post(http.url + path, data=GRANT | more, timeout=10)


def _granted(http: Caller, **more: str) -> dict[str, Any]:
    answer = _token(http, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("path", ["/oauth/2026-03/token", "/oauth/v3/token"])
def test_a_refreshed_token_opens_the_portal_for_half_an_hour(http: Caller, path: str) -> None:
    granted = _token(http, path).json()
    assert (granted["expires_in"], granted["token_type"], granted["hub_id"]) == (1800, "bearer", 147000001)
    assert granted["refresh_token"] == GRANT["refresh_token"]
    assert http.send("GET", CONTACTS, token=granted["access_token"]).status_code == 200
    http.control("clock", {"advance_ms": 1_800_000})
    ended = http.send("GET", CONTACTS, token=granted["access_token"])
    assert (ended.status_code, ended.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert http.get(CONTACTS).status_code == 200


def test_several_tokens_live_beside_one_another(http: Caller) -> None:
    http.control("settings", {"oauth_expires_in": 60})
    first = _granted(http)["access_token"]
    http.control("clock", {"advance_ms": 30_000})
    second = _granted(http)["access_token"]
    assert first != second
    http.control("clock", {"advance_ms": 30_000})
    assert [http.send("GET", CONTACTS, token=token).status_code for token in (first, second)] == [401, 200]


def test_where_refresh_tokens_rotate_an_old_one_is_worth_nothing(http: Caller) -> None:
    http.control("settings", {"oauth_rotate": True})
    fresh = _granted(http)["refresh_token"]
    assert fresh != GRANT["refresh_token"]
    assert _token(http).json()["status"] == "BAD_REFRESH_TOKEN"
    assert _granted(http, refresh_token=fresh)["refresh_token"] != fresh


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"refresh_token": "gone"}, "BAD_REFRESH_TOKEN"),
        ({"client_id": "other"}, "BAD_CLIENT_ID"),
        ({"client_secret": "other"}, "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE"),
    ],
)
def test_a_wrong_grant_is_a_400_with_its_word(http: Caller, wrong: dict[str, str], word: str) -> None:
    answer = _token(http, **wrong)
    assert (answer.status_code, answer.json()["status"]) == (400, word)


def test_parameters_in_the_address_are_not_read(http: Caller) -> None:
    assert http.session.post(f"{http.url}/oauth/2026-03/token", params=GRANT, timeout=10).status_code == 400


def test_the_official_client_refreshes_in_its_old_way(client: HubSpot, http: Caller) -> None:
    granted = client.oauth.tokens_api.create(**GRANT)
    assert granted.expires_in == 1800
    assert http.send("GET", CONTACTS, token=granted.access_token).status_code == 200
