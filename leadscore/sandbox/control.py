"""The strings behind the stage: `/_sandbox/...`, without a token, for tests and demos.

GET  /_sandbox                        url-less summary: portal id, token, clock, tier, counts, what can be called
GET  /_sandbox/clock                  {"now": ms, "iso": ..., "standing": bool}
POST /_sandbox/clock                  {"now": ms|ISO} stands still; {"advance_ms"|"advance_days": n}; {"run": true}
GET  /_sandbox/settings, POST         any of state.Settings (tier, scopes, token, token_expires_at, batch_errors, ...)
GET  /_sandbox/limits, POST           limits.Limits (enforce, burst, interval_ms, daily, ...) and daily_used
GET  /_sandbox/faults, POST, DELETE   one faults.Fault, or {"faults": [...]}
GET  /_sandbox/journal?since=0&limit= every write that was taken, oldest first
GET  /_sandbox/requests               {"GET /crm/v3/objects/{type}": n, ...} and "total"
POST /_sandbox/reset                  faults, limits, journal, counters as at first; {"data": true}: records too
POST /_sandbox/people/submit-form     {form, values: {email, ...}, page_url?, at?} -> {"contact": id|null}
POST /_sandbox/people/view-page       {contact: id|e-mail, url, title?, referrer?, at?}
POST /_sandbox/people/mail            {contact, act: sent|opened|clicked|unsubscribed, name?, at?}
POST /_sandbox/people/edit            {object?: contacts, id, properties, user?, at?}: in the app, sourceType CRM_UI;
                                      {source: {type, id?, user?}}: by somebody else; {unchecked: true}: read-only too
POST /_sandbox/people/add-email       {contact, email}: one more address for a contact
POST /_sandbox/people/import          {object?: contacts, rows: [{...}], at?} -> {"ids": [...]}, one time for all rows
POST /_sandbox/lists                  {name, members: [ids], processing?, status?}: makes or replaces a list
POST /_sandbox/forms                  {name, guid?, form_type?, archived?}: makes, renames, archives one -> {"guid"}
POST /_sandbox/generate               {contacts, seed?}: fills the portal with believable people, as of its clock
Workflows: automation.py. More people: people_control.py. Webhooks: webhook_control.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec

from leadscore.sandbox import automation, faults, journal, lists, people_control, records, visitors, webhook_control
from leadscore.sandbox.catalogue import ALIASES, CONTACT
from leadscore.sandbox.clock import DAY_MS, instant, iso
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.generator import generate
from leadscore.sandbox.limits import Limits
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

_Act = Callable[[Portal, Request], Any]


def answer(portal: Portal, request: Request) -> Response:
    """Carries a control request out; a mistake in it is a 400 with a sentence."""
    name = (request.method, request.path.removeprefix("/_sandbox").strip("/"))
    act = _ACTS.get(name)
    try:
        if name in webhook_control.WAITING_ACTS:
            return Response(200, webhook_control.WAITING_ACTS[name](portal, request))
        if act is None:
            raise Refused(not_found(f"there is no {request.method} {request.path}; see leadscore.sandbox.control"))
        with portal.transaction():
            return Response(200, act(portal, request))
    except Refused as refused:
        return Response(refused.failure.status, refused.failure.payload)
    except (ValueError, TypeError, KeyError) as error:
        failure = bad_request(f"{type(error).__name__}: {error}")
        return Response(failure.status, failure.payload)


def _summary(portal: Portal, request: Request) -> Json:
    sql = "SELECT type, COUNT(*) FROM objects WHERE archived=0 GROUP BY type"
    return {
        "portalId": portal.settings.portal_id,
        "token": portal.settings.token,
        "tier": portal.settings.tier,
        "clock": _clock(portal, request),
        "records": dict(portal.db.execute(sql).fetchall()),
        "calls": [f"{method} /_sandbox/{path}".rstrip("/") for method, path in (*_ACTS, *webhook_control.WAITING_ACTS)],
    }


def _clock(portal: Portal, _request: Request) -> Json:
    now = portal.now()
    return {"now": now, "iso": iso(now), "standing": portal.clock.fixed is not None}


def _set_clock(portal: Portal, request: Request) -> Json:
    given = request.json()
    if "now" in given:
        portal.clock.freeze(instant(given["now"]))
    if given.get("run"):
        portal.clock.run()
    portal.clock.advance(round(given.get("advance_ms", 0) + given.get("advance_days", 0) * DAY_MS))
    return _clock(portal, request)


def _settings(portal: Portal, _request: Request) -> Json:
    return asdict(portal.settings)


def _set_settings(portal: Portal, request: Request) -> Json:
    portal.settings.change(**request.json())
    portal.save_settings()
    return asdict(portal.settings)


def _limits(portal: Portal, _request: Request) -> Json:
    shown: Json = msgspec.to_builtins(portal.limiter.limits)
    return shown | {"daily_used": portal.limiter.used_today}


def _set_limits(portal: Portal, request: Request) -> Json:
    portal.limiter.change(request.json())
    return _limits(portal, request)


def _faults(portal: Portal, _request: Request) -> Json:
    return {"faults": msgspec.to_builtins(portal.faults)}


def _add_faults(portal: Portal, request: Request) -> Json:
    given = request.json()
    made = [faults.fault(document) for document in given.get("faults", [given])]
    for fault in made:
        fault.id = portal.next_id("fault")
    portal.faults.extend(made)
    return {"faults": msgspec.to_builtins(made)}


def _clear_faults(portal: Portal, _request: Request) -> Json:
    portal.faults.clear()
    return {"faults": []}


def _journal(portal: Portal, request: Request) -> Json:
    limit = request.number("limit", 1000, 100_000)
    return {"entries": journal.read(portal, int(request.text("since") or 0), limit)}


def _requests(portal: Portal, _request: Request) -> Json:
    return {**dict(portal.requests), "total": portal.requests.total()}


def _reset(portal: Portal, request: Request) -> Json:
    portal.faults.clear()
    portal.limiter.limits, portal.limiter.used_today = Limits(), 0
    portal.requests.clear()
    portal.db.execute("DELETE FROM journal")
    webhook_control.forget(portal)
    if request.json().get("data"):
        for table in (
            "objects",
            "stale",
            "changes",
            "unique_values",
            "associations",
            "submissions",
            "page_views",
            "merged",
        ):
            portal.db.execute(f"DELETE FROM {table}")  # noqa: S608 - constant names
        portal.db.execute("DELETE FROM memberships")
    return {"reset": True}


def _at(given: Json) -> int | None:
    return None if given.get("at") is None else instant(given["at"])


def _submit_form(portal: Portal, request: Request) -> Json:
    given = request.json()
    made = visitors.submit_form(portal, given["form"], given["values"], given.get("page_url", ""), _at(given))
    return {"contact": made}


def _view_page(portal: Portal, request: Request) -> Json:
    given = request.json()
    texts = given.get("title", ""), given.get("referrer", "")
    visitors.view_page(portal, str(given["contact"]), given["url"], *texts, at=_at(given))
    return {"done": True}


def _mail(portal: Portal, request: Request) -> Json:
    given = request.json()
    visitors.mail(portal, str(given["contact"]), given["act"], given.get("name", "Newsletter"), _at(given))
    return {"done": True}


def _edit(portal: Portal, request: Request) -> Json:
    given = request.json()
    kind = ALIASES[given.get("object", CONTACT)]
    record_id = as_id(given["id"]) or visitors.contact(portal, given["id"]).id
    source = people_control.source(given)
    visitors.edit(portal, kind, record_id, given["properties"], source, _at(given), bool(given.get("unchecked")))
    return {"done": True}


def _add_email(portal: Portal, request: Request) -> Json:
    given = request.json()
    records.add_email(portal, visitors.contact(portal, str(given["contact"])), given["email"])
    return {"done": True}


def _import(portal: Portal, request: Request) -> Json:
    given = request.json()
    return {"ids": visitors.import_rows(portal, ALIASES[given.get("object", CONTACT)], given["rows"], _at(given))}


def _list(portal: Portal, request: Request) -> Json:
    given = request.json()
    row = portal.db.execute("SELECT id FROM lists WHERE name=?", (given["name"],)).fetchone()
    if row is None:
        row = lists.make(portal, given["name"], "0-1", given.get("processing", "MANUAL"), "COMPLETE")
    portal.db.execute("UPDATE lists SET status=? WHERE id=?", (given.get("status", "COMPLETE"), row[0]))
    portal.db.execute("DELETE FROM memberships WHERE list=?", (row[0],))
    lists.join(portal, row[0], [int(member) for member in given.get("members", [])])
    return {"listId": str(row[0])}


def _form(portal: Portal, request: Request) -> Json:
    given = request.json()
    guid, name, now = str(given.get("guid") or uuid.uuid4()), given["name"], portal.now()
    row = (guid, name, given.get("form_type", "hubspot"), int(bool(given.get("archived"))), now, now, '["email"]')
    sql = (
        "INSERT INTO forms (guid, name, form_type, archived, created, updated, fields) VALUES (?,?,?,?,?,?,?) "
        "ON CONFLICT (guid) DO UPDATE SET name=excluded.name, archived=excluded.archived, updated=excluded.updated"
    )
    portal.db.execute(sql, row)
    return {"guid": guid}


def _generate(portal: Portal, request: Request) -> Json:
    given = request.json()
    return generate(portal, int(given["contacts"]), int(given.get("seed", 1)))


_ACTS: dict[tuple[str, str], _Act] = {
    ("GET", ""): _summary,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("GET", "settings"): _settings,
    ("POST", "settings"): _set_settings,
    ("GET", "limits"): _limits,
    ("POST", "limits"): _set_limits,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("GET", "journal"): _journal,
    ("GET", "requests"): _requests,
    ("POST", "reset"): _reset,
    ("POST", "people/submit-form"): _submit_form,
    ("POST", "people/view-page"): _view_page,
    ("POST", "people/mail"): _mail,
    ("POST", "people/edit"): _edit,
    ("POST", "people/add-email"): _add_email,
    ("POST", "people/import"): _import,
    ("POST", "lists"): _list,
    ("POST", "forms"): _form,
    ("POST", "generate"): _generate,
    **automation.ACTS,
    **people_control.ACTS,
    **webhook_control.ACTS,
}
