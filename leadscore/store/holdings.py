"""Tells everything that the store holds about somebody, table by table, as plain data."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, or_, select

from leadscore.store.batch import chunks
from leadscore.store.erasing import Whose
from leadscore.store.every_table import every_table
from leadscore.store.live_tables import deliveries, notices, postings, tellings
from leadscore.store.tables import ALWAYS, activities, kinds, links, records, unmatched
from leadscore.store.unnaming import about
from leadscore.store.work_tables import parked
from scoring.values import write_instant

_INSTANTS = frozenset(
    {"at", "since", "until", "ahead", "as_of", "hour", "called_first", "called_last", "not_before"}
)  # fmt: skip
_JSON = frozenset(
    {"document", "values", "scores", "lines", "unreadable", "content", "record_ids", "figures", "details"}
)
Rows = list[dict[str, Any]]


def holdings(connection: Connection, who: Whose) -> dict[str, Rows]:
    """Every row about these people by the name of its table, as it is kept, with instants as ISO 8601 (UTC).

    Also: activities with what they were, what waits for their addresses, and what came from the CRM as it came.
    """
    found: dict[str, Rows] = {}
    for table in every_table():
        conditions = []
        if "subject" in table.c:
            conditions.append((table.c.subject, who.subjects))
        elif "record" in table.c:
            conditions.append((table.c.record, who.numbers))
        for column, ids in conditions:
            _add(found, table, [row for part in chunks(ids) for row in _rows(connection, table, column.in_(part))])
    told = [row for part in chunks(who.emails) for row in _rows(connection, unmatched, unmatched.c.email.in_(part))]
    _add(found, unmatched, told)
    _add(
        found, links, [row for part in chunks(who.numbers) for row in _rows(connection, links, links.c.other.in_(part))]
    )
    numbers = [row["number"] for row in found.get(notices.name, [])]
    for queue in (tellings, postings):
        _add(
            found,
            queue,
            [row for part in chunks(numbers) for row in _rows(connection, queue, queue.c.notice.in_(part))],
        )
    aside = [(parked.c.object == one.object) & (parked.c.record_id == one.id) for one in who.records]
    _add(found, parked, [row for part in chunks(aside, 100) for row in _rows(connection, parked, or_(*part))])
    came = about(connection, {(one.object, one.id) for one in who.records}, who.emails)
    _add(found, deliveries, [_readable(row._asdict()) | {"raw": row.raw.decode(errors="replace")} for row in came])
    _name_kinds(connection, found)
    return {name: rows for name, rows in sorted(found.items()) if rows}


def _add(found: dict[str, Rows], table: Table, rows: Iterable[dict[str, Any]]) -> None:
    found.setdefault(table.name, []).extend(rows)


def _rows(connection: Connection, table: Table, which: ColumnElement[bool]) -> Rows:
    query = select(table).where(which).order_by(*table.primary_key.columns)
    return [_readable(dict(row)) for row in connection.execute(query).mappings()]


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _value(str(name), value) for name, value in row.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, int) and (name in _INSTANTS or name.endswith("_at")):
        return "always" if value == ALWAYS else write_instant(value) if 0 < value < 2**50 else value
    if isinstance(value, str) and name in _JSON:
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def _name_kinds(connection: Connection, found: Mapping[str, Rows]) -> None:
    """Says what each activity was in place of the number of its kind."""
    rows = [row for table in (activities, unmatched) for row in found.get(table.name, [])]
    known: dict[int, dict[str, Any]] = {}
    for part in chunks(sorted({row["kind"] for row in rows})):
        for kind in connection.execute(select(kinds).where(kinds.c.id.in_(part))):
            known[kind.id] = {"type": kind.type, "details": dict(msgspec.json.decode(kind.details))}
    for row in rows:
        row |= known.get(row.pop("kind"), {})


def shown_records(found: Mapping[str, Rows]) -> Rows:
    """The records among what is held, the living first."""
    return sorted(found.get(records.name, []), key=lambda row: (row["until"] is not None, row["id"]))
