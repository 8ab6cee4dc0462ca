"""Page views and form submissions as events: only with an Enterprise tier, and without any marketing e-mail.

Newest first by default; `sort=occurredAt` turns it. Needs Enterprise of any hub, else 403, whose exact body is
[not verified]; the largest page, 100 here, is not stated either.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any

import msgspec

from leadscore.sandbox import records
from leadscore.sandbox.catalogue import ALIASES, CONTACT
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.errors import Failure, Refused, bad_request, envelope, missing_scopes
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

VISITED, SUBMITTED = "e_visited_page", "e_submitted_form"
_Row = tuple[int, str, int, Json]
_Bounds = tuple[int | None, int, int, tuple[int, str, int] | None]


def _refuse_below_enterprise(portal: Portal) -> None:
    if portal.settings.tier != "enterprise":
        message = "This account does not have access to this API. An Enterprise subscription is required."
        failure = envelope(portal.settings.events_status, "FORBIDDEN", message)
        raise Refused(failure)
    if "business-intelligence" not in portal.settings.scopes:
        raise Refused(_no_scope())


def _no_scope() -> Failure:
    """Which scope reading events needs is [not verified]; here it is `business-intelligence`."""
    return missing_scopes(["business-intelligence"])


def types(portal: Portal, _request: Request) -> Response:
    _refuse_below_enterprise(portal)
    return Response(200, {"eventTypes": [VISITED, SUBMITTED]})


def listed(portal: Portal, request: Request) -> Response:
    _refuse_below_enterprise(portal)
    limit = request.number("limit", 20, 100)
    ascending = (request.text("sort") or "-occurredAt").lstrip("+").lower() in ("occurredat", "ascending")
    wanted = request.text("eventType")
    if wanted not in (None, VISITED, SUBMITTED):
        raise Refused(bad_request(f"Event type {wanted} does not exist"))
    bounds = (
        _contact(portal, request),
        _time(request, "occurredAfter", 0),
        _time(request, "occurredBefore", 2**62),
        _cursor(request.text("after")),
    )
    sources = []
    if wanted in (None, VISITED):
        sources.append(_rows(portal, VISITED, bounds, ascending, limit + 1))
    if wanted in (None, SUBMITTED):
        sources.append(_rows(portal, SUBMITTED, bounds, ascending, limit + 1))
    found = list(islice(merge(*sources, key=lambda row: row[:3], reverse=not ascending), limit + 1))
    payload: Json = {"results": [event for *_, event in found[:limit]]}
    if len(found) > limit:
        at, kind, seq, _ = found[limit - 1]
        after = base64.b64encode(f"{at}|{kind}|{seq}".encode()).decode()
        payload["paging"] = {"next": {"after": after, "link": f"{request.path}?after={after}"}}
    return Response(200, payload)


def _contact(portal: Portal, request: Request) -> int | None:
    """The contact asked for; 0 when it is unknown, None when none is asked for."""
    if email := request.text("objectProperty.email"):
        return next(iter(records.find_unique(portal, CONTACT, "email", [email]).values()), 0)
    object_id = request.text("objectId")
    if object_id is None:
        return None
    if request.text("objectType") is None:
        raise Refused(bad_request("objectType is required when objectId is given"))
    if ALIASES.get(str(request.text("objectType"))) != CONTACT:
        return 0
    return as_id(object_id) or 0


def _time(request: Request, name: str, default: int) -> int:
    text = request.text(name)
    try:
        return default if text is None else instant(text.replace(" ", "+"))
    except ValueError:
        raise Refused(bad_request(f"{name} must be an ISO 8601 time, not {text!r}")) from None


def _cursor(after: str | None) -> tuple[int, str, int] | None:
    if not after:
        return None
    try:
        at, kind, seq = base64.b64decode(after, validate=True).decode().split("|")
        return int(at), kind, int(seq)
    except (binascii.Error, ValueError):
        raise Refused(bad_request(f"after must be taken from paging.next.after, not {after!r}")) from None


def _rows(portal: Portal, kind: str, bounds: _Bounds, ascending: bool, limit: int) -> Iterator[_Row]:
    contact, after, before, cursor = bounds
    where, values = ["at>=?", "at<?"], [after, before]
    if contact is not None:
        where.append("contact=?")
        values.append(contact)
    elif kind == SUBMITTED:
        where.append("contact IS NOT NULL")
    if cursor is not None:
        at, last_kind, seq = cursor
        # Rows at the cursor's instant are those after it in the order (time, kind, row number).
        edge = seq if kind == last_kind else (-1 if kind > last_kind else 2**62)
        where.append(f"(at, seq) {'>' if ascending else '<'} (?, ?)")
        values += [at, edge]
    columns = "at, seq, contact, url, title, referrer, session" if kind == VISITED else "at, seq, contact, form, doc"
    table = "page_views" if kind == VISITED else "submissions"
    order = "ASC" if ascending else "DESC"
    sql = f"SELECT {columns} FROM {table} WHERE {' AND '.join(where)} ORDER BY at {order}, seq {order} LIMIT ?"  # noqa: S608 - constant names, bound values
    for row in portal.db.execute(sql, (*values, limit)):
        yield row[0], kind, row[1], _event(kind, row)


def _event(kind: str, row: tuple[Any, ...]) -> Json:
    at, seq, contact = row[:3]
    event: Json = {"objectType": "CONTACT", "objectId": str(contact), "eventType": kind, "occurredAt": iso(at)}
    if kind == VISITED:
        url, title, referrer, session = row[3:]
        properties = {"hs_url": url, "hs_title": title or "", "hs_session_id": session, "hs_session_source": "DIRECT"}
        if referrer:
            properties["hs_referrer"] = referrer
        return event | {"id": f"sandbox-view-{seq}", "properties": properties}
    properties = {
        "hs_form_id": row[3],
        "hs_form_guid": row[3],
        "hs_url": msgspec.json.decode(row[4]).get("pageUrl", ""),
    }
    return event | {"id": f"sandbox-form-{seq}", "properties": properties}
