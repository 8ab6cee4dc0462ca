"""Page views, one by one, where the account's tier offers them (Enterprise)."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant, iso
from connectors.hubspot.records import next_page
from connectors.hubspot.windows import SEARCH_PAGE, decode, encode
from connectors.protocol import Cursor, Page, SeenActivity

LAST_VISIT = "hs_analytics_last_timestamp"
OVERLAP = 2 * 3_600_000
"""How late a view may show (ms): HubSpot brings a contact's last-visit time up to date when the visit is over."""

EVENT = "e_visited_page"
_PAGE = 100
_CONTACTS = 50
_AT_ONCE = 4


class _Place(msgspec.Struct, omit_defaults=True):
    """A window over the time of the last visit, sorted by id, as for changed records. `since` 0 is the first run."""

    since: int = 0
    until: int = 0
    after: str = ""


def read_views(client: Client, cursor: Cursor | None, now: int, limit: int | None) -> Iterator[Page]:
    """The views of every contact that visited since the cursor. The API answers for one contact at a time, so only
    contacts whose last visit moved are asked for; one that is new to the portal is asked for all its views, because
    it brings those from before it had a name."""
    place = decode(cursor, _Place) if cursor is not None else _Place()
    place.until = place.until or max(now, place.since)
    count = 0
    while True:
        answer = client.call(client.searches.do_search, "contacts", _query(place))
        found = answer.get("results") or ()
        last = not found or next_page(answer) is None
        for start in range(0, len(found), _CONTACTS):
            piece = found[start : start + _CONTACTS]
            views = _views(client, piece, place.since)
            place.after = str(piece[-1]["id"])
            count += len(views)
            enough = limit is not None and count >= limit
            remaining = max(int(answer.get("total") or 0) - start - len(piece), 0)
            yield Page(encode(place), activities=views, last=enough, remaining=remaining)
            if enough:
                return
        if last:
            yield Page(encode(_Place(since=place.until - OVERLAP)), last=True, remaining=0)
            return


def _views(client: Client, contacts: Sequence[Mapping[str, Any]], since: int) -> tuple[SeenActivity, ...]:
    def one(contact: Mapping[str, Any]) -> list[SeenActivity]:
        created = instant((contact.get("properties") or {}).get("createdate")) or instant(contact.get("createdAt"))
        known = since > 0 and created is not None and created < since
        return list(_of_contact(client, str(contact["id"]), since if known else None))

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(view for views in pool.map(one, contacts) for view in views)


def _of_contact(client: Client, id: str, since: int | None) -> Iterator[SeenActivity]:
    after: str | None = ""
    while after is not None:
        answer = client.call(
            client.events.get_page,
            object_type="contact",
            object_id=int(id),
            event_type=EVENT,
            occurred_after=None if since is None else iso(since),
            after=after or None,
            limit=_PAGE,
        )
        for event in answer.get("results") or ():
            view = _view(event, id)
            if view is not None:
                yield view
        after = next_page(answer)


def _view(event: Mapping[str, Any], contact: str) -> SeenActivity | None:
    at = instant(event.get("occurredAt"))
    told = event.get("properties") or {}
    if at is None or event.get("eventType", EVENT) != EVENT:
        return None
    named = {"url": "hs_url", "title": "hs_title", "referrer": "hs_referrer"}
    details = {word: str(told[name]) for word, name in named.items() if told.get(name)}
    return SeenActivity("page_view", at, details, f"event:{event['id']}", record_id=contact)


def _query(place: _Place) -> dict[str, Any]:
    filters = [{"propertyName": LAST_VISIT, "operator": "LTE", "value": str(place.until)}]
    if place.since:
        filters.append({"propertyName": LAST_VISIT, "operator": "GTE", "value": str(place.since)})
    if place.after:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": place.after})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": ["createdate"],
        "limit": SEARCH_PAGE,
    }
