"""What goes wrong when told to: errors, waits, cut connections, before or after a write was taken.

A fault matches requests by method and by a regular expression found in the path. `skip` lets that many pass first,
`every` hits each n-th only, `count` ends it after so many hits (0 = never). With `when: after` the request is carried
out and its answer is lost or replaced: the client cannot know whether its write was taken.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

from leadscore.sandbox.errors import Failure, envelope, expired_token, rate_limited

Kind = Literal["status", "burst", "search", "daily", "expired_token", "hang", "reset", "half_body", "slow"]

_WORDS = {
    414: ("URI_TOO_LONG", "The request URI is too long."),
    423: ("LOCKED", "This record is locked by another operation. Wait at least 2 seconds."),
    477: ("MIGRATION_IN_PROGRESS", "This Hub is currently being migrated to another data hosting location."),
    500: ("INTERNAL_ERROR", "There was an internal error."),
    502: ("BAD_GATEWAY", "Bad gateway."),
    503: ("SERVICE_UNAVAILABLE", "The service is temporarily unavailable."),
    504: ("GATEWAY_TIMEOUT", "The gateway timed out."),
}


class Fault(msgspec.Struct, kw_only=True):
    """`seconds` is how long a `hang` or `slow` waits; `retry_after` the header's seconds, absent when None."""

    kind: Kind = "status"
    status: int = 500
    method: str = "*"
    path: str = ""
    count: int = 1
    skip: int = 0
    every: int = 1
    when: Literal["before", "after"] = "before"
    retry_after: int | None = None
    seconds: float = 30.0
    body: dict[str, Any] | None = None
    id: int = 0
    seen: int = 0
    hits: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Counts a matching request and says whether this one is hit."""
        if self.count and self.hits >= self.count:
            return False
        if self.method not in ("*", method) or not re.search(self.path, path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.seen - self.skip) % self.every:
            return False
        self.hits += 1
        return True

    def failure(self, expired_at: str) -> Failure:
        """The answer that stands in for the true one."""
        if self.kind in ("burst", "search", "daily"):
            policy = {"burst": "TEN_SECONDLY_ROLLING", "search": "SECONDLY", "daily": "DAILY"}[self.kind]
            return rate_limited(policy, self.retry_after)
        if self.kind == "expired_token":
            return expired_token(expired_at, 0)
        category, message = _WORDS.get(self.status, ("ERROR", f"Status {self.status}."))
        failure = envelope(self.status, category, message)
        headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
        return Failure(self.status, self.body if self.body is not None else failure.payload, headers)


def fault(document: dict[str, Any]) -> Fault:
    """A fault as the control endpoint takes it. Raises ValueError with what is wrong."""
    try:
        made = msgspec.convert(document, Fault)
        re.compile(made.path)
    except (msgspec.ValidationError, re.error) as error:
        raise ValueError(f"not a fault: {error}") from error
    if made.every < 1:
        raise ValueError("not a fault: `every` is at least 1")
    return made
