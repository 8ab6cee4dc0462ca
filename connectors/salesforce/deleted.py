"""Records that were deleted, and those that a merge took in: both lie in the recycle bin, for 15 days."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from connectors.protocol import Cursor, Needs, Page, SeenRecord
from connectors.salesforce.client import Client, Row
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import ACCOUNT, PEOPLE
from connectors.salesforce.past import Past
from connectors.salesforce.people import fetch_records
from connectors.salesforce.soql import among, ids_of, select
from connectors.salesforce.windows import STAMP, Asked, changed, decode, encode

_MERGED = frozenset({*PEOPLE, ACCOUNT})
_LONGEST_CHAIN = 10


class _Place(msgspec.Struct, omit_defaults=True):
    """`object` is where the walk stands (empty: it begins), `cursors` how far each object's window has come."""

    object: str = ""
    cursors: dict[str, str] = {}


def read_deleted(
    client: Client, past: Past, cursor: Cursor | None, objects: Sequence[str], needs: Needs, now: int
) -> Iterator[Page]:
    """Deleted records as `archived` ones without values. Those that lost a merge are told by their winner, as it is
    now, in its `merged_ids`; a winner that is gone, too, or hidden from us leaves them deleted."""
    place = _Place() if cursor is None else decode(cursor, _Place)
    started = objects.index(place.object) if place.object in objects else 0
    for object in objects[started:]:
        place.object = object
        names = ("MasterRecordId",) if object in _MERGED else ()
        asked = Asked(names, object, "IsDeleted = true", deleted=True)
        for piece in changed(client, asked, place.cursors.get(object), now, None):
            place.cursors = {**place.cursors, object: piece.cursor}
            yield Page(encode(place), _gone(client, past, object, piece.rows, needs))
    yield Page(encode(_Place(cursors=place.cursors)), last=True)


def _gone(client: Client, past: Past, object: str, rows: Sequence[Row], needs: Needs) -> tuple[SeenRecord, ...]:
    masters = {str(row["Id"]): str(row["MasterRecordId"]) for row in rows if row.get("MasterRecordId")}
    winners = _final(client, object, masters)
    living = fetch_records(client, past, object, sorted(set(winners.values())), needs).records if winners else ()
    found = {record.id: record for record in living}
    merged = [
        replace(record, merged_ids=tuple(id for id, winner in winners.items() if winner == record.id))
        for record in found.values()
    ]
    deleted = [
        SeenRecord(object, id, {}, modified_at=instant(row.get(STAMP)), archived=True)
        for row in rows
        if winners.get(id := str(row["Id"])) not in found
    ]
    return (*merged, *deleted)


def _final(client: Client, object: str, masters: Mapping[str, str]) -> dict[str, str]:
    """Who took each one in at last: a winner can lose a later merge."""
    final = dict(masters)
    asked: set[str] = set()
    for _ in range(_LONGEST_CHAIN):
        unknown = set(final.values()) - asked
        asked |= unknown
        further: dict[str, str] = {}
        for batch in ids_of(sorted(unknown)):
            lost = select(["Id", "MasterRecordId"], object, among("Id", batch), "IsDeleted = true")
            for row in client.rows(lost, deleted=True):
                if row.get("MasterRecordId"):
                    further[str(row["Id"])] = str(row["MasterRecordId"])
        if not further:
            break
        final = {id: further.get(winner, winner) for id, winner in final.items()}
    return final
