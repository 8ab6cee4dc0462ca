"""A task for sales is made once whatever breaks, and what a lead typed cannot do harm in it."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import RetryLater
from connectors.hubspot.tasks import HubSpotTaskWriter
from connectors.tasks import Lead, Owner, TaskDraft
from tests.connectors.portal import DAY, NOW, Portal

TASKS_PATH = r"/tasks/?$"


@pytest.fixture(params=["v3", "2026-09"])
def tasks(portal: Portal, request: pytest.FixtureRequest) -> HubSpotTaskWriter:
    return portal.open(version=request.param).tasks


@pytest.fixture
def draft(portal: Portal) -> TaskDraft:
    (id,) = portal.import_contacts([{"email": "ana@example.com"}])
    return TaskDraft(id, "501", "New SQL: Ana", "She asked for a demo.", NOW + DAY, "ls-7f3a")


def made(portal: Portal) -> list[dict[str, Any]]:
    names = "hs_task_body,hs_task_subject,hs_timestamp,hubspot_owner_id,hs_task_status"
    found = portal.api("GET", f"/crm/v3/objects/tasks?limit=100&properties={names}&associations=contacts")
    return list(found["results"])


def test_a_task_is_made_for_the_owner_on_the_record(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    answer = tasks.create_task(draft, maybe_sent=False)
    (task,) = made(portal)
    assert (answer.outcome, answer.task) == ("created", task["id"])
    told = task["properties"]
    assert told["hs_task_subject"] == "New SQL: Ana"
    assert told["hs_timestamp"] == "2027-01-16T08:00:00.000Z"
    assert (told["hubspot_owner_id"], told["hs_task_status"]) == ("501", "NOT_STARTED")
    assert {link["id"] for link in task["associations"]["contacts"]["results"]} == {draft.record}


def test_what_a_lead_typed_is_shown_and_never_run(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    tasks.create_task(replace(draft, body='<script>alert("1")</script>\n& more'), maybe_sent=False)
    (task,) = made(portal)
    assert task["properties"]["hs_task_body"] == (
        "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;<br>&amp; more<br><br>ls-7f3a"
    )


def test_a_task_that_may_have_been_made_is_found_again(
    portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft
) -> None:
    first = tasks.create_task(draft, maybe_sent=True)
    again = tasks.create_task(draft, maybe_sent=True)
    assert (first.outcome, again.outcome, again.task) == ("created", "found", first.task)
    assert len(made(portal)) == 1


def test_a_task_is_found_while_the_search_still_lags(
    portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft
) -> None:
    portal.post("settings", search_lag_ms=DAY)
    tasks.create_task(draft, maybe_sent=False)
    assert tasks.create_task(draft, maybe_sent=True).outcome == "found"


@pytest.mark.parametrize(
    "fault",
    [{"kind": "reset"}, {"status": 500}, {"status": 502}, {"status": 503, "retry_after": 1}, {"status": 429}],
)
def test_an_answer_that_is_lost_makes_no_second_task(
    portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft, fault: dict[str, Any]
) -> None:
    portal.fault(method="POST", path=TASKS_PATH, when="after", **fault)
    with pytest.raises(RetryLater):
        tasks.create_task(draft, maybe_sent=False)
    assert len(made(portal)) == 1
    assert tasks.create_task(draft, maybe_sent=True).outcome == "found"
    assert len(made(portal)) == 1


def test_a_task_that_never_arrived_is_made_by_the_next_call(
    portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft
) -> None:
    portal.fault(method="POST", path=TASKS_PATH, status=500)
    with pytest.raises(RetryLater):
        tasks.create_task(draft, maybe_sent=False)
    assert tasks.create_task(draft, maybe_sent=True).outcome == "created"
    assert len(made(portal)) == 1


def test_only_201_says_that_a_task_was_made(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    portal.fault(method="POST", path=TASKS_PATH, status=200, body={"id": "1"})
    with pytest.raises(RetryLater, match="HTTP 200"):
        tasks.create_task(draft, maybe_sent=False)


def test_another_marker_is_another_task(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    tasks.create_task(replace(draft, marker="ls-7f3a-2"), maybe_sent=False)
    assert tasks.create_task(draft, maybe_sent=True).outcome == "created"
    assert len(made(portal)) == 2


def test_a_marker_is_found_among_many_tasks(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    first = tasks.create_task(draft, maybe_sent=False)
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    link = [{"to": {"id": draft.record}, "types": types}]
    for number in range(105):
        properties = {"hs_timestamp": str(NOW), "hs_task_body": f"Call {number}"}
        portal.api("POST", "/crm/v3/objects/tasks", {"properties": properties, "associations": link})
    assert tasks.create_task(draft, maybe_sent=True).task == first.task


def test_a_deactivated_owner_is_refused_in_hubspots_words(
    portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft
) -> None:
    answer = tasks.create_task(replace(draft, owner="503"), maybe_sent=False)
    assert answer.outcome == "rejected"
    assert answer.words.startswith("hubspot_owner_id: 503 was not one of the allowed options")
    assert made(portal) == []


def test_a_task_without_an_owner_is_made(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    assert tasks.create_task(replace(draft, owner=None), maybe_sent=False).outcome == "created"
    assert made(portal)[0]["properties"]["hubspot_owner_id"] is None


def test_a_record_that_is_gone_gets_no_task(portal: Portal, tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    portal.api("DELETE", f"/crm/v3/objects/contacts/{draft.record}")
    answer = tasks.create_task(draft, maybe_sent=True)
    assert (answer.outcome, bool(answer.words)) == ("rejected", True)
    assert made(portal) == []


def test_a_marker_that_html_would_change_is_a_mistake_of_the_caller(tasks: HubSpotTaskWriter, draft: TaskDraft) -> None:
    with pytest.raises(ValueError, match="letters, digits"):
        tasks.create_task(replace(draft, marker="a&b"), maybe_sent=False)


def test_owners_are_told_with_those_who_left(tasks: HubSpotTaskWriter) -> None:
    owners = tasks.owners()
    assert owners["501"] == Owner("mara.lindqvist@example.com", True, "Mara Lindqvist", "9501")
    assert {id for id, owner in owners.items() if not owner.active} == {"503"}


def test_a_lead_is_told_with_its_owner_and_its_names(portal: Portal, tasks: HubSpotTaskWriter) -> None:
    ana, bo = portal.import_contacts(
        [
            {"email": "Ana@Example.com", "firstname": "Ana", "lastname": "Sol", "company": "Acme"}
            | {"hubspot_owner_id": "501"},
            {"email": "bo@example.com"},
        ]
    )
    gone = portal.import_contacts([{"email": "gone@example.com"}])[0]
    portal.api("DELETE", f"/crm/v3/objects/contacts/{gone}")
    assert tasks.leads("contact", [ana, bo, gone, "999999"]) == {
        ana: Lead("501", "Ana Sol", "Acme", "ana@example.com"),
        bo: Lead(None, "", "", "bo@example.com"),
    }
    assert tasks.leads("contact", []) == {}
