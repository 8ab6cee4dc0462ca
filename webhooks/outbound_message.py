"""What Salesforce says when it calls: an XML message of up to a hundred notifications, put into our words.

The shape is that of Salesforce's page "Outbound Messaging" and of its WSDL. A notification shows the record's values of
the moment of sending; here it is only a hint that the record should be read again.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, tostring

from defusedxml.ElementTree import DefusedXMLParser

from webhooks.delivery import Delivery, NamedRecord, Rejected

SOURCE = "salesforce"
MOST = 100
"""Notifications in one message, by Salesforce's documentation."""
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_RECORD = "{urn:sobject.enterprise.soap.sforce.com}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_OBJECTS = ("Lead", "Contact")
_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
_ORGANIZATION = re.compile(r"00D[0-9A-Za-z]{12}(?:[0-9A-Za-z]{3})?")
_DEEPEST, _MOST_ELEMENTS = 12, 100_000


class Unreadable(ValueError):
    """No message of Salesforce. The words say why and quote nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Message:
    """`organization` is the sender's id as it came, of 15 or 18 characters."""

    organization: str
    notifications: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A message taken apart, no key twice. `not_for_us` counts notifications of other objects and empty ones."""

    deliveries: tuple[Delivery, ...]
    rejected: tuple[Rejected, ...]
    not_for_us: int


def read_message(body: bytes) -> Message:
    """Raises Unreadable for anything but a whole message: DTDs, entities and processing instructions are refused."""
    root = _parsed(body)
    found = _only(_only(_named(root, f"{_SOAP}Envelope"), f"{_SOAP}Body"), f"{_OUTBOUND}notifications")
    organization = (_only(found, f"{_OUTBOUND}OrganizationId").text or "").strip()
    if not _ORGANIZATION.fullmatch(organization):
        raise Unreadable("OrganizationId is no id of an organisation")
    notifications = tuple(found.iterfind(f"{_OUTBOUND}Notification"))
    if not 1 <= len(notifications) <= MOST:
        raise Unreadable(f"a message holds 1 to {MOST} notifications")
    return Message(organization, notifications)


def take_apart(message: Message, account: str, now: int) -> Taken:
    """Deliveries to `account`, as of `now` (ms UTC): a message does not tell when its records changed.

    What cannot be read is rejected, each notification on its own.
    """
    deliveries: dict[str, Delivery] = {}
    rejected: dict[str, Rejected] = {}
    not_for_us = 0
    for number, one in enumerate(message.notifications, 1):
        # Only the notification is kept: a session id stands outside of it.
        one.tail = None
        raw: bytes = tostring(one, encoding="utf-8")
        key = hashlib.sha256(raw).hexdigest()
        try:
            key = _key(message.organization, _id(one.findtext(f"{_OUTBOUND}Id"), "the notification's Id"))
            record = _record(one)
            if record is None:
                not_for_us += 1
                continue
            deliveries.setdefault(
                key, Delivery(SOURCE, account, key, "changed", record.object, (record,), "", now, raw)
            )
        except Unreadable as error:
            reason = f"notification {number} of {len(message.notifications)}: {error}"
            rejected.setdefault(key, Rejected(SOURCE, account, key, reason, whole=False, raw=raw))
    return Taken(tuple(deliveries.values()), tuple(rejected.values()), not_for_us)


def _key(organization: str, notification: str) -> str:
    """The same for a repeat, which bears the same Id and may show newer values."""
    return hashlib.sha256(f"{SOURCE} {organization[:15]} {notification[:15]}".encode()).hexdigest()


def _record(notification: Element) -> NamedRecord | None:
    """None for other objects, and for a notification without a record: of deleted ones nothing may be left to show."""
    shown = notification.find(f"{_OUTBOUND}sObject")
    if shown is None or not len(shown):
        return None
    object = shown.get(_TYPE, "").rpartition(":")[2]
    if object not in _OBJECTS:
        return None
    return NamedRecord("itself", object, _id(shown.findtext(f"{_RECORD}Id"), "the record's Id"))


def _id(text: str | None, what: str) -> str:
    found = (text or "").strip()
    if not _ID.fullmatch(found) or not found.isascii():
        raise Unreadable(f"{what} is missing or no id")
    return found


def _only(parent: Element, name: str) -> Element:
    found = parent.findall(name)
    if len(found) != 1:
        raise Unreadable(f"{name.partition('}')[2]} must be there once")
    return found[0]


def _named(root: Element, name: str) -> Element:
    if root.tag != name:
        raise Unreadable("the root is no SOAP envelope")
    return root


class _Tree(TreeBuilder):
    """Refuses what SOAP 1.1 forbids and what no message needs, before memory is spent on it."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise Unreadable("the message is nested too deeply or has too many elements")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def pi(self, *_told: Any) -> Any:
        raise Unreadable("a message has no processing instructions")


def _parsed(body: bytes) -> Element:
    parser = DefusedXMLParser(target=_Tree(), forbid_dtd=True, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(body)
        root = parser.close()
    except Unreadable:
        raise
    except (ParseError, ValueError, LookupError, AssertionError) as error:
        # The words of parsers may quote what was sent; the refusals of defusedxml are ValueErrors.
        raise Unreadable(f"it is no XML that is taken here ({type(error).__name__})") from None
    if not isinstance(root, Element):
        raise Unreadable("it is no XML")
    return root
