"""Two records become one: the primary's values win, its gaps are filled, the stage stays the furthest.

HubSpot's updated merge makes a new record with a new id; both old ids lead to it on GET and PATCH, not in a batch
update. Keeping the primary's id is a beta, [not verified]: `merge_keeps_primary_id` in the settings. What counts forms
and pages is added up, what says first or last is compared.
"""

from __future__ import annotations

import msgspec

from leadscore.sandbox import journal, records
from leadscore.sandbox.catalogue import CONTACT, DEAL, SINGULAR, TYPE_IDS
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.happening import Happening, Source
from leadscore.sandbox.links import PRIMARY
from leadscore.sandbox.record import Record, as_id, by_api
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

_ADDED = (
    "num_conversion_events", "hs_analytics_num_page_views", "hs_analytics_num_visits", "hs_email_open",
    "hs_email_click", "hs_email_delivered",
)  # fmt: skip
_FIRST = (
    ("first_conversion_date", "first_conversion_event_name"),
    ("hs_analytics_first_timestamp", "hs_analytics_first_url"),
)
_LAST = (
    ("recent_conversion_date", "recent_conversion_event_name"),
    ("hs_analytics_last_timestamp", "hs_analytics_last_url"),
)


def latest_id(portal: Portal, kind: str, record_id: int) -> int:
    """Where an id of old leads to; the id itself when it was never merged away."""
    row = portal.db.execute("SELECT new FROM merged WHERE type=? AND old=?", (kind, record_id)).fetchone()
    return row[0] if row else record_id


def over_http(portal: Portal, request: Request, kind: str) -> Response:
    """POST .../merge {primaryObjectId, objectIdToMerge}: 200 with the record that is left."""
    given = request.json()
    ends = [as_id(given.get(name)) for name in ("primaryObjectId", "objectIdToMerge")]
    item = merge(portal, kind, ends[0] or 0, ends[1] or 0, by_api(portal))
    journal.note(portal, request, kind, item.id, given, 200)
    return Response(200, records.shown(portal, item, []))


def merge(portal: Portal, kind: str, primary_id: int, other_id: int, source: Source) -> Record:
    """Old ids are taken for what they have become. Raises Refused: 404 for an unknown one, 400 for twice the same."""
    found = [records.load_one(portal, kind, latest_id(portal, kind, record_id)) for record_id in (primary_id, other_id)]
    primary, other = found
    if primary is None or other is None:
        missing = primary_id if primary is None else other_id
        raise Refused(not_found(f"Object not found. ({SINGULAR[kind]} {missing})"))
    if primary.id == other.id:
        raise Refused(bad_request("A record cannot be merged with itself"))
    keeps = portal.settings.merge_keeps_primary_id
    new_id = primary.id if keeps else portal.next_id(kind)
    values, moved = _joined(portal, primary, other, new_id)
    for item in (primary, other):
        records.hide_from_search(portal, item, item)
    _repoint(portal, kind, primary.id, other.id, new_id)
    made = _store(portal, primary, other, new_id, values, source)
    details: Json = {
        "primaryObjectId": primary.id,
        "mergedObjectIds": [other.id] if keeps else [primary.id, other.id],
        "newObjectId": new_id,
        "numberOfPropertiesMoved": moved,
    }
    portal.tell(Happening("merge", kind, new_id, portal.now(), source, details=details))
    return made


def _joined(portal: Portal, primary: Record, other: Record, new_id: int) -> tuple[dict[str, str], int]:
    """The values of the record that is left, and how many of them came from the other one."""
    values = {**other.doc, **primary.doc}
    order = portal.definitions(primary.type)["lifecyclestage"].values if primary.type != DEAL else ()
    stages = [stage for item in (primary, other) if (stage := item.doc.get("lifecyclestage")) in order]
    if stages:
        values["lifecyclestage"] = max(stages, key=order.index)
    for name in _ADDED:
        if name in primary.doc and name in other.doc:
            values[name] = str(int(primary.doc[name]) + int(other.doc[name]))
    for pairs, better in ((_FIRST, min), (_LAST, max)):
        for date, along in pairs:
            dated = [item for item in (primary, other) if date in item.doc]
            if dated:
                winner = better(dated, key=lambda item: item.doc[date])
                values |= {name: winner.doc[name] for name in (date, along) if name in winner.doc}
    gone = [item.id for item in (primary, other) if item.id != new_id]
    before = [item.doc["hs_merged_object_ids"] for item in (primary, other) if "hs_merged_object_ids" in item.doc]
    values["hs_merged_object_ids"] = ";".join([*before, *map(str, gone)])
    if primary.type == CONTACT:
        values |= _of_contact(portal, primary, other, new_id, gone)
    return values, len([name for name in other.doc if name not in primary.doc])


def _of_contact(portal: Portal, primary: Record, other: Record, new_id: int, gone: list[int]) -> dict[str, str]:
    vids = [item.doc[name] for item in (primary, other) if (name := "hs_calculated_merged_vids") in item.doc]
    values = {"hs_calculated_merged_vids": ";".join([*vids, *(f"{old}:{portal.now()}" for old in gone)])}
    known = [vid for item in (primary, other) for vid in item.doc.get("hs_all_contact_vids", str(item.id)).split(";")]
    values["hs_all_contact_vids"] = ";".join(dict.fromkeys([str(new_id), *known]))
    addresses = [item.doc.get("hs_additional_emails", "") for item in (primary, other)]
    if "email" in primary.doc:
        addresses.append(other.doc.get("email", ""))
    if more := [address for listed in addresses for address in listed.split(";") if address]:
        values["hs_additional_emails"] = ";".join(dict.fromkeys(more))
    sql = "SELECT COUNT(DISTINCT form) FROM submissions WHERE contact IN (?,?)"
    if forms := portal.db.execute(sql, (primary.id, other.id)).fetchone()[0]:
        values["num_unique_conversion_events"] = str(forms)
    return values


def _repoint(portal: Portal, kind: str, primary: int, other: int, new: int) -> None:
    """Everything that names one of the two names what they became: links, acts, members, unique values, history."""
    _one_primary_company(portal, kind, primary, other)
    for old in (primary, other):
        for side in ("from", "to"):
            where = (new, kind, old)
            sql = f"UPDATE OR IGNORE associations SET {side}_id=? WHERE {side}_type=? AND {side}_id=?"  # noqa: S608 - constant columns
            portal.db.execute(sql, where)
            if old != new:
                portal.db.execute(f"DELETE FROM associations WHERE {side}_type=? AND {side}_id=?", (kind, old))  # noqa: S608 - the same
        if kind == CONTACT:
            portal.db.execute("UPDATE submissions SET contact=? WHERE contact=?", (new, old))
            portal.db.execute("UPDATE page_views SET contact=? WHERE contact=?", (new, old))
        members = "record=? AND list IN (SELECT id FROM lists WHERE object_type=?)"
        sql = f"UPDATE OR IGNORE memberships SET record=? WHERE {members}"  # noqa: S608 - constant text
        portal.db.execute(sql, (new, old, TYPE_IDS[kind]))
        if old != new:
            portal.db.execute(f"DELETE FROM memberships WHERE {members}", (old, TYPE_IDS[kind]))  # noqa: S608 - the same
            portal.db.execute("UPDATE merged SET new=? WHERE type=? AND new=?", (new, kind, old))
            portal.db.execute("INSERT OR REPLACE INTO merged VALUES (?,?,?)", (kind, old, new))
    portal.db.execute("DELETE FROM unique_values WHERE type=? AND id IN (?,?)", (kind, primary, other))
    portal.db.execute("UPDATE changes SET id=? WHERE type=? AND id=?", (new, kind, primary))


def _one_primary_company(portal: Portal, kind: str, primary: int, other: int) -> None:
    """Where both have a primary company, the primary record's one stays."""
    for (one, company), type_id in PRIMARY.items():
        if one != kind:
            continue
        sql = "SELECT 1 FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND type_id=?"
        if kind in (CONTACT, DEAL) and portal.db.execute(sql, (kind, primary, company, type_id)).fetchone():
            ends = (kind, other, company, type_id)
            portal.db.execute(
                "DELETE FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND type_id=?", ends
            )
            back = (company, kind, other, PRIMARY[company, one])
            portal.db.execute(
                "DELETE FROM associations WHERE from_type=? AND to_type=? AND to_id=? AND type_id=?", back
            )


def _store(
    portal: Portal, primary: Record, other: Record, new_id: int, values: dict[str, str], source: Source
) -> Record:
    """The older of the two dates of creation stays; what changed against the primary enters its history."""
    kind, now = primary.type, portal.now()
    created = min(primary.created, other.created)
    made = Record(kind, new_id, created, now, False, primary.origin, values)
    portal.db.execute("DELETE FROM objects WHERE type=? AND id IN (?,?)", (kind, primary.id, other.id))
    text = msgspec.json.encode(values).decode()
    sql = "INSERT INTO objects (type, id, created, modified, archived, origin, doc) VALUES (?,?,?,?,0,?,?)"
    portal.db.execute(sql, (kind, new_id, created, now, made.origin, text))
    fresh = {name: value for name, value in values.items() if primary.doc.get(name) != value}
    old = {name: primary.doc[name] for name in fresh if name in primary.doc}
    entry = msgspec.json.encode([[now, *source.packed(), fresh, old or None]]).decode()
    portal.db.execute("INSERT INTO changes (type, id, entries) VALUES (?,?,?)", (kind, new_id, entry))
    records.claim_all(portal, made)
    if new_id != primary.id:
        records.hide_from_search(portal, made, None)
    return made
