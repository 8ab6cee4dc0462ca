"""One record as plain data, and the name under which the API writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import CREATED, MODIFIED
from leadscore.sandbox.clock import iso
from leadscore.sandbox.happening import Source
from leadscore.sandbox.state import Portal

_decode = msgspec.json.Decoder(dict[str, str]).decode


def by_api(portal: Portal) -> Source:
    """Whoever calls the API: the settings say how HubSpot names that caller."""
    return Source(portal.settings.write_source, portal.settings.write_source_id)


@dataclass
class Record:
    type: str
    id: int
    created: int
    modified: int
    archived: bool
    origin: str
    doc: dict[str, str]

    def value(self, name: str) -> str | None:
        if name == "hs_object_id":
            return str(self.id)
        if name == MODIFIED[self.type]:
            return iso(self.modified)
        if name == CREATED[self.type]:
            return iso(self.created)
        return self.doc.get(name)


def from_row(object_type: str, row: Sequence[Any]) -> Record:
    """From a row of id, created, modified, archived, origin, doc."""
    return Record(object_type, row[0], row[1], row[2], bool(row[3]), row[4], _decode(row[5]))


def as_id(text: object) -> int | None:
    """A record id from the wire; None when it cannot be one."""
    shown = str(text)
    return int(shown) if shown.isascii() and shown.isdigit() and len(shown) <= 18 else None
