"""Forms, page views, mail and lists as HubSpot shows them become activities, each once and with its own time."""

from collections.abc import Iterable
from typing import Any

import pytest

from connectors.hubspot.contacts import derived
from connectors.hubspot.records import Wanted, seen
from connectors.protocol import Needs, Page, SeenActivity
from tests.connectors.portal import DAY, NOW, Portal, portal

HOUR = 3_600_000


def doing(*types: str) -> Needs:
    return Needs({"contact": ("email",)}, {}, activities=frozenset(types))


def activities(pages: Iterable[Page]) -> list[SeenActivity]:
    return [activity for page in pages for activity in page.activities]


def read(portal: Portal, stream: str, needs: Needs, cursor: str | None = None, now: int = NOW) -> list[Page]:
    return list(portal.open().reader.read(stream, cursor, needs, now))


def submit(portal: Portal, form: str, at: int, **values: Any) -> None:
    portal.post("people/submit-form", form=form, values=values, page_url="https://x.example/demo", at=at)


def test_a_submission_carries_its_form_its_page_and_its_answers(portal: Portal) -> None:
    submit(portal, "Request a demo", NOW - 5, email="Ana@Example.com", message="Hi there", topics=["a", "b"])
    pages = read(portal, "form_submissions", doing("form_submission"))
    (activity,) = activities(pages)
    assert (activity.email, activity.record_id, activity.occurred_at) == ("ana@example.com", None, NOW - 5)
    guid = activity.details["form_id"]
    assert activity.details == {
        "form": "Request a demo",
        "form_id": guid,
        "url": "https://x.example/demo",
        "answer.email": "Ana@Example.com",
        "answer.message": "Hi there",
        "answer.topics": "a;b",
    }
    assert activity.id.startswith(f"{guid}:")
    assert len(pages[0].forms) == 8


def test_a_submission_without_an_address_comes_too(portal: Portal) -> None:
    submit(portal, "Newsletter", NOW, firstname="Nobody")
    (activity,) = activities(read(portal, "form_submissions", doing("form_submission")))
    assert activity.email is None


def test_all_pages_of_a_form_are_read_and_later_only_what_is_new(portal: Portal) -> None:
    for number in range(120):
        submit(portal, "Newsletter", NOW - 10 * DAY + number * HOUR, email=f"p{number}@example.com")
    pages = read(portal, "form_submissions", doing("form_submission"))
    assert len({activity.id for activity in activities(pages)}) == 120
    submit(portal, "Newsletter", NOW, email="new@example.com")
    again = activities(read(portal, "form_submissions", doing("form_submission"), pages[-1].cursor))
    assert [activity.email for activity in again] == ["new@example.com", "p119@example.com", "p118@example.com"]


def test_submissions_go_on_from_every_page_and_meet_those_that_came_in_between(portal: Portal) -> None:
    for number in range(120):
        submit(portal, "Newsletter", NOW - 100 * DAY + number * HOUR, email=f"p{number}@example.com")
        submit(portal, "Checklist", NOW - 100 * DAY + number * HOUR, email=f"p{number}@example.com")
    pages = read(portal, "form_submissions", doing("form_submission"))
    everything = {activity.id for activity in activities(pages)}
    assert len(everything) == 240
    for number, page in enumerate(pages[:-1]):
        rest = read(portal, "form_submissions", doing("form_submission"), page.cursor)
        assert {activity.id for activity in activities([*pages[: number + 1], *rest])} == everything
    submit(portal, "Checklist", NOW, email="new@example.com")
    resumed = read(portal, "form_submissions", doing("form_submission"), pages[1].cursor)
    later = read(portal, "form_submissions", doing("form_submission"), resumed[-1].cursor)
    assert "new@example.com" in {activity.email for activity in activities([*resumed, *later])}


def test_page_views_are_read_one_by_one_with_an_enterprise_tier(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}], at=NOW - DAY)
    for minutes in range(150):
        at = NOW - DAY + minutes * 60_000
        portal.post("people/view-page", contact=id, url=f"https://x.example/p/{minutes}?a=1", title="T", at=at)
    needs = doing("page_view")
    assert "page_views" in portal.open().reader.streams(needs)
    pages = read(portal, "page_views", needs)
    views = activities(pages)
    assert len({view.id for view in views}) == 150
    assert {(view.type, view.record_id) for view in views} == {("page_view", id)}
    assert min(views, key=lambda view: view.occurred_at).details == {"url": "https://x.example/p/0?a=1", "title": "T"}
    assert activities(read(portal, "contacts", needs)) == []


def test_later_only_new_views_are_read(portal: Portal) -> None:
    ids = visits(portal, 60, NOW - 20 * DAY)
    cursor = read(portal, "page_views", doing("page_view"))[-1].cursor
    assert portal.requests("/events/v3/events") == 1
    portal.post("people/view-page", contact=ids[5], url="https://x.example/pricing", at=NOW)
    (view,) = activities(read(portal, "page_views", doing("page_view"), cursor))
    assert (view.record_id, view.details["url"]) == (ids[5], "https://x.example/pricing")
    assert portal.requests("/events/v3/events") == 2


def test_a_portal_that_lists_events_by_contact_only_is_asked_for_those_who_visited(portal: Portal) -> None:
    portal.fault(status=400, path=r"/events/v3/events/?\?(?!.*objectId)", count=0)
    ids = visits(portal, 60, NOW - 20 * DAY)
    pages = read(portal, "page_views", doing("page_view"))
    assert {view.record_id for view in activities(pages)} == set(ids)
    portal.post("people/view-page", contact=ids[5], url="https://x.example/pricing", at=NOW)
    before = portal.requests("/events/v3/events")
    (view,) = activities(read(portal, "page_views", doing("page_view"), pages[-1].cursor))
    assert (view.record_id, view.details["url"]) == (ids[5], "https://x.example/pricing")
    assert portal.requests("/events/v3/events") - before == 1


@pytest.mark.parametrize("by_contact", [False, True])
def test_views_go_on_from_every_page(portal: Portal, by_contact: bool) -> None:
    if by_contact:
        portal.fault(status=400, path=r"/events/v3/events/?\?(?!.*objectId)", count=0)
    ids = visits(portal, 160, NOW - 20 * DAY)
    for number in range(1100):
        portal.sandbox.portal.db.execute(
            "INSERT INTO page_views (contact, at, url, session) VALUES (?,?,?,'s')",
            (int(ids[0]), NOW - DAY + number // 3, f"https://x.example/{number}"),
        )
    pages = read(portal, "page_views", doing("page_view"))
    everything = {view.id for view in activities(pages)}
    assert len(everything) == 160 + 1100
    assert len(pages) > 2
    for number, page in enumerate(pages[:-1]):
        rest = read(portal, "page_views", doing("page_view"), page.cursor)
        assert {view.id for view in activities([*pages[: number + 1], *rest])} == everything


def visits(portal: Portal, count: int, at: int) -> list[str]:
    """So many contacts, each with one view."""
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(count)], at=at - DAY)
    for id in ids:
        portal.post("people/view-page", contact=id, url="https://x.example/", at=at)
    return ids


def test_a_new_contact_brings_the_views_from_before_it_had_a_name(portal: Portal) -> None:
    cursor = read(portal, "page_views", doing("page_view"))[-1].cursor
    (id,) = portal.import_contacts([{"email": "a@example.com"}], at=NOW)
    portal.post("people/view-page", contact=id, url="https://x.example/old", at=NOW - 40 * DAY)
    portal.post("people/view-page", contact=id, url="https://x.example/new", at=NOW)
    views = activities(read(portal, "page_views", doing("page_view"), cursor))
    assert {view.details["url"] for view in views} == {"https://x.example/old", "https://x.example/new"}


@pytest.mark.parametrize("status", [403, 404])
def test_below_enterprise_the_last_page_of_each_visit_is_read_instead(status: int) -> None:
    with portal(tier="professional", events_status=status) as made:
        (id,) = made.import_contacts([{"email": "a@example.com"}], at=NOW - DAY)
        for url, at in (("https://x.example/a", NOW - 2 * HOUR), ("https://x.example/b", NOW - HOUR)):
            made.post("people/view-page", contact=id, url=url, at=at)
        needs = doing("page_view")
        reader = made.open().reader
        assert "page_views" not in reader.streams(needs)
        views = activities(reader.read("contacts", None, needs, NOW))
        assert [(view.details["url"], view.occurred_at) for view in views] == [
            ("https://x.example/a", NOW - 2 * HOUR),
            ("https://x.example/b", NOW - HOUR),
        ]
        (ability,) = [found for found in reader.capabilities(needs) if found.name == "page views"]
        assert not ability.available
        assert ability.activities == ()


def test_clicks_opens_and_opting_out_come_from_the_history_of_their_fields(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}], at=NOW - DAY)
    for act, at in (("opened", 4), ("clicked", 3), ("clicked", 2), ("unsubscribed", 1)):
        portal.post("people/mail", contact=id, act=act, at=NOW - at * HOUR)
    seen = activities(read(portal, "contacts", doing("email_open", "email_click", "unsubscribe", "meeting")))
    assert sorted((activity.type, (NOW - activity.occurred_at) // HOUR) for activity in seen) == [
        ("email_click", 2),
        ("email_click", 3),
        ("email_open", 4),
        ("unsubscribe", 1),
    ]
    assert len({(activity.type, activity.id) for activity in seen}) == 4
    again = activities(read(portal, "contacts", doing("email_open", "email_click", "unsubscribe")))
    assert {activity.id for activity in again} == {activity.id for activity in seen}


def test_only_turning_the_flag_on_is_an_opt_out_and_only_a_rising_counter_a_bounce() -> None:
    def past(*entries: tuple[str | None, int]) -> list[dict[str, Any]]:
        return [{"value": value, "timestamp": str(at), "sourceType": "EMAIL"} for value, at in reversed(entries)]

    raw = {
        "id": "7",
        "propertiesWithHistory": {
            "hs_email_optout": past(("false", 1), ("true", 2), ("true", 3), ("", 4), ("true", 5)),
            "hs_email_bounce": past((None, 1), ("1", 2), ("1", 3), ("3", 4), ("0", 5)),
            "hs_sales_email_last_replied": past(("2027-01-15T08:00:00Z", 1), ("no date", 2), (None, 3)),
        },
    }
    found = [(seen.type, seen.occurred_at) for seen in derived(raw, frozenset({"unsubscribe", "email_bounce"}))]
    assert sorted(found) == [("email_bounce", 2), ("email_bounce", 4), ("unsubscribe", 2), ("unsubscribe", 5)]
    assert [seen.occurred_at for seen in derived(raw, frozenset({"email_reply"}))] == [NOW]


def test_a_calculated_value_has_no_history_because_its_time_is_that_of_reading() -> None:
    calculated = {"value": "1", "timestamp": "2027-01-15T08:00:00Z", "sourceType": "CALCULATED"}
    raw = {"id": "7", "properties": {"score": "1"}, "propertiesWithHistory": {"score": [calculated]}}
    record = seen(raw, Wanted("contact", ("score",), ("score",)))
    assert (record.values, record.history) == ({"score": "1"}, {})


def test_what_no_model_names_is_no_activity(portal: Portal) -> None:
    (id,) = portal.import_contacts([{"email": "a@example.com"}])
    portal.post("people/mail", contact=id, act="opened")
    assert activities(read(portal, "contacts", doing("email_click"))) == []


def test_lists_are_read_whole_and_left_out_while_hubspot_fills_them(portal: Portal) -> None:
    ids = portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(260)])
    portal.post("lists", name="Do not score", members=[int(id) for id in ids])
    portal.post("lists", name="Half / full", members=[int(ids[0])], status="PROCESSING")
    needs = Needs({"contact": ()}, {}, ("Do not score", "Half / full", "Nobody's"))
    pages = read(portal, "lists", needs)
    assert [(found.name, found.members) for page in pages for found in page.lists] == [("Do not score", frozenset(ids))]
    portal.post("lists", name="Half / full", members=[int(ids[0])], status="COMPLETE")
    assert {found.name for page in read(portal, "lists", needs) for found in page.lists} == {
        "Do not score",
        "Half / full",
    }
