"""Search, with its limits: 200 a page, 10,000 results in all, 5 groups of 6 filters, one sort, and an index that lags.

Text is compared without case; values of IN and NOT_IN must already be lower-case to match text [docs: search guide].
Whether NEQ and NOT_IN find records without a value is [not verified]: here they do not.
"""

from __future__ import annotations

from typing import Any

from leadscore.sandbox import records
from leadscore.sandbox.catalogue import CONTACT, CREATED, MODIFIED, Definition
from leadscore.sandbox.clock import instant, iso
from leadscore.sandbox.errors import Refused, bad_request
from leadscore.sandbox.objects import object_type
from leadscore.sandbox.record import from_row
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request, Response

PAGE, TOTAL, GROUPS, FILTERS, ALL_FILTERS, BODY = 200, 10_000, 5, 6, 18, 3_000
_SIGNS = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_QUERIED = (
    "email",
    "firstname",
    "lastname",
    "phone",
    "company",
    "name",
    "domain",
    "dealname",
    "hs_task_subject",
    "hs_task_body",
)
_LIVE = "SELECT id, created, modified, archived, origin, doc FROM objects WHERE type=:type AND archived=0"
_INDEXED = (  # what the index shows: the live record, or the oldest of its states not yet indexed
    _LIVE + " AND id NOT IN (SELECT id FROM stale WHERE type=:type) UNION ALL "  # noqa: S608 - constant text
    "SELECT s.id, s.created, s.modified, s.archived, '[\"\",null,null]', s.doc FROM stale s WHERE s.type=:type "
    "AND s.doc IS NOT NULL AND s.archived=0 AND s.seq=(SELECT t.seq FROM stale t WHERE t.type=:type AND t.id=s.id "
    "ORDER BY t.until, t.seq LIMIT 1)"
)


class Query:
    """A search translated to SQL: conditions with their values."""

    def __init__(self, portal: Portal, kind: str) -> None:
        self.portal = portal
        self.kind = kind
        self.values: dict[str, Any] = {"type": kind}

    def bind(self, value: Any) -> str:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f":{name}"

    def column(self, definition: Definition) -> tuple[str, str]:
        """The SQL expression of a property and how its values compare: instant, number, text or exact."""
        if definition.name == "hs_object_id":
            return "id", "number"
        if definition.name == MODIFIED[self.kind]:
            return "modified", "ms"
        if definition.name == CREATED[self.kind]:
            return "created", "ms"
        path = self.bind(f'$."{definition.name}"')
        text = f"json_extract(doc, {path})"
        if definition.type == "number":
            return f"CAST({text} AS REAL)", "number"
        if definition.type in ("datetime", "date"):
            return text, definition.type
        return (f"folded({text})", "text") if definition.type == "string" else (text, "exact")

    def value(self, how: str, raw: Any, definition: Definition, as_given: bool = False) -> str:
        """A filter's value, which is text on the wire: a datetime is epoch-ms as text, or ISO."""
        try:
            if how == "number":
                number = float(raw)
                return self.bind(int(number) if number.is_integer() else number)
            if how in ("ms", "datetime", "date"):
                at = instant(raw)
                return self.bind(at if how == "ms" else iso(at)[: 10 if how == "date" else None])
        except (ValueError, TypeError, OverflowError, OSError):
            raise Refused(bad_request(f"{raw!r} is not a value of the property {definition.name}")) from None
        text = str(raw)
        return self.bind(text if as_given or how == "exact" else text.lower())

    def condition(self, filter_: Json) -> str:
        name, operator = filter_.get("propertyName"), filter_.get("operator")
        definition = self.portal.definitions(self.kind).get(str(name))
        if definition is None:
            raise Refused(bad_request(f"There was a problem with the request. Property {name} does not exist"))
        if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            column, _ = self.column(definition)
            return f"{column} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL"
        return self._compared(definition, str(operator), filter_)

    def _compared(self, definition: Definition, operator: str, filter_: Json) -> str:
        column, how = self.column(definition)
        raw = filter_.get("value")
        if operator in _SIGNS:
            return f"{column} {_SIGNS[operator]} {self.value(how, raw, definition)}"
        if operator == "BETWEEN":
            low, high = self.value(how, raw, definition), self.value(how, filter_.get("highValue"), definition)
            return f"{column} BETWEEN {low} AND {high}"
        if operator in ("IN", "NOT_IN"):
            values = filter_.get("values")
            if not isinstance(values, list) or not values:
                raise Refused(bad_request(f"operator {operator} needs a list of values"))
            bound = ",".join(self.value(how, value, definition, as_given=True) for value in values)
            return f"{column} {'NOT ' if operator == 'NOT_IN' else ''}IN ({bound})"
        if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            pattern = self.bind(_token_pattern(str(raw)))
            words = f"(' ' || replace(replace(replace({column}, '@', ' '), '.', ' '), ';', ' ') || ' ')"
            return f"{words} {'NOT ' if operator.startswith('NOT') else ''}GLOB {pattern}"
        raise Refused(bad_request(f"Invalid input JSON: operator {operator} is unknown"))


def _token_pattern(text: str) -> str:
    words = text.lower().replace("@", " ").replace(".", " ").replace("[", " ").replace("?", " ")
    return f"* {words.strip()} *" if "*" not in words else f"* {words.strip()} *".replace("**", "*")


def search(portal: Portal, request: Request) -> Response:
    kind = object_type(request)
    if len(request.body) > BODY:
        raise Refused(bad_request(f"The request body is longer than {BODY} characters"))
    document = request.json()
    limit, after = _window(document)
    query = Query(portal, kind)
    where = _where(query, document)
    order = _order(query, document.get("sorts") or [])
    portal.db.execute("DELETE FROM stale WHERE until<=?", (portal.now(),))
    lagging = portal.db.execute("SELECT 1 FROM stale WHERE type=? LIMIT 1", (kind,)).fetchone()
    source = _INDEXED if lagging else _LIVE
    columns = "id, created, modified, archived, origin, doc"
    counted = f"SELECT COUNT(*) FROM ({source}) WHERE {where}"  # noqa: S608 - values are bound, names are checked
    found = f"SELECT {columns} FROM ({source}) WHERE {where} ORDER BY {order} LIMIT {limit} OFFSET {after}"  # noqa: S608 - the same
    total = portal.db.execute(counted, query.values).fetchone()[0]
    items = [from_row(kind, row) for row in portal.db.execute(found, query.values)]
    names = document.get("properties") or []
    payload: Json = {"total": total, "results": [records.shown(portal, item, names) for item in items]}
    if after + len(items) < total and items:
        payload["paging"] = {"next": {"after": str(after + len(items))}}
    return Response(200, payload)


def _window(document: Json) -> tuple[int, int]:
    """limit and after. Raises Refused (400) beyond 200 a page or the 10,000th result."""
    limit, after = document.get("limit", 10), document.get("after") or 0
    if not isinstance(limit, int) or not 0 <= limit <= PAGE:
        raise Refused(bad_request(f"limit must be at most {PAGE}"))
    if not str(after).isdigit():
        raise Refused(bad_request(f"Invalid input JSON: after must be a number, not {after!r}"))
    if int(after) + max(limit, 1) > TOTAL:
        raise Refused(bad_request(f"Search serves at most {TOTAL} results; after {after} with limit {limit} is beyond"))
    return limit, int(after)


def _where(query: Query, document: Json) -> str:
    groups = document.get("filterGroups") or []
    sizes = [len(group.get("filters") or []) for group in groups]
    if len(groups) > GROUPS or any(size > FILTERS for size in sizes) or sum(sizes) > ALL_FILTERS:
        message = f"At most {GROUPS} filterGroups of {FILTERS} filters each and {ALL_FILTERS} filters in all"
        raise Refused(bad_request(message))
    options = []
    for group in groups:
        parts = [query.condition(filter_) for filter_ in group.get("filters") or []]
        options.append("(" + " AND ".join(parts or ["1"]) + ")")
    where = "(" + " OR ".join(options) + ")" if options else "1"
    if text := document.get("query"):
        pattern = query.bind(f"%{str(text).lower()}%")
        known = [name for name in _QUERIED if name in query.portal.definitions(query.kind)]
        likes = [f"folded(json_extract(doc, '$.{name}')) LIKE {pattern}" for name in known]
        where += f" AND ({' OR '.join(likes)})"
    return where


def _order(query: Query, sorts: list[Any]) -> str:
    if len(sorts) > 1:
        raise Refused(bad_request("Only one sort is supported"))
    if not sorts:
        return "created, id" if query.kind == CONTACT else "id"
    first = sorts[0]
    name = first.get("propertyName") if isinstance(first, dict) else str(first).lstrip("-")
    descending = first.get("direction") == "DESCENDING" if isinstance(first, dict) else str(first).startswith("-")
    definition = query.portal.definitions(query.kind).get(str(name))
    if definition is None:
        raise Refused(bad_request(f"Property {name} does not exist and cannot be sorted by"))
    column, _ = query.column(definition)
    return f"{column} {'DESC' if descending else 'ASC'}, id"
