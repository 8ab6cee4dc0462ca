"""What HubSpot's error answers mean for the caller, in sentences for an admin."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from connectors.budget import SEARCH
from connectors.errors import AccessDenied, ConnectorError, QuotaExhausted, Rejected, RetryLater, TokenRefused
from connectors.http import Answer, Call, Told, retry_after, told_time

_RENEW = "Make a new one (Development > Keys > Service keys) and put it where the old one stood (HUBSPOT_TOKEN)."
_MALFORMED = 530
_MIGRATING = 477
_LOCKED = 423


class Forbidden(AccessDenied):
    """The token is good but may not do this: a scope or a paid tier is missing."""


class Refused(Rejected):
    """A 4xx that repeating will not change. `errors` are HubSpot's own entries, if it gave any, those
    hidden in its message too."""

    def __init__(self, message: str, words: str, status: int, category: str, errors: tuple[Mapping[str, Any], ...]):
        super().__init__(message, words)
        self.status = status
        self.category = category
        self.errors = errors


def judge(call: Call, answer: Answer, *, wall: int, day_ends: int | None) -> ConnectorError | None:
    """The error that an answer stands for, or None for 2xx (a 207 included: its rows are the caller's to look at)."""
    status = answer.status
    if 200 <= status < 300:
        return None
    body = envelope(answer)
    if status in (401, _MALFORMED):
        return TokenRefused(_token_sentence(status, body))
    if status == 403:
        return _forbidden(call, body)
    if status == 429:
        return _too_many(call, answer, body, wall, day_ends)
    if status in (408, _LOCKED, _MIGRATING) or status >= 500:
        return _busy(call, answer, wall)
    if 300 <= status < 400:
        return AccessDenied(
            f"HubSpot sent {call.path} elsewhere (HTTP {status}). Is the address in the settings right?"
        )
    words = own_words(body) or f"HTTP {status}"
    message = f"HubSpot refused {call.method} {call.path} (HTTP {status}): {words}"
    entries = (*_entries(body), *hidden(str(body.get("message") or "")))
    return Refused(message, words, status, str(body.get("category") or ""), entries)


def envelope(answer: Answer) -> dict[str, Any]:
    """HubSpot's error object; {} where the body is something else (a page of Cloudflare's). Every key is optional."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def rows_of(answer: Any) -> list[Mapping[str, Any]]:
    """The rows of a good answer; none where it says so. Raises RetryLater for an answer that does not speak of rows at
    all: it is not HubSpot's, and to take it for "nothing there" would lose records."""
    rows = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise RetryLater("HubSpot's answer is not in its form; a proxy may stand in between. Try again later.")
    return rows


def own_words(body: Mapping[str, Any]) -> str:
    """What HubSpot says is wrong, in its own words. The list that it hides as JSON text inside `message` is unpacked:
    one `property: message` for each entry."""
    message = str(body.get("message") or "")
    found = [f"{entry.get('name') or '?'}: {entry.get('message') or entry.get('error')}" for entry in hidden(message)]
    found = found or [str(entry["message"]) for entry in _entries(body) if entry.get("message")]
    return "; ".join(dict.fromkeys(found)) or message


def hidden(message: str) -> list[dict[str, Any]]:
    """The entries of the JSON list inside a validation message; [] where there is none."""
    start = message.find("[{")
    if start < 0:
        return []
    try:
        entries = msgspec.json.decode(message[start:].strip())
    except msgspec.DecodeError:
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _entries(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    errors = body.get("errors")
    if isinstance(errors, list):
        yield from (entry for entry in errors if isinstance(entry, dict))


def _token_sentence(status: int, body: Mapping[str, Any]) -> str:
    if status == _MALFORMED:
        return (
            "The HubSpot token is not in the form of a token (HubSpot answers HTTP 530). Copy it again, whole and "
            "without quotes or spaces; it begins with pat-."
        )
    if body.get("category") == "EXPIRED_AUTHENTICATION" or "expired" in str(body.get("message") or ""):
        return (
            "The HubSpot token has expired. Make a new one (Development > Keys > Service keys) and put it in its place."
        )
    return f"HubSpot does not know this token. Was it deleted or rotated, or is it for another account? {_RENEW}"


def _forbidden(call: Call, body: Mapping[str, Any]) -> Forbidden:
    scopes = tuple(dict.fromkeys(_scopes(body)))
    if scopes:
        names = ", ".join(scopes)
        return Forbidden(f"The HubSpot token lacks a scope for {call.path}: add {names} to the key.", scopes)
    words = own_words(body) or "HTTP 403"
    denied = Forbidden(f"HubSpot does not allow {call.path} for this token or tier: {words}", scopes)
    denied.words = words
    return denied


def _scopes(body: Mapping[str, Any]) -> Iterator[str]:
    """Scopes stand in a `context`, of the answer or of an entry, under a key that has gone by several names."""
    for holder in (body, *_entries(body)):
        context = holder.get("context")
        for key, values in context.items() if isinstance(context, dict) else ():
            if "scope" in str(key).lower() and isinstance(values, list):
                yield from (str(value) for value in values)


def _too_many(
    call: Call, answer: Answer, body: Mapping[str, Any], wall: int, day_ends: int | None
) -> QuotaExhausted | RetryLater:
    policy = str(body.get("policyName") or "").upper()
    if policy == "DAILY" or "daily limit" in str(body.get("message") or ""):
        return QuotaExhausted(
            "The HubSpot account has used up its calls of today; all its private apps share them. leadscore goes on "
            "when the day of the account ends.",
            day_ends,
        )
    sentence = "HubSpot asks for fewer calls; leadscore waits and goes on."
    told = _told_wait(answer, wall)
    if told is not None:
        return Told(sentence, told)
    # Without a header the policy tells the window. That holds for all processes, as the limit does.
    per_second = policy == "SECONDLY" or (not policy and call.kind == SEARCH)
    return Told(sentence, 1.0 if per_second else 10.0)


def _busy(call: Call, answer: Answer, wall: int) -> RetryLater:
    sentence = f"HubSpot could not answer {call.path} (HTTP {answer.status}); nothing is lost. Try again later."
    told = _told_wait(answer, wall)
    if told is not None:
        return Told(sentence, told)
    return RetryLater(sentence, {_LOCKED: 2.0, _MIGRATING: 10.0}.get(answer.status, 0.5))


def _told_wait(answer: Answer, wall: int) -> float | None:
    """The seconds of Retry-After. A date in it is by the clock of whoever answered: theirs counts, if it is told."""
    return retry_after(answer.headers.get("retry-after"), told_time(answer) or wall)
