"""Page views as events: Enterprise only, newest first, by contact, time and type; counters for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import NOW, Caller

EVENTS = "/events/v3/events/"


def _view(http: Caller, contact: str, page: str, at: int) -> None:
    wish = {"contact": contact, "url": f"https://www.example.com{page}", "at": at, "referrer": "https://a.example/"}
    http.control("people/view-page", wish)


def _urls(http: Caller, **params: Any) -> list[str]:
    answer = http.get(EVENTS, **params)
    assert answer.status_code == 200, answer.text
    return [event["properties"]["hs_url"].removeprefix("https://www.example.com") for event in answer.json()["results"]]


@pytest.mark.parametrize("tier", ["professional", "starter"])
def test_below_enterprise_events_are_forbidden(http: Caller, tier: str) -> None:
    http.control("settings", {"tier": tier})
    assert http.get(EVENTS, objectType="contact", objectId="1").status_code == 403
    assert http.get(f"{EVENTS}event-types").status_code == 403
    http.control("settings", {"events_status": 404})
    assert http.get(EVENTS).status_code == 404


def test_an_event_tells_who_saw_what_and_when(http: Caller) -> None:
    contact = http.contacts(1)[0]
    _view(http, contact, "/pricing?plan=team", NOW + 5)
    event = http.get(EVENTS, objectType="contact", objectId=contact, eventType="e_visited_page").json()["results"][0]
    assert event == {
        "objectType": "CONTACT",
        "objectId": contact,
        "eventType": "e_visited_page",
        "occurredAt": "2027-01-15T08:00:00.005Z",
        "id": "sandbox-view-1",
        "properties": {
            "hs_url": "https://www.example.com/pricing?plan=team",
            "hs_title": "",
            "hs_referrer": "https://a.example/",
            "hs_session_id": f"sandbox-{contact}-1",
            "hs_session_source": "DIRECT",
        },
    }


def test_events_are_cut_by_contact_and_time_and_sorted(http: Caller) -> None:
    one, other = http.contacts(2)
    for number in range(4):
        _view(http, one, f"/{number}", NOW + number * 1000)
    _view(http, other, "/other", NOW)
    who = {"objectType": "contact", "objectId": one}
    assert _urls(http, **who) == ["/3", "/2", "/1", "/0"]
    assert _urls(http, sort="occurredAt", **who) == ["/0", "/1", "/2", "/3"]
    assert _urls(http, occurredAfter="2027-01-15T08:00:01Z", occurredBefore="2027-01-15T08:00:03Z", **who) == [
        "/2",
        "/1",
    ]
    assert _urls(http, **{"objectProperty.email": "C1@x.example"}) == ["/other"]
    assert len(_urls(http)) == 5
    assert _urls(http, objectType="contact", objectId="4242") == []
    assert http.get(EVENTS, objectId=one).status_code == 400
    assert http.get(EVENTS, eventType="e_opened_email").status_code == 400
    assert http.get(EVENTS, occurredAfter="soon").status_code == 400


@pytest.mark.parametrize("sort", ["occurredAt", "-occurredAt"])
def test_pages_lose_and_repeat_nothing_even_at_one_instant(http: Caller, sort: str) -> None:
    contact = http.contacts(1)[0]
    for number in range(6):
        _view(http, contact, f"/{number}", NOW)
        wish = {
            "form": "Checklist",
            "values": {"email": "c0@x.example"},
            "page_url": f"https://www.example.com/f{number}",
        }
        http.control("people/submit-form", wish)
    found: list[str] = []
    more: dict[str, Any] = {}
    for _ in range(5):
        page = http.get(EVENTS, limit=3, sort=sort, objectType="contact", objectId=contact, **more).json()
        found += [event["properties"]["hs_url"] for event in page["results"]]
        if "paging" not in page:
            break
        more = {"after": page["paging"]["next"]["after"]}
    assert len(found) == len(set(found)) == 12
    assert http.get(EVENTS, after="%%").status_code == 400


def test_submissions_are_events_too_and_mails_are_not(http: Caller) -> None:
    contact = http.contacts(1)[0]
    http.control("people/submit-form", {"form": "Checklist", "values": {"email": "c0@x.example"}})
    http.control("people/mail", {"contact": contact, "act": "clicked"})
    events = http.get(EVENTS, objectType="contact", objectId=contact).json()["results"]
    assert [(event["eventType"], event["properties"]["hs_form_guid"]) for event in events] == [
        ("e_submitted_form", "3a5b8c1e-0004-4d6f-9a04-6f1d2e3c4b04")
    ]
    assert http.get(f"{EVENTS}event-types").json()["eventTypes"] == ["e_visited_page", "e_submitted_form"]


def test_views_and_visits_are_counted_with_first_and_last_page(http: Caller) -> None:
    contact = http.contacts(1)[0]
    for page, minute in (("/a", 0), ("/b", 29), ("/c", 60)):
        _view(http, contact, page, NOW + minute * 60_000)
    found = http.read(
        contact,
        "hs_analytics_num_page_views",
        "hs_analytics_num_visits",
        "hs_analytics_first_url",
        "hs_analytics_last_url",
        "hs_analytics_last_timestamp",
        "hs_analytics_last_visit_timestamp",
    )
    assert (found["hs_analytics_num_page_views"], found["hs_analytics_num_visits"]) == ("3", "2")
    assert found["hs_analytics_first_url"].endswith("/a")
    assert found["hs_analytics_last_url"].endswith("/c")
    assert found["hs_analytics_last_timestamp"] == found["hs_analytics_last_visit_timestamp"]
    answer = http.get(f"/crm/v3/objects/contacts/{contact}", propertiesWithHistory="hs_analytics_last_url").json()
    history = answer["propertiesWithHistory"]["hs_analytics_last_url"]
    assert [version["value"][-2:] for version in history] == ["/c", "/b", "/a"]


def test_mail_counters_are_empty_until_the_first_event(http: Caller) -> None:
    contact = http.contacts(1)[0]
    names = "hs_email_open", "hs_email_last_open_date", "hs_email_click", "hs_email_optout"
    assert [http.read(contact, *names)[name] for name in names] == [None] * 4
    for act in ("opened", "opened", "unsubscribed"):
        http.control("people/mail", {"contact": "c0@x.example", "act": act})
    found = http.read(contact, *names)
    assert [found[name] for name in names] == ["2", "2027-01-15T08:00:00.000Z", None, "true"]
