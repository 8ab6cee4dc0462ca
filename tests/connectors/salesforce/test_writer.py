"""Scores reach Leads and Contacts; what Salesforce refuses is alone with its reason, and nobody's owner changes."""

import pytest

from connectors.errors import NotInstalled
from connectors.protocol import RecordWrite, WriteAnswer
from connectors.salesforce.fields import field_name
from connectors.salesforce.reader import SalesforceReader
from connectors.salesforce.writer import SalesforceWriter
from leadscore.sandbox.salesforce.ids import record_id
from tests.connectors.salesforce.org import Org

WORDS = ("total", "band", "reason")


@pytest.fixture
def ready(org: Org) -> Org:
    for object in ("Lead", "Contact"):
        org.install(object, WORDS)
    return org


def leads(org: Org, count: int) -> list[str]:
    return org.make_all("Lead", [{"LastName": str(number), "Company": "Acme"} for number in range(count)])


def scores(ids: list[str], object: str = "Lead") -> list[RecordWrite]:
    return [RecordWrite(object, id, {"total": str(number), "band": "hot"}) for number, id in enumerate(ids)]


def outcomes(answers: tuple[WriteAnswer, ...]) -> dict[str, str]:
    return {answer.id: answer.outcome for answer in answers}


def test_an_active_assignment_rule_moves_nobody_we_write(ready: Org) -> None:
    (id,) = leads(ready, 1)
    ready.post("settings", assignment_rule=True)
    client = ready.client()
    owner = client.query("SELECT OwnerId FROM Lead")["records"][0]["OwnerId"]
    SalesforceWriter(client).write(scores([id]))
    assert client.query("SELECT OwnerId FROM Lead")["records"][0]["OwnerId"] == owner


def test_leads_and_contacts_go_in_one_write(ready: Org) -> None:
    (lead,), contact = leads(ready, 1), ready.make("Contact", LastName="Ode")
    writer, reader = SalesforceWriter(ready.client()), SalesforceReader(ready.client())
    writer.write([*scores([lead]), *scores([contact], "Contact")])
    assert reader.outputs([contact, lead], ["total"]) == {lead: {"total": "0"}, contact: {"total": "0"}}


def test_as_many_rows_as_were_refused_are_told_with_salesforces_words(ready: Org) -> None:
    ids = leads(ready, 200)
    rules = [
        {"object": "Lead", "field": field_name("band"), "id": id, "words": "Bands are made by HR."} for id in ids[::50]
    ]
    ready.post("settings", validation=rules)
    answers = SalesforceWriter(ready.client()).write(scores(ids))
    refused = {answer.id: answer.words for answer in answers if answer.outcome != "written"}
    assert refused == dict.fromkeys(ids[::50], "FIELD_CUSTOM_VALIDATION_EXCEPTION: Bands are made by HR.")
    assert ready.requests("PATCH composite/sobjects") == 1


def test_a_locked_row_is_tried_again_without_its_neighbours(ready: Org) -> None:
    ids = leads(ready, 3)
    ready.post("settings", lock_rows={ids[1]: 2})
    answers = SalesforceWriter(ready.client()).write(scores(ids))
    assert set(outcomes(answers).values()) == {"written"}
    written = [entry["id"] for entry in ready.get("journal")["entries"] if entry["act"] == "update"]
    assert sorted(written) == sorted(ids)


def test_a_row_that_stays_locked_is_told_in_the_end(ready: Org) -> None:
    ids = leads(ready, 2)
    ready.post("settings", lock_rows={ids[1]: 1_000})
    answers = SalesforceWriter(ready.client()).write(scores(ids))
    assert outcomes(answers) == {ids[0]: "written", ids[1]: "rejected"}
    assert answers[1].words.startswith("UNABLE_TO_LOCK_ROW: ")


def test_rows_that_a_flow_stopped_go_again_in_smaller_pieces(ready: Org) -> None:
    ids = leads(ready, 60)
    ready.post("settings", flow_errors=dict.fromkeys(ids[:20], 2) | {ids[20]: 1_000})
    answers = SalesforceWriter(ready.client()).write(scores(ids))
    assert [id for id, outcome in outcomes(answers).items() if outcome != "written"] == [ids[20]]
    assert ready.requests("PATCH composite/sobjects") < 10


def test_a_converted_lead_is_missing_and_says_where_the_score_is(ready: Org) -> None:
    ids = leads(ready, 2)
    ready.post("people/convert", id=ids[0])
    answers = SalesforceWriter(ready.client()).write(scores(ids))
    assert outcomes(answers) == {ids[0]: "missing", ids[1]: "written"}
    assert "its Contact carries the score" in answers[0].words


@pytest.mark.parametrize("status", [404, 400])
def test_a_deleted_record_is_missing_whatever_the_status(ready: Org, status: int) -> None:
    ready.post("settings", deleted_status=status)
    ids = leads(ready, 2)
    ready.post("people/delete", object="Lead", id=ids[0])
    unknown = record_id("00Q", 99_999)
    answers = SalesforceWriter(ready.client()).write(scores([*ids, unknown]))
    assert outcomes(answers) == {ids[0]: "missing", ids[1]: "written", unknown: "missing"}


def test_fields_that_are_not_there_stop_all_with_what_to_do(org: Org) -> None:
    with pytest.raises(NotInstalled, match=r"Lead_Score__c.*leadscore install"):
        SalesforceWriter(org.client()).write(scores(leads(org, 2)))


def test_fields_that_our_user_may_not_edit_stop_all_too(org: Org) -> None:
    made = [{"name": field_name(word), "type": "double", "precision": 18} for word in ("total", "band")]
    org.fields("Lead", *made, edit=False)
    with pytest.raises(NotInstalled, match="may not edit"):
        SalesforceWriter(org.client()).write(scores(leads(org, 1)))


def test_a_write_whose_answer_was_lost_is_sent_again(ready: Org) -> None:
    ids = leads(ready, 2)
    ready.post("faults", kind="reset", path="composite", when="after")
    assert set(outcomes(SalesforceWriter(ready.client()).write(scores(ids))).values()) == {"written"}


def test_more_than_fits_and_ids_that_repeat_are_refused_before_any_call(ready: Org) -> None:
    writer = SalesforceWriter(ready.client(), batch=2)
    with pytest.raises(ValueError, match="takes 2"):
        writer.write(scores(["a", "b", "c"]))
    with pytest.raises(ValueError, match="comes twice"):
        writer.write(scores(["a", "a"]))


def test_many_rows_go_by_one_job_and_each_has_its_answer(ready: Org) -> None:
    ids = leads(ready, 30)
    client = ready.client()
    rule = {"object": "Lead", "field": field_name("band"), "id": ids[3], "words": "Never: this one."}
    ready.post("settings", validation=[rule], lock_rows={ids[5]: 1}, assignment_rule=True)
    ready.post("people/convert", id=ids[4])
    before = {row["Id"]: row["OwnerId"] for row in client.rows("SELECT Id, OwnerId FROM Lead")}
    writer = SalesforceWriter(client, batch=100, bulk_from=20)
    answers = {answer.id: answer for answer in writer.write(scores(ids))}
    different = {id: answer.outcome for id, answer in answers.items() if answer.outcome != "written"}
    assert different == {ids[3]: "rejected", ids[4]: "missing"}
    assert answers[ids[3]].words == "FIELD_CUSTOM_VALIDATION_EXCEPTION: Never: this one."
    assert ready.requests("POST jobs/ingest") == 1
    assert {row["Id"]: row["OwnerId"] for row in client.rows("SELECT Id, OwnerId FROM Lead")} == before


def test_a_job_empties_fields_and_keeps_line_breaks(ready: Org) -> None:
    (id,) = leads(ready, 1)
    writer, reader = SalesforceWriter(ready.client(), bulk_from=1), SalesforceReader(ready.client())
    writer.write([RecordWrite("Lead", id, {"total": "7", "band": "hot", "reason": 'two\nlines, "quoted"'})])
    assert reader.outputs([id], WORDS) == {id: {"total": "7", "band": "hot", "reason": 'two\nlines, "quoted"'}}
    writer.write([RecordWrite("Lead", id, {"band": ""})])
    assert reader.outputs([id], WORDS) == {id: {"total": "7", "band": "", "reason": 'two\nlines, "quoted"'}}


def test_a_job_whose_upload_was_answered_by_nobody_is_not_uploaded_twice(ready: Org) -> None:
    ids = leads(ready, 3)
    ready.post("faults", kind="reset", path="batches", when="after")
    answers = SalesforceWriter(ready.client(), bulk_from=1).write(scores(ids))
    assert set(outcomes(answers).values()) == {"written"}


def test_a_job_that_lacks_our_fields_says_so(org: Org) -> None:
    with pytest.raises(NotInstalled, match="Lead_Score__c"):
        SalesforceWriter(org.client(), bulk_from=1).write(scores(leads(org, 2)))
