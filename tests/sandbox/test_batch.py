"""Batches: who is written when one row is bad, and who is named."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Caller

BATCH = "/crm/v3/objects/contacts/batch"


def _update(http: Caller, *rows: dict[str, Any], path: str = BATCH) -> requests.Response:
    return http.post(f"{path}/update", {"inputs": list(rows)})


def _bad_and_good(http: Caller, trace: bool) -> tuple[list[str], list[dict[str, Any]]]:
    ids = http.contacts(2)
    more = {"objectWriteTraceId": "t1"} if trace else {}
    bad = {"id": ids[0], "properties": {"numemployees": "200", "city": "Köln"}, **more}
    return ids, [bad, {"id": ids[1], "properties": {"city": "Köln"}}]


@pytest.mark.parametrize(
    ("mode", "trace", "status"),
    [("207", False, 207), ("400", True, 400), ("auto", True, 207), ("auto", False, 400)],
)
def test_one_bad_row_spoils_the_batch_or_only_itself(http: Caller, mode: str, trace: bool, status: int) -> None:
    http.control("settings", {"batch_errors": mode})
    ids, rows = _bad_and_good(http, trace)
    answer = _update(http, *rows)
    assert answer.status_code == status
    assert http.read(ids[0], "city")["city"] is None
    assert http.read(ids[1], "city")["city"] == ("Köln" if status == 207 else None)


def test_a_207_names_the_row_and_its_reason(http: Caller) -> None:
    http.control("settings", {"batch_errors": "207"})
    ids, rows = _bad_and_good(http, False)
    answer = _update(http, *rows).json()
    assert [item["id"] for item in answer["results"]] == [ids[1]]
    assert answer["status"] == "COMPLETE"
    assert answer["numErrors"] == 1
    assert answer["errors"][0]["category"] == "VALIDATION_ERROR"
    assert answer["errors"][0]["context"] == {"ids": [ids[0]]}
    assert "INVALID_OPTION" in answer["errors"][0]["message"]
    traced = {"id": ids[0], "objectWriteTraceId": "t9", "properties": {"nope": "1"}}
    assert _update(http, traced).json()["errors"][0]["context"] == {"objectWriteTraceId": ["t9"]}


def test_the_dated_path_can_be_told_to_know_no_207(http: Caller) -> None:
    http.control("settings", {"batch_errors": "207", "multi_status_dated": False})
    ids, rows = _bad_and_good(http, False)
    assert _update(http, *rows, path="/crm/objects/2026-03/contacts/batch").status_code == 207
    http.patch(f"/crm/v3/objects/contacts/{ids[1]}", {"properties": {"city": ""}})
    assert _update(http, *rows, path="/crm/objects/2026-09/contacts/batch").status_code == 400
    assert http.read(ids[1], "city")["city"] is None


def test_a_dated_read_without_207_gives_what_was_found(http: Caller) -> None:
    http.control("settings", {"multi_status_dated": False})
    contact = http.contacts(1)[0]
    body = {"inputs": [{"id": contact}, {"id": "4242"}], "properties": [], "propertiesWithHistory": []}
    answer = http.post("/crm/objects/2026-09/contacts/batch/read", body)
    assert (answer.status_code, [item["id"] for item in answer.json()["results"]]) == (200, [contact])
    links = http.post("/crm/associations/2026-09/contacts/companies/batch/read", {"inputs": [{"id": contact}]})
    assert (links.status_code, links.json()["results"]) == (200, [])
    old = http.post("/crm/associations/2026-03/contacts/companies/batch/read", {"inputs": [{"id": contact}]})
    assert old.status_code == 207


def test_a_batch_read_with_history_holds_fifty(http: Caller) -> None:
    rows = [{"id": contact} for contact in http.contacts(51)]
    body = {"inputs": rows, "properties": [], "propertiesWithHistory": ["email"]}
    assert http.post(f"{BATCH}/read", body).status_code == 400
    assert http.post(f"{BATCH}/read", body | {"inputs": rows[:50]}).status_code == 200


def test_an_unknown_id_is_named_and_its_neighbours_are_written(http: Caller) -> None:
    contact = http.contacts(1)[0]
    rows = [{"id": contact, "properties": {"city": "Köln"}}, {"id": "424242", "properties": {"city": "Bonn"}}]
    answer = _update(http, *rows)
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"] == {"ids": ["424242"]}
    assert http.read(contact, "city")["city"] == "Köln"


def test_an_email_as_id_of_an_update_is_answered_and_changes_nothing(http: Caller) -> None:
    contact = http.contacts(1)[0]
    answer = _update(http, {"id": "c0@x.example", "properties": {"city": "Köln"}})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    assert http.read(contact, "city")["city"] is None


def test_an_update_by_email_is_refused_and_by_a_unique_property_taken(http: Caller) -> None:
    contact = http.contact(email="a@x.example", customer_number="C-1")
    by_email = _update(http, {"id": "a@x.example", "idProperty": "email", "properties": {"city": "Köln"}})
    assert by_email.status_code == 400
    assert by_email.json()["message"] == "Unable to perform update/upsert by non-unique 0-1 property"
    by_number = _update(http, {"id": "C-1", "idProperty": "customer_number", "properties": {"city": "Köln"}})
    assert by_number.status_code == 200
    assert http.read(contact, "city")["city"] == "Köln"


def test_a_batch_holds_a_hundred_rows(http: Caller) -> None:
    ids = http.contacts(101)
    rows = [{"id": contact, "properties": {"city": "Köln"}} for contact in ids]
    assert _update(http, *rows).status_code == 400
    assert _update(http, *rows[:100]).status_code == 200
    assert http.post(f"{BATCH}/read", {"inputs": [{"id": contact} for contact in ids]}).status_code == 400


def test_an_id_given_twice_is_refused(http: Caller) -> None:
    contact = http.contacts(1)[0]
    row = {"id": contact, "properties": {"city": "Köln"}}
    assert "Duplicate IDs" in _update(http, row, row).json()["message"]


def test_a_batch_read_gives_history_and_no_associations_and_names_the_missing(http: Caller) -> None:
    contact = http.contacts(1)[0]
    body = {
        "inputs": [{"id": contact}, {"id": "4242"}, {"id": "nobody@x.example"}],
        "properties": ["email", "no_such"],
        "propertiesWithHistory": ["email"],
    }
    answer = http.post(f"{BATCH}/read", body)
    assert answer.status_code == 207
    result = answer.json()["results"][0]
    assert result["properties"]["email"] == "c0@x.example"
    assert result["propertiesWithHistory"]["email"][0]["value"] == "c0@x.example"
    assert "associations" not in result
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert answer.json()["errors"][0]["context"] == {"ids": ["4242", "nobody@x.example"]}


def test_a_batch_create_with_a_known_email_fails_as_a_whole(http: Caller) -> None:
    contact = http.contacts(1)[0]
    rows = [{"properties": {"email": "new@x.example"}}, {"properties": {"email": "c0@x.example"}}]
    answer = http.post(f"{BATCH}/create", {"inputs": rows})
    assert answer.status_code == 409
    assert answer.json()["message"].endswith(contact)
    assert len(http.get("/crm/v3/objects/contacts").json()["results"]) == 1


def test_a_batch_create_with_trace_ids_makes_the_good_rows(http: Caller) -> None:
    http.contacts(1)
    rows = [
        {"properties": {"email": "new@x.example"}, "objectWriteTraceId": "one"},
        {"properties": {"email": "c0@x.example"}, "objectWriteTraceId": "two"},
    ]
    answer = http.post(f"{BATCH}/create", {"inputs": rows})
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"] == {"objectWriteTraceId": ["two"]}
    assert len(answer.json()["results"]) == 1
    fine = http.post(f"{BATCH}/create", {"inputs": [{"properties": {"email": "third@x.example"}}]})
    assert fine.status_code == 201


def test_an_upsert_says_what_is_new(http: Caller) -> None:
    http.contact(email="a@x.example", customer_number="C-1")
    rows = [
        {"id": number, "idProperty": "customer_number", "properties": {"city": "Köln"}} for number in ("C-1", "C-2")
    ]
    answer = http.post(f"{BATCH}/upsert", {"inputs": rows})
    assert [item["new"] for item in answer.json()["results"]] == [False, True]
    made = answer.json()["results"][1]["id"]
    assert http.read(made, "customer_number", "city")["customer_number"] == "C-2"


def test_a_hundred_rows_take_few_milliseconds_of_a_core(http: Caller) -> None:
    """Of processor time, client and server together, so that a busy machine does not matter."""
    ids = http.contacts(100)
    values = {"city": "Köln", "state": "NRW", "zip": "50667", "company": "Acme", "jobtitle": "CEO"}
    times = []
    for turn in range(5):
        began = process_time()
        rows = [{"id": contact, "properties": values | {"message": f"{turn}"}} for contact in ids]
        answer = _update(http, *rows)
        assert answer.status_code == 200
        times.append(process_time() - began)
    assert min(times) < 0.05
