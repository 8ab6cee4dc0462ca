"""Page views, one by one, where the account's tier offers them (Enterprise)."""

from collections.abc import Iterator

import msgspec

from connectors.hubspot.answers import Refused, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.instants import iso
from connectors.hubspot.records import next_page
from connectors.hubspot.visitors import CREATED, EVENT, EVENTS_PAGE, LAST_VISIT, told_view, views_of, visitors
from connectors.hubspot.windows import decode, encode
from connectors.protocol import Cursor, Page, SeenActivity

OVERLAP = 2 * 3_600_000
"""How late a view may show (ms): HubSpot brings a contact's last-visit time up to date when the visit is over."""

_PIECE = 1000
_ALL, _NEWCOMERS, _EACH = "all", "newcomers", "each"


class _Place(msgspec.Struct, omit_defaults=True):
    """A window of time (`since` 0: everything), how far it is read, and the way of reading: see `_pieces`."""

    since: int = 0
    until: int = 0
    way: str = _ALL
    after: str = ""


class _OnlyByContact(Exception):
    """This account's events cannot be listed without naming a contact."""


def read_views(client: Client, cursor: Cursor | None, now: int, limit: int | None) -> Iterator[Page]:
    """The views since the cursor. Some come twice, with the same ids."""
    place = decode(cursor, _Place) if cursor is not None else _Place()
    place.until = place.until or max(now, place.since)
    count = 0
    for views in _pieces(client, place):
        count += len(views)
        enough = limit is not None and count >= limit
        yield Page(encode(place), activities=views, last=enough)
        if enough:
            return
    yield Page(encode(_Place(since=place.until - OVERLAP)), last=True, remaining=0)


def _pieces(client: Client, place: _Place) -> Iterator[tuple[SeenActivity, ...]]:
    """Moves `place` on before it gives out a piece.

    All views of the portal are listed by time, a hundred a call; then all views of contacts that are new, because they
    bring those from before they had a name. That events can be listed without a contact is seen in live calls and
    written nowhere: a portal that refuses is asked contact by contact, only for those whose last visit moved.
    """
    if place.way == _ALL:
        try:
            yield from _listed(client, place)
        except _OnlyByContact:
            place.way, place.after = _EACH, ""
        else:
            place.way, place.after = _NEWCOMERS, ""
    if place.way == _NEWCOMERS and place.since:
        yield from _by_contact(client, place, CREATED)
    elif place.way == _EACH:
        yield from _by_contact(client, place, LAST_VISIT)


def _listed(client: Client, place: _Place) -> Iterator[tuple[SeenActivity, ...]]:
    gathered: list[SeenActivity] = []
    following: str | None = place.after
    while following is not None:
        try:
            answer = client.call(
                client.events.get_page,
                event_type=EVENT,
                occurred_after=iso(place.since),
                occurred_before=iso(place.until + 1),
                after=following or None,
                limit=EVENTS_PAGE,
            )
        except Refused as refused:
            if refused.status != 400:
                raise
            if not following:
                raise _OnlyByContact from refused
            # A mark that the portal no longer knows: the window is read from its start.
            following = place.after = ""
            continue
        views = (told_view(event, str(event.get("objectId") or "")) for event in rows_of(answer))
        gathered += [view for view in views if view is not None and view.record_id]
        following = next_page(answer)
        place.after = following or place.after
        if len(gathered) >= _PIECE or following is None:
            yield tuple(gathered)
            gathered = []


def _by_contact(client: Client, place: _Place, bound: str) -> Iterator[tuple[SeenActivity, ...]]:
    """The views of contacts whose `bound`, a time, lies in the window."""
    for contacts in visitors(client, bound, place.since, place.until, place.after):
        since = {id: place.since for id, created in contacts if bound == LAST_VISIT and 0 < created < place.since}
        place.after = contacts[-1][0]
        yield views_of(client, {id: since.get(id) for id, _ in contacts})
