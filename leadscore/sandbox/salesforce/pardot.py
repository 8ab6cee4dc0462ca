"""Account Engagement's API v5 over the org's engagement: prospects, visits, page views and activities, only to read.

As documented: `fields` is required, a page holds at most 1,000 rows, a token of the next page goes with `fields` alone
and lives 4 hours, a query ends at 100,000 rows with a warning in a header, times have the offset of the user's zone.
HTTP status and code of a refusal are documented for few cases only; 401, 403 and 404 stand here by analogy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from leadscore.sandbox.salesforce import oauth
from leadscore.sandbox.salesforce.answers import Answer, Request
from leadscore.sandbox.salesforce.engagement import ACTIVITIES, PROSPECTS, VIEWS, VISITS
from leadscore.sandbox.salesforce.org import Org

PATH = "/api/v5/"
MOST_AT_ONCE = 5
_OBJECTS = "/api/v5/objects/"
_TOKEN_LIVES = 4 * 3_600_000
_DEFAULT_PAGE, _LARGEST_PAGE = 200, 1_000
_ZONE = ZoneInfo("America/New_York")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = frozenset({"createdAt", "updatedAt", "lastActivityAt", "firstVisitorPageViewAt", "lastVisitorPageViewAt"})
FIELDS: dict[str, frozenset[str]] = {
    PROSPECTS: frozenset((
        "id", "createdAt", "updatedAt", "email", "firstName", "lastName", "company", "jobTitle", "country",
        "salesforceId", "optedOut", "isDeleted", "score", "grade", "campaignId", "lastActivityAt",
    )),
    VISITS: frozenset((
        "id", "createdAt", "updatedAt", "visitorId", "prospectId", "visitorPageViewCount", "durationInSeconds",
        "firstVisitorPageViewAt", "lastVisitorPageViewAt", "campaignParameter", "mediumParameter", "sourceParameter",
        "contentParameter", "termParameter",
    )),
    VIEWS: frozenset((
        "id", "createdAt", "url", "title", "visitorId", "visitId", "campaignId", "durationInSeconds",
    )),
    ACTIVITIES: frozenset((
        "id", "createdAt", "updatedAt", "type", "typeName", "details", "campaignId", "prospectId", "visitorId",
        "visitId", "visitorPageViewId", "formId", "formHandlerId", "landingPageId", "emailId", "emailTemplateId",
        "listEmailId", "customRedirectId", "fileId", "opportunityId", "multivariateTestVariationId", "paidSearchAdId",
        "siteSearchQueryId",
    )),
}  # fmt: skip
_RELATED = {"prospect": (PROSPECTS, "prospectId"), "visit": (VISITS, "visitId"),
            "visitorPageView": (VIEWS, "visitorPageViewId")}  # fmt: skip
_COLUMNS = {"id": "id", "createdAt": "created", "updatedAt": "updated"}
_COMPARED = {"After": ">", "AfterOrEqualTo": ">=", "Before": "<", "BeforeOrEqualTo": "<=", "GreaterThan": ">",
             "GreaterThanOrEqualTo": ">=", "LessThan": "<", "LessThanOrEqualTo": "<="}  # fmt: skip
_EQUAL = frozenset({"prospectId", "visitorId", "visitId", "type", "email", "salesforceId"})
_OWN = frozenset({"fields", "limit", "orderBy", "nextPageToken"})


class Denied(Exception):
    """Carries HTTP status and Account Engagement's own code."""

    def __init__(self, status: int, code: int, words: str) -> None:
        super().__init__(words)
        self.status, self.code = status, code


class _Page(msgspec.Struct):
    """A query under way: `order` is a column, `after` the last row's place, `seen` how many rows came already, `until`
    the end of its token's life."""

    object: str
    where: str
    values: list[Any]
    order: str
    falling: bool
    limit: int
    after: list[int] | None = None
    seen: int = 0
    until: int = 0


@dataclass(frozen=True)
class _Row:
    id: int
    created: int
    updated: int
    doc: dict[str, Any]


def answer(org: Org, asked: Request, url: str) -> Answer:
    """One call; none of them counts among the org's own calls of the day."""
    try:
        headers = _admit(org, asked)
        object, _, id = asked.path.removeprefix(_OBJECTS).strip("/").partition("/")
        if not asked.path.startswith(_OBJECTS) or object not in FIELDS:
            raise Denied(404, 51, "Invalid parameter: there is no such object")
        if asked.method != "GET":
            raise Denied(405, 60, "Invalid HTTP request method")
        fields = _fields(object, asked)
        found, more = _one(org, object, id, fields) if id else _many(org, object, asked, fields, url)
        return Answer(200, found, {**headers, **more})
    except Denied as denied:
        return _refused(denied)


def too_many() -> Answer:
    """More than MOST_AT_ONCE calls at the same time."""
    return _refused(Denied(429, 66, "You have exceeded your concurrent request limit."))


def instead(fault: str) -> Answer | None:
    """What a fault of that kind says here: too many at once, none left today, a dead token; None for others."""
    match fault:
        case "burst":
            return too_many()
        case "daily":
            return _refused(Denied(429, 122, "Daily API rate limit met."))
        case "expired_token":
            return _refused(Denied(401, 184, "access_token is invalid, unknown, or malformed"))
    return None


def _refused(denied: Denied) -> Answer:
    return Answer(denied.status, {"code": denied.code, "message": str(denied)})


def _admit(org: Org, asked: Request) -> dict[str, str]:
    if not oauth.holds(org, asked):
        raise Denied(401, 184, "access_token is invalid, unknown, or malformed")
    unit = asked.headers.get("Pardot-Business-Unit-Id") or ""
    if not org.settings.pardot or unit != org.settings.business_unit:
        raise Denied(403, 49, "Access Denied: the Pardot-Business-Unit-Id header names no business unit of yours")
    limiter = org.limiter
    if limiter.pardot_used >= limiter.limits.pardot_daily:
        raise Denied(429, 122, "Daily API rate limit met.")
    limiter.pardot_used += 1
    used = f"{limiter.pardot_used}/{limiter.limits.pardot_daily}"
    return {"x-api-usage": used} if asked.headers.get("X-Return-Api-Usage") == "1" else {}


def _fields(object: str, asked: Request) -> list[tuple[str, ...]]:
    """`prospect.salesforceId` leads to a related object, at most three deep."""
    given = [name.strip() for name in (asked.text("fields") or "").split(",") if name.strip()]
    if not given:
        raise Denied(400, 51, "Invalid parameter: fields is required")
    paths = [tuple(name.split(".")) for name in given]
    for path in paths:
        at = object
        for name in path[:-1]:
            if name not in _RELATED or _RELATED[name][1] not in FIELDS[at] or len(path) > 3:
                raise Denied(400, 51, f"Invalid parameter: fields {'.'.join(path)}")
            at = _RELATED[name][0]
        if path[-1] not in FIELDS[at]:
            raise Denied(400, 51, f"Invalid parameter: fields {'.'.join(path)}")
    return paths


def _one(org: Org, object: str, id: str, fields: list[tuple[str, ...]]) -> tuple[Any, dict[str, str]]:
    row = _read(org, object, int(id)) if id.isdecimal() and len(id) < 16 else None
    if row is None:
        raise Denied(404, 109, "The requested record was not found")
    return _shown(org, object, row, fields), {}


def _many(org: Org, object: str, asked: Request, fields: list[tuple[str, ...]], url: str) -> tuple[Any, dict[str, str]]:
    page = _resumed(org, object, asked) if "nextPageToken" in asked.query else _begun(org, object, asked)
    rows, more = _rows(org, page)
    values = [_shown(org, object, row, fields) for row in rows]
    answer: dict[str, Any] = {"nextPageToken": None, "nextPageUrl": None, "values": values}
    page.seen += len(rows)
    if more and page.seen >= org.limiter.limits.pardot_most:
        return answer, {"Pardot-Warning": "203: the query has more rows than can be paged through"}
    if more:
        last = rows[-1]
        page.after = [{"id": last.id, "created": last.created, "updated": last.updated}[page.order], last.id]
        page.until = org.now() + _TOKEN_LIVES
        token = f"pardot-{org.next_number('pardot token'):08d}"
        org.db.execute("INSERT INTO cursors VALUES (?,?)", (token, msgspec.json.encode(page).decode()))
        secure = "https" + url.removeprefix("http")
        names = ",".join(".".join(path) for path in fields)
        answer["nextPageToken"] = token
        answer["nextPageUrl"] = f"{secure}{_OBJECTS}{object}?fields={names}&nextPageToken={token}"
    return answer, {}


def _resumed(org: Org, object: str, asked: Request) -> _Page:
    if set(asked.query) - {"fields", "nextPageToken"}:
        raise Denied(400, 51, "Invalid parameter: only fields may accompany nextPageToken")
    token = asked.text("nextPageToken") or ""
    row = org.db.execute("SELECT doc FROM cursors WHERE id=?", (token,)).fetchone()
    page = msgspec.json.decode(row[0], type=_Page) if row is not None and token.startswith("pardot-") else None
    if page is None or page.object != object or org.now() > page.until:
        raise Denied(400, 51, "Invalid parameter: nextPageToken is unknown or has expired")
    return page


def _begun(org: Org, object: str, asked: Request) -> _Page:
    limit = asked.text("limit") or str(_DEFAULT_PAGE)
    if not limit.isdecimal() or not 1 <= int(limit) <= _LARGEST_PAGE:
        raise Denied(400, 52, f"Invalid parameter range: limit is 1 to {_LARGEST_PAGE}")
    name, _, way = (asked.text("orderBy") or "id ASC").partition(" ")
    if name not in _COLUMNS or way.upper() not in ("", "ASC", "DESC"):
        raise Denied(400, 51, "Invalid parameter: orderBy")
    where, values = ["object=?"], [object]
    for given, texts in asked.query.items():
        if given not in _OWN:
            condition, value = _condition(object, given, texts[-1])
            where.append(condition)
            values.append(value)
    if org.settings.pardot_lag_ms:
        where.append(f"created <= {org.now() - org.settings.pardot_lag_ms}")
    return _Page(object, " AND ".join(where), values, _COLUMNS[name], way.upper() == "DESC", int(limit))


def _condition(object: str, given: str, text: str) -> tuple[str, Any]:
    """One filter: `createdAtAfterOrEqualTo`, `idGreaterThan`, or a name that must be equal."""
    if given in _EQUAL and given in FIELDS[object]:
        value: Any = int(text) if text.isdecimal() else text
        return f"json_extract(doc, '$.{given}')=?", value
    for name, column in _COLUMNS.items():
        sign = _COMPARED.get(given.removeprefix(name)) if given.startswith(name) else None
        if sign is not None:
            return f"{column} {sign} ?", _number(text) if name == "id" else _moment(text)
    raise Denied(400, 51, f"Invalid parameter: {given}")


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 15:
        raise Denied(400, 56, "Invalid number")
    return int(text)


def _moment(text: str) -> int:
    """Whoever forgets to write + as %2B sends a space, which is no time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Denied(400, 57, "Invalid date") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=_ZONE)
    return round((moment - _EPOCH).total_seconds() * 1000)


def _rows(org: Org, page: _Page) -> tuple[list[_Row], bool]:
    """The next rows, and whether there are more."""
    where, values = page.where, [*page.values]
    sign, way = ("<", "DESC") if page.falling else (">", "ASC")
    if page.after is not None:
        where += f" AND ({page.order}, id) {sign} (?, ?)"
        values += page.after
    query = f"SELECT id, created, updated, doc FROM pardot WHERE {where} ORDER BY {page.order} {way}, id {way} LIMIT ?"  # noqa: S608 - made of constant parts
    found = org.db.execute(query, (*values, page.limit + 1)).fetchall()
    rows = [_Row(id, created, updated, msgspec.json.decode(doc)) for id, created, updated, doc in found[: page.limit]]
    return rows, len(found) > page.limit


def _read(org: Org, object: str, id: int) -> _Row | None:
    query = "SELECT id, created, updated, doc FROM pardot WHERE object=? AND id=?"
    row = org.db.execute(query, (object, id)).fetchone()
    return None if row is None else _Row(row[0], row[1], row[2], msgspec.json.decode(row[3]))


def _shown(org: Org, object: str, row: _Row, fields: list[tuple[str, ...]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path in fields:
        if len(path) == 1:
            tree[path[0]] = _value(org, object, row, path[0])
        elif path[0] not in tree:
            deeper = [one[1:] for one in fields if len(one) > 1 and one[0] == path[0]]
            to, link = _RELATED[path[0]]
            other = _read(org, to, row.doc[link]) if row.doc.get(link) is not None else None
            tree[path[0]] = None if other is None else _shown(org, to, other, deeper)
    return tree


def _value(org: Org, object: str, row: _Row, name: str) -> Any:
    known: Mapping[str, Any] = row.doc | {"createdAt": row.created, "updatedAt": row.updated}
    value = known.get(name)
    if name in _TIMES and value is not None:
        return (_EPOCH + timedelta(milliseconds=value)).astimezone(_ZONE).isoformat(timespec="seconds")
    if object == PROSPECTS and name == "salesforceId" and str(value).startswith("00Q"):
        # The connector follows a conversion.
        lead = org.get("Lead", str(value)) or {}
        return lead.get("ConvertedContactId") or value
    return value
