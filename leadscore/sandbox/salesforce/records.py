"""Records over REST: one by one, two hundred at a time, and what was updated or deleted in a span of time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from leadscore.sandbox.clock import DAY_MS, instant
from leadscore.sandbox.salesforce import ids, rows
from leadscore.sandbox.salesforce.answers import Answer, Json, Request
from leadscore.sandbox.salesforce.errors import Fault, Refused
from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.org import Org, Row
from leadscore.sandbox.salesforce.rows import Changed, Write
from leadscore.sandbox.salesforce.showing import attributes, instant_text, shown
from leadscore.sandbox.salesforce.sight import UserSight
from leadscore.sandbox.salesforce.soql.run import no_such_column

MOST = 200
"""Records of one collection."""
_MOST_READ = 2_000
_DELETED_DAYS, _UPDATED_DAYS = 15, 30


def one(org: Org, sight: UserSight, request: Request, object: str, write: Write) -> tuple[Answer, list[Changed]]:
    """/sobjects/NAME/ID and /sobjects/NAME/FIELD/VALUE."""
    if len(request.parts) == 4:
        return _by_value(org, sight, request, object, write)
    id = request.parts[2]
    match request.method:
        case "GET":
            return Answer(200, _shown(sight, object, _visible(org, object, id), request)), []
        case "PATCH":
            return Answer(204), [rows.update(org, object, _existing(org, object, id), request.json(), write)]
        case "DELETE":
            return Answer(204), [rows.delete(org, object, _existing(org, object, id), write)]
    raise Refused("METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are DELETE, GET, PATCH")


def make(org: Org, request: Request, object: str, write: Write) -> tuple[Answer, list[Changed]]:
    """POST /sobjects/NAME"""
    made = rows.create(org, object, request.json(), write)
    return Answer(201, {"id": made.id, "success": True, "errors": []}), [made]


def collection(org: Org, request: Request, write: Write) -> tuple[Answer, list[Changed]]:
    """/composite/sobjects: 200 even when every row fails; the answers in the order of the rows."""
    if request.method == "DELETE":
        wanted = [{"id": id} for id in (request.text("ids") or "").split(",") if id]
        whole = request.text("allOrNone") == "true"
    else:
        body = request.json()
        wanted, whole = body.get("records"), bool(body.get("allOrNone"))  # type: ignore[assignment]  # checked below
    if not isinstance(wanted, list) or not wanted:
        raise Refused("JSON_PARSER_ERROR", "records: a list of records was expected")
    if len(wanted) > MOST:
        raise Refused(
            "EXCEEDED_MAX_SIZE", f"record limit reached. cannot submit more than {MOST} records into this call"
        )
    if request.method != "DELETE":
        _chunks(wanted)
    answers: list[Json] = []
    changed: list[Changed] = []
    for place, row in enumerate(wanted):
        try:
            with savepoint(org, f"row{place}"):
                made = _of_collection(org, request.method, row, write)
            changed.append(made)
            answers.append({"id": made.id, "success": True, "errors": []})
        except Refused as refused:
            answers.append({"success": False, "errors": [refused.fault.in_row()]})
    if whole and any(not answer["success"] for answer in answers):
        raise RolledBack([_taken_back(answer) for answer in answers])
    return Answer(200, answers), changed


class RolledBack(Exception):
    """A collection with allOrNone in which a row failed: nothing of it is kept."""

    def __init__(self, answers: list[Json]) -> None:
        super().__init__()
        self.answers = answers


def _taken_back(answer: Json) -> Json:
    if not answer["success"]:
        return answer
    fault = Fault(
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
    )
    return {"id": answer["id"], "success": False, "errors": [fault.in_row()]}


def _chunks(wanted: list[Json]) -> None:
    """Rows of another object begin a new chunk; ten are allowed."""
    kinds = [str((row.get("attributes") or {}).get("type")) for row in wanted if isinstance(row, dict)]
    changes = 1 + sum(first != then for first, then in pairwise(kinds))
    if changes > 10:
        raise Refused("LIMIT_EXCEEDED", "the records have too many chunks of different types; group them by type")


def _of_collection(org: Org, method: str, row: Any, write: Write) -> Changed:
    if not isinstance(row, dict):
        raise Refused("JSON_PARSER_ERROR", "a record was expected")
    id = str(row.get("id") or row.get("Id") or "")
    if method == "DELETE":
        return rows.delete(org, object_of(id), id, write)
    name = org.object_named(str((row.get("attributes") or {}).get("type") or ""))
    if name is None:
        raise Refused("INVALID_TYPE", "attributes.type: no such object")
    if method == "POST":
        return rows.create(org, name, row, write)
    return rows.update(org, name, id, row, write)


def object_of(id: str) -> str:
    """The object that an id belongs to. Raises Refused."""
    found = next((name for name, prefix in ids.PREFIXES.items() if id.startswith(prefix)), None)
    if found is None:
        raise Refused("MALFORMED_ID", f"malformed id {id}")
    return found


def retrieve(org: Org, sight: UserSight, request: Request) -> Answer:
    """/composite/sobjects/NAME: rows by id in the order asked for; null for what is not there."""
    name = org.object_named(request.parts[2])
    if name is None:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    if request.method == "POST":
        body = request.json()
        wanted, fields = body.get("ids", []), body.get("fields", [])
    else:
        wanted, fields = (request.text("ids") or "").split(","), (request.text("fields") or "").split(",")
    if len(wanted) > _MOST_READ:
        raise Refused("EXCEEDED_MAX_SIZE", f"no more than {_MOST_READ} ids")
    chosen = [_field(sight, name, one) for one in fields if one]
    found: list[Json | None] = []
    for id in wanted:
        whole = ids.full(str(id))
        row = org.get(name, whole) if whole else None
        found.append(None if row is None or row["IsDeleted"] else _record(name, row, chosen, request.version))
    return Answer(200, found)


def _field(sight: UserSight, object: str, name: str) -> Field:
    found = sight.field_named(object, name)
    if found is None:
        raise Refused("INVALID_FIELD", str(no_such_column(name, object)))
    return found


def _by_value(org: Org, sight: UserSight, request: Request, object: str, write: Write) -> tuple[Answer, list[Changed]]:
    """Upsert and look-up by an external id."""
    found = _field(sight, object, request.parts[2])
    query = f'SELECT "Id" FROM "o_{object}" WHERE "{found.name}"=? AND "IsDeleted"=0'  # noqa: S608 - known names
    matching = [row[0] for row in org.db.execute(query, (request.parts[3],))]
    if len(matching) > 1:
        return Answer(300, [f"/services/data/{request.version}/sobjects/{object}/{id}" for id in matching]), []
    if request.method == "GET" and matching:
        return Answer(200, _shown(sight, object, _visible(org, object, matching[0]), request)), []
    if request.method != "PATCH":
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    values = {**request.json(), found.name: request.parts[3]}
    if matching:
        made = rows.update(org, object, matching[0], values, write)
        return Answer(200, {"id": made.id, "success": True, "created": False, "errors": []}), [made]
    made = rows.create(org, object, values, write)
    return Answer(201, {"id": made.id, "success": True, "created": True, "errors": []}), [made]


def _existing(org: Org, object: str, id: str) -> str:
    """A single record that never was is NOT_FOUND; a deleted one says so."""
    whole = ids.full(id)
    if whole is None or org.get(object, whole) is None:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    return whole


def _visible(org: Org, object: str, id: str) -> Row:
    row = org.get(object, _existing(org, object, id))
    if row is None or row["IsDeleted"]:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    return row


def _shown(sight: UserSight, object: str, row: Row, request: Request) -> Json:
    names = [name for name in (request.text("fields") or "").split(",") if name]
    chosen = [_field(sight, object, name) for name in names] if names else sight.readable(object)
    return _record(object, row, chosen, request.version)


def _record(object: str, row: Row, chosen: list[Field], version: str) -> Json:
    told = {field.name: shown(row[field.name], field) for field in chosen}
    return {"attributes": attributes(object, row["Id"], version)} | told


def span(org: Org, request: Request, object: str, which: str) -> Answer:
    """getUpdated and getDeleted: `latestDateCovered` is where the next one begins."""
    start, end = (instant(text) if (text := request.text(name)) else None for name in ("start", "end"))
    if start is None or end is None:
        raise Refused("MISSING_ARGUMENT", "start and end are needed")
    if end - start < 60_000:
        raise Refused("INVALID_REPLICATION_DATE", "startDate before endDate by more than one minute")
    days = _DELETED_DAYS if which == "deleted" else _UPDATED_DAYS
    if start < org.now() - days * DAY_MS:
        raise Refused(
            "INVALID_REPLICATION_DATE", f"startDate before org replication enabled date; {days} days are kept"
        )
    covered = {"latestDateCovered": instant_text(min(end, org.stamp()) // 60_000 * 60_000)}
    query = (
        'SELECT "Id", "SystemModstamp" FROM "o_{}" WHERE "IsDeleted"=? AND "SystemModstamp">=? AND "SystemModstamp"<?'
    )
    found = org.db.execute(query.format(object) + ' ORDER BY "Id"', (int(which == "deleted"), start, end)).fetchall()
    if which == "updated":
        return Answer(200, {"ids": [row[0] for row in found], **covered})
    listed = [{"id": row[0], "deletedDate": instant_text(row[1])} for row in found]
    earliest = instant_text(org.now() - _DELETED_DAYS * DAY_MS)
    return Answer(200, {"deletedRecords": listed, "earliestDateAvailable": earliest, **covered})


class savepoint:  # noqa: N801 - reads as `with savepoint(org, name)`
    """One row's own transaction inside the request's."""

    def __init__(self, org: Org, name: str) -> None:
        self._db, self._name = org.db, name

    def __enter__(self) -> None:
        self._db.execute(f"SAVEPOINT {self._name}")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._db.execute(f"ROLLBACK TO {self._name}")
        self._db.execute(f"RELEASE {self._name}")
