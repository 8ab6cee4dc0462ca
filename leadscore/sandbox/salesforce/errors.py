"""Salesforce's ways of saying no: a list of objects with `errorCode`; in rows of a collection it is `statusCode`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

STATUS = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "INSUFFICIENT_ACCESS": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}
"""The rest is 400."""


@dataclass(frozen=True)
class Fault:
    """One fault of a row or of a whole request."""

    code: str
    message: str
    fields: Sequence[str] = ()

    def in_row(self) -> dict[str, Any]:
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def in_answer(self) -> dict[str, Any]:
        told: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return told | ({"fields": list(self.fields)} if self.fields else {})

    def in_job(self) -> str:
        """As Bulk API results spell it."""
        return f"{self.code}:{self.message}:{' '.join(self.fields)} --"


class Refused(Exception):
    """Carries a fault out of what was asked; what was begun is taken back."""

    def __init__(self, code: str, message: str, *fields: str, status: int | None = None) -> None:
        super().__init__(message)
        self.fault = Fault(code, message, fields)
        self.status = status or STATUS.get(code, 400)
