"""Tasks reach whoever owns the record, once each, whatever breaks in between."""

import pytest

from connectors.errors import RetryLater
from connectors.salesforce.tasks import SalesforceTaskWriter
from connectors.tasks import TaskDraft
from tests.connectors.portal import NOW
from tests.connectors.salesforce.org import Org


def owner(writer: SalesforceTaskWriter, email: str) -> str:
    return next(id for id, one in writer.owners().items() if one.email == email)


def draft(writer: SalesforceTaskWriter, record: str) -> TaskDraft:
    rep = owner(writer, "rita.rep@acme.example")
    return TaskDraft(record, rep, "Call Ode", "A1 hot:\nasked for a demo", NOW + 86_400_000, "m-1", "Lead")


def tasks(org: Org, *names: str) -> list[tuple[object, ...]]:
    rows = org.client().rows(f"SELECT {', '.join(names)} FROM Task")  # noqa: S608 (SOQL of this test's own names)
    return [tuple(row[name] for name in names) for row in rows]


def test_people_who_left_are_owners_too_and_queues_are_not(org: Org) -> None:
    owners = SalesforceTaskWriter(org.client()).owners()
    assert {one.name: one.active for one in owners.values()}["Gone Guy"] is False
    assert all(id.startswith("005") and one.user == id for id, one in owners.items())


def test_a_record_is_shown_with_its_owner_and_company(org: Org) -> None:
    account = org.make("Account", Name="Umbrella")
    lead = org.lead(FirstName="Ada", Email="Ada@Acme.example")
    contact = org.make("Contact", LastName="Bo", AccountId=account)
    converted = org.lead()
    org.post("people/convert", id=converted)
    writer = SalesforceTaskWriter(org.client())
    (found,) = writer.leads("Lead", [lead, converted]).values()
    assert (found.name, found.company, found.email) == ("Ada Ode", "Acme", "ada@acme.example")
    assert found.owner in writer.owners()
    assert writer.leads("Contact", [contact])[contact].company == "Umbrella"


def test_a_task_has_its_person_owner_day_and_marker(org: Org) -> None:
    writer, lead = SalesforceTaskWriter(org.client()), org.lead()
    one = draft(writer, lead)
    assert writer.create_task(one, maybe_sent=False).outcome == "created"
    assert tasks(org, "WhoId", "OwnerId", "Subject", "ActivityDate", "Description") == [
        (lead, one.owner, "Call Ode", "2027-01-16", "A1 hot:\nasked for a demo\n\nm-1")
    ]


def test_a_task_whose_answer_was_lost_is_found_and_not_made_again(org: Org) -> None:
    writer, lead = SalesforceTaskWriter(org.client()), org.lead()
    one = draft(writer, lead)
    org.post("faults", kind="reset", path="sobjects/Task", when="after")
    with pytest.raises(RetryLater):
        writer.create_task(one, maybe_sent=False)
    assert writer.create_task(one, maybe_sent=True).outcome == "found"
    assert len(tasks(org, "Id")) == 1


def test_a_deleted_task_is_not_made_again(org: Org) -> None:
    writer, lead = SalesforceTaskWriter(org.client()), org.lead()
    one = draft(writer, lead)
    made = writer.create_task(one, maybe_sent=False)
    org.post("people/delete", object="Task", id=made.task)
    assert writer.create_task(one, maybe_sent=True) == type(made)("found", made.task)


def test_a_session_that_is_over_does_not_stop_a_task(org: Org) -> None:
    writer, lead = SalesforceTaskWriter(org.client()), org.lead()
    one = draft(writer, lead)
    org.advance(3 * 3_600_000)
    assert writer.create_task(one, maybe_sent=False).outcome == "created"


def test_a_task_that_is_refused_says_why(org: Org) -> None:
    writer = SalesforceTaskWriter(org.client())
    one = draft(writer, "00T5f0000000001")
    answer = writer.create_task(one, maybe_sent=False)
    assert (answer.outcome, "incorrect type" in answer.words) == ("rejected", True)
