"""Opportunities with the Contacts in their roles: open, won or lost as the org says, never by a stage's name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.protocol import DEAL_STATUS, Cursor, Needs, Page, PastValue, SeenActivity, SeenRecord
from connectors.salesforce.client import Client, Row
from connectors.salesforce.fields import plain_text
from connectors.salesforce.instants import instant
from connectors.salesforce.needs import CONTACT, DEAL_ACTIVITIES, DEAL_FIELDS, OPPORTUNITY
from connectors.salesforce.past import in_order
from connectors.salesforce.records import Wanted, read_rows
from connectors.salesforce.sight import Sight
from connectors.salesforce.soql import among, ids_of, select
from connectors.salesforce.windows import STAMP, Asked, changed

OPEN, WON, LOST = "open", "won", "lost"
_ROLE = "OpportunityContactRole"
_HISTORY = "OpportunityHistory"
_PREFIX = "006"


@dataclass(frozen=True, slots=True)
class _Deal:
    """An opportunity with its Contacts and its stages over time, oldest first."""

    row: Row
    contacts: tuple[str, ...]
    past: tuple[Row, ...]


def read_deals(client: Client, cursor: Cursor | None, needs: Needs, now: int, limit: int | None) -> Iterator[Page]:
    for piece in changed(client, Asked(_wanted(client).columns, OPPORTUNITY), cursor, now, limit):
        yield _page(client, piece.rows, needs, piece.cursor, piece.last, piece.remaining)


def read_roles(client: Client, cursor: Cursor | None, needs: Needs, now: int, limit: int | None) -> Iterator[Page]:
    """The opportunities of changed contact roles: adding somebody to one does not change it. From the start there is
    nothing to tell, since reading all opportunities tells all roles."""
    asked = Asked(("OpportunityId",), _ROLE, "" if cursor else "Id = null", deleted=True)
    for piece in changed(client, asked, cursor, now, limit):
        ids = [str(row["OpportunityId"]) for row in piece.rows]
        rows = read_rows(client, _wanted(client), ids, _PREFIX) if ids else []
        yield _page(client, rows, needs, piece.cursor, piece.last, piece.remaining)


def fetch_deals(client: Client, ids: Sequence[str], needs: Needs) -> Page:
    return _page(client, read_rows(client, _wanted(client), ids, _PREFIX), needs, "", True, None)


def _wanted(client: Client) -> Wanted:
    return Wanted(OPPORTUNITY, Sight(client).readable(OPPORTUNITY, DEAL_FIELDS))


def _page(client: Client, rows: Sequence[Row], needs: Needs, cursor: Cursor, last: bool, remaining: int | None) -> Page:
    if not rows:
        return Page(cursor, last=last, remaining=remaining)
    statuses = _statuses(client)
    deals = _deals(client, rows)
    types = needs.activities & DEAL_ACTIVITIES
    activities = tuple(one for deal in deals for one in _acts(deal, statuses) if one.type in types)
    return Page(
        cursor, tuple(_told(deal, needs, statuses) for deal in deals), activities, last=last, remaining=remaining
    )


def _deals(client: Client, rows: Sequence[Row]) -> list[_Deal]:
    ids = [str(row["Id"]) for row in rows]
    contacts: dict[str, dict[str, None]] = {}
    pasts: dict[str, list[Row]] = {}
    for batch in ids_of(ids):
        for role in client.rows(select(["OpportunityId", "ContactId"], _ROLE, among("OpportunityId", batch))):
            if role.get("ContactId"):
                contacts.setdefault(str(role["OpportunityId"]), {})[str(role["ContactId"])] = None
        columns = ("Id", "OpportunityId", "StageName", "Amount", "CreatedDate")
        history = select(columns, _HISTORY, among("OpportunityId", batch), more="ORDER BY CreatedDate")
        for past in client.rows(history):
            pasts.setdefault(str(past["OpportunityId"]), []).append(past)
    return [
        _Deal(row, tuple(sorted(contacts.get(id, ()))), tuple(sorted(pasts.get(id, ()), key=in_order)))
        for id, row in zip(ids, rows, strict=True)
    ]


def _statuses(client: Client) -> dict[str, str]:
    """What each stage of the org means; stages that are no longer offered too."""
    rows = client.rows(select(["ApiName", "MasterLabel", "IsClosed", "IsWon"], "OpportunityStage"))
    return {
        str(name): WON if row["IsWon"] else LOST if row["IsClosed"] else OPEN
        for row in rows
        for name in (row["MasterLabel"], row["ApiName"])
    }


def _told(deal: _Deal, needs: Needs, statuses: Mapping[str, str]) -> SeenRecord:
    row = deal.row
    status = WON if row.get("IsWon") else LOST if row.get("IsClosed") else OPEN
    past: list[PastValue] = []
    for entry in deal.past:
        at, was = instant(entry["CreatedDate"]), statuses.get(str(entry["StageName"]), "")
        if at is not None and (not past or past[-1].value != was):
            past.append(PastValue(was, at, "HISTORY"))
    history = {DEAL_STATUS: tuple(past)} if past and past[-1].value == status else {}
    values = {name: plain_text(row.get(name)) for name in needs.properties.get(OPPORTUNITY, ()) if name in row}
    return SeenRecord(
        object=OPPORTUNITY,
        id=str(row["Id"]),
        values={**values, DEAL_STATUS: status},
        created_at=instant(row.get("CreatedDate")),
        modified_at=instant(row.get(STAMP)),
        history=history,
        links={CONTACT: deal.contacts},
    )


def _acts(deal: _Deal, statuses: Mapping[str, str]) -> Iterator[SeenActivity]:
    """What happened to an opportunity, once for each of its Contacts. A win counts when the stage was entered, not at
    the close date, which people edit."""
    stage = before = ""
    for entry in deal.past:
        at, name = instant(entry["CreatedDate"]), str(entry["StageName"])
        if at is None or name == stage:
            continue
        stage, status = name, statuses.get(name, "")
        amount = plain_text(entry.get("Amount"))
        details = {"stage": name} | ({"amount": amount} if amount else {})
        yield from _each("deal_stage", at, details, deal)
        if status in (WON, LOST) and status != before:
            yield from _each(f"deal_{status}", at, details, deal)
        before = status


def _each(type: str, at: int, details: Mapping[str, str], deal: _Deal) -> Iterator[SeenActivity]:
    what = type.removeprefix("deal_")
    for contact in deal.contacts:
        yield SeenActivity(type, at, details, f"deal:{deal.row['Id']}:{what}:{at}:{contact}", CONTACT, contact)
