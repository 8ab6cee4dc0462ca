"""Our fields have one name each, in Salesforce's spelling, and the models say what else is read."""

from pathlib import Path

import pytest

from config import defaults
from config.model_file import read_model
from connectors.outputs import ADMIN, REPS
from connectors.salesforce.fields import field_name, is_ours, note_of, read_back, written
from connectors.salesforce.needs import needs
from tests.connectors.models import MODEL

SHIPPED = Path(defaults.__file__).parent / "b2b.yaml"


def test_names_are_those_that_admins_see() -> None:
    assert [field_name(word) for word in ("total", "grade_band", "feedback", "feedback_note", "score_fit")] == [
        "Lead_Score__c", "Lead_Score_Grade_Band__c", "Lead_Score_Feedback__c", "Lead_Score_Feedback_Note__c",
        "Lead_Score_Of_Fit__c",
    ]  # fmt: skip
    assert note_of(field_name("feedback")) == field_name("feedback_note")


def test_no_two_words_share_a_field_and_none_is_too_long() -> None:
    scores = ("score_fit", "score_Fit", "score_fit!", "score_fit__", "score_band", "score_größe", "score_" + "x" * 60)
    names = [field_name(word) for word in (*REPS, *ADMIN, *scores)]
    assert len({name.lower() for name in names}) == len(names)
    assert all(len(name) <= 43 and "__" not in name.removesuffix("__c") and is_ours(name) for name in names)
    assert "lead_score_stage__c" not in {name.lower() for name in names}


@pytest.mark.parametrize(
    ("word", "text", "value", "shown"),
    [
        ("total", "-7", -7, -7.0),
        ("scored_at", "1800000000000", "2027-01-15T08:00:00.000Z", "2027-01-15T08:00:00.000+0000"),
        ("band", "hot", "hot", "hot"),
        ("band", "", None, None),
        ("total", "", None, None),
    ],
)
def test_what_is_written_is_read_back(word: str, text: str, value: object, shown: object) -> None:
    assert written(word, text) == value
    assert read_back(word, shown) == text


def test_the_shipped_model_is_read_from_leads_contacts_and_accounts() -> None:
    found = needs([read_model(SHIPPED)])
    assert {"Industry", "Title", "LeadSource", "Lead_Score_Stage__c"} <= set(found.properties["Lead"])
    assert found.properties["Lead"] == found.properties["Contact"]
    assert "Industry" in found.properties["Account"]
    assert "StageName" in found.properties["Opportunity"]
    assert found.feedback == ("Lead_Score_Feedback__c",)


def test_a_model_that_names_nothing_of_salesforce_reads_little() -> None:
    found = needs([MODEL])
    assert found.properties == {"Lead": ("Visits__c",), "Contact": ("Visits__c",)}
    assert set(found.lists) == {"Hot", "Do not score"}
