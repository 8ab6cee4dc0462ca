"""Stages are written in any direction, never over somebody's newer word, and never as a conversion."""

from collections.abc import Sequence

from connectors.salesforce.stages import SalesforceStageWriter
from connectors.stages import StageMove, StageSeen, Step, Written
from tests.connectors.portal import NOW
from tests.connectors.salesforce.org import HOUR, Org

OPEN, WORKING, CLOSED = "Open - Not Contacted", "Working - Contacted", "Closed - Not Converted"


def step(org: Org, id: str, before: str, to: str, what: Step) -> tuple[str, str | None]:
    (answer,) = SalesforceStageWriter(org.client()).write_stages("Status", [StageMove("Lead", id, before, to, what)])
    return answer.outcome, answer.value


def statuses(org: Org) -> Sequence[str]:
    return [str(entry["values"]["Status"]) for entry in org.get("journal")["entries"] if "Status" in entry["values"]]


def test_a_status_that_means_converted_is_neither_offered_nor_written(org: Org) -> None:
    id = org.lead()
    assert SalesforceStageWriter(org.client()).stage_order("Status") == (OPEN, WORKING, CLOSED)
    assert step(org, id, OPEN, "Closed - Converted", "write") == ("rejected", OPEN)
    assert statuses(org) == []


def test_a_stage_goes_down_without_ever_being_empty(org: Org) -> None:
    id = org.lead(Status=CLOSED)
    assert [step(org, id, CLOSED, OPEN, what) for what in ("clear", "set", "confirm")] == [
        ("done", CLOSED), ("done", OPEN), ("done", OPEN),
    ]  # fmt: skip
    assert statuses(org)[1:] == [OPEN]


def test_a_stage_of_a_converted_lead_is_missing(org: Org) -> None:
    id = org.lead()
    org.post("people/convert", id=id)
    assert step(org, id, OPEN, WORKING, "write") == ("missing", None)


def test_a_write_that_the_org_turns_back_is_told(org: Org) -> None:
    id = org.lead()
    assert step(org, id, OPEN, WORKING, "confirm") == ("not_taken", OPEN)


def test_a_refused_stage_has_salesforces_words(org: Org) -> None:
    id = org.lead()
    org.post("settings", validation=[{"object": "Lead", "field": "Status", "words": "Ask your manager."}])
    (answer,) = SalesforceStageWriter(org.client()).write_stages(
        "Status", [StageMove("Lead", id, OPEN, WORKING, "write")]
    )
    assert (answer.outcome, answer.words) == ("rejected", "FIELD_CUSTOM_VALIDATION_EXCEPTION: Ask your manager.")


def test_without_tracking_only_our_own_value_has_a_setter(org: Org) -> None:
    ours, other = org.lead(Status=WORKING), org.lead(Status=CLOSED)
    written = {ours: Written(WORKING, NOW - HOUR), other: Written(WORKING, NOW - HOUR)}
    seen = SalesforceStageWriter(org.client()).read_stages("Lead", "Status", [ours, other], written)
    assert seen == {ours: StageSeen(WORKING, NOW - HOUR, "ours"), other: StageSeen(CLOSED)}


def test_a_first_tracked_change_is_seen_at_once(org: Org) -> None:
    writer, id = SalesforceStageWriter(org.client()), org.lead()
    assert writer.read_stages("Lead", "Status", [id], {}) == {id: StageSeen(OPEN)}
    assert not writer.stage_facts("Status")[0].available
    org.post("settings", tracked={"Lead": ["Status"], "Contact": []})
    org.advance(HOUR)
    org.edit("Lead", id, Status=WORKING)
    found = writer.read_stages("Lead", "Status", [id], {})[id]
    assert (found.value, found.set_at, found.source) == (WORKING, NOW + HOUR, "person")
