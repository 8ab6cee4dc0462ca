"""Installing twice is installing once, and uninstalling takes nothing that is not ours."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors.errors import Rejected
from connectors.hubspot.connect import HubSpot
from connectors.hubspot.fields import our_fields
from connectors.protocol import InstallStep
from scoring.model import AnswerSpec, ScoringModel
from tests.connectors.models import FEEDBACK, MODEL
from tests.connectors.portal import Portal


def install(hubspot: HubSpot, models: Sequence[ScoringModel]) -> list[InstallStep]:
    return list(hubspot.installer.carry_out(hubspot.installer.plan(models), models))


def actions(steps: Sequence[InstallStep]) -> set[str]:
    return {step.action for step in steps}


def names(portal: Portal) -> set[str]:
    return {raw["name"] for raw in portal.api("GET", "/crm/v3/properties/contacts")["results"]}


@pytest.mark.parametrize("version", ["v3", "2026-09"])
def test_after_installing_every_field_is_there_and_nothing_is_left_to_do(portal: Portal, version: str) -> None:
    hubspot = portal.open(version=version)
    before = names(portal)
    assert actions(install(hubspot, [MODEL])) == {"create"}
    assert names(portal) - before == {field.name for field in our_fields([MODEL])}
    assert actions(hubspot.installer.plan([MODEL])) == {"keep"}
    ours = {info.name for info in hubspot.reader.properties("contact") if info.ours}
    assert ours == {field.name for field in our_fields([MODEL])}


def test_planning_changes_nothing(portal: Portal) -> None:
    portal.open().installer.plan([MODEL])
    assert portal.get("journal")["entries"] == []


@pytest.mark.parametrize("status", [409, 400])
def test_a_field_that_somebody_made_in_between_counts_as_made(portal: Portal, status: int) -> None:
    portal.post("settings", existing_property_status=status)
    hubspot = portal.open()
    steps = hubspot.installer.plan([MODEL])
    install(portal.open(), [MODEL])
    assert list(hubspot.installer.carry_out(steps, [MODEL])) == list(steps)


def test_a_cut_install_goes_on_where_it_was(portal: Portal) -> None:
    hubspot = portal.open()
    done = hubspot.installer.carry_out(hubspot.installer.plan([MODEL]), [MODEL])
    for _ in range(5):
        next(done)
    assert sum(step.action == "create" for step in install(hubspot, [MODEL])) == len(our_fields([MODEL])) + 2 - 5
    assert actions(hubspot.installer.plan([MODEL])) == {"keep"}


def test_new_answers_of_the_model_are_brought_into_the_select(portal: Portal) -> None:
    hubspot = portal.open()
    install(hubspot, [MODEL])
    answers = (*FEEDBACK.answers, AnswerSpec("unqualified", "Unqualified", points=-100))
    changed = replace(MODEL, feedback=replace(FEEDBACK, answers=answers))
    assert [step.name for step in hubspot.installer.plan([changed]) if step.action == "update"] == [
        "leadscore_feedback"
    ]
    install(hubspot, [changed])
    assert actions(hubspot.installer.plan([changed])) == {"keep"}
    (info,) = [info for info in hubspot.reader.properties("contact") if info.name == "leadscore_feedback"]
    assert [value for value, _ in info.options] == ["true_sql", "not_ready", "unqualified"]


def test_uninstalling_removes_ours_and_nothing_else(portal: Portal) -> None:
    hubspot = portal.open()
    before = names(portal)
    theirs = {"name": "leadscore_of_the_agency", "label": "Old score", "type": "number", "fieldType": "number"}
    portal.api("POST", "/crm/v3/properties/contacts", {**theirs, "groupName": "contactinformation"})
    install(hubspot, [MODEL])
    assert actions(list(hubspot.installer.carry_out(hubspot.installer.removal(), [MODEL]))) == {"remove"}
    assert names(portal) == before | {"leadscore_of_the_agency"}
    assert hubspot.installer.removal() == ()


def test_a_group_in_which_an_admin_put_own_fields_stays(portal: Portal) -> None:
    hubspot = portal.open()
    install(hubspot, [MODEL])
    theirs = {
        "name": "region_score",
        "label": "Region",
        "type": "number",
        "fieldType": "number",
        "groupName": "leadscore",
    }
    portal.api("POST", "/crm/v3/properties/contacts", theirs)
    removed = {step.name for step in hubspot.installer.carry_out(hubspot.installer.removal(), [MODEL])}
    assert "leadscore" not in removed
    assert "leadscore_admin" in removed
    assert "region_score" in names(portal)


def test_a_field_of_the_wrong_type_is_told_and_left_alone(portal: Portal) -> None:
    hubspot = portal.open()
    portal.api("POST", "/crm/v3/properties/contacts/groups", {"name": "leadscore", "label": "leadscore"})
    wrong = {"name": "leadscore_total", "label": "x", "type": "string", "fieldType": "text", "groupName": "leadscore"}
    portal.api("POST", "/crm/v3/properties/contacts", wrong)
    (step,) = [step for step in hubspot.installer.plan([]) if step.name == "leadscore_total"]
    assert step.action == "keep"
    assert "not number" in step.what


def test_a_deleted_field_that_hubspot_still_keeps_is_told_with_the_way_out(portal: Portal) -> None:
    hubspot = portal.open()
    install(hubspot, [])
    list(hubspot.installer.carry_out(hubspot.installer.removal(), []))
    with pytest.raises(Rejected, match="Archived properties"):
        install(hubspot, [])
