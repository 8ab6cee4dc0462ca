"""Forms and what visitors wrote into them.

Submissions exist only under the old v1 path, newest first, at most 50 a page, without a contact id and without a
filter by time [docs: legacy forms v1 reference]. A row may lack its `conversionId` and its `objectTypeId`s.
Which form types are listed when none is asked for is not stated: here only `hubspot`, so that a caller must ask.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Refused, bad_request, not_found
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded

TYPES = ("hubspot", "captured", "flow", "blog_comment")
_COLUMNS = "guid, name, form_type, archived, created, updated, fields"


def listed(portal: Portal, request: Request) -> Response:
    limit = request.number("limit", 20, 100)
    wanted = request.names("formTypes") or ["hubspot"]
    if unknown := [word for word in wanted if word not in (*TYPES, "all")]:
        raise Refused(bad_request(f"formTypes must be of {', '.join(TYPES)} or all, not {unknown[0]}"))
    types = list(TYPES) if "all" in wanted else wanted
    after = request.text("after") or ""
    sql = (
        f"SELECT {_COLUMNS} FROM forms WHERE form_type IN (SELECT value FROM json_each(?)) AND archived=? "  # noqa: S608 - constant columns
        "AND guid>? ORDER BY guid LIMIT ?"
    )
    values = (msgspec.json.encode(types).decode(), int(request.flag("archived")), after, limit + 1)
    rows = portal.db.execute(sql, values).fetchall()
    payload: Json = {"results": [_shown(row) for row in rows[:limit]]}
    if len(rows) > limit:
        payload["paging"] = {"next": {"after": rows[limit - 1][0]}}
    return Response(200, payload)


def get(portal: Portal, request: Request) -> Response:
    sql = f"SELECT {_COLUMNS} FROM forms WHERE guid=?"  # noqa: S608 - constant columns
    row = portal.db.execute(sql, (decoded(request.args["guid"]),)).fetchone()
    if row is None:
        raise Refused(not_found("No form found"))
    return Response(200, _shown(row))


def _shown(row: tuple[str, str, str, int, int, int, str]) -> Json:
    guid, name, form_type, archived, created, updated, fields = row
    return {
        "id": guid,
        "name": name,
        "formType": form_type,
        "createdAt": iso(created),
        "updatedAt": iso(updated),
        "archived": bool(archived),
        "fieldGroups": [_field_group(field) for field in msgspec.json.decode(fields)],
        "configuration": {"language": "en", "cloneable": True, "editable": True, "archivable": True},
        "displayOptions": {"renderRawHtml": False, "submitButtonText": "Submit"},
        "legalConsentOptions": {"type": "none"},
    }


def _field_group(name: str) -> Json:
    field = {
        "objectTypeId": "0-1", "name": name, "label": name.title(), "required": name == "email", "hidden": False,
        "fieldType": "email" if name == "email" else "single_line_text",
    }  # fmt: skip
    return {"groupType": "default_group", "richTextType": "text", "fields": [field]}


def submissions(portal: Portal, request: Request) -> Response:
    guid = decoded(request.args["guid"])
    if portal.db.execute("SELECT 1 FROM forms WHERE guid=?", (guid,)).fetchone() is None:
        raise Refused(not_found("No form found"))
    limit = request.number("limit", 20, 50)
    at, seq = _cursor(request.text("after"))
    sql = "SELECT seq, at, doc FROM submissions WHERE form=? AND (at, seq) < (?, ?) ORDER BY at DESC, seq DESC LIMIT ?"
    rows = portal.db.execute(sql, (guid, at, seq, limit + 1)).fetchall()
    payload: Json = {"results": [msgspec.json.decode(doc) | {"submittedAt": at} for _, at, doc in rows[:limit]]}
    if len(rows) > limit:
        after = base64.b64encode(f"{rows[limit - 1][1]}:{rows[limit - 1][0]}".encode()).decode()
        payload["paging"] = {"next": {"after": after, "link": f"{request.path}?after={after}"}}
    return Response(200, payload)


def _cursor(after: str | None) -> tuple[int, int]:
    if not after:
        return 2**62, 0
    try:
        at, _, seq = base64.b64decode(after, validate=True).decode().partition(":")
        return int(at), int(seq)
    except (binascii.Error, ValueError):
        raise Refused(bad_request(f"after must be taken from paging.next.after, not {after!r}")) from None
