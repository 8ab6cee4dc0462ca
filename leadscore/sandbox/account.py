"""The account around the records: its details and API usage, owners, deal pipelines."""

from __future__ import annotations

import msgspec

from leadscore.sandbox.catalogue import ALIASES, DEAL
from leadscore.sandbox.clock import DAY_MS, iso
from leadscore.sandbox.errors import Refused, not_found
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded


def local_day(portal: Portal) -> int:
    """The number of the day in the account's time zone."""
    return (portal.now() + portal.settings.utc_offset_minutes * 60_000) // DAY_MS


def details(portal: Portal, _request: Request) -> Response:
    settings = portal.settings
    offset = settings.utc_offset_minutes
    hours, minutes = divmod(abs(offset), 60)
    return Response(
        200,
        {
            "portalId": settings.portal_id,
            "accountType": settings.account_type,
            "timeZone": settings.time_zone,
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}",
            "utcOffsetMilliseconds": offset * 60_000,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        },
    )


def usage(portal: Portal, _request: Request) -> Response:
    """The day ends at midnight in the account's time zone."""
    midnight = (local_day(portal) + 1) * DAY_MS - portal.settings.utc_offset_minutes * 60_000
    entry = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": portal.limiter.daily_limit(portal.settings.tier),
        "currentUsage": portal.limiter.used_today,
        "collectedAt": iso(portal.now()),
        "fetchStatus": "SUCCESS",
        "resetsAt": iso(midnight),
    }
    return Response(200, {"results": [entry]})


def owners(portal: Portal, request: Request) -> Response:
    limit = request.number("limit", 100, 500)
    after = as_id(request.text("after") or "0") or 0
    sql = "SELECT id, doc FROM owners WHERE archived=? AND id>? ORDER BY id LIMIT ?"
    rows = portal.db.execute(sql, (int(request.flag("archived")), after, limit + 1)).fetchall()
    found = [msgspec.json.decode(doc) for _, doc in rows]
    if email := request.text("email"):
        found = [owner for owner in found if owner["email"].lower() == email.lower()]
    payload: Json = {"results": found[:limit]}
    if len(rows) > limit:
        payload["paging"] = {"next": {"after": str(rows[limit - 1][0])}}
    return Response(200, payload)


def owner(portal: Portal, request: Request) -> Response:
    owner_id = as_id(decoded(request.args["id"]))
    row = portal.db.execute("SELECT doc FROM owners WHERE id=?", (owner_id,)).fetchone()
    if row is None:
        raise Refused(not_found("Owner not found"))
    return Response(200, msgspec.json.decode(row[0]))


def _pipelines(portal: Portal, request: Request) -> list[Json]:
    kind = ALIASES.get(decoded(request.args["type"]))
    if kind != DEAL:
        return []
    rows = portal.db.execute("SELECT doc FROM pipelines WHERE type=? ORDER BY position", (kind,))
    return [msgspec.json.decode(row[0]) for row in rows]


def pipelines(portal: Portal, request: Request) -> Response:
    """No paging; stage metadata is a map of texts."""
    return Response(200, {"results": _pipelines(portal, request)})


def pipeline(portal: Portal, request: Request) -> Response:
    wanted = decoded(request.args["pipeline"])
    for found in _pipelines(portal, request):
        if found["id"] == wanted:
            return Response(200, {"results": found["stages"]} if request.path.endswith("/stages") else found)
    raise Refused(not_found(f"Pipeline {wanted} does not exist"))
