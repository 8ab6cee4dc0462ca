"""Queries mean what Salesforce's documents say, and are refused where it refuses them."""

from __future__ import annotations

import pytest

from leadscore.sandbox.salesforce.soql.parse import parse
from leadscore.sandbox.salesforce.soql.tree import Malformed
from tests.sandbox.salesforce.conftest import NOW, Caller


def test_texts_are_compared_without_case_and_nulls_differ_from_everything(call: Caller) -> None:
    call.lead(LastName="A", Title="CEO")
    call.lead(LastName="B", Title="Cook")
    call.lead(LastName="C")
    assert call.rows("SELECT LastName FROM Lead WHERE Title = 'ceo'", "LastName") == ["A"]
    assert call.rows("SELECT LastName FROM Lead WHERE Title != 'CEO' ORDER BY LastName", "LastName") == ["B", "C"]
    assert call.rows("SELECT LastName FROM Lead WHERE NOT Title = 'CEO' ORDER BY LastName", "LastName") == ["B", "C"]
    assert call.rows("SELECT LastName FROM Lead WHERE Title = null", "LastName") == ["C"]
    assert call.rows("SELECT LastName FROM Lead WHERE Title LIKE 'c%' ORDER BY LastName DESC", "LastName") == ["B", "A"]
    assert call.rows("SELECT LastName FROM Lead WHERE Title IN ('CEO', 'Boss')", "LastName") == ["A"]


def test_a_quote_in_a_text_is_escaped(call: Caller) -> None:
    call.lead(LastName="O'Neil")
    assert call.rows(r"SELECT Id, LastName FROM Lead WHERE LastName = 'O\'Neil'", "LastName") == ["O'Neil"]


def test_keysets_over_equal_times_lose_nobody(call: Caller) -> None:
    ids = sorted(call.lead(LastName=str(number)) for number in range(7))
    stamp, last, found = "2027-01-15T08:00:00Z", "", []
    while True:
        later = f"(SystemModstamp = {stamp} AND Id > '{last}') OR SystemModstamp > {stamp}"
        text = f"SELECT Id FROM Lead WHERE {later} ORDER BY SystemModstamp, Id LIMIT 3"  # noqa: S608 (SOQL of this test)
        page = call.rows(text, "Id")
        found += page
        if len(page) < 3:
            break
        last = page[-1]
    assert found == ids


def test_related_records_stand_inside_and_are_null_where_there_are_none(call: Caller) -> None:
    account = call.make("Account", Name="Acme", Industry="Technology")
    call.make("Contact", LastName="In", AccountId=account)
    call.make("Contact", LastName="Out")
    rows = call.query("SELECT LastName, Account.Industry, Owner.Name FROM Contact ORDER BY LastName")["records"]
    assert rows[0]["Account"]["Industry"] == "Technology"
    assert rows[0]["Owner"]["Name"] == "Leadscore Integration"
    assert rows[1]["Account"] is None


def test_pages_may_be_short_and_the_cursor_goes_on_to_the_end(call: Caller) -> None:
    call.control("settings", {"page_size": 4, "short_pages": True})
    for number in range(10):
        call.lead(LastName=str(number))
    page, seen, sizes = call.query("SELECT LastName FROM Lead"), [], []
    while True:
        assert page["totalSize"] == 10
        seen += [row["LastName"] for row in page["records"]]
        sizes.append(len(page["records"]))
        if page["done"]:
            break
        page = call.session.get(call.org.url + page["nextRecordsUrl"], timeout=10).json()
    assert sorted(seen, key=int) == [str(number) for number in range(10)]
    assert min(sizes[:-1]) < 4


def test_a_cursor_lives_two_days(call: Caller) -> None:
    call.control("settings", {"page_size": 1})
    call.lead()
    call.lead()
    page = call.query("SELECT Id FROM Lead")
    call.control("clock", {"advance_days": 3})
    call.login()
    answer = call.session.get(call.org.url + page["nextRecordsUrl"], timeout=10)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_deleted_rows_are_seen_by_query_all_alone(call: Caller) -> None:
    id = call.lead()
    assert call.send("DELETE", f"sobjects/Lead/{id}").status_code == 204
    assert call.rows("SELECT Id FROM Lead", "Id") == []
    assert call.rows("SELECT Id, IsDeleted FROM Lead", "Id", "IsDeleted", every=True) == [(id, True)]


def test_a_count_is_a_number_without_rows(call: Caller) -> None:
    call.lead()
    answer = call.query("SELECT COUNT() FROM Lead WHERE CreatedDate = TODAY AND CreatedDate = LAST_N_DAYS:3")
    assert (answer["totalSize"], answer["records"]) == (1, [])
    assert call.query("SELECT COUNT() FROM Lead WHERE CreatedDate < TODAY")["totalSize"] == 0


def test_a_query_inside_a_list_asks_for_one_field(call: Caller) -> None:
    campaign = call.make("Campaign", Name="Fair")
    lead = call.lead()
    call.lead()
    call.make("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")
    inner = "SELECT LeadId FROM CampaignMember WHERE HasResponded = true"
    text = f"SELECT Id FROM Lead WHERE Id IN ({inner})"  # noqa: S608 (SOQL of this test's own values)
    assert call.rows(text, "Id") == [lead]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nothing FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Leads", "INVALID_TYPE"),
        ("SELECT Id FROM Lead WHERE LastName = 'a' AND Title = 'b' OR Title = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Description = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT x", "MALFORMED_QUERY"),
        ("SELECT Nobody.Name FROM Lead", "INVALID_FIELD"),
        ("UPDATE Lead", "MALFORMED_QUERY"),
    ],
)
def test_what_salesforce_refuses_is_refused(call: Caller, text: str, code: str) -> None:
    assert call.fault(text)["errorCode"] == code


def test_a_query_nested_without_end_is_refused() -> None:
    with pytest.raises(Malformed):
        parse("SELECT Id FROM Lead WHERE " + "(" * 5000 + "Id = 'x'")


def test_a_field_without_permission_does_not_exist(call: Caller) -> None:
    call.control("fields", {"object": "Lead", "fields": [{"name": "Score__c", "type": "double", "precision": 6}]})
    assert "No such column 'Score__c'" in call.fault("SELECT Score__c FROM Lead")["message"]
    names = [one["name"] for one in call.send("GET", "sobjects/Lead/describe").json()["fields"]]
    assert "Score__c" not in names
    call.control("grant", {"object": "Lead", "fields": ["Score__c"]})
    id = call.lead(Score__c=7)
    text = f"SELECT Score__c FROM Lead WHERE Id = '{id[:15]}'"  # noqa: S608 (SOQL of this test's own values)
    assert call.rows(text, "Score__c") == [7.0]


def test_rows_of_others_are_hidden_without_an_error_where_sharing_is_private(call: Caller) -> None:
    call.control("people/make", {"object": "Lead", "values": {"LastName": "Hers", "Company": "Acme"}, "at": NOW})
    mine = call.lead(LastName="Ours")
    call.control("settings", {"private": ["Lead"], "view_all_data": False})
    assert call.rows("SELECT Id FROM Lead", "Id") == [mine]
