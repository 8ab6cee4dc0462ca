"""What HubSpot says when it calls: a batch of events, each put into our words or among the dead letters.

Event types, keys and their two dialects are those of HubSpot's webhooks guide and of captured calls: classic types
name the object (`contact.creation`), generic ones (`object.creation`) its number in `objectTypeId`.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webhooks.delivery import Delivery, Kind, NamedRecord, Part, Rejected
from webhooks.strict_json import Unreadable, event_key, read_object, split

SOURCE = "hubspot"
_KINDS: dict[str, Kind] = {
    "creation": "created",
    "propertyChange": "changed",
    "deletion": "deleted",
    "restore": "restored",
    "merge": "merged",
    "privacyDeletion": "erased",
    "associationChange": "linked",
}
_OBJECTS = {"0-1": "contact", "0-2": "company", "0-3": "deal"}
_LINK = re.compile(r"(CONTACT|COMPANY|DEAL)_TO_(CONTACT|COMPANY|DEAL)(?:_.*)?")
_ID = re.compile(r"[1-9][0-9]{0,18}")
_LATEST = 10**14
_Event = dict[str, Any]


def _nobody(_property: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Portal:
    """Whose events are wanted, and which are our own echo.

    `ours` tells by its name a property that we write; `feedback` names the properties that sales writes: a change of
    these always counts. `app_id` is the id of our app, "" where there is none: its own changes are echoes.
    """

    id: str
    app_id: str = ""
    ours: Callable[[str], bool] = _nobody
    feedback: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Batch:
    """A body taken apart. `not_for_us`, `elsewhere` (another portal's) and `echoes` count what is to be dropped."""

    deliveries: tuple[Delivery, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    not_for_us: int = 0
    elsewhere: int = 0
    echoes: int = 0


def read_body(body: bytes, portal: Portal) -> Batch:
    """Never raises, whatever the bytes: what nobody can read comes back as rejected. A key comes back once."""
    try:
        events = split(body)
    except Unreadable as error:
        return Batch(rejected=(_reject(portal, body, str(error), whole=True),))
    deliveries: dict[str, Delivery] = {}
    rejected: dict[str, Rejected] = {}
    dropped = {"not_for_us": 0, "elsewhere": 0, "echoes": 0}
    for number, raw in enumerate(events, 1):
        event: _Event | None = None
        try:
            event = read_object(raw)
            if str(event.get("portalId")) != portal.id and _id(event, "portalId") != portal.id:
                dropped["elsewhere"] += 1
                continue
            thing, kind = _type(event)
            if not thing or kind is None:
                dropped["not_for_us"] += 1
                continue
            if kind == "changed" and _echo(event, portal):
                dropped["echoes"] += 1
                continue
            delivery = _delivery(event, thing, kind, raw, portal)
            deliveries.setdefault(delivery.key, delivery)
        except Unreadable as error:
            letter = _reject(portal, raw, f"event {number} of {len(events)}: {error}", event=event)
            rejected.setdefault(letter.key, letter)
    return Batch(tuple(deliveries.values()), tuple(rejected.values()), **dropped)


def _reject(portal: Portal, raw: bytes, reason: str, *, event: _Event | None = None, whole: bool = False) -> Rejected:
    key = hashlib.sha256(raw).hexdigest() if event is None else event_key(event)
    return Rejected(SOURCE, portal.id, key, reason, whole, raw)


def _echo(event: _Event, portal: Portal) -> bool:
    name = event.get("propertyName")
    if not isinstance(name, str) or name in portal.feedback:
        return False
    by_us = event.get("changeSource") == "INTEGRATION" and str(event.get("sourceId")) == portal.app_id
    return portal.ours(name) or (bool(portal.app_id) and by_us)


def _type(event: _Event) -> tuple[str, Kind | None]:
    """Object and kind in our words; "" or None for what is not for us. The guide's examples say `eventType`."""
    told = event.get("subscriptionType") or event.get("eventType")
    if not isinstance(told, str):
        raise Unreadable("subscriptionType is missing or no text")
    thing, _, happened = told.partition(".")
    if thing == "object":
        thing = _object(event, "objectTypeId") or _object(event, "fromObjectTypeId")
    return thing if thing in _OBJECTS.values() else "", _KINDS.get(happened)


def _object(event: _Event, name: str) -> str:
    number = event.get(name)
    return _OBJECTS.get(number, "") if isinstance(number, str) else ""


def _delivery(event: _Event, thing: str, kind: Kind, raw: bytes, portal: Portal) -> Delivery:
    if kind == "merged":
        records = _merge(event, thing)
    elif kind == "linked":
        records = _link(event, thing)
    else:
        records = (NamedRecord("itself", thing, _id(event, "objectId")),)
    changed = _property(event) if kind == "changed" else ""
    return Delivery(SOURCE, portal.id, event_key(event), kind, thing, records, changed, _instant(event), raw)


def _merge(event: _Event, thing: str) -> tuple[NamedRecord, ...]:
    merged = event.get("mergedObjectIds")
    if not isinstance(merged, list) or not merged:
        raise Unreadable("mergedObjectIds is missing or no list of record ids")
    named: list[tuple[Part, str]] = [("primary", _id(event, "primaryObjectId"))]
    named += [("merged", _as_id(one, "mergedObjectIds")) for one in merged]
    if event.get("newObjectId") is not None:
        named.append(("new", _id(event, "newObjectId")))
    return tuple(NamedRecord(part, thing, record) for part, record in named)


def _link(event: _Event, thing: str) -> tuple[NamedRecord, ...]:
    start = _id(event, "fromObjectId" if event.get("fromObjectId") is not None else "objectId")
    records = (NamedRecord("from", thing, start),)
    if event.get("toObjectId") is None:
        return records
    told = event.get("associationType")
    words = _LINK.fullmatch(told) if isinstance(told, str) else None
    other = _object(event, "toObjectTypeId") or (words[2].lower() if words else "")
    return (*records, NamedRecord("to", other, _id(event, "toObjectId")))


def _id(event: _Event, name: str) -> str:
    return _as_id(event.get(name), name)


def _as_id(value: object, name: str) -> str:
    """Ids are numbers in webhooks and texts in the rest of HubSpot's API: both are taken, and text is kept."""
    text = str(value) if isinstance(value, int | str) else ""
    if _ID.fullmatch(text) and int(text) < 2**63:
        return text
    raise Unreadable(f"{name} is missing or no id")


def _property(event: _Event) -> str:
    name = event.get("propertyName")
    # Stored as text, unlike the rest of the event: databases refuse NUL and half surrogate pairs.
    if isinstance(name, str) and 0 < len(name) <= 255 and name.isprintable():
        return name
    raise Unreadable("propertyName is missing or no name")


def _instant(event: _Event) -> int:
    value = event.get("occurredAt")
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LATEST:
        return value
    raise Unreadable("occurredAt is missing or no time in milliseconds")
