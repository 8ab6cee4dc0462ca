"""Leads are converted, records merged, and deleted ones come back, with what belongs to them."""

from __future__ import annotations

from tests.sandbox.salesforce.conftest import Caller


def test_a_converted_lead_stays_readable_refuses_writes_and_its_activities_move(call: Caller) -> None:
    made = {"name": "Score__c", "type": "double", "precision": 6}
    for object in ("Lead", "Contact"):
        call.control("fields", {"object": object, "fields": [made]})
        call.control("grant", {"object": object, "fields": ["Score__c"]})
    call.control("mapping", {"Score__c": "Score__c"})
    lead = call.lead(Email="ana@acme.example", Score__c=70)
    call.make("Task", WhoId=lead, Subject="Call")
    campaign = call.make("Campaign", Name="Fair")
    call.make("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    contact = call.control("people/convert", {"id": lead, "deal": "New"})["contact"]
    assert call.rows("SELECT IsConverted, ConvertedContactId FROM Lead", "IsConverted", "ConvertedContactId") == [
        (True, contact)
    ]
    assert call.rows("SELECT Email, Score__c FROM Contact", "Email", "Score__c") == [("ana@acme.example", 70.0)]
    assert call.rows("SELECT WhoId FROM Task", "WhoId") == [contact]
    assert call.rows("SELECT LeadOrContactId FROM CampaignMember", "LeadOrContactId") == [contact]
    assert call.rows("SELECT ContactId FROM OpportunityContactRole", "ContactId") == [contact]
    answer = call.send("PATCH", f"sobjects/Lead/{lead}", {"Title": "x"})
    assert answer.json()[0]["errorCode"] == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_conversion_fills_empty_fields_of_an_existing_contact_alone(call: Caller) -> None:
    made = {"name": "Score__c", "type": "double", "precision": 6}
    for object in ("Lead", "Contact"):
        call.control("fields", {"object": object, "fields": [made]})
        call.control("grant", {"object": object, "fields": ["Score__c"]})
    call.control("mapping", {"Score__c": "Score__c"})
    account = call.make("Account", Name="Acme")
    contact = call.make("Contact", LastName="Old", AccountId=account, Score__c=5)
    call.control("people/convert", {"id": call.lead(Score__c=70), "account": account, "contact": contact})
    assert call.rows("SELECT Score__c FROM Contact", "Score__c") == [5.0]


def test_the_losers_of_a_merge_name_their_winner_and_their_children_move(call: Caller) -> None:
    winner, loser = call.lead(LastName="W"), call.lead(LastName="L", Title="CEO")
    call.make("Task", WhoId=loser, Subject="Call")
    call.control("people/merge", {"object": "Lead", "master": winner, "losers": [loser]})
    assert call.rows("SELECT Id, Title FROM Lead", "Id", "Title") == [(winner, "CEO")]
    text = "SELECT Id, MasterRecordId FROM Lead WHERE IsDeleted = true"
    assert call.rows(text, "Id", "MasterRecordId", every=True) == [(loser, winner)]
    assert call.rows("SELECT WhoId FROM Task", "WhoId") == [winner]


def test_what_comes_back_from_the_recycle_bin_has_new_times(call: Caller) -> None:
    id = call.lead()
    call.send("DELETE", f"sobjects/Lead/{id}")
    call.control("clock", {"advance_ms": 60_000})
    call.control("people/undelete", {"object": "Lead", "id": id})
    assert call.rows("SELECT Id, SystemModstamp FROM Lead", "Id", "SystemModstamp") == [
        (id, "2027-01-15T08:01:00.000+0000")
    ]
