"""What happened to a record and who did it: the news from which webhooks, workflows and stage syncs are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Source:
    """Who wrote a value, in HubSpot's words: `type` such as CRM_UI, INTEGRATION, FORM, IMPORT."""

    type: str
    id: str | None = None
    user: int | None = None

    @classmethod
    def person(cls, user: int) -> Source:
        """An edit in the app: `sourceId` is `userId:NNN` and `updatedByUserId` the same number (live capture)."""
        return cls("CRM_UI", f"userId:{user}", user)

    def packed(self) -> list[Any]:
        return [self.type, self.id, self.user]


@dataclass(frozen=True)
class Happening:
    """`what` is creation, propertyChange, deletion, restore, merge, privacyDeletion or associationChange.

    `values` are the properties that changed (None: cleared), `details` the further fields of the webhook. `uncertain`
    marks news of which it is [not verified] whether HubSpot tells it.
    """

    what: str
    type: str
    id: int
    at: int
    source: Source
    values: Mapping[str, str | None] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    uncertain: bool = False
