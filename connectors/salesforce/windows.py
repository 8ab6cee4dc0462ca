"""Reading all records once, and from then on those that changed, so that no change is ever missed.

Records come in the order of their last change (SystemModstamp) and, of one and the same second, of their ids; each
question begins behind the last record of the one before. So thousands of one second are read like any others, a page
may be as short as Salesforce likes, and every page is a place to go on from without a cursor that Salesforce would have
to keep. Windows overlap, because a long transaction is seen late and with an older time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec

from connectors.errors import RetryLater
from connectors.protocol import Cursor
from connectors.salesforce.answers import TooSlow
from connectors.salesforce.client import Client, Row
from connectors.salesforce.instants import instant, literal
from connectors.salesforce.soql import quoted, select

LAG = 10 * 60_000
"""How long a transaction may run and be seen late (ms): a request of Salesforce's ends after ten minutes."""

PAGE = 200
_ASKED = 2_000
STAMP = "SystemModstamp"

S = TypeVar("S", bound=msgspec.Struct)


class Place(msgspec.Struct, omit_defaults=True):
    """Where a stream stands: what changed at `since` (0: whenever) or later and until `until` (0: not begun) is to be
    read; of the second of `since` what has an id after `after`."""

    since: int = 0
    until: int = 0
    after: str = ""
    seen: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream before it becomes a Page."""

    rows: list[Row]
    cursor: Cursor
    last: bool
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What to ask for: fields, object, a condition; `deleted`: the recycle bin too."""

    names: Sequence[str]
    object: str
    condition: str = ""
    deleted: bool = False


def changed(client: Client, asked: Asked, cursor: Cursor | None, now: int, limit: int | None) -> Iterator[Piece]:
    """All records (no cursor), or those that changed since; `now` is the org's. Ends with a piece that is last."""
    place = Place() if cursor is None else decode(cursor, Place)
    place.until = place.until or max(now, place.since)
    count = 0
    for piece in _pieces(client, asked, place, _ASKED if limit is None else min(limit, _ASKED)):
        count += len(piece.rows)
        if limit is not None and count >= limit:
            yield replace(piece, last=True)
            return
        yield piece


def encode(place: msgspec.Struct) -> Cursor:
    return msgspec.json.encode(place).decode()


def decode(cursor: Cursor, kind: type[S]) -> S:
    """Raises ValueError when the cursor is none of ours; a full sync starts anew."""
    try:
        return msgspec.json.decode(cursor, type=kind)
    except msgspec.DecodeError as error:
        raise ValueError(f"the stored cursor {cursor!r} cannot be read; run `leadscore sync --full`") from error


def count(client: Client, object: str, *conditions: str) -> int:
    return int(client.query(select(["COUNT()"], object, *conditions)).get("totalSize") or 0)


def _pieces(client: Client, asked: Asked, place: Place, size: int) -> Iterator[Piece]:
    names = ("Id", STAMP, *asked.names)
    following = encode(Place(since=max(place.until - LAG, 0)))
    while True:
        order = f"ORDER BY {STAMP}, Id LIMIT {size}"
        soql = select(names, asked.object, asked.condition, *_window(place), more=order)
        try:
            page = client.query(soql, deleted=asked.deleted)
        except TooSlow:
            if size <= PAGE:
                raise
            size = max(size // 4, PAGE)
            continue
        rows = page["records"]
        ended = page.get("done", True) and len(rows) < size
        if not ended and not place.total:
            place.total = count(client, asked.object, asked.condition, *_window(place)) + place.seen
        for start in range(0, len(rows), PAGE):
            part = rows[start : start + PAGE]
            if ended and start + PAGE >= len(rows):
                yield Piece(part, following, True, 0)
                return
            place = Place(_stamp(part[-1]), place.until, str(part[-1]["Id"]), place.seen + len(part), place.total)
            yield Piece(part, encode(place), False, max(place.total - place.seen, 0))
        if ended:
            yield Piece([], following, True, 0)
            return


def _stamp(row: Row) -> int:
    at = instant(row.get(STAMP))
    if at is None:
        raise RetryLater("Salesforce told a record without the time of its last change. Try again later.")
    return at


def _window(place: Place) -> tuple[str, ...]:
    """The second of `until` counts as a whole."""
    conditions = [f"{STAMP} <= {literal(place.until + 999)}"]
    if place.after:
        since = literal(place.since)
        conditions.append(f"({STAMP} = {since} AND Id > {quoted(place.after)}) OR {STAMP} > {since}")
    elif place.since:
        conditions.append(f"{STAMP} >= {literal(place.since)}")
    return tuple(conditions)
