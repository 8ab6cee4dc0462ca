"""JSON from strangers: a batch taken apart into its events, each read strictly, each with a key of its own."""

import hashlib
import json
import math
import re
from typing import Any

import msgspec

MOST_EVENTS = 1000
"""HubSpot sends at most 100 events a request (webhooks guide); a list beyond this is not taken apart."""
_DEEPEST = 16
_LARGEST = 2**63 - 1
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},"]', re.DOTALL)
_CANONICAL = msgspec.json.Encoder(order="sorted").encode
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])


class Unreadable(ValueError):
    """Not the JSON that we take. The message says why and quotes nothing of what was sent."""


def split(body: bytes) -> list[bytes]:
    """The bytes of each element of a JSON list. Raises Unreadable when `body` is no list that can be taken apart.

    An element may still be nonsense: only strings and brackets must close, so that one bad event leaves its
    neighbours whole.
    """
    try:
        events = [bytes(event) for event in _BATCH.decode(body)]
    except (msgspec.MsgspecError, RecursionError, ValueError):
        events = _split_by_brackets(body)
    if len(events) > MOST_EVENTS:
        raise Unreadable(f"the list has more than {MOST_EVENTS} events")
    return events


def _split_by_brackets(body: bytes) -> list[bytes]:
    text = body.strip(b" \t\r\n")
    if not text:
        raise Unreadable("the body is empty")
    if not (text.startswith(b"[") and text.endswith(b"]")):
        raise Unreadable("the body is not a JSON list")
    events: list[bytes] = []
    open_brackets = bytearray()
    start = 1
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == b'"':
            raise Unreadable("a string in the list does not end")
        if mark in b"[{":
            open_brackets += mark
        elif mark in b"]}":
            if not open_brackets.endswith(b"[" if mark == b"]" else b"{"):
                raise Unreadable("the brackets of the list do not match")
            open_brackets.pop()
            if not open_brackets and token.end() != len(text):
                raise Unreadable("something follows the list")
        if (mark == b"," and len(open_brackets) == 1) or not open_brackets:
            events.append(text[start : token.start()].strip(b" \t\r\n"))
            start = token.end()
            if len(events) > MOST_EVENTS:
                break
    if open_brackets and len(events) <= MOST_EVENTS:
        raise Unreadable("the list does not end")
    return [] if events == [b""] else events


def read_object(raw: bytes) -> dict[str, Any]:
    """One JSON object. Raises Unreadable for anything else, and for what readers of JSON disagree about.

    Strings may hold NUL and half surrogate pairs, as a CRM that cuts a text in the middle of a sign sends them:
    whoever uses a string checks it.
    """
    value = _plain(raw)
    if value is not None:
        return value
    try:
        value = _STRICT.decode(raw.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"it is not JSON: {error.msg.lower()}") from None
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise Unreadable("it is not a JSON object")
    if raw.count(b"{") + raw.count(b"[") > _DEEPEST and _depth(value) > _DEEPEST:
        raise Unreadable("it is nested too deeply")
    return value


def _plain(raw: bytes) -> dict[str, Any] | None:
    """The object, if nobody can doubt it: flat, and what comes out again byte by byte names no key twice. Reading it so
    costs a fifth of looking at every key and number; None: look."""
    try:
        value = msgspec.json.decode(raw)
        if type(value) is not dict or raw.count(b"{") + raw.count(b"[") > 1 or msgspec.json.encode(value) != raw:
            return None
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None
    odd = any(type(one) is float or (type(one) is int and not -_LARGEST <= one <= _LARGEST) for one in value.values())
    return None if odd else value


def event_key(event: dict[str, Any]) -> str:
    """SHA-256 (hex) of the canonical JSON without `attemptNumber`: sorted keys, no spaces, UTF-8."""
    rest = {name: value for name, value in event.items() if name != "attemptNumber"}
    try:
        text = _CANONICAL(rest)
    except UnicodeEncodeError:  # half a surrogate pair
        written = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        text = written.encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unreadable("a key occurs twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > 20 or not -_LARGEST <= (number := int(digits)) <= _LARGEST:
        raise Unreadable("a number is too large")
    return number


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Unreadable("a number is too large")
    return number


def _no_number(_word: str) -> float:
    raise Unreadable("NaN and Infinity are no JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=_integer, parse_float=_real, parse_constant=_no_number)


def _depth(value: object) -> int:
    depth = 0
    level = [value]
    while level:
        depth += 1
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        level = inner
    return depth - 1
