"""The way of one request: faults, token, the day's calls, then its handler, all or nothing."""

from __future__ import annotations

from collections.abc import Callable

from leadscore.sandbox.salesforce import bulk, composite, describing, metadata, oauth, pardot, query, records
from leadscore.sandbox.salesforce.answers import Answer, Request, failure, refusal, request
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.rows import Changed, Write
from leadscore.sandbox.salesforce.setup import people
from leadscore.sandbox.salesforce.sight import UserSight

VERSIONS = tuple(f"{number}.0" for number in range(50, 68))
Told = Callable[[list[Changed]], None]
_SPANS = ("updated", "deleted")


def answer(org: Org, asked: Request, url: str, tell: Told) -> Answer:
    """Carries a request out. A refusal leaves nothing behind; `tell` hears of what was changed."""
    with org.lock:
        org.requests[_name(asked)] += 1
        try:
            return _answer(org, asked, url, tell)
        except Refused as refused:
            return _with_usage(org, refusal(refused))
        except records.RolledBack as rolled:
            return _with_usage(org, Answer(200, rolled.answers))
        except Exception as error:  # noqa: BLE001 - a server answers whatever happens; the words lead to the fault
            return failure(500, "UNKNOWN_EXCEPTION", f"{type(error).__name__}: {error}")


def _answer(org: Org, asked: Request, url: str, tell: Told) -> Answer:
    if asked.path == oauth.PATHS[0]:
        return oauth.token(org, asked, url)
    if asked.path.startswith(pardot.PATH):
        return pardot.answer(org, asked, url)
    if asked.path.rstrip("/") == "/services/data":
        return Answer(200, [{"label": v, "url": f"/services/data/v{v}", "version": v} for v in VERSIONS])
    if not oauth.holds(org, asked):
        raise Refused("INVALID_SESSION_ID", "Session expired or invalid")
    if asked.path == oauth.PATHS[1]:
        return oauth.user_info(org, url)
    if not org.limiter.admit():
        raise Refused("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
    if asked.version.removeprefix("v") not in VERSIONS:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    changed: list[Changed] = []
    with org.transaction():
        found = route(org, asked, changed)
        tell(changed)
    return _with_usage(org, found)


def route(org: Org, asked: Request, changed: list[Changed]) -> Answer:
    """One request behind the gates, a part of a composite one too; adds to `changed`."""
    user = people(org).integration
    sight = UserSight(org, user)
    write = Write(user, assign=(asked.headers.get("Sforce-Auto-Assign") or "TRUE").upper() != "FALSE")
    match asked.parts:
        case ():
            base = f"/services/data/{asked.version}"
            return Answer(200, {name: f"{base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "jobs")})
        case ("limits",):
            return Answer(200, org.limiter.document())
        case ("query" | "queryAll" as kind,):
            text = asked.text("q")
            if text is None:
                raise Refused("MALFORMED_QUERY", "a query was expected in q")
            wanted, deleted = _batch_size(asked), kind == "queryAll"
            return Answer(200, query.first_page(sight, text, asked.version, deleted=deleted, wanted=wanted))
        case ("query" | "queryAll", locator):
            return Answer(200, query.next_page(org, locator, asked.version))
        case ("sobjects", *_):
            return _objects(org, sight, asked, write, changed)
        case ("composite",):
            return composite.carry_out(org, asked, changed, route)
        case ("composite", "sobjects") if asked.method != "GET":
            found, made = records.collection(org, asked, write)
            changed += made
            return found
        case ("jobs", "ingest" | "query", *_):
            return bulk.answer(org, sight, asked, write, changed)
        case ("metadata", *_):
            return metadata.answer(org, asked)
        case ("composite", "sobjects", _):
            return records.retrieve(org, sight, asked)
    raise Refused("NOT_FOUND", "The requested resource does not exist")


def _objects(org: Org, sight: UserSight, asked: Request, write: Write, changed: list[Changed]) -> Answer:
    parts = asked.parts
    if len(parts) == 1:
        return Answer(200, describing.all_objects(asked.version))
    object = org.object_named(parts[1])
    if object is None:
        raise Refused("NOT_FOUND", "The requested resource does not exist")
    if len(parts) == 2 and asked.method == "POST":
        found, made = records.make(org, asked, object, write)
    elif len(parts) == 2:
        return Answer(200, {"objectDescribe": describing.all_objects(asked.version)["sobjects"][0], "recentItems": []})
    elif parts[2] == "describe":
        return Answer(200, describing.describe(sight, object, asked.version))
    elif parts[2] in _SPANS:
        return records.span(org, asked, object, parts[2])
    else:
        found, made = records.one(org, sight, asked, object, write)
    changed += made
    return found


def _batch_size(asked: Request) -> int | None:
    """`Sforce-Query-Options: batchSize=500` is a hint."""
    for option in (asked.headers.get("Sforce-Query-Options") or "").split(","):
        name, _, value = option.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            return int(value)
    return None


def _with_usage(org: Org, found: Answer) -> Answer:
    return Answer(found.status, found.payload, {**org.limiter.header(), **found.headers}, found.raw)


def _name(asked: Request) -> str:
    """Ids in paths say nothing to whoever counts calls."""
    parts = [part if not (len(part) in (15, 18) and any(c.isdigit() for c in part)) else "ID" for part in asked.parts]
    return f"{asked.method} {'/'.join(parts) or asked.path}"


__all__ = ["answer", "request", "route"]
