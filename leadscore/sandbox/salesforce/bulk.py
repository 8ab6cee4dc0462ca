"""Bulk API 2.0: jobs that take a CSV of changes or give one of a query, and tell row by row what failed."""

from __future__ import annotations

import csv
import io
from random import Random
from typing import Any

import msgspec

from leadscore.sandbox.salesforce import query, rows
from leadscore.sandbox.salesforce.answers import Answer, Json, Request
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.records import savepoint
from leadscore.sandbox.salesforce.rows import Changed, Write
from leadscore.sandbox.salesforce.showing import instant_text, shown
from leadscore.sandbox.salesforce.sight import UserSight

EMPTY = "#N/A"
"""Empties a field; an empty cell leaves it alone."""
_OPERATIONS = ("insert", "update", "upsert", "delete")
_LARGEST = 100_000_000
_RESULTS = ("successfulResults", "failedResults", "unprocessedrecords")
_DELIMITERS = {"COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`"}


def answer(org: Org, sight: UserSight, asked: Request, write: Write, changed: list[Changed]) -> Answer:
    """/jobs/ingest... and /jobs/query... Raises Refused."""
    match asked.method, asked.parts[1], asked.parts[2:]:
        case "POST", "ingest", ():
            return _open(org, asked, write)
        case "POST", "query", ():
            return _ask(org, sight, asked, write)
        case "PUT", "ingest", (id, "batches"):
            return _upload(org, id, asked.body)
        case "PATCH", ("ingest" | "query"), (id,):
            return _turn(org, id, asked.json(), write, changed)
        case "GET", ("ingest" | "query"), (id,):
            return Answer(200, _state(org, id))
        case "DELETE", ("ingest" | "query"), (id,):
            org.db.execute("DELETE FROM jobs WHERE id=?", (_state(org, id)["id"],))
            return Answer(204)
        case "GET", "ingest", (id, which) if which in _RESULTS:
            return _results(org, id, which)
        case "GET", "query", (id, "results"):
            return _pages(org, id, asked)
    raise Refused("NOT_FOUND", "The requested resource does not exist")


def _kept(org: Org, id: str) -> tuple[Json, bytes]:
    row = org.db.execute("SELECT doc, data FROM jobs WHERE id=?", (id,)).fetchone()
    if row is None:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    return msgspec.json.decode(row[0]), row[1] or b""


def _keep(org: Org, state: Json, data: bytes) -> None:
    state["systemModstamp"] = instant_text(org.stamp())
    text = msgspec.json.encode(state).decode()
    org.db.execute("INSERT OR REPLACE INTO jobs VALUES (?,?,?)", (state["id"], text, data))


def _state(org: Org, id: str) -> Json:
    """The job as clients see it; its rows' answers are asked for apart."""
    state, _ = _kept(org, id)
    return {name: value for name, value in state.items() if name not in ("failed", "done", "version")}


def _begin(org: Org, asked: Request, body: Json, write: Write, state: str) -> Json:
    number = org.next_number("job")
    return {
        "id": f"7505f{number:010d}AAA", "operation": body.get("operation"), "object": body.get("object"),
        "createdById": write.user, "createdDate": instant_text(org.stamp()), "state": state,
        "concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(asked.version.removeprefix("v")),
        "lineEnding": body.get("lineEnding", "LF"), "columnDelimiter": body.get("columnDelimiter", "COMMA"),
        "version": asked.version,
    }  # fmt: skip


def _open(org: Org, asked: Request, write: Write) -> Answer:
    body = asked.json()
    if body.get("operation") not in _OPERATIONS:
        raise Refused("INVALIDENTITY", f"no such operation: {body.get('operation')}")
    if org.object_named(str(body.get("object"))) is None:
        raise Refused("INVALIDENTITY", f"no such object: {body.get('object')}")
    state = _begin(org, asked, body, write, "Open") | {"jobType": "V2Ingest"}
    state["contentUrl"] = f"services/data/{asked.version}/jobs/ingest/{state['id']}/batches"
    state["assignmentRuleId"] = body.get("assignmentRuleId")
    state["externalIdFieldName"] = body.get("externalIdFieldName")
    _keep(org, state, b"")
    return Answer(200, _state(org, state["id"]))


def _upload(org: Org, id: str, body: bytes) -> Answer:
    """One upload a job."""
    state, data = _kept(org, id)
    if state["state"] != "Open" or data:
        raise Refused("INVALIDJOBSTATE", "Job state must be Open, and its data is uploaded once")
    if len(body) > _LARGEST:
        raise Refused("ExceededQuota", "Maximum file size exceeded", status=413)
    _keep(org, state, body)
    return Answer(201)


def _turn(org: Org, id: str, body: Json, write: Write, changed: list[Changed]) -> Answer:
    """UploadComplete begins the work, which is done before the answer here; its state says so at the next look."""
    state, data = _kept(org, id)
    wanted = body.get("state")
    if wanted == "Aborted":
        state["state"] = "Aborted"
        _keep(org, state, data)
        return Answer(200, _state(org, id))
    if wanted != "UploadComplete" or state["state"] != "Open":
        raise Refused("INVALIDJOBSTATE", f"Invalid state transition from {state['state']} to {wanted}")
    told = _state(org, id) | {"state": "UploadComplete"}
    org.limiter.bulk_used += 1
    _work(org, state, data, write, changed)
    _keep(org, state, data)
    return Answer(200, told)


def _work(org: Org, state: Json, data: bytes, write: Write, changed: list[Changed]) -> None:
    try:
        lines = _lines(state, data)
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        state |= {"state": "Failed", "errorMessage": f"InvalidBatch : {error}"}
        return
    object = str(org.object_named(state["object"]))
    # A job names its rule itself; without one no rule moves anybody, whatever the headers say.
    by_job = Write(write.user, assign=bool(state.get("assignmentRuleId")))
    done: list[Json] = []
    failed: list[Json] = []
    for place, line in enumerate(lines):
        try:
            with savepoint(org, f"bulk{place}"):
                made = _one(org, object, state, line, by_job)
            changed.append(made)
            done.append({"sf__Id": made.id, "sf__Created": str(made.created).lower(), **line})
        except Refused as refused:
            failed.append({"sf__Id": line.get("Id", ""), "sf__Error": refused.fault.in_job(), **line})
    # The order of the answers is not that of the rows.
    Random(state["id"]).shuffle(failed)
    Random(state["id"]).shuffle(done)
    state |= {
        "state": "JobComplete", "done": done, "failed": failed, "numberRecordsProcessed": len(lines),
        "numberRecordsFailed": len(failed), "retries": 0, "totalProcessingTime": 10 * len(lines),
        "apiActiveProcessingTime": 5 * len(lines), "apexProcessingTime": 0,
    }  # fmt: skip


def _lines(state: Json, data: bytes) -> list[dict[str, str]]:
    reader = csv.DictReader(
        io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=_DELIMITERS[state["columnDelimiter"]], strict=True
    )
    found = list(reader)
    if any(None in line or None in line.values() for line in found):
        raise ValueError("a row has more or fewer cells than the header")
    return found


def _one(org: Org, object: str, state: Json, line: dict[str, str], write: Write) -> Changed:
    values: dict[str, Any] = {
        name: None if cell == EMPTY else cell for name, cell in line.items() if name != "Id" and cell != ""
    }
    match state["operation"]:
        case "insert":
            return rows.create(org, object, values, write)
        case "update":
            return rows.update(org, object, line.get("Id", ""), values, write)
        case "delete":
            return rows.delete(org, object, line.get("Id", ""), write)
    name = str(state.get("externalIdFieldName") or "Id")
    found = f'SELECT "Id" FROM "o_{object}" WHERE "{name}"=? AND "IsDeleted"=0'  # noqa: S608 - a known object
    matching = [row[0] for row in org.db.execute(found, (line.get(name),))]
    if len(matching) > 1:
        raise Refused("DUPLICATE_EXTERNAL_ID", f"{name}: more than one record found")
    return rows.update(org, object, matching[0], values, write) if matching else rows.create(org, object, values, write)


def _results(org: Org, id: str, which: str) -> Answer:
    state, data = _kept(org, id)
    found: list[Json] = {"failedResults": state.get("failed", []), "successfulResults": state.get("done", [])}.get(
        which, []
    )
    first = ["sf__Id", "sf__Error"] if which == "failedResults" else ["sf__Id", "sf__Created"]
    header = _lines_header(state, data)
    names = [*first, *header] if which != "unprocessedrecords" else header
    return _csv(names, [[row.get(name, "") for name in names] for row in found])


def _lines_header(state: Json, data: bytes) -> list[str]:
    first = next(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace")), delimiter=","), [])
    return first if state["columnDelimiter"] == "COMMA" else list(_lines(state, data)[0])


def _ask(org: Org, sight: UserSight, asked: Request, write: Write) -> Answer:
    """A query job; it is carried out at once, and shown as under way until the next look."""
    body = asked.json()
    state = _begin(org, asked, body, write, "UploadComplete") | {"jobType": "V2Query"}
    statement, found, count = query.read(sight, str(body.get("query")), deleted=body.get("operation") == "queryAll")
    if count:
        raise Refused("API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    names = [".".join(column.path) for column in statement.columns]
    fields = [column.field for column in statement.columns]
    lines = [[_cell(value, field) for value, field in zip(row, fields, strict=False)] for row in found]
    told = {**state}
    state |= {"state": "JobComplete", "object": statement.object, "numberRecordsProcessed": len(lines)}
    _keep(org, state, msgspec.json.encode([names, *lines]))
    return Answer(200, {name: value for name, value in told.items() if name != "version"})


def _pages(org: Org, id: str, asked: Request) -> Answer:
    state, data = _kept(org, id)
    if state["version"] != asked.version:
        raise Refused("VERSION_MISMATCH", "results are read with the API version of the job", status=409)
    names, *lines = msgspec.json.decode(data)
    start = int(asked.text("locator") or 0)
    end = start + int(asked.text("maxRecords") or 50_000)
    headers = {
        "Sforce-Locator": str(end) if end < len(lines) else "null",
        "Sforce-NumberOfRecords": str(len(lines[start:end])),
    }
    page = _csv(names, lines[start:end])
    return Answer(200, None, {**headers, **page.headers}, page.raw)


def _cell(value: Any, field: Field) -> str:
    text = shown(value, field, "Z")
    if text is None:
        return ""
    return str(text).lower() if isinstance(text, bool) else str(text)


def _csv(names: list[str], lines: list[list[str]]) -> Answer:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(lines)
    return Answer(200, None, {"Content-Type": "text/csv; charset=UTF-8"}, out.getvalue().encode())
