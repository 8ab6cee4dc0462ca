"""People at work: visitors who submit forms, look at pages and open mails, colleagues who edit and import.

Each act changes the same fields as at HubSpot, with history, and leaves a page view or a submission behind. Times are
the portal's clock unless `at` (milliseconds since the epoch, UTC) says otherwise.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from leadscore.sandbox import records
from leadscore.sandbox.catalogue import CONTACT
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.errors import Refused, not_found
from leadscore.sandbox.happening import Source
from leadscore.sandbox.record import Record, as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.values import Values, checked

VISIT_ENDS_AFTER = 30 * 60_000
_ANALYTICS = Source("ANALYTICS")
_EMAIL = Source("EMAIL")


def contact(portal: Portal, who: str) -> Record:
    """A contact by id or e-mail. Raises Refused (404)."""
    record_id = as_id(who)
    if record_id is None:
        record_id = records.find_email(portal, who)
    item = records.load_one(portal, CONTACT, record_id) if record_id is not None else None
    if item is None:
        raise Refused(not_found(f"There is no contact {who}"))
    return item


def _plus_one(item: Record, name: str) -> str:
    return str(int(item.doc.get(name) or 0) + 1)


def submit_form(
    portal: Portal, form: str, values: Mapping[str, str | Sequence[str]], page_url: str = "", at: int | None = None
) -> int | None:
    """Submits a form, named by GUID or name; returns the contact's id, None for answers without an e-mail.

    An unknown e-mail becomes a new lead. Answers that are not valid for their field stay in the submission only.
    """
    at = portal.now() if at is None else at
    row = portal.db.execute("SELECT guid, name FROM forms WHERE guid=? OR name=?", (form, form)).fetchone()
    if row is None:
        raise Refused(not_found(f"There is no form {form}"))
    guid, name = row
    email = str(values.get("email") or "").strip().lower()
    item = _submitter(portal, guid, email, values, at) if email else None
    if item is not None:
        _convert(portal, item, guid, name, page_url, at)
    listed = [
        {"name": field, "value": value, "objectTypeId": "0-1"}
        for field, given in values.items()
        for value in ([given] if isinstance(given, str) else given)
    ]
    document = {"conversionId": str(uuid.uuid4()), "values": listed, "pageUrl": page_url}
    portal.db.execute(
        "INSERT INTO submissions (form, at, contact, doc) VALUES (?,?,?,?)",
        (guid, at, item.id if item else None, msgspec.json.encode(document).decode()),
    )
    return item.id if item else None


def _submitter(portal: Portal, guid: str, email: str, values: Mapping[str, str | Sequence[str]], at: int) -> Record:
    source = Source("FORM", guid)
    known = records.find_email(portal, email)
    item = records.load_one(portal, CONTACT, known) if known is not None else None
    taken: Values = {}
    for name, given in values.items():
        value = given if isinstance(given, str) else ";".join(given)
        try:
            taken |= checked(portal, CONTACT, {name: value}, item.doc if item else {})
        except Refused:
            continue
    if item is None:
        return records.insert(portal, CONTACT, {**taken, "email": email, "lifecyclestage": "lead"}, source, at)
    taken.pop("email", None)
    return records.change(portal, item, taken, source, at)


def _convert(portal: Portal, item: Record, guid: str, name: str, page_url: str, at: int) -> None:
    event = f"{page_url.partition('?')[0] or 'Page'}: {name}"
    seen = portal.db.execute("SELECT 1 FROM submissions WHERE contact=? AND form=?", (item.id, guid)).fetchone()
    values: Values = {
        "num_conversion_events": _plus_one(item, "num_conversion_events"),
        "recent_conversion_date": iso(at),
        "recent_conversion_event_name": event,
    }
    if not seen:
        values["num_unique_conversion_events"] = _plus_one(item, "num_unique_conversion_events")
    if "first_conversion_date" not in item.doc:
        values |= {"first_conversion_date": iso(at), "first_conversion_event_name": event}
    records.change(portal, item, values, Source("FORM", guid), at)


def view_page(portal: Portal, who: str, url: str, title: str = "", referrer: str = "", at: int | None = None) -> None:
    """One page seen; a pause of 30 minutes begins a new visit."""
    at = portal.now() if at is None else at
    item = contact(portal, who)
    last = item.doc.get("hs_analytics_last_timestamp")
    new_visit = last is None or at - instant(last) > VISIT_ENDS_AFTER
    visits = int(item.doc.get("hs_analytics_num_visits") or 0) + new_visit
    views = int(item.doc.get("hs_analytics_num_page_views") or 0) + 1
    values: Values = {
        "hs_analytics_num_page_views": str(views),
        "hs_analytics_num_visits": str(visits),
        "hs_analytics_average_page_views": str(round(views / visits)),
        "hs_analytics_last_url": url,
        "hs_analytics_last_timestamp": iso(at),
    }
    if new_visit:
        values["hs_analytics_last_visit_timestamp"] = iso(at)
        if referrer:
            values["hs_analytics_last_referrer"] = referrer
    if last is None:
        values |= {"hs_analytics_first_url": url, "hs_analytics_first_timestamp": iso(at)}
        values |= {"hs_analytics_first_referrer": referrer or None, "hs_analytics_first_visit_timestamp": iso(at)}
    records.change(portal, item, values, _ANALYTICS, at)
    row = (item.id, at, url, title, referrer or None, f"sandbox-{item.id}-{visits}")
    portal.db.execute("INSERT INTO page_views (contact, at, url, title, referrer, session) VALUES (?,?,?,?,?,?)", row)


def mail(portal: Portal, who: str, act: str, name: str = "Newsletter", at: int | None = None) -> None:
    """A marketing e-mail is `sent`, `opened`, `clicked` or `unsubscribed` from. Raises Refused (404), ValueError."""
    at = portal.now() if at is None else at
    item = contact(portal, who)
    fields = {
        "sent": ("hs_email_delivered", "hs_email_last_send_date", None),
        "opened": ("hs_email_open", "hs_email_last_open_date", "hs_email_first_open_date"),
        "clicked": ("hs_email_click", "hs_email_last_click_date", "hs_email_first_click_date"),
    }
    if act == "unsubscribed":
        records.change(portal, item, {"hs_email_optout": "true"}, _EMAIL, at)
        return
    if act not in fields:
        raise ValueError(f"act is sent, opened, clicked or unsubscribed, not {act!r}")
    counter, last, first = fields[act]
    values: Values = {counter: _plus_one(item, counter), last: iso(at)}
    if first and first not in item.doc:
        values[first] = iso(at)
    if act == "sent":
        values["hs_email_last_email_name"] = name
    records.change(portal, item, values, _EMAIL, at)


def edit(
    portal: Portal,
    kind: str,
    record_id: int,
    properties: Mapping[str, Any],
    source: Source | None = None,
    at: int | None = None,
    unchecked: bool = False,
) -> None:
    """A colleague edits a record in the app; unlike the API he may move a lifecycle stage backward.

    Another `source` makes it a workflow, an import or anything else. `unchecked` writes what HubSpot alone can write:
    read-only properties, a deal stage that no longer exists.
    """
    item = records.load_one(portal, kind, record_id)
    if item is None:
        raise Refused(not_found(f"There is no record {record_id} in {kind}"))
    if unchecked:
        values: Values = {name: None if value in (None, "") else str(value) for name, value in properties.items()}
    else:
        values = checked(portal, kind, properties, item.doc, by_person=True)
    records.change(portal, item, values, source or Source.person(9501), at)


def bulk_edit(
    portal: Portal, kind: str, ids: Sequence[int], properties: Mapping[str, Any], source: Source, at: int | None = None
) -> None:
    """Marks many records in a list view and sets the same values for all of them, at one instant."""
    at = portal.now() if at is None else at
    for record_id in ids:
        edit(portal, kind, record_id, properties, source, at)


def import_rows(portal: Portal, kind: str, rows: Sequence[Mapping[str, Any]], at: int | None = None) -> list[int]:
    """A bulk import: every row gets one and the same time of modification. Contacts are matched by e-mail."""
    at = portal.now() if at is None else at
    source = Source("IMPORT", f"import-{at}")
    done = []
    for row in rows:
        email = str(row.get("email") or "") if kind == CONTACT else ""
        found = records.find_unique(portal, kind, "email", [email]) if email else {}
        item = records.load_one(portal, kind, next(iter(found.values()))) if found else None
        values = checked(portal, kind, row, item.doc if item else {})
        if item is None:
            item = records.insert(portal, kind, values, source, at)
        else:
            item = records.change(portal, item, values, source, at)
        done.append(item.id)
    return done
