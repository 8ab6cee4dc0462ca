"""Tasks: made with their contact in one call, refused without a due date, found by search only after a while."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.objects import tasks

from tests.sandbox.conftest import NOW, Caller

TASKS = "/crm/v3/objects/tasks"


def _wish(contact: str | None = None, **more: str) -> dict[str, Any]:
    given = {"hs_timestamp": "2027-01-16T09:00:00Z", "hs_task_subject": "Call Jo", "hs_task_status": "NOT_STARTED"}
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    links = [{"to": {"id": contact}, "types": types}] if contact else []
    return {"properties": given | more, "associations": links}


def _linked(http: Caller, contact: str) -> list[int]:
    body = {"inputs": [{"id": contact}]}
    results = http.post("/crm/v4/associations/contacts/tasks/batch/read", body).json()["results"]
    return [to["toObjectId"] for result in results for to in result["to"]]


@pytest.mark.parametrize("path", [TASKS, "/crm/objects/2026-09/tasks"])
def test_a_task_is_made_with_its_contact_in_one_call(http: Caller, path: str) -> None:
    contact = http.contacts(1)[0]
    answer = http.post(path, _wish(contact, hubspot_owner_id="501", hs_task_body="[mark-1] Jo asked"))
    assert answer.status_code == 201, answer.text
    task = answer.json()["id"]
    assert _linked(http, contact) == [int(task)]
    assert http.read(contact, "num_notes")["num_notes"] == "1"
    found = http.get(f"{TASKS}/{task}", properties="hs_timestamp,hs_task_body,hs_createdate").json()["properties"]
    assert (found["hs_timestamp"], found["hs_task_body"]) == ("2027-01-16T09:00:00.000Z", "[mark-1] Jo asked")
    assert found["hs_createdate"] == "2027-01-15T08:00:00.000Z"


def test_without_a_due_date_there_is_no_task(http: Caller) -> None:
    answer = http.post(TASKS, {"properties": {"hs_task_subject": "Call Jo"}})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Error creating TASK. Some required properties were not set."
    assert answer.json()["context"] == {"properties": ["hs_timestamp"]}


def test_a_link_is_seen_at_once_while_search_lags(http: Caller) -> None:
    http.control("settings", {"search_lag_ms": 5_000})
    contact = http.contacts(1)[0]
    task = http.post(TASKS, _wish(contact, hs_task_body="mark-77")).json()["id"]
    assert _linked(http, contact) == [int(task)]
    wanted = {
        "filterGroups": [
            {"filters": [{"propertyName": "hs_task_body", "operator": "CONTAINS_TOKEN", "value": "mark-77"}]}
        ]
    }
    assert http.search("tasks", **wanted).json()["total"] == 0
    http.control("clock", {"advance_ms": 5_000})
    assert [found["id"] for found in http.search("tasks", **wanted).json()["results"]] == [task]


def test_tasks_need_the_scopes_of_contacts(http: Caller) -> None:
    http.control("settings", {"scopes": ["crm.objects.contacts.read"]})
    assert http.get(TASKS).status_code == 200
    assert http.post(TASKS, _wish()).status_code == 403


def test_an_owner_who_left_can_be_refused_or_taken(http: Caller) -> None:
    http.control("owners", {"id": 501, "archived": True})
    assert [owner["id"] for owner in http.get("/crm/v3/owners").json()["results"]] == ["502"]
    assert "501" in [owner["id"] for owner in http.get("/crm/v3/owners", archived="true").json()["results"]]
    assert http.post(TASKS, _wish(hubspot_owner_id="501")).status_code == 400
    http.control("settings", {"archived_owner_refused": False})
    assert http.post(TASKS, _wish(hubspot_owner_id="501")).status_code == 201
    http.control("owners", {"id": 501, "archived": False})
    assert http.get("/crm/v3/owners/501").json()["archived"] is False


def test_a_marker_property_makes_creating_exact_where_tasks_take_one(http: Caller) -> None:
    wish = {
        "name": "marker", "label": "Marker", "type": "string", "fieldType": "text", "groupName": "task",
        "hasUniqueValue": True,
    }  # fmt: skip
    assert http.post("/crm/v3/properties/tasks", wish).status_code == 400
    http.control("settings", {"custom_task_properties": True})
    assert http.post("/crm/v3/properties/tasks", wish).status_code == 201
    row = {"idProperty": "marker", "id": "m-1", "properties": _wish()["properties"]}
    results = [http.post(f"{TASKS}/batch/upsert", {"inputs": [row]}).json()["results"][0] for _ in range(2)]
    assert [result["new"] for result in results] == [True, False]
    assert results[0]["id"] == results[1]["id"]


def test_the_official_client_makes_and_ends_a_task(client: HubSpot, http: Caller) -> None:
    contact = http.contacts(1)[0]
    wish = _wish(contact, hs_timestamp=str(NOW))
    api = client.crm.objects.tasks.basic_api
    made = api.create(tasks.SimplePublicObjectInputForCreate(**wish))
    assert made.properties["hs_timestamp"] == "2027-01-15T08:00:00.000Z"
    done = api.update(made.id, tasks.SimplePublicObjectInput(properties={"hs_task_status": "COMPLETED"}))
    assert done.properties["hs_task_status"] == "COMPLETED"
