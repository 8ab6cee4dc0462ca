"""Answers of sales are read from the history of the feedback field, with who wrote each value."""

import pytest

from connectors.hubspot.feedback import hand_of, read_feedback
from connectors.protocol import Hand, PastValue, SeenAnswer

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


def test_an_answer_has_the_note_of_its_time_and_what_was_there_before() -> None:
    answers = (PastValue("true_sql", 10, "CRM_UI", "7"), PastValue("", 20, "INTEGRATION"))
    notes = (PastValue("good", 10, "CRM_UI", "7"), PastValue("bad", 15, "CRM_UI", "7"))
    found = read_feedback((FIELD,), {FIELD: ""}, {FIELD: answers, NOTE: notes})
    assert found is not None
    assert found.answers == (
        SeenAnswer("true_sql", 10, "person", "7", "good"),
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
