"""Rows as Salesforce shows them in JSON: times with +0000, numbers as numbers, related records inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from leadscore.sandbox.salesforce.fields import Field
from leadscore.sandbox.salesforce.soql.run import Statement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_text(at: int, zone: str = "+0000") -> str:
    """`2026-11-23T09:00:00.000+0000`; SOAP and Bulk write Z."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment.strftime('%Y-%m-%dT%H:%M:%S')}.{at % 1000:03d}{zone}"


def shown(value: Any, field: Field, zone: str = "+0000") -> Any:
    """A column's value as it is shown."""
    if value is None:
        return None
    match field.type:
        case "datetime":
            return instant_text(value, zone)
        case "boolean":
            return bool(value)
        case "double" | "currency" | "percent":
            return float(value)
    return value


def attributes(object: str, id: str, version: str) -> dict[str, str]:
    return {"type": object, "url": f"/services/data/{version}/sobjects/{object}/{id}"}


def record(statement: Statement, row: Sequence[Any], version: str) -> dict[str, Any]:
    """One row of a query as a record; the last value of the row is its Id."""
    tree: dict[str, Any] = {"attributes": attributes(statement.object, row[-1], version)}
    nested: dict[tuple[str, ...], dict[str, Any] | None] = {(): tree}
    for names, object, place in statement.links:
        parent = nested.get(names[:-1])
        child = None if row[place] is None else {"attributes": attributes(object, row[place], version)}
        nested[names] = child
        if parent is not None:
            parent[names[-1]] = child
    for column, value in zip(statement.columns, row, strict=False):
        holder = nested.get(column.path[:-1])
        if holder is not None:
            holder[column.path[-1]] = shown(value, column.field)
    return tree
