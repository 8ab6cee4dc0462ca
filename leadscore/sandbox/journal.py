"""What the portal took: one line for every record, property, list or form that a request changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from leadscore.sandbox.clock import iso
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Json, Request


def note(
    portal: Portal, request: Request, what: str, record_id: object, properties: Mapping[str, Any] | None, status: int
) -> None:
    """`properties` are the values as they were sent; the line is rolled back with its request."""
    sent = msgspec.json.encode(properties).decode() if properties is not None else None
    row = (portal.now(), request.method, request.raw_path, what, str(record_id), sent, status)
    portal.db.execute(
        "INSERT INTO journal (at, method, path, object, id, properties, status) VALUES (?,?,?,?,?,?,?)", row
    )


def read(portal: Portal, since: int, limit: int) -> list[Json]:
    """Lines after the line number `since`, oldest first."""
    sql = "SELECT seq, at, method, path, object, id, properties, status FROM journal WHERE seq>? ORDER BY seq LIMIT ?"
    return [
        {
            "seq": seq,
            "at": at,
            "time": iso(at),
            "method": method,
            "path": path,
            "object": what,
            "id": record_id,
            "properties": msgspec.json.decode(properties) if properties else None,
            "status": status,
        }
        for seq, at, method, path, what, record_id, properties, status in portal.db.execute(sql, (since, limit))
    ]
