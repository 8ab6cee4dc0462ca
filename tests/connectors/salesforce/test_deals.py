"""Opportunities count for the Contacts in their roles, and what happened to them is told at its time."""

from connectors.protocol import DEAL_STATUS, Needs, Page, SeenActivity
from connectors.salesforce.needs import DEAL_ACTIVITIES, DEAL_FIELDS
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.portal import NOW
from tests.connectors.salesforce.org import HOUR, Org

DEALS = Needs({"Lead": (), "Contact": (), "Opportunity": DEAL_FIELDS}, {}, activities=DEAL_ACTIVITIES)


def read(org: Org, reader: SalesforceReader, stream: str, cursor: str | None = None) -> list[Page]:
    return list(reader.read(stream, cursor, DEALS, org.now()))


def deal(org: Org, *contacts: str, stage: str = "Prospecting") -> str:
    id = org.make("Opportunity", Name="Big", StageName=stage, CloseDate="2027-06-30", Amount=12_000)
    for contact in contacts:
        org.make("OpportunityContactRole", OpportunityId=id, ContactId=contact)
    return id


def told(pages: list[Page]) -> list[tuple[str, int, str | None, dict[str, str]]]:
    acts: list[SeenActivity] = [activity for page in pages for activity in page.activities]
    return [(one.type, one.occurred_at, one.record_id, dict(one.details)) for one in acts]


def test_a_won_deal_is_won_when_its_stage_was_entered_not_at_its_close_date(org: Org) -> None:
    contact = org.make("Contact", LastName="Ode")
    id = deal(org, contact)
    org.advance(HOUR)
    org.edit("Opportunity", id, Amount=15_000)
    org.advance(HOUR)
    org.edit("Opportunity", id, StageName="Closed Won")
    reader = SalesforceReader(org.client())
    pages = read(org, reader, "opportunities")
    assert told(pages) == [
        ("deal_stage", NOW, contact, {"stage": "Prospecting", "amount": "12000"}),
        ("deal_stage", NOW + 2 * HOUR, contact, {"stage": "Closed Won", "amount": "15000"}),
        ("deal_won", NOW + 2 * HOUR, contact, {"stage": "Closed Won", "amount": "15000"}),
    ]
    (record,) = pages[0].records
    assert (record.object, record.links) == ("Opportunity", {"Contact": (contact,)})
    assert (record.values[DEAL_STATUS], record.values["Amount"]) == ("won", "15000")
    assert [(past.value, past.at) for past in record.history[DEAL_STATUS]] == [("open", NOW), ("won", NOW + 2 * HOUR)]
    assert reader.fetch_with_activities("Opportunity", [id], DEALS).records == pages[0].records


def test_a_lost_deal_counts_for_each_contact_once_however_often_it_has_a_role(org: Org) -> None:
    first, second = (org.make("Contact", LastName=name) for name in ("A", "B"))
    deal(org, first, second, first, stage="Closed Lost")
    pages = read(org, SalesforceReader(org.client()), "opportunities")
    assert [(type, who) for type, _, who, _ in told(pages) if type == "deal_lost"] == [
        ("deal_lost", first), ("deal_lost", second),
    ]  # fmt: skip


def test_a_role_given_later_brings_the_deal_again_and_one_taken_away_too(org: Org) -> None:
    reader, contact, id = SalesforceReader(org.client()), org.make("Contact", LastName="Ode"), deal(org)
    org.advance(HOUR)
    deals, roles = (read(org, reader, name)[-1].cursor for name in ("opportunities", "contact_roles"))
    org.advance(HOUR)
    role = org.make("OpportunityContactRole", OpportunityId=id, ContactId=contact)
    assert read(org, reader, "opportunities", deals)[0].records == ()
    pages = read(org, reader, "contact_roles", roles)
    assert [(record.id, record.links) for record in pages[0].records] == [(id, {"Contact": (contact,)})]
    org.advance(HOUR)
    org.post("people/delete", object="OpportunityContactRole", id=role)
    pages = read(org, reader, "contact_roles", pages[-1].cursor)
    assert [record.links for record in pages[0].records] == [{"Contact": ()}]


def test_the_first_reading_of_roles_has_nothing_to_tell(org: Org) -> None:
    deal(org, org.make("Contact", LastName="Ode"))
    (page,) = read(org, SalesforceReader(org.client()), "contact_roles")
    assert (page.records, page.activities, page.last) == ((), (), True)


def test_a_deleted_deal_is_archived(org: Org) -> None:
    id = deal(org)
    org.post("people/delete", object="Opportunity", id=id)
    pages = read(org, SalesforceReader(org.client()), "archived")
    assert [(one.object, one.id, one.archived) for page in pages for one in page.records] == [("Opportunity", id, True)]
