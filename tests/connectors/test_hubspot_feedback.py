"""Answers of sales are read from the history of the feedback field, with who wrote each value."""

from collections.abc import Sequence

import pytest

from connectors.hubspot.colleagues import Colleagues
from connectors.hubspot.feedback import hand_of, read_feedback
from connectors.protocol import Hand, PastValue, SeenAnswer, SeenFeedback, SeenRecord
from tests.connectors.models import MODEL
from tests.connectors.portal import NOW, Portal

FIELD, NOTE = "leadscore_feedback", "leadscore_feedback_note"


@pytest.mark.parametrize(
    ("source", "by", "hand"),
    [
        ("CRM_UI", "7", "person"),
        ("CRM_UI", "", "person"),
        ("MOBILE_IOS", "7", "person"),
        ("IMPORT", "7", "import"),
        ("AUTOMATION_PLATFORM", "", "workflow"),
        ("WORKFLOWS", "7", "workflow"),
        ("INTEGRATION", "7", "program"),
        ("API", "", "program"),
        ("BATCH_UPDATE", "7", "bulk"),
        ("SOMETHING_NEW", "", "unknown"),
    ],
)
def test_who_wrote_a_value_is_told_from_the_word_and_only_then_from_the_user(source: str, by: str, hand: Hand) -> None:
    assert hand_of(source, by) == hand


def test_an_answer_has_its_latest_note_and_what_was_there_before() -> None:
    answers = (PastValue("true_sql", 10, "CRM_UI", "7"), PastValue("", 20, "INTEGRATION"))
    notes = (PastValue("good", 10, "CRM_UI", "7"), PastValue("bad", 15, "CRM_UI", "7"))
    found = read_feedback((FIELD,), {FIELD: ""}, {FIELD: answers, NOTE: notes})
    assert found is not None
    assert found.answers == (
        SeenAnswer("true_sql", 10, "person", "7", "bad"),
        SeenAnswer("", 20, "program", before="true_sql"),
    )
    assert found.held == ""


def test_a_value_written_again_is_no_second_answer() -> None:
    past = (PastValue("true_sql", 10, "CRM_UI", "7"), PastValue("true_sql", 20, "IMPORT"))
    found = read_feedback((FIELD,), {FIELD: "true_sql"}, {FIELD: past})
    assert found is not None
    assert [one.at for one in found.answers] == [10]


def test_a_field_of_the_customers_own_is_read_and_never_ours_to_empty() -> None:
    found = read_feedback(("verdict",), {"verdict": "bad"}, {"verdict": (PastValue("bad", 1, "CRM_UI", "7"),)})
    assert found is not None
    assert found.held is None
    assert read_feedback(("verdict",), {}, {}) is None


def test_a_note_goes_with_the_answer_beside_which_it_was_typed_before_or_after() -> None:
    minute = 60_000
    answers = (PastValue("not_ready", 10 * minute, "CRM_UI", "7"), PastValue("true_sql", 90 * minute, "CRM_UI", "7"))
    notes = (PastValue("no budget", 11 * minute, "CRM_UI", "7"), PastValue("now", 89 * minute, "CRM_UI", "7"))
    found = read_feedback((FIELD,), {FIELD: "true_sql"}, {FIELD: answers, NOTE: notes})
    assert found is not None
    assert [one.note for one in found.answers] == ["no budget", "now"]
    silent = read_feedback((FIELD,), {FIELD: "true_sql"}, {FIELD: answers, NOTE: notes[:1]})
    assert silent is not None
    assert [one.note for one in silent.answers] == ["no budget", ""], "an old note is not the new answer's"


def test_who_answered_has_a_name_where_the_portal_tells_one(portal: Portal) -> None:
    crm = portal.open()
    list(crm.installer.carry_out(crm.installer.plan((MODEL,)), (MODEL,)))
    ids = portal.import_contacts([{"email": "a@x.example"}, {"email": "b@x.example"}])
    for id, user in zip(ids, (9501, 4711), strict=True):
        portal.post("people/edit", id=id, properties={FIELD: "true_sql"}, user=user)
    needs = crm.reader.needs((MODEL,))
    (page,) = crm.reader.read("contacts", None, needs, NOW)
    for records in (page.records, crm.reader.fetch("contact", ids, needs)):
        assert _authors(records) == ["Mara Lindqvist (mara.lindqvist@example.com)", "4711"]
    assert portal.requests("/owners") == 2, "the owners, active and not, are asked for once"


def test_without_the_scope_for_owners_the_number_stays(portal: Portal) -> None:
    scopes = portal.get("settings")["scopes"]
    portal.post("settings", scopes=[scope for scope in scopes if scope != "crm.objects.owners.read"])
    told = SeenFeedback((SeenAnswer("true_sql", 1, "person", "9501"),), "true_sql")
    record = SeenRecord("contact", "1", {}, feedback=told)
    assert _authors(Colleagues(portal.open().client).named([record])) == ["9501"]


def _authors(records: Sequence[SeenRecord]) -> list[str]:
    return [answer.author for one in records if one.feedback for answer in one.feedback.answers]
