"""What people did as Salesforce itself knows it: answered a campaign, took a call, came to a meeting."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from connectors.protocol import Cursor, Needs, Page, SeenActivity
from connectors.salesforce.client import Client, Row
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import CONTACT, LEAD, PEOPLE, object_of
from connectors.salesforce.sight import Sight
from connectors.salesforce.windows import Asked, changed


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of activities: its object and fields, which rows count, and what a row tells."""

    type: str
    object: str
    names: tuple[str, ...]
    condition: str
    tell: Callable[[Row], SeenActivity | None]


def read_source(client: Client, source: Source, cursor: Cursor | None, now: int, limit: int | None) -> Iterator[Page]:
    asked = Asked(_visible(Sight(client), source), source.object, source.condition)
    for piece in changed(client, asked, cursor, now, limit):
        told = tuple(activity for row in piece.rows if (activity := source.tell(row)) is not None)
        yield Page(piece.cursor, activities=told, last=piece.last, remaining=piece.remaining)


def sources_for(needs: Needs) -> dict[str, Source]:
    """The streams that these needs touch, by name."""
    return {name: source for name, source in SOURCES.items() if source.type in needs.activities}


def _visible(sight: Sight, source: Source) -> tuple[str, ...]:
    """One field that is hidden from us would have the whole question refused."""
    near = [name for name in source.names if "." not in name]
    far = [name.split(".") for name in source.names if "." in name]
    found = [f"{object}.{name}" for object, name in far if sight.readable(object, [name])]
    return (*sight.readable(source.object, near).values(), *found)


def _response(row: Row) -> SeenActivity | None:
    """Salesforce keeps the day of the first response only; one on the day of joining counts from the joining on."""
    who, object = row.get("ContactId"), CONTACT
    if not who:
        who, object = row.get("LeadId"), LEAD
    at = max(filter(None, (instant(row.get("FirstRespondedDate")), instant(row.get("CreatedDate")))), default=None)
    if not who or at is None:
        return None
    details = {"status": str(row.get("Status") or "")}
    if name := (row.get("Campaign") or {}).get("Name"):
        details["campaign"] = str(name)
    return SeenActivity("campaign_response", at, details, f"member:{row['Id']}", object, str(who))


def _call(row: Row) -> SeenActivity | None:
    """A closed task of the kind call; at the time of closing, else on its day."""
    at = next(filter(None, (instant(row.get(name)) for name in ("CompletedDateTime", "ActivityDate"))), None)
    return _with_who(row, "call", at, "task")


def _meeting(row: Row) -> SeenActivity | None:
    """An event, at its beginning, which may lie ahead: it counts from then on."""
    at = next(filter(None, (instant(row.get(name)) for name in ("StartDateTime", "ActivityDate"))), None)
    return _with_who(row, "meeting", at, "event")


def _with_who(row: Row, type: str, at: int | None, of: str) -> SeenActivity | None:
    who = str(row.get("WhoId") or "")
    if at is None or object_of(who) not in PEOPLE:
        return None
    subject = str(row.get("Subject") or "")
    return SeenActivity(type, at, {"name": subject} if subject else {}, f"{of}:{row['Id']}", object_of(who), who)


SOURCES = {
    "campaign_members": Source(
        "campaign_response",
        "CampaignMember",
        ("LeadId", "ContactId", "Status", "FirstRespondedDate", "CreatedDate", "Campaign.Name"),
        "HasResponded = true",
        _response,
    ),
    "tasks": Source(
        "call",
        "Task",
        ("WhoId", "Subject", "CompletedDateTime", "ActivityDate"),
        "TaskSubtype = 'Call' AND IsClosed = true",
        _call,
    ),
    "events": Source(
        "meeting", "Event", ("WhoId", "Subject", "StartDateTime", "ActivityDate"), "WhoId != null", _meeting
    ),
}
"""Salesforce archives closed tasks and past events after a year; those show up nowhere here."""
