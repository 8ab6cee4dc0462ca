"""A small model with stages and answers, and one subject to try it on."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from config.model_file import load_model
from scoring.decide import StageChange, StageStanding, decide
from scoring.engine import compile_models
from scoring.facts import Activity, Answer, Facts, Value, activity
from scoring.footing import Footing, compile_footings, last_crossing
from scoring.known import answer_at
from scoring.ledger import Score
from tests.scoring.tables import TABLES
from tests.scoring.words_for_tests import NOW

DAY = 86_400_000
ORDER = ("subscriber", "lead", "mql", "nurture-by-hand", "sql", "opportunity", "customer")
"""As the CRM has it; it knows one stage for which the model has no word."""


def document(**lifecycle: Any) -> dict[str, Any]:
    """A demo form is worth 50 and fades by half every 60 days, a view 10 for 30 days, a title 20; mql 35, sql 65."""
    engagement = [
        {
            "name": "Demo",
            "on": "form_submission",
            "points": 50,
            "count": "once",
            "decay": {"lose": "50%", "every": "60 days"},
        },
        {"name": "View", "on": "page_view", "points": 10, "within": "30 days"},
    ]
    stages = {name: {"hubspot": name} for name in ("subscriber", "lead", "mql", "sql", "opportunity", "customer")}
    return {
        "name": "staged",
        "fields": {
            "title": {"type": "text"},
            "out": {"type": "flag"},
            "seen": {"type": "datetime"},
        },
        "scores": {
            "fit": {
                "groups": [
                    {"name": "Role", "rules": [{"name": "Chief", "when": {"title": {"is": "CEO"}}, "points": 20}]}
                ]
            },
            "engagement": {"groups": [{"name": "Acts", "rules": engagement}]},
        },
        "bands": {"cold": None, "warm": 35, "hot": 65},
        "grade": {"letter": {"of": "fit", "A": 20, "B": None}, "digit": {"of": "engagement", 1: 50, 2: None}},
        "lifecycle": {
            "mode": "write",
            "stages": stages,
            "enter": [
                {"stage": "sql", "when": {"total": {"at_least": 65}}},
                {"stage": "mql", "when": {"total": {"at_least": 35}}},
            ],
            "otherwise": "lead",
            "margin": 5,
            "never_leave": ["opportunity", "customer"],
            "exclude": {"out": True},
            **lifecycle,
        },
        "feedback": {
            "answers": [
                {"answer": "true_sql", "label": "True SQL"},
                {"answer": "not_ready", "label": "Not ready", "drop_to": 50},
                {"answer": "bad_fit", "label": "Bad fit", "points": -30},
                {"answer": "good_fit", "label": "Good fit", "points": 10},
                {"answer": "unqualified", "label": "Unqualified", "points": -100, "hold": "subscriber"},
            ]
        },
    }


class Staged:
    """The model compiled, asked about one subject."""

    def __init__(self, whole: dict[str, Any] | None = None, **lifecycle: Any):
        self.model = load_model(document(**lifecycle) if whole is None else whole)
        self.scorer = compile_models([self.model], TABLES)
        self._footing_of = compile_footings([self.model], TABLES)

    def score(self, facts: Facts, at: int = NOW) -> Score:
        return self.scorer(facts, at)

    def footing(self, facts: Facts, at: int = NOW) -> Footing:
        found = self._footing_of(facts, self.scorer(facts, at))
        assert found is not None
        return found

    def decide(
        self, facts: Facts, standing: StageStanding, at: int = NOW, order: Sequence[str] = ORDER
    ) -> StageChange | None:
        """The decision on these facts; the answer and the crossing are found in them."""
        score = self.scorer(facts, at)
        since = standing.set_at
        crossed = None if since is None else last_crossing(self.scorer, self.model, facts, score, since)
        standing = dataclasses.replace(standing, answer=answer_at(facts, at), crossed_at=crossed)
        return decide(self.model, score, self._footing_of(facts, score), standing, order)


def demo(days_ago: int, *, learned: int | None = None) -> Activity:
    return activity("form_submission", NOW - days_ago * DAY, {"form": "Demo"}, learned_at=learned)


def views(count: int, days_ago: int = 1) -> tuple[Activity, ...]:
    """So many views, a minute apart, the first so many days ago."""
    return tuple(activity("page_view", NOW - days_ago * DAY + n * 60_000, {"url": "/"}) for n in range(count))


def person(*acts: Activity, answers: tuple[Answer, ...] = (), history: tuple[Value, ...] = (), **values: str) -> Facts:
    return Facts("one", NOW - 200 * DAY, values, history, acts, (), answers)


def ours(stage: str, days_ago: int = 5) -> StageStanding:
    return StageStanding(stage, ours=True, set_at=NOW - days_ago * DAY)


def theirs(stage: str | None, days_ago: int = 5) -> StageStanding:
    return StageStanding(stage, set_at=NOW - days_ago * DAY, by="person")


def answered(word: str | None, days_ago: float, *, learned: int | None = None) -> tuple[Answer, ...]:
    return (Answer(word, NOW - int(days_ago * DAY), "ann", learned_at=learned),)
