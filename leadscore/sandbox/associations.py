"""Who belongs to whom: contacts, companies and deals linked in both directions, with one primary company each.

Type ids per direction [docs copy: associations guide]. The primary link (contact to company: 1) stands beside the
unlabelled one (279). `associatedcompanyid` of a contact follows its primary company.
"""

from __future__ import annotations

from typing import Any

from leadscore.sandbox import journal, records
from leadscore.sandbox.catalogue import ALIASES, COMPANY, CONTACT, DEAL, SINGULAR
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.records import Source
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded

UNLABELLED = {
    (CONTACT, COMPANY): 279, (COMPANY, CONTACT): 280, (CONTACT, DEAL): 4, (DEAL, CONTACT): 3,
    (DEAL, COMPANY): 341, (COMPANY, DEAL): 342,
}  # fmt: skip
PRIMARY = {(CONTACT, COMPANY): 1, (COMPANY, CONTACT): 2, (DEAL, COMPANY): 5, (COMPANY, DEAL): 6}
_MIRROR = {279: 280, 280: 279, 4: 3, 3: 4, 341: 342, 342: 341, 1: 2, 2: 1, 5: 6, 6: 5}
_LABELS = {1: "Primary", 2: "Contact with Primary Company", 5: "Primary", 6: "Deal with Primary Company"}
READ_MOST, CREATE_MOST, ARCHIVE_MOST, PAGE = 1000, 2000, 100, 500


def pair_of(request: Request) -> tuple[str, str]:
    words = decoded(request.args["from"]), decoded(request.args["to"])
    for word in words:
        if word not in ALIASES:
            raise Refused(bad_request(f"Unable to infer object type from: {word}"))
    pair = ALIASES[words[0]], ALIASES[words[1]]
    if pair not in UNLABELLED:
        raise Refused(bad_request(f"There are no associations from {words[0]} to {words[1]}"))
    return pair


def link(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, types: list[int]) -> None:
    """Adds labels to a link, on both sides; the first company of a contact or deal becomes its primary one."""
    one_company = COMPANY in pair
    child = from_id if pair[1] == COMPANY else to_id
    wanted = {*types, UNLABELLED[pair]}
    if one_company:
        to_company = (pair if pair[1] == COMPANY else (pair[1], pair[0]), child)
        primary = PRIMARY[pair]
        if _primary_company(portal, to_company[0], child) is None:
            wanted.add(primary)
        if primary in wanted:
            _drop_primary(portal, to_company[0], child)
    for type_id in wanted:
        _insert(portal, pair, from_id, to_id, type_id)
    _refresh(portal, pair, from_id, to_id)


def _insert(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, type_id: int) -> None:
    sql = "INSERT OR IGNORE INTO associations VALUES (?,?,?,?,?)"
    portal.db.execute(sql, (pair[0], from_id, pair[1], to_id, type_id))
    portal.db.execute(sql, (pair[1], to_id, pair[0], from_id, _MIRROR[type_id]))


def _delete(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, type_id: int) -> None:
    sql = "DELETE FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=? AND type_id=?"
    portal.db.execute(sql, (pair[0], from_id, pair[1], to_id, type_id))
    portal.db.execute(sql, (pair[1], to_id, pair[0], from_id, _MIRROR[type_id]))


def _primary_company(portal: Portal, pair: tuple[str, str], child: int) -> int | None:
    sql = "SELECT to_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND type_id=?"
    row = portal.db.execute(sql, (pair[0], child, pair[1], PRIMARY[pair])).fetchone()
    return row[0] if row else None


def _drop_primary(portal: Portal, pair: tuple[str, str], child: int) -> None:
    company = _primary_company(portal, pair, child)
    if company is not None:
        _delete(portal, pair, child, company, PRIMARY[pair])


def unlink(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int, types: list[int]) -> None:
    """Takes labels away; none named, or the unlabelled one, takes the whole link."""
    if not types or UNLABELLED[pair] in types:
        sql = "SELECT type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id=?"
        types = [row[0] for row in portal.db.execute(sql, (pair[0], from_id, pair[1], to_id))]
    for type_id in types:
        _delete(portal, pair, from_id, to_id, type_id)
    _refresh(portal, pair, from_id, to_id)


def _refresh(portal: Portal, pair: tuple[str, str], from_id: int, to_id: int) -> None:
    """What HubSpot keeps on the records about their links."""
    for kind, record_id, other in ((pair[0], from_id, pair[1]), (pair[1], to_id, pair[0])):
        changes: dict[str, str | None] = {}
        if (kind, other) == (CONTACT, COMPANY):
            company = _primary_company(portal, (CONTACT, COMPANY), record_id)
            changes["associatedcompanyid"] = str(company) if company is not None else None
        elif other in (CONTACT, DEAL):
            changes[f"num_associated_{other}"] = str(_count(portal, kind, record_id, other))
        known = portal.definitions(kind)
        item = records.load_one(portal, kind, record_id)
        changes = {name: value for name, value in changes.items() if name in known}
        if item is not None and any(item.doc.get(name) != value for name, value in changes.items()):
            records.change(portal, item, changes, Source("CALCULATED"))


def _count(portal: Portal, kind: str, record_id: int, other: str) -> int:
    sql = "SELECT COUNT(DISTINCT to_id) FROM associations WHERE from_type=? AND from_id=? AND to_type=?"
    count: int = portal.db.execute(sql, (kind, record_id, other)).fetchone()[0]
    return count


def from_create(portal: Portal, kind: str, record_id: int, wanted: list[Json]) -> None:
    """The `associations` block of a create call."""
    for entry in wanted:
        target = records.as_id((entry.get("to") or {}).get("id"))
        for type_id in _type_ids(entry.get("types") or []):
            pair = next((pair for pair in UNLABELLED if pair[0] == kind and type_id in _ids_of(pair)), None)
            if pair is None or target is None or records.load_one(portal, pair[1], target) is None:
                raise Refused(bad_request(f"Invalid association from {SINGULAR[kind]} of type {type_id} to {target}"))
            link(portal, pair, record_id, target, [type_id])


def _ids_of(pair: tuple[str, str]) -> set[int]:
    return {UNLABELLED[pair], PRIMARY.get(pair, UNLABELLED[pair])}


def _type_ids(types: list[Json]) -> list[int]:
    return [int(entry["associationTypeId"]) for entry in types if "associationTypeId" in entry]


def attach(portal: Portal, kind: str, results: list[Json], wanted: list[str]) -> None:
    """The `associations` block of list and single reads; whether a primary company stands in it twice is
    [not verified], here it does."""
    for word in wanted:
        other = ALIASES.get(word)
        if other is None or (kind, other) not in UNLABELLED:
            continue
        name = f"{SINGULAR[kind]}_to_{SINGULAR[other]}"
        for result in results:
            sql = (
                "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? "
                "ORDER BY to_id, type_id"
            )
            rows = portal.db.execute(sql, (kind, int(result["id"]), other)).fetchall()
            primary = PRIMARY.get((kind, other))
            found = [
                {"id": str(to_id), "type": name if type_id == primary or primary is None else f"{name}_unlabeled"}
                for to_id, type_id in rows
            ]
            if found:
                result.setdefault("associations", {})[other] = {"results": found}


def _targets(
    portal: Portal, pair: tuple[str, str], from_id: int, after: int, limit: int
) -> tuple[list[Json], str | None]:
    sql = (
        "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? AND to_id>? "
        "ORDER BY to_id, type_id LIMIT ?"
    )
    rows = portal.db.execute(sql, (pair[0], from_id, pair[1], after, 2 * limit + 2)).fetchall()
    merged: dict[int, list[Json]] = {}
    for to_id, type_id in rows:
        entry = {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": _LABELS.get(type_id)}
        merged.setdefault(to_id, []).append(entry)
    shown = [{"toObjectId": to_id, "associationTypes": types} for to_id, types in list(merged.items())[:limit]]
    return shown, str(shown[-1]["toObjectId"]) if len(merged) > limit else None


def batch_read(portal: Portal, request: Request) -> Response:
    """A record without any association is an error entry, and the answer is 207 (several captures)."""
    pair = pair_of(request)
    results: list[Json] = []
    errors: list[Json] = []
    for row in _inputs(request, READ_MOST):
        from_id = records.as_id(row.get("id"))
        after = records.as_id(row.get("after", "0")) or 0
        shown, following = _targets(portal, pair, from_id or 0, after, PAGE)
        if not shown:
            errors.append(_nothing(pair, str(row.get("id"))))
            continue
        result: Json = {"from": {"id": str(from_id)}, "to": shown}
        if following is not None:
            result["paging"] = {"next": {"after": following}}
        results.append(result)
    dated = request.dated is not None and request.dated >= "2026-09"
    if dated and not portal.settings.multi_status_dated:
        errors.clear()
    return _answer(portal, results, errors)


def _answer(portal: Portal, results: list[Json], errors: list[Json], status: int = 200) -> Response:
    now = iso(portal.now())
    payload: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        return Response(207, payload | {"numErrors": len(errors), "errors": errors})
    return Response(status, payload)


def _nothing(pair: tuple[str, str], record_id: str) -> Json:
    one, other = SINGULAR[pair[0]], SINGULAR[pair[1]]
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {other} is associated with {one} {record_id}.",
        "context": {"fromObjectId": [record_id], "fromObjectType": [one], "toObjectType": [other]},
    }


def _inputs(request: Request, most: int) -> list[Json]:
    rows = request.json().get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(bad_request("Invalid input JSON: inputs must be a list of objects"))
    if len(rows) > most:
        raise Refused(bad_request(f"The maximum number of inputs is {most}, got {len(rows)}"))
    return rows


def _ends(portal: Portal, pair: tuple[str, str], from_text: Any, to_text: Any) -> tuple[int, int]:
    from_id, to_id = records.as_id(from_text), records.as_id(to_text)
    for kind, record_id in ((pair[0], from_id), (pair[1], to_id)):
        if record_id is None or records.load_one(portal, kind, record_id) is None:
            raise Refused(not_found(f"No {SINGULAR[kind]} with ID {record_id} exists"))
    return from_id or 0, to_id or 0


def batch_create(portal: Portal, request: Request) -> Response:
    """Labelled links, or unlabelled ones under `.../batch/associate/default`."""
    pair = pair_of(request)
    results = []
    for row in _inputs(request, CREATE_MOST):
        from_id, to_id = _ends(portal, pair, (row.get("from") or {}).get("id"), (row.get("to") or {}).get("id"))
        types = _type_ids(row.get("types") or [])
        _check_types(pair, types)
        link(portal, pair, from_id, to_id, types)
        journal.note(portal, request, "associations", f"{from_id}:{to_id}", {"types": types}, 201)
        results.append(_linked(pair, from_id, to_id, types))
    return _answer(portal, results, [], 201)


def _linked(pair: tuple[str, str], from_id: int, to_id: int, types: list[int]) -> Json:
    return {
        "fromObjectTypeId": pair[0], "fromObjectId": from_id, "toObjectTypeId": pair[1], "toObjectId": to_id,
        "labels": [_LABELS[type_id] for type_id in types if type_id in _LABELS],
        "from": {"id": str(from_id)}, "to": {"id": str(to_id)},
        "associationSpec": {
            "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": (types or [UNLABELLED[pair]])[0],
        },
    }  # fmt: skip


def _check_types(pair: tuple[str, str], types: list[int]) -> None:
    for type_id in types:
        if type_id not in _ids_of(pair):
            raise Refused(bad_request(f"Association type {type_id} does not lead from {pair[0]} to {pair[1]}"))


def batch_archive(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    for row in _inputs(request, ARCHIVE_MOST):
        from_id = records.as_id((row.get("from") or {}).get("id"))
        targets = row.get("to") or []
        for target in targets if isinstance(targets, list) else [targets]:
            to_id = records.as_id(target.get("id"))
            if from_id is not None and to_id is not None:
                unlink(portal, pair, from_id, to_id, _type_ids(row.get("types") or []))
                journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 204)
    return Response(204)


def read_one(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    after = records.as_id(request.text("after") or "0") or 0
    from_id = records.as_id(decoded(request.args["id"])) or 0
    shown, following = _targets(portal, pair, from_id, after, request.number("limit", PAGE, PAGE))
    payload: Json = {"results": shown}
    if following is not None:
        payload["paging"] = {"next": {"after": following}}
    return Response(200, payload)


def put_default(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    from_id, to_id = _ends(portal, pair, decoded(request.args["id"]), decoded(request.args["to_id"]))
    link(portal, pair, from_id, to_id, [])
    journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 200)
    return _answer(portal, [_linked(pair, from_id, to_id, [])], [])


def put_labels(portal: Portal, request: Request) -> Response:
    """Replaces the labels of one link; the body is a bare list."""
    pair = pair_of(request)
    from_id, to_id = _ends(portal, pair, decoded(request.args["id"]), decoded(request.args["to_id"]))
    types = _type_ids(_inputs(request, CREATE_MOST))
    _check_types(pair, types)
    unlink(portal, pair, from_id, to_id, [])
    link(portal, pair, from_id, to_id, types)
    journal.note(portal, request, "associations", f"{from_id}:{to_id}", {"types": types}, 201)
    return Response(201, _linked(pair, from_id, to_id, types))


def delete_one(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    from_id, to_id = records.as_id(decoded(request.args["id"])), records.as_id(decoded(request.args["to_id"]))
    if from_id is not None and to_id is not None:
        unlink(portal, pair, from_id, to_id, [])
        journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 204)
    return Response(204)


def labels(_portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    entries = [
        {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": _LABELS.get(type_id)}
        for type_id in sorted(_ids_of(pair))
    ]
    return Response(200, {"results": entries})
