"""Property definitions and their groups: read, create, change, archive, with the real types."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from leadscore.sandbox import journal
from leadscore.sandbox.catalogue import TASK
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Refused, bad_request, conflict, envelope, not_found
from leadscore.sandbox.objects import object_type
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response, decoded

PAIRS = {
    "number": ("number",),
    "string": ("text", "textarea", "html", "file", "phonenumber"),
    "phone_number": ("phonenumber",),
    "enumeration": ("select", "radio", "checkbox", "booleancheckbox"),
    "bool": ("booleancheckbox",),
    "date": ("date",),
    "datetime": ("date",),
}
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_CHANGEABLE = (
    "label",
    "type",
    "fieldType",
    "groupName",
    "description",
    "options",
    "displayOrder",
    "hidden",
    "formField",
)


def listed(portal: Portal, request: Request) -> Response:
    sql = "SELECT doc FROM properties WHERE type=? AND archived=? ORDER BY rowid"
    rows = portal.db.execute(sql, (object_type(request), int(request.flag("archived"))))
    return Response(200, {"results": [msgspec.json.decode(row[0]) for row in rows]})


def _find(portal: Portal, kind: str, name: str, archived: bool = False) -> Json:
    sql = "SELECT doc FROM properties WHERE type=? AND name=? AND archived=?"
    row = portal.db.execute(sql, (kind, name, int(archived))).fetchone()
    if row is None:
        raise Refused(not_found(f"Property {name} does not exist on {kind}"))
    found: Json = msgspec.json.decode(row[0])
    return found


def get(portal: Portal, request: Request) -> Response:
    name = decoded(request.args["name"])
    return Response(200, _find(portal, object_type(request), name, request.flag("archived")))


def create(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    return Response(201, _create(portal, request, kind, request.json()))


def _create(portal: Portal, request: Request, kind: str, given: Json) -> Json:
    if kind == TASK and not portal.settings.custom_task_properties:
        raise Refused(bad_request("Properties cannot be created for tasks"))
    _check(portal, kind, given)
    name = given["name"]
    if portal.db.execute("SELECT 1 FROM properties WHERE type=? AND name=?", (kind, name)).fetchone():
        message = f"A property named '{name}' already exists."
        if portal.settings.existing_property_status == 409:
            raise Refused(conflict(message, "OBJECT_ALREADY_EXISTS"))
        raise Refused(bad_request(message))
    document = _document(portal, given)
    text = msgspec.json.encode(document).decode()
    portal.db.execute("INSERT INTO properties (type, name, doc) VALUES (?,?,?)", (kind, name, text))
    portal.forget_definitions()
    journal.note(portal, request, f"properties/{kind}", name, given, 201)
    return document


def _check(portal: Portal, kind: str, given: Json) -> None:
    for key in ("name", "label", "type", "fieldType", "groupName"):
        if not given.get(key) or not isinstance(given[key], str):
            raise Refused(bad_request(f"Invalid input JSON: property field {key} is required"))
    if not _NAME.match(given["name"]) or len(given["name"]) > 100:
        raise Refused(bad_request(f"Property name {given['name']!r}: lower-case letters, digits and _, a letter first"))
    _check_kind(given["type"], given["fieldType"])
    _check_group(portal, kind, given["groupName"])
    _check_options(given["type"], given.get("options") or [])


def _check_kind(type_: str, field_type: str) -> None:
    if type_ not in PAIRS:
        raise Refused(bad_request(f"Invalid property type {type_!r}; one of {', '.join(PAIRS)}"))
    if field_type not in PAIRS[type_]:
        raise Refused(
            bad_request(f"A property of type {type_} has the fieldType {' or '.join(PAIRS[type_])}, not {field_type}")
        )


def _check_group(portal: Portal, kind: str, name: str) -> None:
    row = portal.db.execute("SELECT 1 FROM groups WHERE type=? AND name=? AND archived=0", (kind, name)).fetchone()
    if row is None:
        raise Refused(envelope(400, "VALIDATION_ERROR", f"Property group {name} does not exist"))


def _check_options(type_: str, options: list[Json]) -> None:
    for entry in options:
        if not isinstance(entry, dict) or not {"label", "value", "hidden"} <= entry.keys():
            raise Refused(bad_request("Invalid input JSON: each option needs label, value and hidden"))
    values = [entry["value"] for entry in options]
    if len(set(values)) != len(values):
        raise Refused(bad_request("Property options must have unique values"))
    if type_ == "bool" and sorted(values) != ["false", "true"]:
        raise Refused(bad_request("A bool property needs the options true and false"))


def _document(portal: Portal, given: Json) -> Json:
    now = iso(portal.now())
    numbered = [
        {"description": "", **entry, "displayOrder": entry.get("displayOrder", order)}
        for order, entry in enumerate(given.get("options") or [])
    ]
    return {
        "name": given["name"],
        "label": given["label"],
        "type": given["type"],
        "fieldType": given["fieldType"],
        "description": given.get("description") or "",
        "groupName": given["groupName"],
        "options": numbered,
        "displayOrder": given.get("displayOrder", -1),
        "calculated": False,
        "externalOptions": False,
        "hasUniqueValue": bool(given.get("hasUniqueValue")),
        "hidden": bool(given.get("hidden")),
        "hubspotDefined": False,
        "formField": bool(given.get("formField")),
        "dataSensitivity": "non_sensitive",
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
        "createdAt": now,
        "updatedAt": now,
    }


def update(portal: Portal, request: Request) -> Response:
    """The name and hasUniqueValue never change; a definition of HubSpot's own may only get other options."""
    kind, name = object_type(request), decoded(request.args["name"])
    document, given = _find(portal, kind, name), request.json()
    fixed = document["modificationMetadata"]["readOnlyDefinition"]
    if fixed and set(given) - {"options"}:
        raise Refused(bad_request(f"Property {name} is defined by HubSpot and cannot be changed"))
    changed = document | {key: value for key, value in given.items() if key in _CHANGEABLE and value is not None}
    if not fixed:
        _check_kind(changed["type"], changed["fieldType"])
        _check_group(portal, kind, changed["groupName"])
    _check_options(changed["type"], changed["options"])
    changed["options"] = [
        {"description": "", **entry, "displayOrder": entry.get("displayOrder", order)}
        for order, entry in enumerate(changed["options"])
    ]
    changed["updatedAt"] = iso(portal.now())
    text = msgspec.json.encode(changed).decode()
    portal.db.execute("UPDATE properties SET doc=? WHERE type=? AND name=?", (text, kind, name))
    portal.forget_definitions()
    journal.note(portal, request, f"properties/{kind}", name, given, 200)
    return Response(200, changed)


def archive(portal: Portal, request: Request) -> Response:
    kind, name = object_type(request), decoded(request.args["name"])
    _archive(portal, request, kind, name)
    return Response(204)


def _archive(portal: Portal, request: Request, kind: str, name: str) -> None:
    document = _find(portal, kind, name)
    if not document["modificationMetadata"]["archivable"]:
        raise Refused(bad_request(f"Property {name} cannot be archived"))
    document |= {"archived": True, "archivedAt": iso(portal.now())}
    text = msgspec.json.encode(document).decode()
    portal.db.execute("UPDATE properties SET archived=1, doc=? WHERE type=? AND name=?", (text, kind, name))
    portal.forget_definitions()
    journal.note(portal, request, f"properties/{kind}", name, None, 204)


def _rows(request: Request) -> list[Json]:
    rows = request.json().get("inputs")
    if not isinstance(rows, list) or len(rows) > 100:
        raise Refused(bad_request("Invalid input JSON: inputs must be a list of at most 100"))
    return rows


def batch_read(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    return _batch(portal, request, lambda row: _find(portal, kind, str(row.get("name"))), 200)


def batch_create(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    return _batch(portal, request, lambda row: _create(portal, request, kind, row), 201)


def _batch(portal: Portal, request: Request, one: Any, status: int) -> Response:
    results, errors = [], []
    for row in _rows(request):
        try:
            results.append(one(row))
        except Refused as refused:
            kept = {key: refused.failure.payload[key] for key in ("status", "category", "message")}
            errors.append(kept | {"context": {"name": [str(row.get("name"))]}})
    now = iso(portal.now())
    payload: Json = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        return Response(207, payload | {"numErrors": len(errors), "errors": errors})
    return Response(status, payload)


def batch_archive(portal: Portal, request: Request) -> Response:
    for row in _rows(request):
        _archive(portal, request, object_type(request), str(row.get("name")))
    return Response(204)


def groups(portal: Portal, request: Request) -> Response:
    rows = portal.db.execute(
        "SELECT doc FROM groups WHERE type=? AND archived=0 ORDER BY rowid", (object_type(request),)
    )
    return Response(200, {"results": [msgspec.json.decode(row[0]) for row in rows]})


def _group(portal: Portal, kind: str, name: str) -> Json:
    row = portal.db.execute("SELECT doc FROM groups WHERE type=? AND name=? AND archived=0", (kind, name)).fetchone()
    if row is None:
        raise Refused(not_found(f"Property group {name} does not exist on {kind}"))
    found: Json = msgspec.json.decode(row[0])
    return found


def group(portal: Portal, request: Request) -> Response:
    return Response(200, _group(portal, object_type(request), decoded(request.args["name"])))


def create_group(portal: Portal, request: Request) -> Response:
    kind, given = object_type(request), request.json()
    name = given.get("name")
    if not isinstance(name, str) or not _NAME.match(name) or not given.get("label"):
        raise Refused(bad_request("A property group needs a name (lower-case letters, digits, _) and a label"))
    if portal.db.execute("SELECT 1 FROM groups WHERE type=? AND name=? AND archived=0", (kind, name)).fetchone():
        raise Refused(conflict(f"Property group {name} already exists", "OBJECT_ALREADY_EXISTS"))
    made = {"name": name, "label": given["label"], "displayOrder": given.get("displayOrder", -1), "archived": False}
    _save_group(portal, kind, made)
    journal.note(portal, request, f"groups/{kind}", name, given, 201)
    return Response(201, made)


def _save_group(portal: Portal, kind: str, document: Json) -> None:
    row = (kind, document["name"], int(document["archived"]), msgspec.json.encode(document).decode())
    portal.db.execute("INSERT OR REPLACE INTO groups (type, name, archived, doc) VALUES (?,?,?,?)", row)


def update_group(portal: Portal, request: Request) -> Response:
    kind, name, given = object_type(request), decoded(request.args["name"]), request.json()
    document = _group(portal, kind, name)
    document |= {key: given[key] for key in ("label", "displayOrder") if given.get(key) is not None}
    _save_group(portal, kind, document)
    journal.note(portal, request, f"groups/{kind}", name, given, 200)
    return Response(200, document)


def archive_group(portal: Portal, request: Request) -> Response:
    """A group that still holds properties is refused [not verified]."""
    kind, name = object_type(request), decoded(request.args["name"])
    document = _group(portal, kind, name)
    if any(definition.document["groupName"] == name for definition in portal.definitions(kind).values()):
        raise Refused(bad_request(f"Property group {name} still has properties"))
    _save_group(portal, kind, document | {"archived": True})
    journal.note(portal, request, f"groups/{kind}", name, None, 204)
    return Response(204)
