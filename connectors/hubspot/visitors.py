"""Who visited, and what one visitor looked at."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from connectors.hubspot.answers import rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant, iso
from connectors.hubspot.records import next_page
from connectors.hubspot.windows import SEARCH_PAGE
from connectors.protocol import SeenActivity

LAST_VISIT = "hs_analytics_last_timestamp"
CREATED = "createdate"
EVENT = "e_visited_page"
EVENTS_PAGE = 100
_AT_ONCE = 4
_CONTACTS = 50


def visitors(client: Client, bound: str, since: int, until: int, after: str) -> Iterator[list[tuple[str, int]]]:
    """Contacts with visits whose `bound`, a property, lies in the window, fifty at a time: (id, created at, 0 where
    unknown), by id and behind `after`, so that the search's cap of 10,000 results is never met."""
    while True:
        answer = client.call(client.searches.do_search, "contacts", _query(bound, since, until, after))
        found = [(str(raw["id"]), _created(raw)) for raw in rows_of(answer)]
        for start in range(0, len(found), _CONTACTS):
            yield found[start : start + _CONTACTS]
        if not found or next_page(answer) is None:
            return
        after = found[-1][0]


def views_of(client: Client, contacts: Mapping[str, int | None]) -> tuple[SeenActivity, ...]:
    """The views of these contacts, each since an instant or (None) all of them; a few contacts at once."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda item: list(_views_of_one(client, *item)), contacts.items())
        return tuple(view for views in found for view in views)


def told_view(event: Mapping[str, Any], contact: str) -> SeenActivity | None:
    """An event as a page view; None for other events and for one without a time."""
    at = instant(event.get("occurredAt"))
    told = event.get("properties") or {}
    if at is None or event.get("eventType", EVENT) != EVENT:
        return None
    named = {"url": "hs_url", "title": "hs_title", "referrer": "hs_referrer"}
    details = {word: str(told[name]) for word, name in named.items() if told.get(name)}
    return SeenActivity("page_view", at, details, f"event:{event['id']}", record_id=contact)


def _views_of_one(client: Client, id: str, since: int | None) -> Iterator[SeenActivity]:
    after: str | None = ""
    while after is not None:
        answer = client.call(
            client.events.get_page,
            object_type="contact",
            object_id=int(id),
            event_type=EVENT,
            occurred_after=None if since is None else iso(since),
            after=after or None,
            limit=EVENTS_PAGE,
        )
        views = (told_view(event, id) for event in rows_of(answer))
        yield from (view for view in views if view is not None)
        after = next_page(answer)


def _created(raw: Mapping[str, Any]) -> int:
    return instant((raw.get("properties") or {}).get(CREATED)) or instant(raw.get("createdAt")) or 0


def _query(bound: str, since: int, until: int, after: str) -> dict[str, Any]:
    filters: list[dict[str, Any]] = [
        {"propertyName": LAST_VISIT, "operator": "HAS_PROPERTY"},
        {"propertyName": bound, "operator": "LTE", "value": str(until)},
    ]
    if since:
        filters.append({"propertyName": bound, "operator": "GTE", "value": str(since)})
    if after:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": [CREATED],
        "limit": SEARCH_PAGE,
    }
