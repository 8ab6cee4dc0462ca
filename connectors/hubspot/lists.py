"""Who is on the lists ("segments") that the models name."""

from collections.abc import Iterator
from typing import Any

from connectors.hubspot.answers import Refused, rows_of
from connectors.hubspot.client import Client
from connectors.hubspot.records import next_page
from connectors.protocol import Page, SeenList

CONTACTS = "0-1"
_PAGE = 250


def find_list(client: Client, name: str) -> dict[str, Any] | None:
    """HubSpot's description of the contact list of this name; None: there is none."""
    try:
        answer = client.call(client.lists.get_by_name, name, CONTACTS)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise
    found: dict[str, Any] = answer.get("list") or answer
    return found


def read_lists(client: Client, names: tuple[str, ...]) -> Iterator[Page]:
    """Each list whole on a page of its own, since no notice and no time of change tells who joined or left. A list that
    HubSpot is still filling, or that is gone, is left out: what was known of it stays."""
    for name in names:
        found = find_list(client, name)
        if found is not None and str(found.get("processingStatus") or "").upper() != "PROCESSING":
            id = str(found["listId"])
            yield Page("", lists=(SeenList(name, id, frozenset(_members(client, id))),))
    yield Page("", last=True)


def _members(client: Client, id: str) -> Iterator[str]:
    after: str | None = ""
    while after is not None:
        answer = client.call(client.memberships.get_page, id, limit=_PAGE, after=after or None)
        yield from (str(member["recordId"]) for member in rows_of(answer))
        after = next_page(answer)
