"""What comes in over HTTP and what goes out: JSON, and here and there XML or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote

import msgspec

from leadscore.sandbox.salesforce.errors import Fault, Refused

Json = dict[str, Any]


class Headers(Protocol):
    def get(self, name: str, /) -> str | None:
        """In any case of the name."""


@dataclass(frozen=True)
class Request:
    """`parts` are the decoded segments behind `/services/data/vNN.N/`, `version` is `vNN.N`."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Headers
    body: bytes
    version: str = ""
    parts: tuple[str, ...] = ()

    def json(self) -> Json:
        """The body as an object. Raises Refused."""
        try:
            found = msgspec.json.decode(self.body) if self.body else {}
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused("JSON_PARSER_ERROR", str(error)) from error
        if not isinstance(found, dict):
            raise Refused("JSON_PARSER_ERROR", "an object was expected")
        return found

    def text(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[-1] if values else None


@dataclass(frozen=True)
class Answer:
    """`payload` becomes JSON; `raw` goes out as it is, with its type in the headers; neither: an empty body."""

    status: int
    payload: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def body(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.payload is None else msgspec.json.encode(self.payload)


def refusal(refused: Refused) -> Answer:
    return Answer(refused.status, [refused.fault.in_answer()])


def failure(status: int, code: str, message: str) -> Answer:
    return Answer(status, [Fault(code, message).in_answer()])


def request(method: str, target: str, headers: Headers, body: bytes) -> Request:
    path, _, query = target.partition("?")
    version, parts = "", tuple[str, ...]()
    if path.startswith("/services/data/v"):
        found = [unquote(part) for part in path.removeprefix("/services/data/").strip("/").split("/")]
        version, parts = found[0], tuple(found[1:])
    return Request(method, path, parse_qs(query, keep_blank_values=True), headers, body, version, parts)
