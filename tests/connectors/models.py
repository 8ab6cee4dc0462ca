"""Small scoring models for tests of connectors."""

from scoring.conditions import OnList, Submitted, Test
from scoring.model import AnswerSpec, Enter, Feedback, Field, Group, Lifecycle, ScoreSpec, ScoringModel
from scoring.rules import ActivityRule, FieldRule, RangeRule

FIELDS = {
    "email": Field("email", {"hubspot": ("email",)}),
    "title": Field("text", {"hubspot": ("jobtitle",)}),
    "industry": Field("text", {"hubspot": ("company.industry", "industry")}),
    "visits": Field("number", {"hubspot": ("hs_analytics_num_visits",), "salesforce": ("Visits__c",)}),
    "won_before": Field("number", {"hubspot": ("deals.won",)}),
    "stars": Field("number", {}),
}

FIT = ScoreSpec("fit", (Group("Role", (FieldRule("Boss", Test("title", "text", "is", ("ceo",)), 10),)),))
ENGAGEMENT = ScoreSpec(
    "engagement",
    (
        Group(
            "Acts",
            (
                ActivityRule("Clicked", ("email_click",), 3),
                RangeRule("Reads", (), on=("page_view", "event_attended")),
                FieldRule("Asked", Submitted(("Request a demo",)), 5),
            ),
        ),
    ),
)
LIFECYCLE = Lifecycle(
    "observe",
    {"hubspot": "lifecyclestage"},
    {"mql": {"hubspot": "marketingqualifiedlead"}},
    (Enter("mql", OnList(("Hot",))),),
    exclude=OnList(("Do not score", "Hot")),
)
FEEDBACK = Feedback(
    {"hubspot": "leadscore_feedback"},
    (AnswerSpec("true_sql", "True SQL: ready"), AnswerSpec("not_ready", "MQL: not ready", drop_to=30)),
)

MODEL = ScoringModel("b2b", FIELDS, (FIT, ENGAGEMENT), lifecycle=LIFECYCLE, feedback=FEEDBACK)
