"""Account Engagement's API: fields must be named, pages end at a token, and what people did stands in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import requests

from leadscore.sandbox.salesforce.generator import generate
from leadscore.sandbox.salesforce.server import SalesforceSandbox, serve
from tests.sandbox.salesforce.conftest import NOW, Caller

PEOPLE = 60


@dataclass
class Engagement:
    """Calls with a token and the business unit; `more` replaces headers."""

    caller: Caller

    def send(self, path: str, more: dict[str, str] | None = None, **query: Any) -> requests.Response:
        headers = {"Pardot-Business-Unit-Id": self.caller.org.org.settings.business_unit, **(more or {})}
        url = f"{self.caller.org.url}/api/v5/objects/{path}"
        return self.caller.session.get(url, params=query, headers=headers, timeout=10)

    def page(self, path: str, fields: str = "id", **query: Any) -> Any:
        answer = self.send(path, fields=fields, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str, fields: str = "id", **query: Any) -> list[Any]:
        """All rows, page after page."""
        page = self.page(path, fields, **query)
        rows = list(page["values"])
        while page["nextPageToken"]:
            page = self.page(path, fields, nextPageToken=page["nextPageToken"])
            rows += page["values"]
        return rows

    def fault(self, path: str, **query: Any) -> tuple[int, int]:
        answer = self.send(path, **query)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def org() -> Iterator[SalesforceSandbox]:
    with serve(now=NOW) as running:
        generate(running.org, PEOPLE, 5)
        yield running


@pytest.fixture
def api(org: SalesforceSandbox) -> Engagement:
    caller = Caller(org)
    caller.login()
    return Engagement(caller)


def test_every_person_is_a_prospect_of_a_lead_or_contact_with_the_same_address(api: Engagement) -> None:
    prospects = api.every("prospects", "id,email,salesforceId")
    emails: dict[str, str] = {}
    for object in ("Lead", "Contact"):
        emails |= dict(api.caller.rows(f"SELECT Id, Email FROM {object}", "Id", "Email"))  # noqa: S608 - constant names
    assert len(prospects) == PEOPLE
    assert all(emails[one["salesforceId"]] == one["email"] for one in prospects)


def test_what_an_activity_means_comes_from_its_type_and_the_ids_that_it_names(api: Engagement) -> None:
    named = "type,typeName,formId,formHandlerId,visitorPageViewId,visitId,emailId,details"
    rows = api.every("visitor-activities", named, limit=1000)
    kinds = Counter(
        (row["type"], tuple(sorted(name for name, value in row.items() if name.endswith("Id") and value is not None)))
        for row in rows
    )
    assert set(kinds) >= {
        (4, ("formId",)),
        (4, ("formHandlerId",)),
        (2, ("visitId", "visitorPageViewId")),
        (20, ("visitId",)),
        (6, ("emailId",)),
        (11, ("emailId",)),
        (1, ("emailId",)),
    }
    assert all(row["details"].startswith("https://") for row in rows if row["type"] == 1)
    assert kinds[2, ("visitId", "visitorPageViewId")] == len(api.every("visitor-page-views", limit=1000))


def test_related_objects_are_shown_inside(api: Engagement) -> None:
    (row,) = api.page("visitor-activities", "id,prospect.email,prospect.salesforceId", limit=1)["values"]
    assert set(row) == {"id", "prospect"}
    assert set(row["prospect"]) == {"email", "salesforceId"}
    view = api.page("visitor-page-views", "url,visit.prospectId,visit.prospect.salesforceId", limit=1)["values"][0]
    assert view["visit"]["prospect"]["salesforceId"][:3] in ("00Q", "003")
    one = api.send(f"prospects/{view['visit']['prospectId']}", fields="id,email")
    assert one.json()["id"] == view["visit"]["prospectId"]


def test_pages_in_any_order_hold_every_row_once(api: Engagement) -> None:
    total = len(api.every("visitor-activities", limit=1000))
    for order in ("id ASC", "id DESC", "createdAt ASC", "updatedAt DESC"):
        rows = api.every("visitor-activities", "id,createdAt,updatedAt", limit=97, orderBy=order)
        assert len({row["id"] for row in rows}) == len(rows) == total
        name, way = order.split()
        places = [datetime.fromisoformat(row[name]) if name != "id" else row["id"] for row in rows]
        assert places == sorted(places, reverse=way == "DESC"), order


def test_ids_grow_with_time_and_times_have_the_offset_of_the_users_zone(api: Engagement) -> None:
    rows = api.every("visitor-activities", "id,createdAt", limit=1000, orderBy="createdAt ASC")
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert {row["createdAt"][19:] for row in rows} == {"-05:00", "-04:00"}
    since = rows[-10]["createdAt"]
    late = api.every("visitor-activities", createdAtAfterOrEqualTo=since)
    assert 10 <= len(late) < len(rows)
    assert api.fault("visitor-activities", fields="id", createdAtAfter="2027-01-01T00:00:00 05:00") == (400, 57)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, 51),
        ({"fields": "id,nonsense"}, 51),
        ({"fields": "prospect.nonsense"}, 51),
        ({"fields": "id", "limit": 1001}, 52),
        ({"fields": "id", "limit": 0}, 52),
        ({"fields": "id", "nextPageMark": "x"}, 51),
        ({"fields": "id", "orderBy": "details"}, 51),
        ({"fields": "id", "nextPageToken": "x"}, 51),
    ],
)
def test_a_wrong_question_is_refused_with_a_code(api: Engagement, query: dict[str, Any], code: int) -> None:
    assert api.fault("visitor-activities", **query) == (400, code)


def test_a_token_goes_with_fields_alone_and_lives_four_hours(api: Engagement) -> None:
    token = api.page("visitor-activities", limit=5)["nextPageToken"]
    assert api.fault("visitor-activities", fields="id", nextPageToken=token, limit=5) == (400, 51)
    assert api.fault("visits", fields="id", nextPageToken=token) == (400, 51)
    assert len(api.page("visitor-activities", nextPageToken=token)["values"]) == 5
    api.caller.control("settings", {"token_seconds": 90_000})
    api.caller.login()
    api.caller.control("clock", {"advance_ms": 4 * 3_600_000 + 1})
    assert api.fault("visitor-activities", fields="id", nextPageToken=token) == (400, 51)


def test_a_query_ends_at_its_most_rows_with_a_warning(api: Engagement) -> None:
    api.caller.control("limits", {"pardot_most": 20})
    first = api.page("visitor-activities", limit=15)
    second = api.send("visitor-activities", fields="id", nextPageToken=first["nextPageToken"])
    assert second.json()["nextPageToken"] is None
    assert second.headers["Pardot-Warning"].startswith("203")


def test_without_token_unit_or_calls_left_nothing_is_told(api: Engagement) -> None:
    unit = {"Pardot-Business-Unit-Id": "0Uv000000000000AAA"}
    assert api.send("prospects", unit, fields="id").json()["code"] == 49
    assert api.send("prospects", {"Authorization": "Bearer x"}, fields="id").json()["code"] == 184
    used = api.send("prospects", {"X-Return-Api-Usage": "1"}, fields="id").headers["x-api-usage"]
    before = api.caller.control("limits")["used"]
    api.caller.control("limits", {"pardot_daily": int(used.split("/")[0])})
    assert api.fault("prospects", fields="id") == (429, 122)
    assert api.caller.control("limits")["used"] == before
    api.caller.control("limits", {"pardot_daily": 100})
    api.caller.control("faults", {"kind": "burst", "path": "/api/v5"})
    assert api.fault("prospects", fields="id") == (429, 66)
    assert api.send("prospects", fields="id").status_code == 200


def test_no_more_than_five_calls_are_answered_at_once(api: Engagement) -> None:
    api.caller.control("faults", {"kind": "slow", "path": "/api/v5", "count": 0, "seconds": 0.5})
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: api.send("prospects", fields="id"), range(12)))
    codes = Counter(answer.json().get("code") for answer in answers)
    assert codes[None] >= 5
    assert codes[66] >= 1
    assert set(codes) == {None, 66}


def test_a_new_act_is_seen_by_who_asks_for_what_is_new_once_it_is_old_enough(api: Engagement) -> None:
    email = api.page("prospects", "email")["values"][0]["email"]
    last = api.page("visitor-activities", limit=1, orderBy="id DESC")["values"][0]["id"]
    api.caller.control("settings", {"pardot_lag_ms": 60_000})
    api.caller.control("engage", {"email": email, "type": 2, "url": "https://www.example.com/pricing"})
    assert api.every("visitor-activities", idGreaterThan=last) == []
    api.caller.control("clock", {"advance_ms": 60_000})
    fields = "type,prospect.email,visitorPageView.url"
    assert api.every("visitor-activities", fields, idGreaterThan=last) == [
        {"type": 2, "prospect": {"email": email}, "visitorPageView": {"url": "https://www.example.com/pricing"}}
    ]


def test_a_prospect_follows_its_lead_into_a_contact(api: Engagement) -> None:
    lead = api.caller.rows("SELECT Id, Email FROM Lead WHERE IsConverted = false LIMIT 1", "Id", "Email")[0]
    contact = api.caller.control("people/convert", {"id": lead[0]})["contact"]
    assert api.every("prospects", "salesforceId", email=lead[1]) == [{"salesforceId": contact}]


def test_an_org_without_account_engagement_has_no_prospects(api: Engagement) -> None:
    api.caller.control("settings", {"pardot": False})
    assert api.fault("prospects", fields="id") == (403, 49)
