"""What happens by itself at the customer's: workflows that answer a change with a change, and stages that follow.

GET/POST/DELETE /_sandbox/workflows   {object?: contacts, when: "leadscore_total", set: "wf_touch", values?: ["a", "b"],
                                      source?: AUTOMATION_PLATFORM, at_most?: n}: whenever `when` changes, `set` gets
                                      the number of this run, or the next of `values`, in turn. DELETE ends them all.

Stages follow by three settings, all off at first and forward only: `sync_company_stage` (a company's stage goes to the
contacts whose primary company it is), `deal_created_stage` and `deal_won_stage` (contacts and companies of a deal). The
sourceType of those moves, COMPANIES and DEALS, is [not verified].
"""

from __future__ import annotations

import msgspec

from leadscore.sandbox import records
from leadscore.sandbox.catalogue import ALIASES, COMPANY, CONTACT, DEAL
from leadscore.sandbox.happening import Happening, Source
from leadscore.sandbox.state import Portal
from leadscore.sandbox.values import checked
from leadscore.sandbox.wire import Json, Request

_PRIMARY_CONTACTS = "SELECT to_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND type_id=2"
_LINKED = "SELECT DISTINCT to_id FROM associations WHERE from_type=? AND from_id=? AND to_type=?"


class Workflow(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`at_most` runs in all; 0 is without end."""

    when: str
    set: str
    object: str = CONTACT
    values: tuple[str, ...] = ()
    source: str = "AUTOMATION_PLATFORM"
    at_most: int = 0


def watch(portal: Portal) -> None:
    """From now on workflows run and stages follow, each within the transaction of its cause."""
    portal.watchers.append(lambda news: _react(portal, news))


def _react(portal: Portal, news: Happening) -> None:
    if news.what in ("creation", "propertyChange"):
        _run_workflows(portal, news)
        if news.type == COMPANY and news.values.get("lifecyclestage"):
            _company_moved(portal, news)
        if news.type == DEAL and news.values.get("hs_is_closed_won") == "true":
            _deal_moves(portal, news.id, news.at)
    elif news.what == "associationChange" and news.type == DEAL and not news.details["associationRemoved"]:
        _deal_moves(portal, news.id, news.at)


def _run_workflows(portal: Portal, news: Happening) -> None:
    """A workflow does not start itself again; what it writes may start another one."""
    for number, runs, doc in portal.db.execute("SELECT id, runs, doc FROM workflows ORDER BY id").fetchall():
        flow = msgspec.json.decode(doc, type=Workflow)
        source = Source(flow.source, f"workflow-{number}")
        if flow.object != news.type or flow.when not in news.values or news.source.id == source.id:
            continue
        if flow.at_most and runs >= flow.at_most:
            continue
        item = records.load_one(portal, news.type, news.id)
        if item is None:
            continue
        portal.db.execute("UPDATE workflows SET runs=runs+1 WHERE id=?", (number,))
        value = flow.values[runs % len(flow.values)] if flow.values else str(runs + 1)
        records.change(portal, item, {flow.set: value}, source, news.at)


def _company_moved(portal: Portal, news: Happening) -> None:
    if portal.settings.sync_company_stage:
        contacts = portal.db.execute(_PRIMARY_CONTACTS, (COMPANY, news.id, CONTACT)).fetchall()
        for (contact,) in contacts:
            _move(portal, CONTACT, contact, news.values["lifecyclestage"], Source("COMPANIES", str(news.id)), news.at)


def _deal_moves(portal: Portal, deal_id: int, at: int) -> None:
    settings, deal = portal.settings, records.load_one(portal, DEAL, deal_id)
    if deal is None:
        return
    won = deal.doc.get("hs_is_closed_won") == "true"
    stage = (settings.deal_won_stage if won else None) or settings.deal_created_stage
    for kind in (CONTACT, COMPANY) if stage else ():
        for (record_id,) in portal.db.execute(_LINKED, (DEAL, deal_id, kind)).fetchall():
            _move(portal, kind, record_id, stage, Source("DEALS", str(deal_id)), at)


def _move(portal: Portal, kind: str, record_id: int, stage: str | None, source: Source, at: int) -> None:
    item = records.load_one(portal, kind, record_id)
    if item is None:
        return
    values = checked(portal, kind, {"lifecyclestage": stage}, item.doc)
    if values.get("lifecyclestage") not in (None, item.doc.get("lifecyclestage")):
        records.change(portal, item, values, source, at)


def _shown(portal: Portal, _request: Request) -> Json:
    rows = portal.db.execute("SELECT id, runs, doc FROM workflows ORDER BY id")
    return {"workflows": [{"id": number, "runs": runs, **msgspec.json.decode(doc)} for number, runs, doc in rows]}


def _add(portal: Portal, request: Request) -> Json:
    try:
        flow = msgspec.convert(request.json(), Workflow)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a workflow: {error}") from error
    flow.object = ALIASES[flow.object]
    for name in (flow.when, flow.set):
        if name not in portal.definitions(flow.object):
            raise ValueError(f"{flow.object} have no property {name!r}")
    number = portal.next_id("workflow")
    portal.db.execute("INSERT INTO workflows (id, doc) VALUES (?,?)", (number, msgspec.json.encode(flow).decode()))
    return _shown(portal, request)


def _clear(portal: Portal, request: Request) -> Json:
    portal.db.execute("DELETE FROM workflows")
    return _shown(portal, request)


ACTS = {("GET", "workflows"): _shown, ("POST", "workflows"): _add, ("DELETE", "workflows"): _clear}
