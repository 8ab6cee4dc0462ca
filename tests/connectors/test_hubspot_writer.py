"""Every row of a write has its own answer; a bad one never takes its neighbours with it."""

from collections.abc import Sequence

import pytest

from connectors.errors import NotInstalled
from connectors.hubspot.connect import HubSpot
from connectors.protocol import RecordWrite
from tests.connectors.portal import Portal

LONG = "x" * 70_000


@pytest.fixture
def hubspot(portal: Portal) -> HubSpot:
    opened = portal.open()
    for _ in opened.installer.carry_out(opened.installer.plan([]), []):
        pass
    return opened


def contacts(portal: Portal, count: int) -> list[str]:
    return portal.import_contacts([{"email": f"p{number}@example.com"} for number in range(count)])


def rows(ids: Sequence[str], bad: Sequence[int] = ()) -> list[RecordWrite]:
    return [
        RecordWrite("contact", id, {"total": str(number), "reason": LONG if number in bad else "why"})
        for number, id in enumerate(ids)
    ]


def test_a_hundred_contacts_are_one_call(portal: Portal, hubspot: HubSpot) -> None:
    ids = contacts(portal, 100)
    answers = hubspot.writer.write(rows(ids))
    assert {(answer.id, answer.outcome) for answer in answers} == {(id, "written") for id in ids}
    assert portal.requests("batch/update") == 1
    assert hubspot.reader.outputs(ids[:1], ["total", "reason"]) == {ids[0]: {"total": "0", "reason": "why"}}


@pytest.mark.parametrize("mode", ["207", "400", "auto"])
@pytest.mark.parametrize("version", ["v3", "2026-09"])
def test_bad_rows_are_rejected_in_hubspots_words_and_their_neighbours_written(
    portal: Portal, hubspot: HubSpot, mode: str, version: str
) -> None:
    portal.post("settings", batch_errors=mode)
    ids = contacts(portal, 40)
    bad = (0, 7, 8, 39)
    answers = {answer.id: answer for answer in portal.open(version=version).writer.write(rows(ids, bad))}
    rejected = {id for id, answer in answers.items() if answer.outcome == "rejected"}
    assert rejected == {ids[number] for number in bad}
    assert {answers[id].words for id in rejected} == {
        "leadscore_reason: leadscore_reason is longer than 65536 characters"
    }
    shown = hubspot.reader.outputs(ids, ["total"])
    assert {id for id in ids if shown[id]["total"]} == set(ids) - rejected


@pytest.mark.parametrize("bad", [[0], [99], [50], [3, 4], [0, 33, 66, 99], list(range(20))])
def test_a_bad_row_costs_eight_calls_at_most(portal: Portal, hubspot: HubSpot, bad: list[int]) -> None:
    portal.post("settings", batch_errors="400")
    ids = contacts(portal, 100)
    answers = hubspot.writer.write(rows(ids, bad))
    assert sum(answer.outcome == "rejected" for answer in answers) == len(bad)
    assert portal.requests("batch/update") <= 2 + 8 * len(bad)


@pytest.mark.parametrize("bad", [range(100), range(0, 100, 2)])
def test_where_most_rows_are_bad_a_batch_costs_two_calls_a_row_at_most(
    portal: Portal, hubspot: HubSpot, bad: range
) -> None:
    portal.post("settings", batch_errors="400")
    ids = contacts(portal, 100)
    answers = {answer.id: answer.outcome for answer in hubspot.writer.write(rows(ids, bad))}
    assert {id for id, outcome in answers.items() if outcome == "rejected"} == {ids[number] for number in bad}
    assert portal.requests("batch/update") <= 2 * len(ids)


def test_the_words_of_two_bad_rows_are_not_mixed_up(portal: Portal, hubspot: HubSpot) -> None:
    portal.post("settings", batch_errors="400")
    ids = contacts(portal, 9)
    writes = rows(ids, [2])
    writes[6] = RecordWrite("contact", ids[6], {"total": "many"})
    answers = {answer.id: answer for answer in hubspot.writer.write(writes)}
    assert answers[ids[2]].words.startswith("leadscore_reason:")
    assert answers[ids[6]].words.startswith("leadscore_total:")
    assert sum(answer.outcome == "written" for answer in answers.values()) == 7


@pytest.mark.parametrize("version", ["v3", "2026-09"])
@pytest.mark.parametrize("multi_status", [True, False])
@pytest.mark.usefixtures("hubspot")
def test_a_contact_that_is_gone_is_missing(portal: Portal, version: str, multi_status: bool) -> None:
    portal.post("settings", multi_status_dated=multi_status)
    ids = contacts(portal, 5)
    portal.api("DELETE", f"/crm/v3/objects/contacts/{ids[1]}")
    answers = portal.open(version=version).writer.write(rows([*ids, "999999"]))
    outcomes = {answer.id: answer.outcome for answer in answers}
    assert outcomes == dict.fromkeys(ids, "written") | {ids[1]: "missing", "999999": "missing"}


def test_an_empty_text_empties_the_field(portal: Portal, hubspot: HubSpot) -> None:
    (id,) = contacts(portal, 1)
    words = ("total", "reason", "scored_at")
    hubspot.writer.write([RecordWrite("contact", id, {"total": "5", "reason": "why", "scored_at": "1800000000123"})])
    assert hubspot.reader.outputs([id], words)[id] == {"total": "5", "reason": "why", "scored_at": "1800000000123"}
    hubspot.writer.write([RecordWrite("contact", id, dict.fromkeys(words, ""))])
    assert hubspot.reader.outputs([id], words)[id] == dict.fromkeys(words, "")


@pytest.mark.parametrize("mode", ["207", "400"])
def test_a_field_that_was_never_installed_stops_with_the_way_out(portal: Portal, mode: str) -> None:
    portal.post("settings", batch_errors=mode)
    ids = contacts(portal, 100)
    with pytest.raises(NotInstalled, match=r"leadscore_reason, leadscore_total\..*leadscore install"):
        portal.open().writer.write(rows(ids))
    assert portal.requests("batch/update") == 1


def test_a_batch_too_large_or_with_a_record_twice_is_a_mistake_of_the_caller(hubspot: HubSpot) -> None:
    with pytest.raises(ValueError, match="takes 100"):
        hubspot.writer.write(rows([str(number) for number in range(101)]))
    with pytest.raises(ValueError, match="comes twice"):
        hubspot.writer.write(rows(["1", "1"]))


def test_every_write_is_in_the_portals_journal_once(portal: Portal, hubspot: HubSpot) -> None:
    ids = contacts(portal, 3)
    hubspot.writer.write(rows(ids))
    entries = [entry for entry in portal.get("journal")["entries"] if "batch/update" in entry["path"]]
    assert sorted(entry["id"] for entry in entries) == sorted(ids)
