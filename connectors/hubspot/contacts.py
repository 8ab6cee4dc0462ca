"""Contacts with their primary company, and what they did as far as the history of their properties tells."""

from collections.abc import Iterator, Sequence

from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant
from connectors.hubspot.links import PRIMARY_COMPANY_TYPE, linked
from connectors.hubspot.needs import CONTACT, DERIVED, LAST_URL, PRIMARY_COMPANY, history_for
from connectors.hubspot.records import Raw, Wanted, history, seen
from connectors.hubspot.windows import changed
from connectors.protocol import Cursor, Needs, Page, PastValue, SeenActivity, SeenRecord

_TRUE = frozenset({"true", "1", "yes"})


def wanted_contacts(needs: Needs, views_by_event: bool) -> Wanted:
    history = (*needs.watched.get(CONTACT, ()), *history_for(needs.activities, views_by_event))
    return Wanted(CONTACT, needs.properties.get(CONTACT, ()), tuple(dict.fromkeys(history)), needs.feedback)


def read_contacts(
    client: Client, cursor: Cursor | None, needs: Needs, now: int, limit: int | None, views_by_event: bool
) -> Iterator[Page]:
    wanted = wanted_contacts(needs, views_by_event)
    for piece in changed(client, wanted, cursor, now, limit):
        records = told(client, piece.raws, wanted)
        activities = acts(piece.raws, needs, views_by_event)
        yield Page(piece.cursor, records, activities, last=piece.last, remaining=piece.remaining)


def acts(raws: Sequence[Raw], needs: Needs, views_by_event: bool) -> tuple[SeenActivity, ...]:
    """What these contacts did, as far as they tell it themselves."""
    types = frozenset(needs.activities) - ({"page_view"} if views_by_event else frozenset())
    return tuple(activity for raw in raws for activity in derived(raw, types))


def told(client: Client, raws: Sequence[Raw], wanted: Wanted) -> tuple[SeenRecord, ...]:
    """Contacts in our words. Their primary company stands in a property of their own; a portal that does not show it
    is asked for the association instead."""
    if PRIMARY_COMPANY not in wanted.properties:
        return tuple(seen(raw, wanted) for raw in raws)
    hidden = [str(raw["id"]) for raw in raws if PRIMARY_COMPANY not in (raw.get("properties") or {})]
    found = linked(client, "contacts", "companies", hidden, type_id=PRIMARY_COMPANY_TYPE) if hidden else {}

    def company(raw: Raw) -> tuple[str, ...]:
        own = (raw.get("properties") or {}).get(PRIMARY_COMPANY)
        return (str(own),) if own else found.get(str(raw["id"]), ())

    return tuple(seen(raw, wanted, {"company": company(raw)}) for raw in raws)


def derived(raw: Raw, types: frozenset[str]) -> Iterator[SeenActivity]:
    """What the history of a contact's properties says that it did. HubSpot keeps the last click, open, reply or
    meeting only: two between two readings of the history look like one."""
    id = str(raw["id"])
    for type, name in DERIVED.items():
        if type in types:
            for at in sorted(set(_times(type, history(raw, name, calculated=True)))):
                yield SeenActivity(type, at, {}, f"{name}:{id}:{at}", record_id=id)
    if "page_view" in types:
        for past in history(raw, LAST_URL, calculated=True):
            if past.value:
                yield SeenActivity("page_view", past.at, {"url": past.value}, f"last_url:{id}:{past.at}", record_id=id)


def _times(type: str, past: Sequence[PastValue]) -> Iterator[int]:
    """An opt-out happens when the flag turns true, a bounce when its counter rises; all else is a date in itself."""
    before = ""
    for entry in past:
        if type == "unsubscribe":
            if entry.value.lower() in _TRUE and before.lower() not in _TRUE:
                yield entry.at
        elif type == "email_bounce":
            if _count(entry.value) > _count(before):
                yield entry.at
        elif (at := instant(entry.value)) is not None:
            yield at
        before = entry.value


def _count(text: str) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
