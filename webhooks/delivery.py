"""What comes through the door: one notice by a CRM that a record changed, and the inbox that keeps it."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["created", "changed", "deleted", "restored", "merged", "erased", "linked"]
"""`erased` is a privacy deletion: our copies must go too. `linked` says that an association came, went or moved."""

Part = Literal["itself", "primary", "merged", "new", "from", "to"]
"""What a named record has to do with a notice: `primary`, `merged`, `new` in a merge, `from`, `to` in a link."""


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """A record that a notice names. `object` is contact, company or deal, Salesforce's Lead or Contact, or "" where the
    notice does not say."""

    part: Part
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice: a hint that its records should be read again, never data.

    `account` is the portal id, or the id of Salesforce's organisation. `key` is a SHA-256 (hex): of the whole event but
    its attempt number on HubSpot (the same for a repeat, another for an event that differs in anything), of the
    notification's id on Salesforce. `property` is "" unless `kind` is `changed`, and always on Salesforce.
    `occurred_at` is ms UTC by the CRM's clock, by ours where the CRM does not tell it. `raw` holds the event's bytes as
    they came; a notification of Salesforce stands alone in it.
    """

    source: str
    account: str
    key: str
    kind: Kind
    object: str
    records: tuple[NamedRecord, ...]
    property: str
    occurred_at: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something correctly signed that nobody can read: a dead letter.

    `raw` is one event, or with `whole` a body that could not be taken apart. `key` recognises a repeat as in
    Delivery. `reason` quotes nothing of what was sent, so that it may be logged.
    """

    source: str
    account: str
    key: str
    reason: str
    whole: bool
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one request brought: never empty, no key twice. `received_at` is ms UTC by our clock."""

    source: str
    received_at: int
    deliveries: tuple[Delivery, ...]
    rejected: tuple[Rejected, ...]


class InboxUnavailable(Exception):
    """The inbox cannot keep anything now: locked, disk full, too much waiting. `retry_after` is in seconds."""

    def __init__(self, message: str, retry_after: int = 30) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Inbox(Protocol):
    """Where notices wait. Called by many threads at once."""

    def put(self, receipt: Receipt) -> int:
        """Keeps all of the receipt or nothing, and is durable before it returns; a key known already is left as it is.

        Returns how many deliveries and dead letters were new. Raises InboxUnavailable, upon which the CRM is asked to
        send again.
        """
        ...
