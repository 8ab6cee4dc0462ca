"""Reading all records once, and from then on those that changed, so that no change is ever missed.

The first run lists everything. Every later one asks the search for records modified in a window of time, sorted by
their id, each page starting behind the last id: records of one and the same time (an import of 100,000) are pages like
any other, and the search's cap of 10,000 results is never met. A record that changes while the window is read falls
into the next one, which begins a little before this one ended, because the search index trails behind writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec

from connectors.errors import RetryLater
from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.needs import MODIFIED
from connectors.hubspot.records import PLURAL, Raw, Wanted, next_page, read_batch, read_page
from connectors.protocol import Cursor

LAG = 10 * 60_000
"""How far the search index may trail behind (ms): windows overlap by it, and records in it come twice."""

SEARCH_PAGE = 200

S = TypeVar("S", bound=msgspec.Struct)


class Place(msgspec.Struct, omit_defaults=True):
    """Where a stream stands. Listing: `after` is the list's own mark and `begun` when the listing began. A window:
    `since` and `until` (0: not yet begun) bound the times of change, `after` is the last id that was read."""

    begun: int = 0
    since: int = 0
    until: int = 0
    after: str = ""
    seen: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream before it becomes a Page."""

    raws: list[Raw]
    cursor: Cursor
    last: bool
    remaining: int | None


def changed(client: Client, wanted: Wanted, cursor: Cursor | None, now: int, limit: int | None) -> Iterator[Piece]:
    """All records (no cursor), or those that changed since; `now` is the portal's. Ends with a piece that is last."""
    place = Place(begun=now) if cursor is None else decode(cursor, Place)
    pieces = _window(client, wanted, place, now) if place.since else _listing(client, wanted, place)
    count = 0
    for piece in pieces:
        count += len(piece.raws)
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


def total(client: Client, object: str, *filters: dict[str, Any]) -> int:
    """How many records the search finds for these filters."""
    groups = [{"filters": list(filters)}] if filters else []
    body = {"filterGroups": groups, "properties": ["hs_object_id"], "limit": 1}
    return int(client.call(client.searches.do_search, PLURAL[object], body).get("total") or 0)


def _listing(client: Client, wanted: Wanted, place: Place) -> Iterator[Piece]:
    if not place.after:
        place.total = total(client, wanted.object)
    following: str | None = place.after
    while following is not None:
        raws, following = read_page(client, wanted, place.after or None)
        place.seen += len(raws)
        if following is None:
            yield Piece(raws, encode(Place(since=place.begun - LAG)), True, 0)
        else:
            place.after = following
            yield Piece(raws, encode(place), False, max(place.total - place.seen, 0))


def _window(client: Client, wanted: Wanted, place: Place, now: int) -> Iterator[Piece]:
    place.until = place.until or max(now, place.since)
    while True:
        answer = client.call(client.searches.do_search, PLURAL[wanted.object], _query(wanted, place))
        ids = [str(result["id"]) for result in rows_of(answer)]
        raws = read_batch(client, wanted, ids)
        if not ids or next_page(answer) is None:
            yield Piece(raws, encode(Place(since=place.until - LAG)), True, 0)
            return
        if int(ids[-1]) <= int(place.after or 0):
            raise RetryLater("HubSpot's search did not go on behind the last record. Run the same command again later.")
        place.after = ids[-1]
        yield Piece(raws, encode(place), False, max(int(answer.get("total") or 0) - len(ids), 0))


def _query(wanted: Wanted, place: Place) -> dict[str, Any]:
    modified = MODIFIED[wanted.object]
    filters = [
        {"propertyName": modified, "operator": "GTE", "value": str(place.since)},
        {"propertyName": modified, "operator": "LTE", "value": str(place.until)},
    ]
    if place.after:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": place.after})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["hs_object_id"],
        "limit": SEARCH_PAGE,
    }
