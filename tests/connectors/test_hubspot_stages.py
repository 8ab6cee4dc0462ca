"""Stages go up in one write, down over an emptied field, and nobody's newer stage is written over."""

from collections.abc import Mapping

import pytest

from connectors.hubspot.sources import setter, stage_setter
from connectors.hubspot.stages import HubSpotStageWriter
from connectors.protocol import PastValue
from connectors.stages import NEXT_STEP, Setter, StageAnswer, StageMove, StageSeen, Step, Written
from tests.connectors.portal import DAY, NOW, Portal

FIELD = "lifecyclestage"
LEAD, MQL, SQL = "lead", "marketingqualifiedlead", "salesqualifiedlead"


@pytest.fixture(params=["v3", "2026-09"])
def stages(portal: Portal, request: pytest.FixtureRequest) -> HubSpotStageWriter:
    return portal.open(version=request.param).stages


def contacts(portal: Portal, *values: str, at: int = NOW - DAY) -> list[str]:
    rows = [{"email": f"p{n}@example.com", "lifecyclestage": value} for n, value in enumerate(values)]
    return portal.import_contacts(rows, at=at)


def shown(portal: Portal, id: str) -> str:
    found = portal.api("GET", f"/crm/v3/objects/contacts/{id}?properties=lifecyclestage")
    return str(found["properties"]["lifecyclestage"] or "")


def take(stages: HubSpotStageWriter, id: str, before: str, to: str, step: Step) -> StageAnswer:
    (answer,) = stages.write_stages(FIELD, [StageMove("contact", id, before, to, step)])
    return answer


def walk(stages: HubSpotStageWriter, id: str, before: str, to: str, first: Step) -> list[str]:
    """Every step from `first` on, until one is not done."""
    outcomes: list[str] = []
    step: Step | None = first
    while step is not None:
        outcomes.append(take(stages, id, before, to, step).outcome)
        step = NEXT_STEP[step] if outcomes[-1] == "done" else None
    return outcomes


def test_the_order_of_stages_is_the_portals_own(stages: HubSpotStageWriter) -> None:
    order = stages.stage_order(FIELD)
    assert order[:4] == ("subscriber", LEAD, MQL, SQL)
    assert order[-1] == "other"


def test_up_is_one_write_and_is_read_back(portal: Portal, stages: HubSpotStageWriter) -> None:
    ids = contacts(portal, *[LEAD] * 30, "")
    before = [LEAD] * 30 + [""]
    moves = [StageMove("contact", id, was, MQL, "write") for id, was in zip(ids, before, strict=True)]
    assert {answer.outcome for answer in stages.write_stages(FIELD, moves)} == {"done"}
    assert portal.requests("batch/update") == 1
    assert {shown(portal, id) for id in ids} == {MQL}
    assert [take(stages, id, LEAD, MQL, "confirm").outcome for id in ids[:2]] == ["done", "done"]


def test_down_empties_the_field_sets_it_in_a_second_call_and_reads_it_back(
    portal: Portal, stages: HubSpotStageWriter
) -> None:
    (id,) = contacts(portal, SQL)
    assert take(stages, id, SQL, LEAD, "clear") == StageAnswer(id, "done", "")
    assert shown(portal, id) == ""
    assert take(stages, id, SQL, LEAD, "set") == StageAnswer(id, "done", LEAD)
    assert take(stages, id, SQL, LEAD, "confirm") == StageAnswer(id, "done", LEAD)
    assert (shown(portal, id), portal.requests("batch/update")) == (LEAD, 2)


@pytest.mark.parametrize("cut_after", ["clear", "set", "confirm"])
def test_every_step_can_be_taken_again_after_a_cut(portal: Portal, stages: HubSpotStageWriter, cut_after: Step) -> None:
    (id,) = contacts(portal, SQL)
    for step in ("clear", "set", "confirm"):
        take(stages, id, SQL, LEAD, step)
        if step == cut_after:
            assert take(stages, id, SQL, LEAD, step).outcome == "done"
    assert shown(portal, id) == LEAD
    assert portal.requests("batch/update") == 2


def test_a_stage_that_was_emptied_can_be_put_back(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, SQL)
    take(stages, id, SQL, LEAD, "clear")
    assert walk(stages, id, SQL, SQL, "set") == ["done", "done"]
    assert shown(portal, id) == SQL


def test_a_backward_write_without_emptying_is_found_out(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, SQL)
    assert take(stages, id, SQL, LEAD, "write").outcome == "done"
    answer = take(stages, id, SQL, LEAD, "confirm")
    assert (answer.outcome, answer.value) == ("not_taken", SQL)
    assert answer.words.startswith(f"HubSpot said yes to the change from {SQL} to {LEAD} and shows {SQL}")


def test_an_emptying_that_hubspot_did_not_take_stops_the_fall(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, SQL)
    take(stages, id, SQL, LEAD, "clear")
    portal.post("people/edit", id=id, properties={FIELD: SQL})
    assert walk(stages, id, SQL, LEAD, "set") == ["not_taken"]


def test_a_set_that_hubspot_did_not_take_is_said(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, SQL)
    take(stages, id, SQL, LEAD, "clear")
    answer = take(stages, id, SQL, LEAD, "confirm")
    assert (answer.outcome, answer.value) == ("not_taken", "")
    assert "an empty field" in answer.words


@pytest.mark.parametrize("step", ["write", "set", "confirm"])
def test_a_stage_that_somebody_raised_meanwhile_counts_as_taken(
    portal: Portal, stages: HubSpotStageWriter, step: Step
) -> None:
    (id,) = contacts(portal, "customer")
    answer = take(stages, id, LEAD, MQL, step)
    assert (answer.outcome, answer.value, shown(portal, id)) == ("passed", "customer", "customer")
    assert portal.requests("batch/update") == 0


@pytest.mark.parametrize(("step", "now"), [("write", "subscriber"), ("write", ""), ("clear", "customer")])
def test_what_somebody_set_meanwhile_is_never_written_over(
    portal: Portal, stages: HubSpotStageWriter, step: Step, now: str
) -> None:
    (id,) = contacts(portal, now)
    before, to = (LEAD, MQL) if step == "write" else (SQL, LEAD)
    answer = take(stages, id, before, to, step)
    assert (answer.outcome, answer.value, shown(portal, id)) == ("moved", now, now)
    assert "it was left alone" in answer.words


@pytest.mark.parametrize("mode", ["207", "400"])
def test_a_refused_row_and_a_missing_one_leave_their_neighbours_alone(
    portal: Portal, stages: HubSpotStageWriter, mode: str
) -> None:
    portal.post("settings", batch_errors=mode)
    ids = contacts(portal, *[LEAD] * 6)
    portal.api("DELETE", f"/crm/v3/objects/contacts/{ids[4]}")
    moves = [StageMove("contact", id, LEAD, "no such stage" if n == 2 else MQL, "write") for n, id in enumerate(ids)]
    answers = {answer.id: answer for answer in stages.write_stages(FIELD, moves)}
    assert [answers[id].outcome for id in ids] == ["done", "done", "rejected", "done", "missing", "done"]
    assert "was not one of the allowed options" in answers[ids[2]].words


def test_too_many_moves_or_a_record_twice_are_mistakes_of_the_caller(stages: HubSpotStageWriter) -> None:
    moves = [StageMove("contact", str(n), "", MQL, "write") for n in range(101)]
    with pytest.raises(ValueError, match="takes 100"):
        stages.write_stages(FIELD, moves)
    with pytest.raises(ValueError, match="comes twice"):
        stages.write_stages(FIELD, [moves[0], moves[0]])
    assert stages.write_stages(FIELD, []) == ()


def read(stages: HubSpotStageWriter, id: str, written: Mapping[str, Written] | None = None) -> StageSeen:
    return stages.read_stages("contact", FIELD, [id, "999999"], written or {})[id]


def test_who_set_a_stage_is_told(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, LEAD)
    assert read(stages, id) == StageSeen(LEAD, NOW - DAY, "import")
    portal.post("people/edit", id=id, properties={FIELD: MQL}, user=7, at=NOW - 5)
    assert read(stages, id) == StageSeen(MQL, NOW - 5, "person", "7")
    source = {"type": "AUTOMATION_PLATFORM", "id": "enrollmentId:1"}
    portal.post("people/edit", id=id, properties={FIELD: SQL}, source=source, at=NOW - 4)
    assert read(stages, id) == StageSeen(SQL, NOW - 4, "workflow")


def test_what_a_form_gives_its_sender_is_a_default(portal: Portal, stages: HubSpotStageWriter) -> None:
    made = portal.post("people/submit-form", form="Request a demo", values={"email": "a@example.com"}, at=NOW - 9)[
        "contact"
    ]
    assert read(stages, str(made)) == StageSeen(LEAD, NOW - 9, "default")


def test_a_stage_that_nobody_ever_set_is_empty(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, "")
    assert read(stages, id) == StageSeen("")


def test_our_own_stage_is_known_by_its_value_and_time(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, LEAD)
    take(stages, id, LEAD, MQL, "write")
    journal = {id: Written(MQL, NOW - 3000)}
    assert read(stages, id, journal) == StageSeen(MQL, NOW, "ours")
    assert read(stages, id).source == "program"
    assert read(stages, id, {id: Written(SQL, NOW)}).source == "program"
    assert read(stages, id, {id: Written(MQL, NOW - DAY)}).source == "program"


def test_a_person_who_sets_our_value_again_later_owns_it(portal: Portal, stages: HubSpotStageWriter) -> None:
    (id,) = contacts(portal, LEAD)
    take(stages, id, LEAD, MQL, "write")
    for value, after in ((LEAD, 1000), (MQL, 2000)):
        portal.post("people/edit", id=id, properties={FIELD: value}, user=7, at=NOW + after)
    assert read(stages, id, {id: Written(MQL, NOW)}) == StageSeen(MQL, NOW + 2000, "person", "7")


def test_a_value_of_ours_that_a_program_brought_back_is_the_programs() -> None:
    past = [PastValue(MQL, NOW, "INTEGRATION"), PastValue(LEAD, NOW + 1, "API"), PastValue(MQL, NOW + 2, "API")]
    assert stage_setter(past[:1], None, Written(MQL, NOW)) == "ours"
    assert stage_setter(past, None, Written(MQL, NOW)) == "program"


@pytest.mark.parametrize(
    ("word", "by", "expected"),
    [
        ("IMPORT", "7", "import"),
        ("AUTOMATION_PLATFORM", "", "workflow"),
        ("WORKFLOWS", "7", "workflow"),
        ("INTEGRATION", "7", "program"),
        ("BATCH_UPDATE", "", "program"),
        ("CRM_UI", "", "person"),
        ("MOBILE", "7", "person"),
        ("FORM", "", "default"),
        ("CALCULATED", "", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_hubspots_words_for_who_wrote(word: str, by: str, expected: Setter) -> None:
    assert setter(PastValue("x", NOW, word, by)) == expected


def test_what_a_record_was_born_with_is_a_default_unless_a_person_or_an_import_gave_it() -> None:
    for word, expected in (("INTEGRATION", "default"), ("CRM_UI", "person"), ("IMPORT", "import"), ("X", "default")):
        assert stage_setter([PastValue(LEAD, NOW, word)], NOW - 5, None) == expected
    assert stage_setter([PastValue(LEAD, NOW, "API")], NOW - DAY, None) == "program"
    assert stage_setter([PastValue(LEAD, NOW, "API")], None, None) == "program"


def test_an_admin_is_told_what_lowering_touches(stages: HubSpotStageWriter) -> None:
    dates, lowering = stages.stage_facts(FIELD)
    assert dates.available
    assert MQL in dates.detail
    assert "'became a ... date'" in lowering.detail
    assert "company stages" in lowering.detail
    assert stages.stage_facts("hs_lead_status") == ()
