"""Records that were deleted: they stay in HubSpot's recycle bin for 90 days and are told from there."""

from collections.abc import Iterator

import msgspec

from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant
from connectors.hubspot.records import BATCH, PLURAL, next_page
from connectors.hubspot.windows import LAG, decode, encode
from connectors.protocol import Cursor, Page, SeenRecord

EVERY = 3_600_000
"""The bin cannot be asked by time and is gone through whole, so at most once an hour (ms)."""


class _Place(msgspec.Struct, omit_defaults=True):
    """`since`: deletions before it are known. `begun`: when this walk began; `object` and `after`: where it stands."""

    since: int = 0
    begun: int = 0
    object: str = ""
    after: str = ""


def read_archived(client: Client, cursor: Cursor | None, objects: tuple[str, ...], now: int) -> Iterator[Page]:
    """Deleted records as `archived` ones without values."""
    place = decode(cursor, _Place) if cursor is not None else _Place()
    if not place.begun and place.since and now - place.since < EVERY:
        yield Page(encode(place), last=True)
        return
    place.begun = place.begun or now
    started = objects.index(place.object) if place.object in objects else 0
    for object in objects[started:]:
        if object != place.object:
            place.object, place.after = object, ""
        following: str | None = place.after
        while following is not None:
            records, following = _bin_page(client, object, following, place.since - LAG)
            place.after = following or place.after
            yield Page(encode(place), records)
    yield Page(encode(_Place(since=place.begun)), last=True)


def _bin_page(client: Client, object: str, after: str, since: int) -> tuple[tuple[SeenRecord, ...], str | None]:
    asked = {"limit": BATCH, "properties": ["hs_object_id"], "archived": True}
    answer = client.call(client.objects.get_page, PLURAL[object], after=after or None, **asked)
    gone = [(str(raw["id"]), instant(raw.get("archivedAt"))) for raw in rows_of(answer)]
    records = (
        SeenRecord(object, id, {}, modified_at=at, archived=True) for id, at in gone if at is None or at >= since
    )
    return tuple(records), next_page(answer)
