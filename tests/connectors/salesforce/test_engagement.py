"""Campaign responses, calls and meetings are told once each, of the Lead or the Contact that they belong to."""

from connectors.protocol import Needs, SeenActivity
from connectors.salesforce.reader import SalesforceReader
from tests.connectors.portal import NOW
from tests.connectors.salesforce.org import HOUR, Org

ACTS = Needs({"Lead": (), "Contact": ()}, {}, activities=frozenset({"campaign_response", "call", "meeting"}))


def read(org: Org, stream: str) -> list[SeenActivity]:
    reader = SalesforceReader(org.client())
    return [activity for page in reader.read(stream, None, ACTS, org.now()) for activity in page.activities]


def test_a_response_to_a_campaign_is_told_with_its_name_and_status(org: Org) -> None:
    fair, lead, silent = org.make("Campaign", Name="Fair"), org.lead(), org.lead()
    member = org.make("CampaignMember", CampaignId=fair, LeadId=lead, Status="Responded")
    org.make("CampaignMember", CampaignId=fair, LeadId=silent, Status="Sent")
    details = {"campaign": "Fair", "status": "Responded"}
    response = SeenActivity("campaign_response", NOW, details, f"member:{member}", "Lead", lead)
    assert read(org, "campaign_members") == [response]


def test_after_a_conversion_a_response_is_the_contacts_under_the_same_id(org: Org) -> None:
    fair, lead = org.make("Campaign", Name="Fair"), org.lead()
    org.make("CampaignMember", CampaignId=fair, LeadId=lead, Status="Responded")
    (before,) = read(org, "campaign_members")
    contact = org.post("people/convert", id=lead)["contact"]
    (after,) = read(org, "campaign_members")
    assert (after.object, after.record_id) == ("Contact", contact)
    assert (after.id, after.occurred_at) == (before.id, before.occurred_at)


def test_a_call_counts_when_it_is_done(org: Org) -> None:
    lead = org.lead()
    made = org.make("Task", WhoId=lead, Subject="Demo call", TaskSubtype="Call", Status="Not Started")
    org.make("Task", WhoId=lead, Subject="Write", TaskSubtype="Task", Status="Completed")
    org.make("Task", Subject="Nobody", TaskSubtype="Call", Status="Completed")
    assert read(org, "tasks") == []
    org.advance(HOUR)
    org.edit("Task", made, Status="Completed")
    assert read(org, "tasks") == [SeenActivity("call", NOW + HOUR, {"name": "Demo call"}, f"task:{made}", "Lead", lead)]


def test_a_meeting_counts_from_its_beginning(org: Org) -> None:
    contact = org.make("Contact", LastName="Ode")
    made = org.make("Event", WhoId=contact, Subject="Lunch", StartDateTime="2027-01-15T12:00:00Z")
    assert read(org, "events") == [
        SeenActivity("meeting", NOW + 4 * HOUR, {"name": "Lunch"}, f"event:{made}", "Contact", contact)
    ]
