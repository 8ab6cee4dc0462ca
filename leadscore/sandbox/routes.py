"""Which path does what, and which scope it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from leadscore.sandbox import account, associations, batch, events, forms, lists, objects, properties, search
from leadscore.sandbox.catalogue import ALIASES, TASK
from leadscore.sandbox.errors import Failure, Refused, envelope, missing_scopes, not_found
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Request, Response, decoded

Handler = Callable[[Portal, Request], Response]


@dataclass(frozen=True)
class Route:
    """`scope` may hold `{type}` for the object type of the path; "any" is any object-read scope, "" none."""

    method: str
    pattern: str
    handler: Handler
    scope: str
    name: str
    regex: re.Pattern[str]


def _route(method: str, pattern: str, handler: Handler, scope: str) -> Route:
    regex = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern) + "$")
    return Route(method, pattern, handler, scope, f"{method} {pattern}", regex)


_READ, _WRITE = "crm.objects.{type}.read", "crm.objects.{type}.write"
_SCHEMA_READ, _SCHEMA_WRITE = "crm.schemas.{type}.read", "crm.schemas.{type}.write"
_OBJECTS = "/crm/v3/objects/{type}"
_PROPERTIES = "/crm/v3/properties/{type}"
_LINKS = "/crm/v4/associations/{from}/{to}"
_LINK = "/crm/v4/objects/{from}/{id}/associations"
_LISTS = "/crm/v3/lists"

ROUTES = (
    _route("GET", _OBJECTS, objects.listed, _READ),
    _route("POST", _OBJECTS, objects.create, _WRITE),
    _route("POST", _OBJECTS + "/search", search.search, _READ),
    _route("POST", _OBJECTS + "/batch/read", batch.read, _READ),
    _route("POST", _OBJECTS + "/batch/create", batch.create, _WRITE),
    _route("POST", _OBJECTS + "/batch/update", batch.update, _WRITE),
    _route("POST", _OBJECTS + "/batch/upsert", batch.upsert, _WRITE),
    _route("POST", _OBJECTS + "/batch/archive", batch.archive, _WRITE),
    _route("POST", _OBJECTS + "/merge", objects.merge, _WRITE),
    _route("POST", _OBJECTS + "/gdpr-delete", objects.gdpr_delete, _WRITE),
    _route("GET", _OBJECTS + "/{id}", objects.get, _READ),
    _route("PATCH", _OBJECTS + "/{id}", objects.update, _WRITE),
    _route("DELETE", _OBJECTS + "/{id}", objects.archive, _WRITE),
    _route("GET", _PROPERTIES, properties.listed, _SCHEMA_READ),
    _route("POST", _PROPERTIES, properties.create, _SCHEMA_WRITE),
    _route("GET", _PROPERTIES + "/groups", properties.groups, _SCHEMA_READ),
    _route("POST", _PROPERTIES + "/groups", properties.create_group, _SCHEMA_WRITE),
    _route("GET", _PROPERTIES + "/groups/{name}", properties.group, _SCHEMA_READ),
    _route("PATCH", _PROPERTIES + "/groups/{name}", properties.update_group, _SCHEMA_WRITE),
    _route("DELETE", _PROPERTIES + "/groups/{name}", properties.archive_group, _SCHEMA_WRITE),
    _route("POST", _PROPERTIES + "/batch/read", properties.batch_read, _SCHEMA_READ),
    _route("POST", _PROPERTIES + "/batch/create", properties.batch_create, _SCHEMA_WRITE),
    _route("POST", _PROPERTIES + "/batch/archive", properties.batch_archive, _SCHEMA_WRITE),
    _route("GET", _PROPERTIES + "/{name}", properties.get, _SCHEMA_READ),
    _route("PATCH", _PROPERTIES + "/{name}", properties.update, _SCHEMA_WRITE),
    _route("DELETE", _PROPERTIES + "/{name}", properties.archive, _SCHEMA_WRITE),
    _route("POST", _LINKS + "/batch/read", associations.batch_read, "any"),
    _route("POST", _LINKS + "/batch/create", associations.batch_create, "any"),
    _route("POST", _LINKS + "/batch/associate/default", associations.batch_create, "any"),
    _route("POST", _LINKS + "/batch/archive", associations.batch_archive, "any"),
    _route("GET", _LINKS + "/labels", associations.labels, "any"),
    _route("GET", _LINK + "/{to}", associations.read_one, "any"),
    _route("PUT", _LINK + "/default/{to}/{to_id}", associations.put_default, "any"),
    _route("PUT", _LINK + "/{to}/{to_id}", associations.put_labels, "any"),
    _route("DELETE", _LINK + "/{to}/{to_id}", associations.delete_one, "any"),
    _route("GET", "/marketing/v3/forms", forms.listed, "forms"),
    _route("GET", "/marketing/v3/forms/{guid}", forms.get, "forms"),
    _route("GET", "/form-integrations/v1/submissions/forms/{guid}", forms.submissions, "forms"),
    _route("GET", "/events/v3/events", events.listed, ""),
    _route("GET", "/events/v3/events/event-types", events.types, ""),
    _route("GET", _LISTS, lists.by_ids, "crm.lists.read"),
    _route("POST", _LISTS, lists.create, "crm.lists.write"),
    _route("POST", _LISTS + "/search", lists.search, "crm.lists.read"),
    _route("GET", _LISTS + "/object-type-id/{type}/name/{name}", lists.by_name, "crm.lists.read"),
    _route("GET", _LISTS + "/records/{type}/{id}/memberships", lists.of_record, "crm.lists.read"),
    _route("POST", _LISTS + "/records/memberships/batch/read", lists.of_records, "crm.lists.read"),
    _route("GET", _LISTS + "/{list}", lists.get, "crm.lists.read"),
    _route("DELETE", _LISTS + "/{list}", lists.delete, "crm.lists.write"),
    _route("GET", _LISTS + "/{list}/memberships", lists.members, "crm.lists.read"),
    _route("GET", _LISTS + "/{list}/memberships/join-order", lists.members_by_joining, "crm.lists.read"),
    _route("PUT", _LISTS + "/{list}/memberships/add", lists.add, "crm.lists.write"),
    _route("PUT", _LISTS + "/{list}/memberships/remove", lists.remove, "crm.lists.write"),
    _route("PUT", _LISTS + "/{list}/memberships/add-and-remove", lists.add_and_remove, "crm.lists.write"),
    _route("GET", "/crm/v3/owners", account.owners, "crm.objects.owners.read"),
    _route("GET", "/crm/v3/owners/{id}", account.owner, "crm.objects.owners.read"),
    _route("GET", "/crm/v3/pipelines/{type}", account.pipelines, "any"),
    _route("GET", "/crm/v3/pipelines/{type}/{pipeline}", account.pipeline, "any"),
    _route("GET", "/crm/v3/pipelines/{type}/{pipeline}/stages", account.pipeline, "any"),
    _route("GET", "/account-info/v3/details", account.details, ""),
    _route("GET", "/account-info/v3/api-usage/daily/private-apps", account.usage, ""),
)


def match(request: Request) -> tuple[Route, Request]:
    """The route of a request and the request with its path arguments. Raises Refused (404 or 405)."""
    other_method = False
    for route in ROUTES:
        found = route.regex.match(request.path)
        if found is None:
            continue
        if route.method == request.method:
            return route, replace(request, args=found.groupdict())
        other_method = True
    if other_method:
        raise Refused(envelope(405, "METHOD_NOT_ALLOWED", "HTTP method not allowed"))
    raise Refused(not_found(f"Nothing is served under {request.path}"))


def scope_failure(portal: Portal, route: Route, request: Request) -> Failure | None:
    """The 403 when the token lacks what the route needs; tasks need the contacts' scopes [docs: tasks guide]."""
    held = portal.settings.scopes
    if not route.scope:
        return None
    if route.scope == "any":
        wanted = [f"crm.objects.{kind}.read" for kind in ("contacts", "companies", "deals")]
        return None if set(wanted) & set(held) else missing_scopes(wanted)
    kind = ALIASES.get(decoded(request.args.get("type", "")), "contacts")
    kind = "contacts" if kind == TASK else kind
    wanted_one = route.scope.replace("{type}", kind)
    if wanted_one in held or (wanted_one.startswith("crm.schemas.") and _schema_by_objects(wanted_one, held)):
        return None
    return missing_scopes([wanted_one])


def _schema_by_objects(wanted: str, held: list[str]) -> bool:
    """Definitions may also be read with the object's own read scope [spec `security` blocks]."""
    return wanted.endswith(".read") and wanted.replace("schemas", "objects") in held
