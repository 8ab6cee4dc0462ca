"""Several requests in one: each with headers of its own, and with what earlier ones answered filled in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from leadscore.sandbox.salesforce.answers import Answer, Json, Request, refusal, request
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.records import RolledBack, savepoint
from leadscore.sandbox.salesforce.rows import Changed

_MOST, _MOST_QUERIES = 25, 5
_REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
_HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
    }
]
Route = Callable[[Org, Request, list[Changed]], Answer]


@dataclass(frozen=True)
class _Inner:
    """Headers of a part: its own alone, those of the whole request do not reach it [not verified]."""

    values: dict[str, str]

    def get(self, name: str, /) -> str | None:
        return self.values.get(name.lower())


def carry_out(org: Org, whole: Request, changed: list[Changed], route: Route) -> Answer:
    """POST /composite; raises Refused for more parts than Salesforce takes."""
    body = whole.json()
    parts = body.get("compositeRequest")
    if not isinstance(parts, list) or not parts or len(parts) > _MOST:
        raise Refused("JSON_PARSER_ERROR", f"compositeRequest: 1 to {_MOST} requests were expected")
    if sum("/query" in str(part.get("url")) or "/composite/sobjects" in str(part.get("url")) for part in parts) > 5:
        raise Refused("LIMIT_EXCEEDED", f"no more than {_MOST_QUERIES} queries and collections in a composite request")
    answers: list[Json] = []
    known: dict[str, Any] = {}
    together: list[Changed] = []
    try:
        with savepoint(org, "composite"):
            for part in parts:
                answers.append(_part(org, part, known, together, route))
                if body.get("allOrNone") and answers[-1]["httpStatusCode"] >= 400:
                    raise RolledBack([])
    except RolledBack:
        return Answer(200, {"compositeResponse": [_halted(part, answers) for part in parts]})
    changed += together
    return Answer(200, {"compositeResponse": answers})


def _halted(part: Json, answers: list[Json]) -> Json:
    name = part.get("referenceId")
    own = next((one for one in answers if one["referenceId"] == name and one["httpStatusCode"] >= 400), None)
    return own or {"body": _HALTED, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": name}


def _part(org: Org, part: Json, known: dict[str, Any], changed: list[Changed], route: Route) -> Json:
    text = _REFERENCE.sub(lambda match: _filled(match, known), msgspec.json.encode(part).decode())
    filled = msgspec.json.decode(text)
    headers = _Inner({str(k).lower(): str(v) for k, v in (filled.get("httpHeaders") or {}).items()})
    body = msgspec.json.encode(filled["body"]) if filled.get("body") is not None else b""
    name = str(filled.get("referenceId"))
    inner = request(str(filled.get("method")), str(filled.get("url")), headers, body)
    made: list[Changed] = []
    try:
        with savepoint(org, "part"):
            answer = route(org, inner, made)
        changed += made
    except Refused as refused:
        answer = refusal(refused)
    except RolledBack as rolled:
        answer = Answer(200, rolled.answers)
    known[name] = answer.payload
    return {
        "body": answer.payload, "httpHeaders": dict(answer.headers), "httpStatusCode": answer.status,
        "referenceId": name,
    }  # fmt: skip


def _filled(match: re.Match[str], known: dict[str, Any]) -> str:
    value = known.get(match.group(1))
    for step in re.findall(r"\w+", match.group(2)):
        value = value[int(step)] if isinstance(value, list) else (value or {}).get(step)
    return str(value)
