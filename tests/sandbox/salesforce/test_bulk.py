"""Bulk jobs tell of every row what became of it, in an order of their own."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.sandbox.salesforce.conftest import Caller


def ingest(call: Caller, text: str, **job: Any) -> dict[str, Any]:
    body = {"object": "Lead", "operation": "update", "contentType": "CSV", "lineEnding": "LF", **job}
    id = call.send("POST", "jobs/ingest", body).json()["id"]
    assert call.send("PUT", f"jobs/ingest/{id}/batches", data=text.encode()).status_code == 201
    assert call.send("PATCH", f"jobs/ingest/{id}", {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    state: dict[str, Any] = call.send("GET", f"jobs/ingest/{id}").json()
    return state


def results(call: Caller, id: str, which: str) -> list[dict[str, str]]:
    answer = call.send("GET", f"jobs/ingest/{id}/{which}")
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_a_complete_job_may_hold_failed_rows(call: Caller) -> None:
    good, bad = call.lead(), call.lead()
    state = ingest(call, f"Id,Title,Email\n{good},CEO,\n{bad},Cook,nobody\n")
    counts = (state["state"], state["numberRecordsProcessed"], state["numberRecordsFailed"])
    assert counts == ("JobComplete", 2, 1)
    (failed,) = results(call, state["id"], "failedResults")
    assert (failed["sf__Id"], failed["Title"]) == (bad, "Cook")
    assert failed["sf__Error"].startswith("INVALID_EMAIL_ADDRESS:Email: invalid email address")
    assert [row["sf__Id"] for row in results(call, state["id"], "successfulResults")] == [good]
    assert results(call, state["id"], "unprocessedrecords") == []


def test_an_empty_cell_leaves_a_field_alone_and_a_mark_empties_it(call: Caller) -> None:
    id = call.lead(Title="CEO", Phone="1")
    ingest(call, f"Id,Title,Phone\n{id},,#N/A\n")
    assert call.rows("SELECT Title, Phone FROM Lead", "Title", "Phone") == [("CEO", None)]


def test_a_line_break_in_a_cell_is_kept(call: Caller) -> None:
    id = call.lead()
    ingest(call, f'Id,Title\n{id},"two\nlines"\n')
    assert call.rows("SELECT Title FROM Lead", "Title") == ["two\nlines"]


def test_a_job_moves_no_lead_by_an_assignment_rule_that_it_does_not_name(call: Caller) -> None:
    id = call.lead()
    call.control("settings", {"assignment_rule": True})
    ingest(call, f"Id,Title\n{id},x\n")
    assert call.rows("SELECT Owner.Name FROM Lead", "Owner")[0]["Name"] == "Leadscore Integration"


def test_data_is_uploaded_once(call: Caller) -> None:
    id = call.send("POST", "jobs/ingest", {"object": "Lead", "operation": "update"}).json()["id"]
    assert call.send("PUT", f"jobs/ingest/{id}/batches", data=b"Id\n").status_code == 201
    assert call.send("PUT", f"jobs/ingest/{id}/batches", data=b"Id\n").status_code == 400


def test_a_ragged_table_fails_the_whole_job(call: Caller) -> None:
    state = ingest(call, f"Id,Title\n{call.lead()}\n")
    assert state["state"] == "Failed"


def test_the_results_of_a_query_job_come_in_pages_of_its_own_version(call: Caller) -> None:
    ids = [call.lead() for _ in range(3)]
    job = call.send("POST", "jobs/query", {"operation": "query", "query": "SELECT Id, CreatedDate FROM Lead"}).json()
    assert job["state"] == "UploadComplete"
    found, locator = [], ""
    while locator != "null":
        more = {"maxRecords": "2"} | ({"locator": locator} if locator else {})
        answer = call.send("GET", f"jobs/query/{job['id']}/results", params=more)
        found += [row["Id"] for row in csv.DictReader(io.StringIO(answer.text))]
        locator = answer.headers["Sforce-Locator"]
    assert found == ids
    other = f"{call.org.url}/services/data/v60.0/jobs/query/{job['id']}/results"
    assert call.session.get(other, timeout=10).status_code == 409
