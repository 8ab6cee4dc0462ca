"""What the models need is read and nothing else; what they write has a field with a fitting type."""

from dataclasses import replace

import pytest

from connectors.hubspot.fields import our_fields, property_name, read_back
from connectors.hubspot.needs import needs
from connectors.outputs import ADMIN, REPS
from scoring.model import Feedback, ScoreSpec
from tests.connectors.models import FEEDBACK, MODEL


def test_only_the_properties_that_the_models_name_are_needed() -> None:
    found = needs([MODEL])
    assert set(found.properties["contact"]) == {
        "associatedcompanyid",
        "email",
        "hs_analytics_num_visits",
        "industry",
        "jobtitle",
        "leadscore_feedback",
        "leadscore_feedback_note",
        "lifecyclestage",
    }
    assert found.properties["company"] == ("industry",)
    assert "dealstage" in found.properties["deal"]


def test_lists_and_activities_are_found_wherever_a_model_can_name_them() -> None:
    found = needs([MODEL])
    assert found.lists == ("Do not score", "Hot")
    assert found.activities == {"email_click", "page_view", "event_attended", "form_submission"}


def test_the_history_of_values_is_watched_and_that_of_links_is_not() -> None:
    found = needs([MODEL])
    assert set(found.watched["contact"]) == set(found.properties["contact"]) - {"associatedcompanyid"}
    assert found.watched["deal"] == ("dealstage",)


def test_without_company_or_deal_fields_neither_is_needed() -> None:
    plain = replace(MODEL, fields={"title": MODEL.fields["title"]}, lifecycle=None, feedback=None)
    assert needs([plain]).properties == {"contact": ("jobtitle",)}


def test_reps_get_five_fields_and_admins_the_rest() -> None:
    fields = our_fields([MODEL])
    assert [field.word for field in fields if field.group == "leadscore"] == list(REPS)
    rest = [field.word for field in fields if field.group == "leadscore_admin"]
    assert rest == [*ADMIN, "score_fit", "score_engagement"]


def test_the_feedback_select_offers_the_answers_of_the_model() -> None:
    (feedback,) = [field for field in our_fields([MODEL]) if field.word == "feedback"]
    assert (feedback.type, feedback.field_type) == ("enumeration", "select")
    assert feedback.options == (("true_sql", "True SQL: ready"), ("not_ready", "MQL: not ready"))


def test_a_feedback_field_of_the_customers_own_is_not_ours_to_make() -> None:
    theirs = replace(MODEL, feedback=Feedback({"hubspot": "sales_says"}, FEEDBACK.answers))
    assert "feedback" not in [field.word for field in our_fields([theirs])]
    assert "sales_says" in needs([theirs]).properties["contact"]


@pytest.mark.parametrize("name", ["fit", "Fit", "fit score", "適合度", "ajustement à l'offre"])
def test_every_score_gets_a_property_name_that_hubspot_takes(name: str) -> None:
    made = property_name(f"score_{name}")
    assert made.startswith("leadscore_score")
    assert made.isascii()
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


def test_two_scores_never_share_a_property() -> None:
    names = ["fit", "Fit", "FIT", "fit score", "fit_score", "適合", "適合度"]
    model = replace(MODEL, scores=tuple(ScoreSpec(name, ()) for name in names))
    made = [field.name for field in our_fields([model])]
    assert len(set(made)) == len(made)


@pytest.mark.parametrize(
    ("word", "raw", "text"),
    [
        ("total", "95", "95"),
        ("total", "95.0", "95"),
        ("adjustment", "-5", "-5"),
        ("score_fit", None, ""),
        ("scored_at", "2027-03-10T09:30:00.123Z", "1804671000123"),
        ("scored_at", "1804671000123", "1804671000123"),
        ("reason", "95.0", "95.0"),
        ("grade", "", ""),
    ],
)
def test_values_come_back_as_the_text_that_was_written(word: str, raw: str | None, text: str) -> None:
    assert read_back(word, raw) == text
