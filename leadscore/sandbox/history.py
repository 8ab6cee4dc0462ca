"""The history of properties: every version with its time and its writer, newest first.

Entry fields: value, timestamp, sourceType, where known sourceId and updatedByUserId [spec; sample]. How deep it goes
is [not verified]: `history_depth` in the settings cuts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from leadscore.sandbox.catalogue import MODIFIED
from leadscore.sandbox.clock import iso
from leadscore.sandbox.record import Record
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json

_decode = msgspec.json.Decoder(list[Any]).decode


def histories(portal: Portal, item: Record, names: Sequence[str]) -> dict[str, list[Json]]:
    """Newest first. What was never changed shows one version, of the record's creation."""
    rows = portal.db.execute("SELECT entries FROM changes WHERE type=? AND id=? ORDER BY seq", (item.type, item.id))
    entries = [entry for row in rows for entry in _decode(row[0])]
    entries.sort(key=lambda entry: entry[0])
    found: dict[str, list[Json]] = {name: [] for name in names}
    depth = portal.settings.history_depth
    origin = _decode(item.origin)
    for at, kind, source_id, user, new, old in entries:
        source = (kind, source_id, user)
        for name in new.keys() & found.keys():
            if not found[name] and old and old.get(name) is not None:
                found[name].append(_version(old[name], item.created, origin))
            found[name].append(_version(new[name], at, source))
    for name, versions in found.items():
        value = item.value(name)
        if not versions and value is not None:
            at = item.modified if name == MODIFIED[item.type] else item.created
            versions.append(_version(value, at, origin))
        versions.reverse()
        if depth:
            del versions[depth:]
    return found


def _version(value: str | None, at: int, source: Sequence[Any]) -> Json:
    version: Json = {"value": value or "", "timestamp": iso(at), "sourceType": source[0]}
    if source[1] is not None:
        version["sourceId"] = source[1]
    if source[2] is not None:
        version["updatedByUserId"] = source[2]
    return version
