"""What Account Engagement saw of people: prospects, visits, page views, and activities of forms, mails and clicks.

What an activity means comes from its type and from which id it names: type 4 with formId or formHandlerId is a form's
success, 2 with visitorPageViewId a page view, 20 with visitId a visit; 6, 11, 1 and 12 with emailId are a mail sent,
opened, clicked and unsubscribed from.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from leadscore.sandbox.clock import instant
from leadscore.sandbox.generator import words
from leadscore.sandbox.generator.behaviour import Journey, Visit
from leadscore.sandbox.generator.people import Person
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.setup import FORMS

PROSPECTS, VISITS, VIEWS, ACTIVITIES = "prospects", "visits", "visitor-page-views", "visitor-activities"
CLICK, VIEW, SUCCESS, SENT, OPEN, UNSUBSCRIBED, VISIT = 1, 2, 4, 6, 11, 12, 20
TYPES = {CLICK: "Click", VIEW: "View", SUCCESS: "Success", SENT: "Sent", OPEN: "Open",
         UNSUBSCRIBED: "Unsubscribe Page", VISIT: "Visit"}  # fmt: skip
HANDLED = 2
"""The place among the forms of the one that is a form handler; all others are forms of Account Engagement."""
_FIRST = {PROSPECTS: 101, VISITS: 7001, VIEWS: 9001, ACTIVITIES: 2001}
_MAILS = {"sent": SENT, "opened": OPEN, "clicked": CLICK}
_INSERT = "INSERT INTO pardot (object, id, created, updated, prospect, doc) VALUES (?,?,?,?,?,?)"
_PARAMETERS = ("campaign", "medium", "source", "content", "term")
Doc = dict[str, Any]


@dataclass
class _Row:
    """`links` name rows whose ids are not known yet."""

    at: int
    doc: Doc
    updated: int = 0
    links: dict[str, _Row] = field(default_factory=dict)


class Engagement:
    """Collects what was seen of everybody; `save` writes it with ids in order of time, as they are given in truth."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._rows: dict[str, list[_Row]] = {name: [] for name in _FIRST}

    def follow(self, person: Person, record: str, way: Journey) -> None:
        """`record` is the Lead or Contact with which the prospect is connected."""
        known = person.properties
        prospect = self._add(PROSPECTS, way.created, {
            "email": person.email, "firstName": known.get("firstname"), "lastName": known.get("lastname"),
            "company": known.get("company"), "jobTitle": known.get("jobtitle"), "country": known.get("country"),
            "salesforceId": record, "optedOut": way.opted_out is not None, "isDeleted": False, "score": 0,
            "grade": None, "campaignId": 7,
        })  # fmt: skip
        for visit in way.visits:
            self._visit(prospect, visit)
        for act in way.submissions:
            name = "formHandlerId" if act.form == HANDLED else "formId"
            self._activity(prospect, act.at, SUCCESS, {name: 11 + act.form, "details": FORMS[act.form][1]})
        for at, kind in way.mails:
            link = {"details": f"{words.SITE}/blog"} if kind == "clicked" else {"details": "Newsletter"}
            self._activity(prospect, at, _MAILS[kind], {"emailId": 31, "listEmailId": 31, **link})
        if way.opted_out is not None:
            self._activity(prospect, way.opted_out, UNSUBSCRIBED, {"emailId": 31, "details": "Newsletter"})

    def _visit(self, prospect: _Row, seen: Visit) -> None:
        first, last = seen.pages[0][0], seen.pages[-1][0]
        given = parse_qs(urlsplit(seen.pages[0][1]).query)
        visit = self._add(VISITS, first, {
            "visitorPageViewCount": len(seen.pages), "durationInSeconds": (last - first) // 1000,
            "firstVisitorPageViewAt": first, "lastVisitorPageViewAt": last,
            **{f"{name}Parameter": given.get(f"utm_{name}", [None])[0] for name in _PARAMETERS},
        }, prospect, updated=last)  # fmt: skip
        self._activity(prospect, first, VISIT, {"details": f"{len(seen.pages)} page views"}, visitId=visit)
        for number, (at, path, _) in enumerate(seen.pages):
            until = seen.pages[number + 1][0] if number + 1 < len(seen.pages) else at
            title = path.strip("/").partition("?")[0] or "Home"
            page = {
                "url": words.SITE + path,
                "title": title,
                "durationInSeconds": (until - at) // 1000,
                "campaignId": 7,
            }
            view = self._add(VIEWS, at, page, prospect)
            view.links["visitId"] = visit
            self._activity(prospect, at, VIEW, {"details": title}, visitorPageViewId=view, visitId=visit)

    def _add(self, object: str, at: int, doc: Doc, prospect: _Row | None = None, updated: int = 0) -> _Row:
        row = _Row(at, doc, max(at, updated))
        if prospect is not None:
            row.links["prospectId"] = prospect
            prospect.updated = max(prospect.updated, row.updated)
        self._rows[object].append(row)
        return row

    def _activity(self, prospect: _Row, at: int, type: int, doc: Doc, **links: _Row) -> None:
        made = {"type": type, "typeName": TYPES[type], "campaignId": 7, **doc}
        self._add(ACTIVITIES, at, made, prospect).links.update(links)

    def save(self) -> None:
        """Prospects, visits and page views come before what names them."""
        for object, rows in self._rows.items():
            rows.sort(key=lambda row: row.at)
            first = self._org.next_number(f"pardot {object}", len(rows)) + _FIRST[object] - 1 if rows else 0
            for id, row in enumerate(rows, start=first):
                row.doc |= {"id": id} | {name: other.doc["id"] for name, other in row.links.items()}
                if object == PROSPECTS:
                    row.doc["lastActivityAt"] = row.updated
                _write(self._org, object, row.doc, row.at, row.updated)


def _write(org: Org, object: str, doc: Doc, created: int, updated: int) -> None:
    """A visitor is known by its prospect here: nobody has two devices."""
    prospect = doc.get("prospectId")
    if object != PROSPECTS:
        doc["visitorId"] = 400 + prospect if prospect is not None else None
    row = (object, doc["id"], created, updated, prospect, msgspec.json.encode(doc).decode())
    org.db.execute(_INSERT, row)


def act(org: Org, given: Doc) -> Doc:
    """Something a prospect does now, or at `at`: {email, type, at?, url?, formId? and other ids, details?}.

    With type 2 and a `url` there is a page view in a visit of its own, too. Raises ValueError for an unknown address.
    """
    query = "SELECT id FROM pardot WHERE object=? AND json_extract(doc, '$.email')=? ORDER BY id LIMIT 1"
    row = org.db.execute(query, (PROSPECTS, given["email"])).fetchone()
    if row is None:
        raise ValueError(f"there is no prospect {given['email']}")
    at = instant(given["at"]) if given.get("at") is not None else org.now()
    rest = {name: value for name, value in given.items() if name not in ("email", "at", "url")}
    made = {"typeName": TYPES.get(int(given["type"]), "Other"), "campaignId": 7, "prospectId": row[0], **rest}
    if "url" in given:
        seen = {"prospectId": row[0], "visitorPageViewCount": 1, "durationInSeconds": 0}
        times = {"firstVisitorPageViewAt": at, "lastVisitorPageViewAt": at}
        made["visitId"] = _put(org, VISITS, {**seen, **times}, at)
        page = {"prospectId": row[0], "url": given["url"], "title": given["url"], "visitId": made["visitId"]}
        made["visitorPageViewId"] = _put(org, VIEWS, page, at)
    touch = (
        "UPDATE pardot SET updated=MAX(updated, ?), doc=json_set(doc, '$.lastActivityAt', ?) WHERE object=? AND id=?"
    )
    org.db.execute(touch, (at, at, PROSPECTS, row[0]))
    return {"id": _put(org, ACTIVITIES, made, at)}


def _put(org: Org, object: str, doc: Doc, at: int) -> int:
    number = org.next_number(f"pardot {object}") + _FIRST[object] - 1
    _write(org, object, doc | {"id": number}, at, at)
    return number
