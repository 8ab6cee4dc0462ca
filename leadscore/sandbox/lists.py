"""Lists (HubSpot calls them segments) and who is in them.

Members come in pages of at most 250, ascending by record id [spec v3]. Only MANUAL and SNAPSHOT lists take members by
API; a DYNAMIC one starts as PROCESSING, and its members are whatever the control endpoint says. Joining a list leaves
`lastmodifieddate` alone [not verified]; whether names compare without case is [not verified], here they do.
"""

from __future__ import annotations

from typing import Any

import msgspec

from leadscore.sandbox import journal, records
from leadscore.sandbox.catalogue import ALIASES, TYPE_IDS
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Refused, bad_request, conflict, not_found
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded

PAGE = 250
_COLUMNS = "id, name, object_type, processing, status, created, updated, version"


def _find(portal: Portal, request: Request) -> tuple[Any, ...]:
    list_id = as_id(decoded(request.args["list"]))
    sql = f"SELECT {_COLUMNS} FROM lists WHERE id=?"  # noqa: S608 - constant columns
    row: tuple[Any, ...] | None = portal.db.execute(sql, (list_id,)).fetchone()
    if row is None:
        raise Refused(not_found(f"List does not exist with ID {request.args['list']}."))
    return row


def shown(portal: Portal, row: tuple[Any, ...]) -> Json:
    list_id, name, object_type, processing, status, created, updated, version = row
    return {
        "listId": str(list_id),
        "name": name,
        "objectTypeId": object_type,
        "processingType": processing,
        "processingStatus": status,
        "listVersion": version,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "filtersUpdatedAt": iso(updated),
        "size": _size(portal, list_id),
    }


def _size(portal: Portal, list_id: int) -> int:
    size: int = portal.db.execute("SELECT COUNT(*) FROM memberships WHERE list=?", (list_id,)).fetchone()[0]
    return size


def get(portal: Portal, request: Request) -> Response:
    return Response(200, {"list": shown(portal, _find(portal, request))})


def by_name(portal: Portal, request: Request) -> Response:
    """The answer for an unknown name, 404, is [not verified]."""
    name = decoded(request.args["name"])
    sql = f"SELECT {_COLUMNS} FROM lists WHERE object_type=? AND name=?"  # noqa: S608 - constant columns
    row = portal.db.execute(sql, (_type_id(request), name)).fetchone()
    if row is None:
        raise Refused(not_found(f"List does not exist with name {name}."))
    return Response(200, {"list": shown(portal, row)})


def _type_id(request: Request) -> str:
    word = decoded(request.args["type"])
    if word not in ALIASES:
        raise Refused(bad_request(f"Unable to infer object type from: {word}"))
    return TYPE_IDS[ALIASES[word]]


def by_ids(portal: Portal, request: Request) -> Response:
    wanted = msgspec.json.encode([as_id(text) for text in request.names("listIds")]).decode()
    sql = f"SELECT {_COLUMNS} FROM lists WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"  # noqa: S608 - constant columns
    return Response(200, {"lists": [shown(portal, row) for row in portal.db.execute(sql, (wanted,))]})


def search(portal: Portal, request: Request) -> Response:
    """Size and times come as text in `additionalProperties`."""
    given = request.json()
    count, offset = given.get("count", 20), given.get("offset", 0)
    if not isinstance(count, int) or not 1 <= count <= 500 or not isinstance(offset, int):
        raise Refused(bad_request("count must be from 1 to 500 and offset a number"))
    rows = portal.db.execute(f"SELECT {_COLUMNS} FROM lists ORDER BY id").fetchall()  # noqa: S608 - constant columns
    query, types = str(given.get("query") or "").lower(), given.get("processingTypes")
    found = [row for row in rows if query in row[1].lower() and (not types or row[3] in types)]
    if given.get("objectTypeId"):
        found = [row for row in found if row[2] == given["objectTypeId"]]
    results = []
    for row in found[offset : offset + count]:
        entry = shown(portal, row)
        entry["additionalProperties"] = {"hs_list_size": str(entry.pop("size")), "hs_list_reference_count": "0"}
        results.append(entry)
    more = offset + count < len(found)
    payload = {"lists": results, "hasMore": more, "offset": offset + len(results), "total": len(found)}
    return Response(200, payload)


def create(portal: Portal, request: Request) -> Response:
    given = request.json()
    name, processing = given.get("name"), given.get("processingType")
    if (
        not name
        or processing not in ("MANUAL", "DYNAMIC", "SNAPSHOT")
        or given.get("objectTypeId") not in TYPE_IDS.values()
    ):
        raise Refused(bad_request("A list needs name, objectTypeId and processingType MANUAL, DYNAMIC or SNAPSHOT"))
    branch = given.get("filterBranch")
    if processing == "DYNAMIC" and (not branch or branch.get("filterBranchType") != "OR"):
        raise Refused(bad_request("The root filterBranch of a dynamic list must be of type OR"))
    if portal.db.execute("SELECT 1 FROM lists WHERE name=?", (name,)).fetchone():
        raise Refused(conflict(f"A list named {name} already exists"))
    status = "PROCESSING" if processing == "DYNAMIC" else "COMPLETE"
    row = make(portal, name, given["objectTypeId"], processing, status, branch)
    journal.note(portal, request, "lists", row[0], given, 200)
    return Response(200, {"list": shown(portal, row)})


def make(
    portal: Portal, name: str, object_type: str, processing: str, status: str, branch: Json | None = None
) -> tuple[Any, ...]:
    now = portal.now()
    row = (portal.next_id("list"), name, object_type, processing, status, now, now, 1)
    text = msgspec.json.encode(branch).decode() if branch else None
    sql = f"INSERT INTO lists ({_COLUMNS}, filter) VALUES (?,?,?,?,?,?,?,?,?)"  # noqa: S608 - constant columns
    portal.db.execute(sql, (*row, text))
    return row


def delete(portal: Portal, request: Request) -> Response:
    row = _find(portal, request)
    portal.db.execute("DELETE FROM memberships WHERE list=?", (row[0],))
    portal.db.execute("DELETE FROM lists WHERE id=?", (row[0],))
    journal.note(portal, request, "lists", row[0], None, 204)
    return Response(204)


def members(portal: Portal, request: Request) -> Response:
    """`after` alone goes up by record id, `before` alone goes down; with both, `after` wins [spec; SDK source]."""
    list_id, limit = _find(portal, request)[0], request.number("limit", 100, PAGE)
    after, before = request.text("after"), request.text("before")
    if before and not after:
        sql = "SELECT record, at FROM memberships WHERE list=? AND record<? ORDER BY record DESC LIMIT ?"
        rows = portal.db.execute(sql, (list_id, as_id(before) or 0, limit + 1)).fetchall()
    else:
        sql = "SELECT record, at FROM memberships WHERE list=? AND record>? ORDER BY record LIMIT ?"
        rows = portal.db.execute(sql, (list_id, as_id(after or "0") or 0, limit + 1)).fetchall()
    return _page(portal, list_id, rows, limit, str(rows[limit - 1][0]) if len(rows) > limit else None)


def members_by_joining(portal: Portal, request: Request) -> Response:
    list_id, limit = _find(portal, request)[0], request.number("limit", 100, PAGE)
    offset = as_id(request.text("after") or "0") or 0
    sql = "SELECT record, at FROM memberships WHERE list=? ORDER BY at, record LIMIT ? OFFSET ?"
    rows = portal.db.execute(sql, (list_id, limit + 1, offset)).fetchall()
    return _page(portal, list_id, rows, limit, str(offset + limit) if len(rows) > limit else None)


def _page(portal: Portal, list_id: int, rows: list[Any], limit: int, following: str | None) -> Response:
    results = [{"recordId": str(record), "membershipTimestamp": iso(at)} for record, at in rows[:limit]]
    payload: Json = {"results": results, "total": _size(portal, list_id)}
    if following is not None:
        payload["paging"] = {"next": {"after": following}}
    return Response(200, payload)


def add(portal: Portal, request: Request) -> Response:
    return _change(portal, request, request.json().get("inputs") or [], [])


def remove(portal: Portal, request: Request) -> Response:
    return _change(portal, request, [], request.json().get("inputs") or [])


def add_and_remove(portal: Portal, request: Request) -> Response:
    given = request.json()
    return _change(portal, request, given.get("recordIdsToAdd") or [], given.get("recordIdsToRemove") or [])


def _change(portal: Portal, request: Request, to_add: list[Any], to_remove: list[Any]) -> Response:
    row = _find(portal, request)
    if row[3] == "DYNAMIC":
        raise Refused(bad_request(f"List {row[1]} is dynamic; its members cannot be set"))
    kind = next(kind for kind, type_id in TYPE_IDS.items() if type_id == row[2])
    wanted = [record_id for text in to_add if (record_id := as_id(text)) is not None]
    known = records.load(portal, kind, wanted)
    added = join(portal, row[0], list(known))
    removed = []
    for text in to_remove:
        done = portal.db.execute("DELETE FROM memberships WHERE list=? AND record=?", (row[0], as_id(text)))
        if done.rowcount:
            removed.append(str(text))
    journal.note(portal, request, "lists", row[0], {"added": added, "removed": removed}, 200)
    missing = [str(text) for text in to_add if as_id(text) not in known]
    return Response(200, {"recordsIdsAdded": added, "recordIdsRemoved": removed, "recordIdsMissing": missing})


def join(portal: Portal, list_id: int, ids: list[int]) -> list[str]:
    """Adds records to a list; returns those that were not in it before."""
    added = []
    for record_id in ids:
        row = (list_id, record_id, portal.now())
        if portal.db.execute("INSERT OR IGNORE INTO memberships VALUES (?,?,?)", row).rowcount:
            added.append(str(record_id))
    return added


def of_record(portal: Portal, request: Request) -> Response:
    found = _of(portal, _type_id(request), as_id(decoded(request.args["id"])) or 0)
    return Response(200, {"results": found, "total": len(found)})


def _of(portal: Portal, type_id: str, record_id: int) -> list[Json]:
    sql = (
        "SELECT l.id, l.version, m.at FROM memberships m JOIN lists l ON l.id=m.list "
        "WHERE m.record=? AND l.object_type=? ORDER BY l.id"
    )
    return [
        {
            "listId": str(list_id),
            "listVersion": version,
            "isPublicList": True,
            "firstAddedTimestamp": iso(at),
            "lastAddedTimestamp": iso(at),
        }
        for list_id, version, at in portal.db.execute(sql, (record_id, type_id))
    ]


def of_records(portal: Portal, request: Request) -> Response:
    """Lists of several records; how many may be asked for is not stated, 100 here."""
    rows = request.json().get("inputs")
    if not isinstance(rows, list) or len(rows) > 100:
        raise Refused(bad_request("Invalid input JSON: inputs must be a list of at most 100"))
    results = [
        {
            "recordId": str(row.get("recordId")),
            "objectTypeId": row.get("objectTypeId"),
            "recordListMemberships": _of(portal, str(row.get("objectTypeId")), as_id(row.get("recordId")) or 0),
        }
        for row in rows
    ]
    now = iso(portal.now())
    return Response(200, {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now})
