"""Links over HTTP: read and written in batches, one by one, and shown within records."""

from __future__ import annotations

from typing import Any

from leadscore.sandbox import journal, links, records
from leadscore.sandbox.catalogue import ALIASES, SINGULAR
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.record import as_id
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded

READ_MOST, CREATE_MOST, ARCHIVE_MOST, PAGE = 1000, 2000, 100, 500


def pair_of(request: Request) -> tuple[str, str]:
    words = decoded(request.args["from"]), decoded(request.args["to"])
    for word in words:
        if word not in ALIASES:
            raise Refused(bad_request(f"Unable to infer object type from: {word}"))
    pair = ALIASES[words[0]], ALIASES[words[1]]
    if pair not in links.UNLABELLED:
        raise Refused(bad_request(f"There are no associations from {words[0]} to {words[1]}"))
    return pair


def attach(portal: Portal, kind: str, results: list[Json], wanted: list[str]) -> None:
    """The `associations` block of list and single reads; whether a primary company stands in it twice is
    [not verified], here it does."""
    for word in wanted:
        other = ALIASES.get(word)
        if other is None or (kind, other) not in links.UNLABELLED:
            continue
        name = f"{SINGULAR[kind]}_to_{SINGULAR[other]}"
        for result in results:
            sql = (
                "SELECT to_id, type_id FROM associations WHERE from_type=? AND from_id=? AND to_type=? "
                "ORDER BY to_id, type_id"
            )
            rows = portal.db.execute(sql, (kind, int(result["id"]), other)).fetchall()
            primary = links.PRIMARY.get((kind, other))
            found = [
                {"id": str(to_id), "type": name if type_id == primary or primary is None else f"{name}_unlabeled"}
                for to_id, type_id in rows
            ]
            if found:
                result.setdefault("associations", {})[other] = {"results": found}


def batch_read(portal: Portal, request: Request) -> Response:
    """A record without any association is an error entry, and the answer is 207 (several captures)."""
    pair = pair_of(request)
    results: list[Json] = []
    errors: list[Json] = []
    for row in _inputs(request, READ_MOST):
        from_id = as_id(row.get("id"))
        after = as_id(row.get("after", "0")) or 0
        shown, following = links.targets(portal, pair, from_id or 0, after, PAGE)
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
    from_id, to_id = as_id(from_text), as_id(to_text)
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
        types = links.type_ids(row.get("types") or [])
        _check_types(pair, types)
        links.link(portal, pair, from_id, to_id, types)
        journal.note(portal, request, "associations", f"{from_id}:{to_id}", {"types": types}, 201)
        results.append(_linked(pair, from_id, to_id, types))
    return _answer(portal, results, [], 201)


def _linked(pair: tuple[str, str], from_id: int, to_id: int, types: list[int]) -> Json:
    return {
        "fromObjectTypeId": pair[0], "fromObjectId": from_id, "toObjectTypeId": pair[1], "toObjectId": to_id,
        "labels": [links.LABELS[type_id] for type_id in types if type_id in links.LABELS],
        "from": {"id": str(from_id)}, "to": {"id": str(to_id)},
        "associationSpec": {
            "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": (types or [links.UNLABELLED[pair]])[0],
        },
    }  # fmt: skip


def _check_types(pair: tuple[str, str], types: list[int]) -> None:
    for type_id in types:
        if type_id not in links.ids_of(pair):
            raise Refused(bad_request(f"Association type {type_id} does not lead from {pair[0]} to {pair[1]}"))


def batch_archive(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    for row in _inputs(request, ARCHIVE_MOST):
        from_id = as_id((row.get("from") or {}).get("id"))
        targets = row.get("to") or []
        for target in targets if isinstance(targets, list) else [targets]:
            to_id = as_id(target.get("id"))
            if from_id is not None and to_id is not None:
                links.unlink(portal, pair, from_id, to_id, links.type_ids(row.get("types") or []))
                journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 204)
    return Response(204)


def read_one(portal: Portal, request: Request) -> Response:
    """Gone from the paths of 2026-09 [spec]: there only the batch reads links."""
    if request.dated and request.dated >= "2026-09":
        raise Refused(not_found(f"Nothing is served under {request.raw_path}"))
    pair = pair_of(request)
    after = as_id(request.text("after") or "0") or 0
    from_id = as_id(decoded(request.args["id"])) or 0
    shown, following = links.targets(portal, pair, from_id, after, request.number("limit", PAGE, PAGE))
    payload: Json = {"results": shown}
    if following is not None:
        payload["paging"] = {"next": {"after": following}}
    return Response(200, payload)


def put_default(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    from_id, to_id = _ends(portal, pair, decoded(request.args["id"]), decoded(request.args["to_id"]))
    links.link(portal, pair, from_id, to_id, [])
    journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 200)
    return _answer(portal, [_linked(pair, from_id, to_id, [])], [])


def put_labels(portal: Portal, request: Request) -> Response:
    """Replaces the labels of one link; the body is a bare list."""
    pair = pair_of(request)
    from_id, to_id = _ends(portal, pair, decoded(request.args["id"]), decoded(request.args["to_id"]))
    types = links.type_ids(_inputs(request, CREATE_MOST))
    _check_types(pair, types)
    if surplus := links.ids_of(pair) - {links.UNLABELLED[pair], *types}:
        links.unlink(portal, pair, from_id, to_id, list(surplus))
    links.link(portal, pair, from_id, to_id, types)
    journal.note(portal, request, "associations", f"{from_id}:{to_id}", {"types": types}, 201)
    return Response(201, _linked(pair, from_id, to_id, types))


def delete_one(portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    from_id, to_id = as_id(decoded(request.args["id"])), as_id(decoded(request.args["to_id"]))
    if from_id is not None and to_id is not None:
        links.unlink(portal, pair, from_id, to_id, [])
        journal.note(portal, request, "associations", f"{from_id}:{to_id}", None, 204)
    return Response(204)


def labels(_portal: Portal, request: Request) -> Response:
    pair = pair_of(request)
    entries = [
        {"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": links.LABELS.get(type_id)}
        for type_id in sorted(links.ids_of(pair))
    ]
    return Response(200, {"results": entries})
