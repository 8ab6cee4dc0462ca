"""HubSpot's ways of saying no: one envelope, many categories.

Words and shapes follow public captures and the error-handling guide; every field of the envelope is optional for a
client. Where a code is a guess, the docstring says [not verified].
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True)
class Failure:
    """An error answer: `payload` is the envelope, `headers` go along with it."""

    status: int
    payload: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """Carries a Failure out of a handler; the server answers with it and rolls the request back."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.payload.get("message"))
        self.failure = failure


def envelope(status: int, category: str, message: str, **more: Any) -> Failure:
    payload = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category, **more}
    return Failure(status, payload)


def bad_request(message: str, **more: Any) -> Failure:
    return envelope(400, "VALIDATION_ERROR", message, **more)


def not_found(message: str = "resource not found") -> Failure:
    return envelope(404, "OBJECT_NOT_FOUND", message)


def conflict(message: str, category: str = "CONFLICT") -> Failure:
    return envelope(409, category, message)


def property_fault(name: str, code: str, message: str, portal_id: int) -> dict[str, Any]:
    """One entry of the list that HubSpot hides as text inside `message`."""
    return {
        "isValid": False,
        "message": message,
        "error": code,
        "name": name,
        "localizedErrorMessage": message,
        "portalId": portal_id,
    }


def invalid_properties(faults: Sequence[dict[str, Any]]) -> Failure:
    """The list of faults is JSON *inside* the message text [sample error_207; docs copy]."""
    listed = msgspec.json.encode(list(faults)).decode()
    return bad_request(f"Property values were not valid: {listed}")


def missing_scopes(scopes: Sequence[str]) -> Failure:
    """403; the scopes are named under errors/context [docs copy]."""
    return envelope(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": list(scopes)},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def rate_limited(policy: str, retry_after: int | None) -> Failure:
    """429; the key is `errorType`, there is no `category`; Retry-After is not documented, hence optional."""
    words = {"TEN_SECONDLY_ROLLING": "ten_secondly_rolling", "SECONDLY": "secondly", "DAILY": "daily"}
    payload = {
        "status": "error",
        "message": f"You have reached your {words.get(policy, policy.lower())} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": str(uuid.uuid4()),
        "policyName": policy,
        "requestId": str(uuid.uuid4()),
    }
    if policy == "TEN_SECONDLY_ROLLING":
        payload["groupName"] = "publicapi:private-app-api-calls-ten-secondly"
    return Failure(429, payload, {} if retry_after is None else {"Retry-After": str(retry_after)})


def expired_token(expired_at: str, seconds_ago: int) -> Failure:
    return envelope(
        401,
        "EXPIRED_AUTHENTICATION",
        f"The OAuth token used to make this call expired {seconds_ago} second(s) ago.",
        context={"expire time": [expired_at]},
    )


def unknown_token() -> Failure:
    """The category is [not verified]."""
    return envelope(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
    )


def malformed_token() -> Failure:
    """A wrongly formed token never reaches HubSpot: its edge answers 530, not 401 [Airbyte]."""
    return Failure(530, {"message": "error code: 1016"})
