"""Up to 100 records in one call: read, create, update, upsert, archive, with HubSpot's ways of half failing.

A batch answers 200 (201 for create) when all went well, 207 with `errors` when some rows failed, or fails as a whole;
which of the last two is only partly documented, so `batch_errors` in the settings decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leadscore.sandbox import journal, objects, records
from leadscore.sandbox.catalogue import CONTACT, SINGULAR, TYPE_IDS
from leadscore.sandbox.clock import iso
from leadscore.sandbox.errors import Failure, Refused, bad_request
from leadscore.sandbox.record import Record, as_id, by_api
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

MOST = 100


@dataclass
class Outcome:
    """What a batch came to, row by row."""

    results: list[Json] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)

    def add_error(self, failure: Failure, context: Json) -> None:
        error: Json = {"status": "error", "context": context}
        error |= {name: failure.payload[name] for name in ("category", "message") if name in failure.payload}
        self.errors.append(error)


def inputs_of(document: Json, most: int = MOST) -> list[Json]:
    """The rows of a batch. Raises Refused (400) when there are none or too many."""
    rows = document.get("inputs")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Refused(bad_request("Invalid input JSON: inputs must be a list of objects"))
    if len(rows) > most:
        raise Refused(
            bad_request(f"The maximum number of inputs supported in a batch request is {most}, got {len(rows)}")
        )
    return rows


def answer(portal: Portal, request: Request, outcome: Outcome, status: int = 200, reading: bool = False) -> Response:
    """207 when rows failed; where the dated spelling knows none, a read gives what was found, a write fails whole."""
    now = iso(portal.now())
    payload: Json = {"status": "COMPLETE", "results": outcome.results, "startedAt": now, "completedAt": now}
    if not outcome.errors:
        return Response(status, payload)
    if not knows_207(portal, request):
        if reading:
            return Response(status, payload)
        first = outcome.errors[0]
        raise Refused(bad_request(first["message"], errors=outcome.errors))
    payload |= {"numErrors": len(outcome.errors), "errors": outcome.errors}
    return Response(207, payload)


def knows_207(portal: Portal, request: Request) -> bool:
    """The specification of 2026-09 lists no 207 for these calls; what it means is [not verified]."""
    return not request.dated or request.dated < "2026-09" or portal.settings.multi_status_dated


def read(portal: Portal, request: Request) -> Response:
    """No associations here; unknown ids are one error entry of a 207. With history it holds 50 rows [not verified]."""
    kind = objects.object_type(request)
    document = request.json()
    history = document.get("propertiesWithHistory") or []
    rows = inputs_of(document, objects.PAGE_WITH_HISTORY if history else MOST)
    asked = [str(row.get("id", "")) for row in rows]
    ids = _resolve_all(portal, kind, asked, document.get("idProperty"))
    known = records.load(portal, kind, [found for found in ids.values() if found is not None], request.flag("archived"))
    outcome = Outcome()
    missing = []
    names = document.get("properties") or []
    for text in dict.fromkeys(asked):
        item = known.get(ids[text] or 0)
        if item is None:
            missing.append(text)
        else:
            outcome.results.append(records.shown(portal, item, names, history))
    if missing:
        outcome.errors.append(_not_there(kind, missing))
    return answer(portal, request, outcome, reading=True)


def _not_there(kind: str, ids: list[str]) -> Json:
    name = SINGULAR[kind].upper()
    message = f"Could not get some {name} objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": ids}}


def _resolve_all(portal: Portal, kind: str, asked: list[str], id_property: str | None) -> dict[str, int | None]:
    if id_property in (None, "", "hs_object_id"):
        return {text: as_id(text) for text in asked}
    assert id_property is not None  # noqa: S101 - narrows the type after the line above
    if not objects.is_unique(portal, kind, id_property):
        raise Refused(bad_request(f"Property '{id_property}' is not a unique property of {SINGULAR[kind]}"))
    found = records.find_unique(portal, kind, id_property, asked)
    folded = {text: text.strip().lower() if id_property == "email" else text for text in asked}
    return {text: found.get(folded[text]) for text in asked}


def create(portal: Portal, request: Request) -> Response:
    """One bad row fails the batch, unless the rows carry an objectWriteTraceId [docs copy: error-handling]."""
    kind = objects.object_type(request)
    rows = inputs_of(request.json())
    outcome = Outcome()

    def one(row: Json) -> None:
        item = objects.create_one(portal, request, kind, row)
        journal.note(portal, request, kind, item.id, row.get("properties"), 201)
        outcome.results.append(records.shown(portal, item, list(row["properties"])))

    _each(portal, rows, one, outcome, forgiving=lambda row: bool(row.get("objectWriteTraceId")))
    return answer(portal, request, outcome, 201)


def _each(
    portal: Portal,
    rows: list[Json],
    one: Callable[[Json], None],
    outcome: Outcome,
    forgiving: Callable[[Json], bool],
) -> None:
    for row in rows:
        portal.db.execute("SAVEPOINT one")
        try:
            one(row)
        except Refused as refused:
            portal.db.execute("ROLLBACK TO one")
            if not forgiving(row):
                raise
            outcome.add_error(refused.failure, _context(row))
        portal.db.execute("RELEASE one")


def _context(row: Json) -> Json:
    if trace := row.get("objectWriteTraceId"):
        return {"objectWriteTraceId": [str(trace)]}
    return {"ids": [str(row.get("id", ""))]}


def _forgiving(portal: Portal) -> Callable[[Json], bool]:
    mode = portal.settings.batch_errors
    return lambda row: mode == "207" or (mode == "auto" and bool(row.get("objectWriteTraceId")))


def update(portal: Portal, request: Request) -> Response:
    """By record id or a custom unique property. An e-mail as `id` is taken, answered and changes nothing."""
    kind = objects.object_type(request)
    rows = inputs_of(request.json())
    _no_repeated(rows)
    for name in {str(row["idProperty"]) for row in rows if row.get("idProperty")}:
        _check_id_property(portal, kind, name)
    outcome = Outcome()
    items = _targets(portal, kind, rows)

    def one(row: Json) -> None:
        item = items.get(str(row.get("id", "")))
        if item is not None:
            outcome.results.append(_write(portal, request, kind, item, row))

    missing = [row for row in rows if str(row.get("id", "")) not in items and not _ignored(kind, row)]
    _each(portal, [row for row in rows if row not in missing], one, outcome, _forgiving(portal))
    if missing:
        outcome.errors.append(_not_there(kind, [str(row.get("id", "")) for row in missing]))
    return answer(portal, request, outcome)


def _no_repeated(rows: list[Json]) -> None:
    """Whether HubSpot refuses ids given twice in one batch is [not verified]."""
    seen: set[str] = set()
    for row in rows:
        key = str(row.get("id", ""))
        if key in seen:
            raise Refused(bad_request(f"Duplicate IDs found in batch input: [{key}]. IDs must be unique"))
        seen.add(key)


def _ignored(kind: str, row: Json) -> bool:
    """An e-mail in `id` without idProperty: success, and nothing changes [hubspot-api-nodejs#548]."""
    return kind == CONTACT and "@" in str(row.get("id", "")) and not row.get("idProperty")


def _check_id_property(portal: Portal, kind: str, name: str) -> None:
    if (kind == CONTACT and name == "email") or not objects.is_unique(portal, kind, name):
        raise Refused(bad_request(f"Unable to perform update/upsert by non-unique {TYPE_IDS[kind]} property"))


def _targets(portal: Portal, kind: str, rows: list[Json]) -> dict[str, Record]:
    ids: dict[str, int] = {}
    for row in rows:
        text = str(row.get("id", ""))
        record_id = objects.resolve(portal, kind, text, row.get("idProperty"))
        if record_id is not None:
            ids[text] = record_id
    known = records.load(portal, kind, ids.values())
    return {text: known[record_id] for text, record_id in ids.items() if record_id in known}


def _write(portal: Portal, request: Request, kind: str, item: Record, row: Json) -> Json:
    given = objects.properties_of(row)
    values = objects.taken(portal, request, kind, given, item.doc)
    item = records.change(portal, item, values, by_api(portal))
    journal.note(portal, request, kind, item.id, given, 200)
    return records.shown(portal, item, list(given))


def upsert(portal: Portal, request: Request) -> Response:
    """Each result says with `new` whether the record was made."""
    kind = objects.object_type(request)
    rows = inputs_of(request.json())
    _no_repeated(rows)
    outcome = Outcome()

    def one(row: Json) -> None:
        name = str(row.get("idProperty") or "hs_object_id")
        text = str(row.get("id", ""))
        record_id = objects.resolve(portal, kind, text, name)
        item = records.load_one(portal, kind, record_id) if record_id is not None else None
        if item is not None:
            outcome.results.append(_write(portal, request, kind, item, row) | {"new": False})
            return
        if name == "hs_object_id":
            raise Refused(bad_request(f"There is no {SINGULAR[kind]} {text}"))
        given: dict[str, Any] = {name: text, **objects.properties_of(row)}
        made = objects.create_one(portal, request, kind, {"properties": given})
        journal.note(portal, request, kind, made.id, given, 201)
        outcome.results.append(records.shown(portal, made, list(given)) | {"new": True})

    _each(portal, rows, one, outcome, _forgiving(portal))
    return answer(portal, request, outcome)


def archive(portal: Portal, request: Request) -> Response:
    kind = objects.object_type(request)
    rows = inputs_of(request.json())
    ids = [record_id for row in rows if (record_id := as_id(row.get("id"))) is not None]
    for item in records.load(portal, kind, ids).values():
        records.archive(portal, item, by_api(portal))
        journal.note(portal, request, kind, item.id, None, 204)
    return Response(204)
