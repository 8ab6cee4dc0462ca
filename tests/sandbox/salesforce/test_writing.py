"""Writes are checked as Salesforce checks them, and every row of a collection has an answer of its own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.salesforce.conftest import Caller


def patch(call: Caller, *rows: Any, whole: bool = False, headers: dict[str, str] | None = None) -> Any:
    records = [{"attributes": {"type": "Lead"}, **row} for row in rows]
    answer = call.send("PATCH", "composite/sobjects", {"records": records, "allOrNone": whole}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_row_that_fails_leaves_its_neighbours_written(call: Caller) -> None:
    good, bad = call.lead(), call.lead()
    answers = patch(call, {"id": good, "Title": "CEO"}, {"id": bad, "Email": "nobody"}, {"id": "00Q", "Title": "x"})
    assert answers[0] == {"id": good, "success": True, "errors": []}
    assert "id" not in answers[1]
    assert [one["errors"][0]["statusCode"] for one in answers[1:]] == ["INVALID_EMAIL_ADDRESS", "MALFORMED_ID"]
    assert call.rows("SELECT Title FROM Lead ORDER BY Id", "Title") == ["CEO", None]


def test_all_or_none_takes_everything_back(call: Caller) -> None:
    good, bad = call.lead(), call.lead()
    answers = patch(call, {"id": good, "Title": "CEO"}, {"id": bad, "Email": "nobody"}, whole=True)
    assert answers[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert call.rows("SELECT Title FROM Lead", "Title") == [None, None]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Nothing": "x"}, "INVALID_FIELD"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Title": "x" * 129}, "STRING_TOO_LONG"),
        ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR"),
        ({"NumberOfEmployees": 1e9}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"OwnerId": "00Q5f0000000001EAA"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(call: Caller, values: dict[str, Any], code: str) -> None:
    answer = call.send("PATCH", f"sobjects/Lead/{call.lead()}", values)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_restricted_picklist_takes_its_own_values_alone(call: Caller) -> None:
    made = {"name": "Answer__c", "type": "picklist", "values": ["yes", "no"], "restricted": True}
    call.control("fields", {"object": "Lead", "fields": [made]})
    call.control("grant", {"object": "Lead", "fields": ["Answer__c"]})
    id = call.lead(Answer__c="yes")
    answer = call.send("PATCH", f"sobjects/Lead/{id}", {"Answer__c": "maybe"})
    assert answer.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_an_active_assignment_rule_moves_leads_unless_the_header_forbids_it(call: Caller) -> None:
    call.control("settings", {"assignment_rule": True})
    headers = {"Sforce-Auto-Assign": "FALSE"}
    id = call.send("POST", "sobjects/Lead", {"LastName": "A", "Company": "B"}, headers=headers).json()["id"]
    owner = "SELECT Owner.Name FROM Lead"
    patch(call, {"id": id, "Title": "x"}, headers=headers)
    assert call.rows(owner, "Owner")[0]["Name"] == "Leadscore Integration"
    patch(call, {"id": id, "Title": "y"})
    assert call.rows(owner, "Owner")[0]["Name"] == "Rule Owner"


def test_a_converted_status_is_not_taken_over_the_api(call: Caller) -> None:
    id = call.lead()
    patch(call, {"id": id, "Status": "Closed - Converted"})
    assert call.rows("SELECT Status, IsConverted FROM Lead", "Status", "IsConverted") == [
        ("Open - Not Contacted", False)
    ]


def test_locks_flows_and_validation_rules_refuse_in_their_own_words(call: Caller) -> None:
    id = call.lead()
    rule = {"object": "Lead", "field": "Title", "words": "Titles are made by HR."}
    call.control("settings", {"lock_rows": {id: 1}, "flow_errors": {id: 1}, "validation": [rule]})
    codes = [patch(call, {"id": id, "Phone": "1"})[0]["errors"][:1] for _ in range(3)]
    assert [code[0]["statusCode"] if code else "" for code in codes] == [
        "UNABLE_TO_LOCK_ROW", "CANNOT_EXECUTE_FLOW_TRIGGER", "",
    ]  # fmt: skip
    assert patch(call, {"id": id, "Title": "x"})[0]["errors"][0]["message"] == "Titles are made by HR."


def test_a_deleted_record_says_so(call: Caller) -> None:
    id = call.lead()
    call.send("DELETE", f"sobjects/Lead/{id}")
    answer = call.send("PATCH", f"sobjects/Lead/{id}", {"Title": "x"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "ENTITY_IS_DELETED")


def test_what_was_updated_and_deleted_is_told_by_span(call: Caller) -> None:
    kept, gone = call.lead(), call.lead()
    call.send("DELETE", f"sobjects/Lead/{gone}")
    span = {"start": "2027-01-15T07:00:00+00:00", "end": "2027-01-15T09:00:00+00:00"}
    assert call.send("GET", "sobjects/Lead/updated", params=span).json()["ids"] == [kept]
    told = call.send("GET", "sobjects/Lead/deleted", params=span).json()
    assert [one["id"] for one in told["deletedRecords"]] == [gone]


def test_tracked_fields_keep_who_changed_them(call: Caller) -> None:
    call.control("settings", {"tracked": {"Lead": ["Title"]}})
    id = call.lead(Title="Cook")
    call.control(
        "people/edit", {"object": "Lead", "id": id, "values": {"Title": "CEO"}, "user": "rita.rep@acme.example"}
    )
    text = "SELECT Field, OldValue, NewValue, CreatedBy.Name FROM LeadHistory"
    ((field, old, new, by),) = call.rows(text, "Field", "OldValue", "NewValue", "CreatedBy")
    assert (field, old, new, by["Name"]) == ("Title", "Cook", "CEO", "Rita Rep")


def test_a_composite_request_fills_in_what_earlier_parts_answered(call: Caller) -> None:
    parts = [
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Account", "referenceId": "a", "body": {"Name": "A"}},
        {
            "method": "POST", "url": "/services/data/v66.0/sobjects/Contact", "referenceId": "c",
            "body": {"LastName": "B", "AccountId": "@{a.id}"},
        },
    ]  # fmt: skip
    told = call.send("POST", "composite", {"compositeRequest": parts}).json()["compositeResponse"]
    assert [one["httpStatusCode"] for one in told] == [201, 201]
    assert call.rows("SELECT Account.Name FROM Contact", "Account")[0]["Name"] == "A"


def test_a_composite_request_that_must_be_whole_leaves_nothing_when_a_part_fails(call: Caller) -> None:
    url = "/services/data/v66.0/sobjects/Account"
    parts = [{"method": "POST", "url": url, "referenceId": name, "body": body} for name, body in
             (("a", {"Name": "A"}), ("b", {}))]  # fmt: skip
    told = call.send("POST", "composite", {"allOrNone": True, "compositeRequest": parts}).json()["compositeResponse"]
    assert [one["body"][0]["errorCode"] for one in told] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert call.query("SELECT COUNT() FROM Account")["totalSize"] == 0
