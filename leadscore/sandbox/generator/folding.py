"""A journey becomes what the CRM shows: counters, last dates and their history, always in step with the events."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec

from leadscore.sandbox.clock import DAY_MS, iso
from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.behaviour import Journey, Submission
from leadscore.sandbox.generator.outcome import Deal
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.setup import FORMS

_Entry = list[Any]


@dataclass
class Folded:
    """`entries` are history entries: [time, source type, source id, user, new values, old values or None]."""

    doc: dict[str, str]
    origin: list[Any]
    entries: list[_Entry] = field(default_factory=list)
    views: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    submissions: list[tuple[str, int, str]] = field(default_factory=list)

    def write(self, at: int, source: tuple[str, str | None, int | None], values: dict[str, str]) -> None:
        old = {name: self.doc[name] for name in values if name in self.doc}
        self.entries.append([at, *source, values, old or None])
        self.doc.update(values)


def fold(random: Random, person: Person, journey: Journey, deal: Deal | None) -> Folded:
    """The contact as of now. Entries are made in order of time, so that each one knows what it replaced."""
    first_form = FORMS[journey.submissions[0].form][0] if journey.submissions else None
    by_form = journey.origin == "FORM" and first_form is not None
    origin = ["FORM", first_form, None] if by_form else ["IMPORT", f"import-{journey.created}", None]
    made = Folded(dict(person.properties), origin)
    stage = made.doc["lifecyclestage"] = _first_stage(journey)
    made.doc[f"hs_v2_date_entered_{stage}"] = iso(journey.created)
    made.doc["hs_analytics_source"] = _source(random, journey)
    made.doc["hs_latest_source"] = made.doc["hs_analytics_source"]
    acts: list[tuple[int, int, str, Any]] = []
    for number, visit in enumerate(journey.visits):
        acts.append((visit.pages[-1][0], number, "visit", visit))
    acts += [(act.at, number, "form", act) for number, act in enumerate(journey.submissions)]
    acts += [(at, number, act, None) for number, (at, act) in enumerate(journey.mails)]
    if journey.opted_out is not None:
        acts.append((journey.opted_out, 0, "opted out", None))
    acts += _stage_changes(random, journey, deal)
    acts.sort(key=lambda act: (act[0], act[1], act[2]))
    for at, _, kind, detail in acts:
        _act(random, person, made, at, kind, detail)
    return made


def _first_stage(journey: Journey) -> str:
    newsletter_only = bool(journey.submissions) and journey.submissions[0].form == 7
    return "subscriber" if newsletter_only else "lead"


def _source(random: Random, journey: Journey) -> str:
    if not journey.visits:
        return "OFFLINE"
    landing = journey.visits[0].pages[0][1]
    if "utm_medium=cpc" in landing or "gclid" in landing:
        return "PAID_SEARCH"
    if "linkedin" in landing:
        return "SOCIAL_MEDIA"
    if "partner" in landing:
        return "REFERRALS"
    return random.choice(("ORGANIC_SEARCH", "DIRECT_TRAFFIC", "DIRECT_TRAFFIC", "EMAIL_MARKETING"))


def _act(random: Random, person: Person, made: Folded, at: int, kind: str, detail: Any) -> None:
    if kind == "visit":
        _visit(person, made, at, detail.pages)
    elif kind == "form":
        _form(random, made, detail)
    elif kind in _MAIL_FIELDS:
        counter, last, first = _MAIL_FIELDS[kind]
        values = {counter: str(int(made.doc.get(counter, 0)) + 1), last: iso(at)}
        if first and first not in made.doc:
            values[first] = iso(at)
        made.write(at, ("EMAIL", None, None), values)
    elif kind == "opted out":
        made.write(at, ("EMAIL", None, None), {"hs_email_optout": "true"})
    elif kind == "meeting":
        made.write(at, ("MEETINGS", None, None), {"engagements_last_meeting_booked": iso(at + 2 * DAY_MS)})
    elif kind == "reply":
        made.write(at, ("EMAIL", None, None), {"hs_sales_email_last_replied": iso(at)})
    else:
        stage, source = detail
        values = {"lifecyclestage": stage, f"hs_v2_date_entered_{stage}": iso(at)}
        made.write(at, source, values)


_MAIL_FIELDS = {
    "sent": ("hs_email_delivered", "hs_email_last_send_date", ""),
    "opened": ("hs_email_open", "hs_email_last_open_date", "hs_email_first_open_date"),
    "clicked": ("hs_email_click", "hs_email_last_click_date", "hs_email_first_click_date"),
}


def _visit(person: Person, made: Folded, end: int, pages: list[tuple[int, str, str]]) -> None:
    """The counters change once a visit, at its end; so does the history of the last page seen [not verified]."""
    visits = int(made.doc.get("hs_analytics_num_visits", 0)) + 1
    views = int(made.doc.get("hs_analytics_num_page_views", 0)) + len(pages)
    session = f"sandbox-{person.number}-{visits}"
    for at, page, referrer in pages:
        made.views.append((at, words.SITE + page, page.strip("/").partition("?")[0] or "Home", referrer, session))
    values = {
        "hs_analytics_num_visits": str(visits),
        "hs_analytics_num_page_views": str(views),
        "hs_analytics_average_page_views": str(round(views / visits)),
        "hs_analytics_last_url": words.SITE + pages[-1][1],
        "hs_analytics_last_timestamp": iso(end),
        "hs_analytics_last_visit_timestamp": iso(pages[0][0]),
    }
    if visits == 1:
        values |= {"hs_analytics_first_url": words.SITE + pages[0][1], "hs_analytics_first_timestamp": iso(pages[0][0])}
        values["hs_analytics_first_visit_timestamp"] = iso(pages[0][0])
        if pages[0][2]:
            values["hs_analytics_first_referrer"] = pages[0][2]
    made.write(end, ("ANALYTICS", None, None), values)


def _form(random: Random, made: Folded, act: Submission) -> None:
    guid, name, _, _ = FORMS[act.form]
    event = f"{words.SITE}{act.page}: {name}"
    seen = {form for form, _, _ in made.submissions}
    values = {
        "num_conversion_events": str(len(made.submissions) + 1),
        "num_unique_conversion_events": str(len(seen | {guid})),
        "recent_conversion_date": iso(act.at),
        "recent_conversion_event_name": event,
    }
    if not made.submissions:
        values |= {"first_conversion_date": iso(act.at), "first_conversion_event_name": event}
    if "message" in act.answers:
        values["message"] = act.answers["message"]
    made.write(act.at, ("FORM", guid, None), values)
    document: dict[str, Any] = {"pageUrl": words.SITE + act.page, "values": _answers(act)}
    if random.random() < 0.95:
        document["conversionId"] = str(uuid.UUID(int=random.getrandbits(128), version=4))
    made.submissions.append((guid, act.at, msgspec.json.encode(document).decode()))


def _answers(act: Submission) -> list[dict[str, str]]:
    """Several ticks of one question repeat its name."""
    return [
        {"name": name, "value": value, "objectTypeId": "0-1"}
        for name, given in act.answers.items()
        for value in (given.split(";") if name == "product_interest" else [given])
    ]


def _stage_changes(random: Random, journey: Journey, deal: Deal | None) -> list[tuple[int, int, str, Any]]:
    """HubSpot moves a stage with a deal; now and then a person sets one by hand, forward or back."""
    changes: list[tuple[int, int, str, Any]] = []
    person = ("CRM_UI", f"userId:{random.choice((9501, 9502))}", None)
    if random.random() < 0.04:
        until = deal.begins if deal else journey.last_act()
        at = journey.created + round(random.random() * max(0, until - journey.created))
        stage = random.choice(("marketingqualifiedlead", "salesqualifiedlead", "subscriber", "other"))
        if not (stage == "other" and deal):
            user = int(person[1].removeprefix("userId:"))
            changes.append((at, 0, "stage", (stage, (*person[:2], user))))
    if deal is not None:
        robot = ("AUTOMATION_PLATFORM", "enrollmentId:118;actionExecutionIndex:0", None)
        changes.append((deal.begins, 1, "stage", ("opportunity", robot)))
        changes.append((deal.begins, 3, "meeting", None))
        if random.random() < 0.6:
            changes.append((deal.begins - 3_600_000, 4, "reply", None))
        if deal.state == "won":
            changes.append((deal.closes, 2, "stage", ("customer", robot)))
    return changes
