"""What an app has subscribed to: which changes it wants to hear of, where, signed with what, and with which mishaps.

Set by `POST /_sandbox/webhooks`, a part at a time; kept with the portal. A subscription is
`{"subscriptionType": "contact.propertyChange", "propertyName": "email"}`, the same as a text
(`"contact.propertyChange:email"`), or the three lists of a project's `webhooks-hsmeta.json` as they stand there.
`*` as the property stands for every one that HubSpot is known to tell.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from leadscore.sandbox.catalogue import ALIASES, COMPANY, CONTACT, DEAL, SINGULAR
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json

KINDS = ("creation", "deletion", "propertyChange", "merge", "restore", "associationChange", "privacyDeletion")


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """`object` is contacts, companies or deals; `property` is empty but for propertyChange."""

    id: int
    object: str
    what: str
    property: str = ""


class Mishaps(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Shares of events, 0 to 1, drawn by `seed` from each event's number: the same for the same changes.

    `duplicates` come once more in a later request, `delays` wait up to `delay_ms`, `disorder` overtakes within
    `disorder_ms`, `drops` never come at all, `same_ids` carry the eventId of the event before.
    """

    seed: int = 1
    duplicates: float = 0.0
    drops: float = 0.0
    delays: float = 0.0
    delay_ms: int = 500
    disorder: float = 0.0
    disorder_ms: int = 50
    same_ids: float = 0.0


class Webhooks(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """How an app is called.

    `signed_url`: the public address that HubSpot would call and sign, where a proxy stands between; empty: target_url.
    `back_off_ms`: the waits before the second, third, ... attempt; after the last one the event is given up. HubSpot
    spreads 10 over 24 hours. `jitter` lengthens each wait by up to that share.
    `retry_4xx`: whether 400, 401, 403, 404 and 405 are sent again; HubSpot's pages differ.
    `uncertain`: also tell what HubSpot may or may not tell: read-only properties, a new primary company alone.
    `merge_object_id`: the objectId of a merge event, `association_object_id`: whether such an event has one,
    `new_ids_on_retry`: whether a retry has a new eventId; all three [not verified].
    `clock`: whose time the signature carries, the portal's or the real one, plus `skew_ms`.
    `generic` events are `object.*` with an objectTypeId, `eventType` ones use that key as the webhooks guide prints it.
    """

    target_url: str = ""
    signed_url: str = ""
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - signs for this local stand-in only
    app_id: int = 9000003
    subscriptions: tuple[Subscription, ...] = ()
    dialect: Literal["classic", "generic", "eventType"] = "classic"
    signatures: tuple[Literal["v3", "v1"], ...] = ("v3", "v1")
    batch_size: int = 100
    concurrency: int = 10
    timeout_ms: int = 5_000
    back_off_ms: tuple[int, ...] = (100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200)
    jitter: float = 0.2
    retry_4xx: bool = True
    uncertain: bool = False
    merge_object_id: Literal["new", "primary", "none"] = "new"
    association_object_id: bool = False
    new_ids_on_retry: bool = False
    clock: Literal["portal", "real"] = "portal"
    skew_ms: int = 0
    faults: Mishaps = msgspec.field(default_factory=Mishaps)


def current(portal: Portal) -> Webhooks:
    row = portal.db.execute("SELECT value FROM settings WHERE key='webhooks'").fetchone()
    return msgspec.json.decode(row[0], type=Webhooks) if row else Webhooks()


def change(portal: Portal, document: Json) -> Webhooks:
    """Changes the named parts and keeps the others. Raises ValueError with what is wrong."""
    before = msgspec.to_builtins(current(portal))
    wanted = before | document
    wanted["faults"] = before["faults"] | (document.get("faults") or {})
    if "subscriptions" in document:
        wanted["subscriptions"] = msgspec.to_builtins(_subscriptions(document["subscriptions"]))
    try:
        made = msgspec.convert(wanted, Webhooks)
    except msgspec.ValidationError as error:
        raise ValueError(f"not webhook settings: {error}") from error
    _check(made)
    text = msgspec.json.encode(made).decode()
    portal.db.execute("INSERT OR REPLACE INTO settings VALUES ('webhooks', ?)", (text,))
    if portal.settings.write_source_id == "sandbox-app":
        portal.settings.change(write_source_id=str(made.app_id))
        portal.save_settings()
    return made


def _check(made: Webhooks) -> None:
    if made.target_url:
        parts = urlsplit(made.target_url)
        if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
            raise ValueError(f"target_url must be http on this machine (127.0.0.1), not {made.target_url!r}")
    if not 1 <= made.batch_size <= 100 or made.concurrency < 1 or made.timeout_ms < 1:
        raise ValueError("batch_size is from 1 to 100, concurrency and timeout_ms at least 1")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _subscriptions(given: Any) -> list[Subscription]:
    """Raises ValueError for an unknown type, and for a propertyChange that names no property."""
    entries: list[Any] = [entry for part in given.values() for entry in part] if isinstance(given, dict) else given
    made = []
    for number, entry in enumerate(entries):
        document = _spelled_out(entry)
        if document.get("active", True):
            made.append(_subscription(1_000 + number, document))
    return made


def _spelled_out(entry: Any) -> Json:
    if isinstance(entry, str):
        name, _, property_name = entry.partition(":")
        return {"subscriptionType": name, "propertyName": property_name}
    if not isinstance(entry, dict):
        raise ValueError(f"a subscription is a text or an object, not {entry!r}")
    return entry


def _subscription(number: int, document: Json) -> Subscription:
    if "what" in document:
        return msgspec.convert(document, Subscription)
    name = str(document.get("subscriptionType") or document.get("eventType") or "")
    word, _, what = name.partition(".")
    if word == "object":
        word = str(document.get("objectType") or document.get("objectTypeId") or "")
    kind, wanted = ALIASES.get(word), str(document.get("propertyName") or "")
    if kind not in (CONTACT, COMPANY, DEAL) or what not in KINDS or (what == "privacyDeletion" and kind != CONTACT):
        raise ValueError(f"there is no subscription type {name!r} for {word!r}; {SINGULAR[CONTACT]}.creation is one")
    if (what == "propertyChange") != bool(wanted):
        raise ValueError(f"{name} needs a propertyName" if not wanted else f"{name} takes no propertyName")
    return Subscription(id=number, object=kind, what=what, property=wanted)
