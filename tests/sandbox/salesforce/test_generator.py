"""The generated org holds the people of the local HubSpot, with deals, campaigns and activities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from leadscore.sandbox import generate as generate_portal
from leadscore.sandbox import serve as serve_portal
from leadscore.sandbox.salesforce.generator import generate
from leadscore.sandbox.salesforce.server import SalesforceSandbox, serve
from tests.sandbox.salesforce.conftest import NOW, Caller

PEOPLE = 300


@pytest.fixture(scope="module")
def full() -> Iterator[SalesforceSandbox]:
    with serve(now=NOW) as org:
        generate(org.org, PEOPLE, 5)
        yield org


@pytest.fixture
def call(full: SalesforceSandbox) -> Caller:
    caller = Caller(full)
    caller.login()
    return caller


def _people(call: Caller) -> dict[str, tuple[Any, ...]]:
    """Title and names by address, of Leads and Contacts."""
    rows: list[Any] = []
    for object in ("Lead", "Contact"):
        text = f"SELECT Email, FirstName, LastName, Title FROM {object}"  # noqa: S608 - a constant name
        rows += call.rows(text, "Email", "FirstName", "LastName", "Title")
    return {email: (first, last, title) for email, first, last, title in rows}


def test_the_people_are_those_of_the_local_hubspot(call: Caller) -> None:
    with serve_portal(now=NOW) as portal:
        generate_portal(portal.portal, PEOPLE, 5)
        found: list[Any] = []
        after = None
        while True:
            page = requests.get(
                f"{portal.url}/crm/v3/objects/contacts",
                params={"limit": 100, "after": after, "properties": "email,firstname,lastname,jobtitle"},
                headers={"Authorization": f"Bearer {portal.token}"},
                timeout=10,
            ).json()
            found += [one["properties"] for one in page["results"]]
            after = page.get("paging", {}).get("next", {}).get("after")
            if after is None:
                break
    there = {
        one["email"]: (one.get("firstname"), one.get("lastname") or "[not provided]", one.get("jobtitle"))
        for one in found
    }
    assert len(there) == PEOPLE
    assert _people(call) == there


def test_who_bought_is_a_contact_with_a_role_in_a_won_opportunity(call: Caller) -> None:
    text = "SELECT ContactId, Opportunity.IsWon, Opportunity.StageName FROM OpportunityContactRole"
    roles = call.query(text)["records"]
    contacts = set(call.rows("SELECT Id FROM Contact", "Id"))
    assert {row["ContactId"] for row in roles} <= contacts
    won = [row["Opportunity"]["StageName"] for row in roles if row["Opportunity"]["IsWon"]]
    assert won
    assert set(won) == {"Closed Won"}
    history = call.rows("SELECT OpportunityId, StageName FROM OpportunityHistory", "OpportunityId", "StageName")
    assert sum(stage == "Closed Won" for _, stage in history) == len(won)


def test_a_converted_lead_names_a_contact_of_the_same_address(call: Caller) -> None:
    text = "SELECT Email, ConvertedContactId, Status FROM Lead WHERE IsConverted = true"
    contacts = dict(call.rows("SELECT Id, Email FROM Contact", "Id", "Email"))
    converted = call.rows(text, "Email", "ConvertedContactId", "Status")
    assert converted
    assert all(contacts[id] == email and status == "Closed - Converted" for email, id, status in converted)


def test_forms_and_webinars_are_campaigns_with_members_who_responded(call: Caller) -> None:
    assert "Webinar registration" in call.rows("SELECT Name FROM Campaign WHERE Type = 'Webinar'", "Name")
    members = call.rows("SELECT LeadOrContactId, HasResponded, FirstRespondedDate FROM CampaignMember",
                        "LeadOrContactId", "HasResponded", "FirstRespondedDate")  # fmt: skip
    known = set(call.rows("SELECT Id FROM Lead", "Id")) | set(call.rows("SELECT Id FROM Contact", "Id"))
    assert {who for who, _, _ in members} <= known
    assert {responded for _, responded, _ in members} == {True, False}
    assert all((day is not None) == responded for _, responded, day in members)


def test_old_activities_are_archived_and_nothing_was_changed_after_now(call: Caller) -> None:
    everything = call.rows("SELECT IsArchived FROM Task", "IsArchived", every=True)
    assert set(everything) == {True, False}
    assert set(call.rows("SELECT IsArchived FROM Task", "IsArchived")) == {False}
    for object in ("Lead", "Contact", "Account", "Opportunity", "CampaignMember", "Task", "Event"):
        late = "SystemModstamp > 2027-01-15T08:00:00Z OR CreatedDate > 2027-01-15T08:00:00Z"
        text = f"SELECT COUNT() FROM {object} WHERE {late}"  # noqa: S608 - a constant name
        assert call.query(text)["totalSize"] == 0, object


def test_the_same_seed_makes_the_same_org_and_more_people_are_others(org: SalesforceSandbox) -> None:
    call = Caller(org)
    call.login()
    made = call.control("generate", {"contacts": PEOPLE, "seed": 5})
    first = _people(call)
    with serve(now=NOW) as again:
        other = Caller(again)
        other.login()
        assert other.control("generate", {"contacts": PEOPLE, "seed": 5}) == made
        text = "SELECT Id, Name, Company, Status, OwnerId, SystemModstamp FROM Lead"
        strip = [{k: v for k, v in row.items() if k != "attributes"} for row in call.query(text)["records"]]
        assert [{k: v for k, v in row.items() if k != "attributes"} for row in other.query(text)["records"]] == strip
    call.control("generate", {"contacts": 20, "seed": 5})
    assert len(_people(call)) == len(first) + 20


def test_a_wrong_count_is_a_sentence_and_leaves_nothing(org: SalesforceSandbox) -> None:
    answer = requests.post(f"{org.url}/_sandbox/generate", json={"contacts": -1}, timeout=10)
    assert answer.status_code == 400
    assert "not -1" in answer.json()["message"]
