"""What comes in and goes out over HTTP: requests as the portal sees them, answers as it gives them.

Two spellings of every CRM path are served: the old one (`/crm/v3/objects/contacts`) and the dated one
(`/crm/objects/2026-09/contacts`), whose segments stand in another order [spec]. Inside only the old one is known.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

import msgspec

from leadscore.sandbox.errors import Refused, bad_request

Json = dict[str, Any]

_VERSION = r"(?P<version>\d{4}-\d{2}(?:-beta)?)"
_DATED = (
    (re.compile(rf"^/crm/associations/{_VERSION}(?P<rest>/.*)$"), "/crm/v4/associations"),
    (re.compile(rf"^/crm/objects/{_VERSION}(?P<rest>/[^/]+/[^/]+/associations/.*)$"), "/crm/v4/objects"),
    (re.compile(rf"^/crm/objects/{_VERSION}(?P<rest>/.*)$"), "/crm/v3/objects"),
    (re.compile(rf"^/crm/properties/{_VERSION}(?P<rest>/.*)$"), "/crm/v3/properties"),
    (re.compile(rf"^/crm/lists/{_VERSION}(?P<rest>/.*|)$"), "/crm/v3/lists"),
    (re.compile(rf"^/crm/pipelines/{_VERSION}(?P<rest>/.*)$"), "/crm/v3/pipelines"),
    (re.compile(rf"^/crm/owners/{_VERSION}(?P<rest>/.*|)$"), "/crm/v3/owners"),
    (re.compile(rf"^/events/event-occurrences/{_VERSION}(?P<rest>/.*|)$"), "/events/v3/events"),
    (re.compile(rf"^/account-info/{_VERSION}(?P<rest>/.*)$"), "/account-info/v3"),
    (re.compile(rf"^/marketing/forms/{_VERSION}(?P<rest>/.*|)$"), "/marketing/v3/forms"),
)


class Headers(Protocol):
    def get(self, name: str, /) -> str | None:
        """In any case of the name."""


@dataclass(frozen=True)
class Request:
    """`path` is the old spelling without a trailing slash; `dated` the version when the dated one was used."""

    method: str
    raw_path: str
    path: str
    dated: str | None
    query: Mapping[str, list[str]]
    headers: Headers
    body: bytes
    args: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Json:
        """The body as an object; nothing is an empty one, a bare list becomes `{"inputs": [...]}`.

        Raises Refused (400) on anything else.
        """
        if not self.body:
            return {}
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(bad_request(f"Invalid input JSON: {error}")) from error
        if isinstance(value, list):
            return {"inputs": value}
        if not isinstance(value, dict):
            raise Refused(bad_request("Invalid input JSON: an object was expected"))
        return value

    def text(self, name: str, default: str | None = None) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else default

    def flag(self, name: str) -> bool:
        """The official client writes `archived=False` with a capital letter [measured]."""
        return (self.text(name) or "").lower() == "true"

    def names(self, name: str) -> list[str]:
        """An array as repeated keys, as comma-separated text, or both, without repetitions."""
        found = [part for value in self.query.get(name, []) for part in value.split(",") if part]
        return list(dict.fromkeys(found))

    def number(self, name: str, default: int, most: int) -> int:
        text = self.text(name)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
            raise Refused(bad_request(f"{name} must be a whole number from 1 to {most}, not {text!r}"))
        return int(text)


@dataclass(frozen=True)
class Response:
    """`payload` becomes JSON; None is an empty body."""

    status: int
    payload: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        return b"" if self.payload is None else msgspec.json.encode(self.payload)


def request(method: str, target: str, headers: Headers, body: bytes) -> Request:
    raw_path, _, query = target.partition("?")
    path, dated = canonical(raw_path)
    parsed = parse_qs(query, keep_blank_values=True)
    return Request(method, target, path, dated, parsed, headers, body)


def canonical(path: str) -> tuple[str, str | None]:
    """The old spelling of a path and the version of its dated spelling; percent signs stay as they are."""
    if len(path) > 1:
        path = path.rstrip("/")
    if path.startswith(("/crm/v", "/_sandbox")):
        return path, None
    for pattern, prefix in _DATED:
        if found := pattern.match(path):
            return prefix + found["rest"], found["version"]
    return path, None


def decoded(segment: str) -> str:
    """One path segment; an e-mail arrives percent-encoded (`jane%2Bx%40ex.com`) [measured]."""
    return unquote(segment)


def correlation_id() -> str:
    return str(uuid.uuid4())
