"""Takes what the CRM told us about somebody out of the inbox, and keeps it from coming in again."""

import re
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, or_, select, update

from leadscore.store.batch import chunks, to_json
from leadscore.store.deliveries import DEAD, OPEN, Stored, stored_rows
from leadscore.store.erased import Key, erased_keys
from leadscore.store.live_tables import deliveries

_TARGETS = ("new", "primary")


def without_erased(connection: Connection, rows: Sequence[Stored]) -> list[Stored]:
    """What may be kept of events: nothing that tells of somebody who was erased."""
    gone = erased_among(connection, rows)
    return without(rows, gone)


def erased_among(connection: Connection, rows: Iterable[Stored]) -> set[Key]:
    """Which of the records that these events name are those of people who were erased."""
    return erased_keys(connection, {(record.object, record.id) for row in rows for record in row.records})


def without(rows: Sequence[Stored], gone: Collection[Key]) -> list[Stored]:
    """What may be kept of events when these records are to be named no more."""
    return [kept for row in rows if (kept := _without(row, gone)) is not None] if gone else list(rows)


def forget_deliveries(connection: Connection, gone: Collection[Key], emails: Collection[str]) -> None:
    """Takes out events that name these records, and those whose bytes hold one of the addresses. Of an event that
    names others, too, the names of the others stay, so that it is acted upon for them."""
    for row in about(connection, gone, emails):
        kept = _without(row, gone)
        _replace(connection, row.key, None if kept is row and row.state != OPEN else kept)


def forget_erased(connection: Connection, rows: Sequence[Stored]) -> list[Stored]:
    """What is left of events that are kept: one that came while its person was being erased is taken out."""
    gone = erased_among(connection, rows)
    left: list[Stored] = []
    for row in rows:
        kept = _without(row, gone)
        if kept is not row:
            _replace(connection, row.key, kept)
        left += [] if kept is None else [kept]
    return left


def _replace(connection: Connection, key: str, kept: Stored | None) -> None:
    this = deliveries.c.key == key
    if kept is None:
        connection.execute(delete(deliveries).where(this))
    else:
        values = {"kind": kept.kind, "record_ids": to_json(kept.records), "raw": b""}
        connection.execute(update(deliveries).where(this).values(values))


def about(connection: Connection, keys: Collection[Key], emails: Collection[str]) -> list[Stored]:
    """Events that name one of these records or hold one of the addresses (lower case), and those that nobody could
    read in which the number of one of the records stands. Looks at every event."""
    d = deliveries.c
    ids = sorted({id for _, id in keys})
    hits = [d.record_ids.contains(f'"{id}"', autoescape=True) for id in ids]
    hits += [_holds(connection, email) for email in emails]
    hits += [(d.state == DEAD) & (d.record_ids == "[]") & _holds(connection, id) for id in ids]
    found: dict[str, Stored] = {}
    for part in chunks(hits, 50):
        found |= {row.key: row for row in stored_rows(connection, select(deliveries).where(or_(*part)))}
    return [row for row in found.values() if _is_about(row, keys, ids, emails)]


def _is_about(row: Stored, keys: Collection[Key], ids: Collection[str], emails: Collection[str]) -> bool:
    if any((record.object, record.id) in keys for record in row.records):
        return True
    lower = row.raw.lower()
    numbers = ids if not row.records else ()
    return any(email.encode(errors="replace") in lower for email in emails) or any(
        re.search(rb"(?<!\d)" + id.encode() + rb"(?!\d)", lower) for id in numbers
    )


def _without(row: Stored, gone: Collection[Key]) -> Stored | None:
    """An event without the erased; None: nobody else is named. Who was merged into somebody erased is that person."""
    if not any((record.object, record.id) in gone for record in row.records):
        return row
    left = tuple(record for record in row.records if (record.object, record.id) not in gone)
    if not left or row.kind not in ("merged", "linked"):
        return None
    into = next((r for part in _TARGETS for r in row.records if r.part == part), None)
    lost = row.kind == "merged" and into is not None and (into.object, into.id) in gone
    return row._replace(records=left, raw=b"", kind="erased" if lost else row.kind)


def _holds(connection: Connection, words: str) -> ColumnElement[bool]:
    raw = deliveries.c.raw
    if connection.dialect.name == "postgresql":
        return func.strpos(func.lower(func.encode(raw, "escape")), words) > 0
    return func.instr(func.lower(cast(raw, Text)), words) > 0
