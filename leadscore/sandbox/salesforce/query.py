"""Queries over HTTP: pages of results behind a cursor, of which none need be full but the count at its end is right."""

from __future__ import annotations

from typing import Any

import msgspec

from leadscore.sandbox.clock import DAY_MS
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.showing import record
from leadscore.sandbox.salesforce.sight import UserSight
from leadscore.sandbox.salesforce.soql.parse import parse
from leadscore.sandbox.salesforce.soql.run import Statement, translate
from leadscore.sandbox.salesforce.soql.tree import Malformed

_CURSOR_LIVES = 2 * DAY_MS
_SMALLEST_PAGE, _LARGEST_PAGE = 200, 2_000


def read(sight: UserSight, text: str, *, deleted: bool) -> tuple[Statement, list[tuple[Any, ...]], bool]:
    """The statement, all rows of the answer, and whether only their number was asked for. Raises Refused."""
    try:
        query = parse(text)
        statement = translate(query, sight, deleted=deleted)
    except Malformed as error:
        raise Refused(error.code, f"\n{text[:200]}\n^\nERROR at Row:1:Column:1\n{error}") from None
    rows = sight.org.db.execute(statement.sql, statement.values).fetchall()
    return statement, rows, query.count


def first_page(sight: UserSight, text: str, version: str, *, deleted: bool, wanted: int | None) -> dict[str, Any]:
    """`wanted`: the batch size that the client asked for, which is a hint."""
    statement, rows, count = read(sight, text, deleted=deleted)
    if count:
        return {"totalSize": rows[0][0], "done": True, "records": []}
    records = [record(statement, row, version) for row in rows]
    return _page(sight.org, records, 0, version, _size(sight.org, wanted), None)


def next_page(org: Org, locator: str, version: str) -> dict[str, Any]:
    """Raises Refused for a cursor that is unknown or too old."""
    cursor, _, place = locator.partition("-")
    row = org.db.execute("SELECT doc FROM cursors WHERE id=?", (cursor,)).fetchone()
    if row is None or not place.isdigit():
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    kept = msgspec.json.decode(row[0])
    if org.now() > kept["until"]:
        raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(org, kept["records"], int(place), version, kept["size"], cursor)


def _size(org: Org, wanted: int | None) -> int:
    if wanted is None:
        return org.settings.page_size
    return min(max(wanted, _SMALLEST_PAGE), _LARGEST_PAGE, org.settings.page_size)


def _page(
    org: Org, records: list[dict[str, Any]], start: int, version: str, size: int, cursor: str | None
) -> dict[str, Any]:
    # Every other page is a third short: a page's length tells nothing about the end.
    length = size - size // 3 if org.settings.short_pages and start % 2 == 0 and size > 2 else size
    end = start + length
    answer: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records), "records": records[start:end]}
    if end < len(records):
        if cursor is None:
            cursor = f"01g5f{org.next_number('cursor'):010d}AAA"
            kept = {"records": records, "until": org.now() + _CURSOR_LIVES, "size": size}
            org.db.execute("INSERT INTO cursors VALUES (?,?)", (cursor, msgspec.json.encode(kept).decode()))
        answer["nextRecordsUrl"] = f"/services/data/{version}/query/{cursor}-{end}"
    return answer
