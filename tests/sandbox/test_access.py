"""Tokens, scopes and rate limits."""

from __future__ import annotations

import pytest

from leadscore.sandbox import Sandbox
from tests.sandbox.conftest import NOW, Caller

CONTACTS = "/crm/v3/objects/contacts"


def test_an_unknown_token_is_401_and_a_wrongly_formed_one_530(http: Caller) -> None:
    unknown = http.send("GET", CONTACTS, token="pat-na1-00000000-unknown")
    assert (unknown.status_code, unknown.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert unknown.json()["message"].startswith("Authentication credentials not found")
    assert http.send("GET", CONTACTS, token="short").status_code == 530
    assert http.send("GET", CONTACTS, token="has a space inside").status_code == 530
    assert http.session.get(http.url + CONTACTS, timeout=10).status_code == 401


def test_a_token_expires_when_told_and_a_new_one_takes_over(http: Caller) -> None:
    http.control("settings", {"token_expires_at": NOW + 1000})
    assert http.get(CONTACTS).status_code == 200
    http.control("clock", {"advance_ms": 3000})
    expired = http.get(CONTACTS)
    assert (expired.status_code, expired.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert expired.json()["message"] == "The OAuth token used to make this call expired 2 second(s) ago."
    assert expired.json()["context"] == {"expire time": ["2027-01-15T08:00:01.000Z"]}
    http.control("settings", {"token": "pat-na1-another-token", "token_expires_at": None})
    assert http.send("GET", CONTACTS, token="pat-na1-another-token").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/search", "crm.objects.contacts.read"),
        ("POST", f"{CONTACTS}/batch/update", "crm.objects.contacts.write"),
        ("GET", "/crm/objects/2026-09/companies", "crm.objects.companies.read"),
        ("GET", "/crm/v3/objects/0-3", "crm.objects.deals.read"),
        ("POST", "/crm/v3/properties/contacts", "crm.schemas.contacts.write"),
        ("GET", "/marketing/v3/forms/", "forms"),
        ("GET", "/crm/v3/lists/1", "crm.lists.read"),
        ("GET", "/crm/v3/owners", "crm.objects.owners.read"),
        ("GET", "/events/v3/events/", "business-intelligence"),
    ],
)
def test_a_missing_scope_is_403_and_named(http: Caller, method: str, path: str, scope: str) -> None:
    scopes = http.control("settings")["scopes"]
    http.control("settings", {"scopes": [held for held in scopes if held != scope]})
    answer = http.send(method, path, {"inputs": []} if method == "POST" else None)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"]["requiredGranularScopes"] == [scope]


def test_any_object_scope_opens_associations_and_pipelines_and_one_reads_definitions(http: Caller) -> None:
    http.control("settings", {"scopes": ["crm.objects.deals.read"]})
    assert http.get("/crm/v3/pipelines/deals").status_code == 200
    assert http.get("/crm/v4/associations/contacts/companies/labels").status_code == 200
    assert http.get("/crm/v3/properties/deals").status_code == 200
    assert http.get("/crm/v3/properties/contacts").status_code == 403
    http.control("settings", {"scopes": []})
    assert http.get("/crm/v3/pipelines/deals").status_code == 403
    assert http.get("/account-info/v3/details").status_code == 200


@pytest.mark.parametrize("with_header", [False, True])
def test_the_burst_limit_answers_429_with_and_without_retry_after(http: Caller, with_header: bool) -> None:
    http.control("limits", {"enforce": True, "burst": 3, "retry_after": with_header})
    answers = [http.get(CONTACTS) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-HubSpot-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[3]
    assert refused.headers.get("Retry-After") == ("10" if with_header else None)
    body = refused.json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert "groupName" in body
    assert "category" not in body


def test_the_burst_window_rolls_on(http: Caller) -> None:
    http.control("limits", {"enforce": True, "burst": 1, "interval_ms": 50})
    assert http.get(CONTACTS).status_code == 200
    assert any(http.get(CONTACTS).status_code == 200 for _ in range(2000))


def test_search_has_its_own_limit_and_no_headers(http: Caller) -> None:
    http.control("limits", {"enforce": True, "burst": 1, "search_per_second": 2})
    assert http.get(CONTACTS).status_code == 200
    answers = [http.search() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["policyName"] == "SECONDLY"
    assert not any(name.lower().startswith("x-hubspot-ratelimit") for answer in answers for name in answer.headers)
    assert http.get(CONTACTS).json()["policyName"] == "TEN_SECONDLY_ROLLING"


def test_the_daily_limit_ends_at_midnight_in_the_accounts_time_zone(http: Caller) -> None:
    http.control("limits", {"enforce": True, "daily": 2, "daily_used": 1})
    assert http.get(CONTACTS).headers["X-HubSpot-RateLimit-Daily-Remaining"] == "0"
    refused = http.get(CONTACTS)
    assert (refused.status_code, refused.json()["policyName"]) == (429, "DAILY")
    http.control("clock", {"now": "2027-01-16T04:59:59Z"})
    assert http.get(CONTACTS).status_code == 429
    http.control("clock", {"now": "2027-01-16T05:00:00Z"})
    assert http.get(CONTACTS).status_code == 200


@pytest.mark.parametrize(("tier", "burst", "daily"), [("enterprise", 190, 1_000_000), ("starter", 100, 250_000)])
def test_the_tier_sets_the_limits_that_the_headers_tell(http: Caller, tier: str, burst: int, daily: int) -> None:
    http.control("settings", {"tier": tier})
    headers = http.get(CONTACTS).headers
    assert headers["X-HubSpot-RateLimit-Max"] == str(burst)
    assert headers["X-HubSpot-RateLimit-Daily"] == str(daily)
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"


def test_limits_are_off_until_switched_on(http: Caller) -> None:
    assert {http.get(CONTACTS).status_code for _ in range(250)} == {200}


def test_a_wrong_setting_is_refused_with_a_sentence(http: Caller, portal: Sandbox) -> None:
    for path, body, words in (
        ("settings", {"teir": "starter"}, "there is no setting 'teir'"),
        ("settings", {"tier": "platinum"}, "not 'platinum'"),
        ("settings", {"scopes": "all"}, "Expected `array`"),
        ("limits", {"bursts": 1}, "there is no limit 'bursts'"),
        ("limits", {"burst": "many"}, "not a limit"),
    ):
        answer = http.session.post(f"{http.url}/_sandbox/{path}", json=body, timeout=10)
        assert answer.status_code == 400
        assert words in answer.json()["message"]
    assert portal.portal.settings.tier == "enterprise"
