"""Single records over HTTP: list, get, create, update, archive, for contacts, companies and deals."""

from __future__ import annotations

from typing import Any

from leadscore.sandbox import associations, erasing, journal, links, merging, records
from leadscore.sandbox.catalogue import ALIASES, CONTACT, SINGULAR, TASK
from leadscore.sandbox.errors import Refused, bad_request, invalid_properties, not_found, property_fault
from leadscore.sandbox.record import Record, as_id, by_api
from leadscore.sandbox.state import Portal
from leadscore.sandbox.task_fields import REQUIRED
from leadscore.sandbox.values import Values, checked
from leadscore.sandbox.wire import Json, Request, Response, decoded

PAGE, PAGE_WITH_HISTORY = 100, 50


def object_type(request: Request) -> str:
    """The type named in the path, in any of its spellings (contacts, contact, 0-1). Raises Refused (400)."""
    word = decoded(request.args["type"])
    if word not in ALIASES:
        raise Refused(bad_request(f"Unable to infer object type from: {word}"))
    return ALIASES[word]


def listed(portal: Portal, request: Request) -> Response:
    """Pages of at most 100, or 50 with history; `paging` is absent on the last one."""
    kind = object_type(request)
    history = request.names("propertiesWithHistory")
    limit = request.number("limit", 10, PAGE_WITH_HISTORY if history else PAGE)
    after = request.text("after") or "0"
    first = as_id(after)
    if first is None:
        raise Refused(bad_request(f"after must be taken from paging.next.after, not {after!r}"))
    found = records.page(portal, kind, first, limit + 1, request.flag("archived"))
    names = request.names("properties")
    results = [records.shown(portal, item, names, history) for item in found[:limit]]
    associations.attach(portal, kind, results, request.names("associations"))
    answer: Json = {"results": results}
    if len(found) > limit:
        following = str(found[limit - 1].id + 1)
        answer["paging"] = {"next": {"after": following, "link": f"{request.path}?after={following}"}}
    return Response(200, answer)


def found(portal: Portal, kind: str, request: Request) -> Record:
    """The record that the path names, by id, by one merged away or by `idProperty`. Raises Refused (404, or 400)."""
    text = decoded(request.args["id"])
    record_id = resolve(portal, kind, text, request.text("idProperty"))
    item = None
    if record_id is not None:
        record_id = merging.latest_id(portal, kind, record_id)
        item = records.load_one(portal, kind, record_id, request.flag("archived"))
    if item is None:
        raise Refused(not_found(f"Object not found. objectId are usually numeric. ({SINGULAR[kind]} {text})"))
    return item


def resolve(portal: Portal, kind: str, text: str, id_property: str | None) -> int | None:
    """A record id from an id or a unique property's value; None when there is none."""
    if id_property in (None, "", "hs_object_id"):
        return as_id(text)
    assert id_property is not None  # noqa: S101 - narrows the type after the line above
    if not is_unique(portal, kind, id_property):
        raise Refused(bad_request(f"Property '{id_property}' is not a unique property of {SINGULAR[kind]}"))
    if id_property == "email" and kind == CONTACT and portal.settings.secondary_email_resolves:
        return records.find_email(portal, text)
    return next(iter(records.find_unique(portal, kind, id_property, [text]).values()), None)


def is_unique(portal: Portal, kind: str, name: str) -> bool:
    if kind == CONTACT and name == "email":
        return True
    definition = portal.definitions(kind).get(name)
    return definition is not None and definition.unique


def get(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    item = found(portal, kind, request)
    answer = records.shown(portal, item, request.names("properties"), request.names("propertiesWithHistory"))
    associations.attach(portal, kind, [answer], request.names("associations"))
    return Response(200, answer)


def create(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    document = request.json()
    item = create_one(portal, request, kind, document)
    journal.note(portal, request, kind, item.id, document.get("properties"), 201)
    return Response(201, records.shown(portal, item, list(document.get("properties") or {})))


def create_one(portal: Portal, request: Request, kind: str, document: Json) -> Record:
    """A new record with its associations. Raises Refused: 409 for a taken e-mail, 400 for bad values."""
    values = taken(portal, request, kind, properties_of(document), {})
    if missing := [name for name in REQUIRED if kind == TASK and values.get(name) is None]:
        message = f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set."
        raise Refused(bad_request(message, context={"properties": missing}))
    item = records.insert(portal, kind, values, by_api(portal))
    links.from_create(portal, kind, item.id, document.get("associations") or [])
    return item


def taken(portal: Portal, request: Request, kind: str, given: Json, before: dict[str, str]) -> Values:
    """The values that an API write will store. Raises Refused (400).

    The dated API of 2026-09 also enforces an admin's mandatory fields, on every write to the record [docs: changelog/
    crm-api-write-validation-enforcement]; the code of that refusal is [not verified].
    """
    values = checked(portal, kind, given, before)
    if request.dated and request.dated >= "2026-09":
        after = {name: value for name, value in {**before, **values}.items() if value is not None}
        missing = [name for name in portal.settings.required.get(kind, []) if name not in after]
        if missing:
            number = portal.settings.portal_id
            faults = [property_fault(name, "REQUIRED_FIELD", f"{name} is required", number) for name in missing]
            raise Refused(invalid_properties(faults))
    return values


def properties_of(document: Json) -> dict[str, Any]:
    given = document.get("properties")
    if not isinstance(given, dict):
        raise Refused(bad_request("Invalid input JSON: properties must be an object"))
    return given


def update(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    item = found(portal, kind, request)
    given = properties_of(request.json())
    values = taken(portal, request, kind, given, item.doc)
    item = records.change(portal, item, values, by_api(portal))
    journal.note(portal, request, kind, item.id, given, 200)
    return Response(200, records.shown(portal, item, list(given)))


def archive(portal: Portal, request: Request) -> Response:
    """204 whether the record was there or not, as deleting twice is no error."""
    kind = object_type(request)
    record_id = as_id(decoded(request.args["id"]))
    item = records.load_one(portal, kind, record_id) if record_id is not None else None
    if item is not None:
        records.archive(portal, item, by_api(portal))
        journal.note(portal, request, kind, item.id, None, 204)
    return Response(204)


def merge(portal: Portal, request: Request) -> Response:
    return merging.over_http(portal, request, object_type(request))


def gdpr_delete(portal: Portal, request: Request) -> Response:
    if object_type(request) != CONTACT:
        raise Refused(not_found(f"Nothing is served under {request.raw_path}"))
    return erasing.over_http(portal, request)
