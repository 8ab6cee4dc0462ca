"""What Salesforce's error answers mean for the caller, in sentences for an admin.

The errorCode decides, not the HTTP status: of several codes the status differs between documents and orgs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import AccessDenied, ConnectorError, QuotaExhausted, Rejected, RetryLater, TokenRefused
from connectors.http import Answer, Call, Told, Unreached, retry_after, told_time

_BUSY = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG"})
_BUSY_STATUS = frozenset({406, 408, 420, 429})
_ENDLESS = ("This session is not valid for use with the REST API", "Connected app is not attached to Agent")
"""Salesforce says "invalid session" here too, but a new token would be just as bad."""

_RENEW = "Look at the External Client App of leadscore (client id and secret or key, its run-as user, its policies)."


class Expired(Unreached):
    """The token is over: Salesforce did nothing, and a new token may do."""


class TooSlow(Unreached):
    """The query took Salesforce too long: a few tries tell, and then a smaller question."""


class Forbidden(AccessDenied):
    """The token is good but its user may not do this."""


class Refused(Rejected):
    """A refusal that repeating will not change. `code` is Salesforce's errorCode, `fields` those it names."""

    def __init__(self, message: str, words: str, status: int, code: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message, words)
        self.status = status
        self.code = code
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Fault:
    """What Salesforce says is wrong: with a request (`errorCode`), with a row (`statusCode`) or at login (`error`)."""

    code: str
    words: str
    fields: tuple[str, ...] = ()


def fault_of(entry: Mapping[str, Any]) -> Fault:
    code = entry.get("errorCode") or entry.get("statusCode") or entry.get("error") or ""
    words = entry.get("message") or entry.get("error_description") or code
    return Fault(str(code), str(words), tuple(str(name) for name in entry.get("fields") or ()))


def first_fault(answer: Answer) -> Fault:
    """The first fault of an answer; an empty one where the body is something else, such as a proxy's page."""
    try:
        body = answer.json()
    except ValueError:
        return Fault("", "")
    entry = body[0] if isinstance(body, list) and body else body
    return fault_of(entry) if isinstance(entry, dict) else Fault("", "")


def judge(call: Call, answer: Answer, *, wall: int, day_ends: int | None) -> ConnectorError | None:
    """The error that an answer stands for, or None for 2xx (collections tell in them of each row by itself)."""
    status = answer.status
    if 200 <= status < 300:
        return None
    fault = first_fault(answer)
    words = fault.words or f"HTTP {status}"
    if fault.code == "INVALID_SESSION_ID" or status == 401:
        if any(endless in words for endless in _ENDLESS):
            return TokenRefused(f"Salesforce does not let this token use its API: {words}. {_RENEW}")
        return Expired("The session at Salesforce is over; a new one is asked for.", 0.0)
    if fault.code == "REQUEST_LIMIT_EXCEEDED":
        return _too_many(words, day_ends)
    if fault.code == "QUERY_TIMEOUT":
        return TooSlow("A query took Salesforce too long; nothing is lost. Run the same command again later.", 1.0)
    if fault.code in _BUSY or status in _BUSY_STATUS or status >= 500:
        return _busy(call, answer, wall)
    if 300 <= status < 400 and not fault.code:
        return AccessDenied(
            f"Salesforce sent {call.path} elsewhere (HTTP {status}). Is the address in the settings that of My Domain?"
        )
    if status == 403 or fault.code.startswith(("INSUFFICIENT_ACCESS", "API_DISABLED", "API_CURRENTLY_DISABLED")):
        denied = Forbidden(f"Salesforce does not allow {call.path} for our user: {words}")
        denied.words = words
        return denied
    message = f"Salesforce refused {call.method} {call.path} (HTTP {status}, {fault.code or 'no code'}): {words}"
    return Refused(message, words, status, fault.code, fault.fields)


def judge_login(call: Call, answer: Answer, *, wall: int) -> ConnectorError | None:
    """The same for a request for a token, whose refusals are all about the app and its user."""
    if 200 <= answer.status < 300:
        return None
    if answer.status in _BUSY_STATUS or answer.status >= 500:
        return _busy(call, answer, wall)
    fault = first_fault(answer)
    told = f"{fault.code}: {fault.words}" if fault.code else f"HTTP {answer.status}"
    return TokenRefused(f"Salesforce gives leadscore no session ({told}). {_RENEW}")


def _too_many(words: str, day_ends: int | None) -> ConnectorError:
    if words.startswith("Concurrent"):
        return RetryLater("Too many long requests run in the org; leadscore waits and goes on.", 2.0)
    return QuotaExhausted(
        "The org has used up its API calls of the last 24 hours; all its apps share them. leadscore goes on when "
        "Salesforce takes calls again.",
        day_ends,
    )


def _busy(call: Call, answer: Answer, wall: int) -> RetryLater:
    sentence = f"Salesforce could not answer {call.path} (HTTP {answer.status}); nothing is lost. Try again later."
    told = retry_after(answer.headers.get("retry-after"), told_time(answer) or wall)
    return RetryLater(sentence, 1.0) if told is None else Told(sentence, told)
