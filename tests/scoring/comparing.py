"""Brings the engine's answer into the oracle's form, so that the two can be compared whole, as often as is wished.

LEADSCORE_SOAK multiplies the number of random examples of a run, which are then new ones each time.
"""

import os
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from config.model_file import load_model
from scoring.engine import compile_models
from scoring.facts import Facts
from scoring.ledger import Score
from tests.scoring.oracle_conditions import Document
from tests.scoring.tables import TABLES

SOAK = int(os.environ.get("LEADSCORE_SOAK", "1"))


def steady(examples: int) -> settings:
    """The same examples in every run, unless a soak is asked for; only a soak makes what fails small (minutes)."""
    return settings(
        phases=[Phase.generate] if SOAK == 1 else [Phase.generate, Phase.shrink],
        max_examples=examples * SOAK,
        derandomize=SOAK == 1,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def engine_score(documents: Sequence[Document], facts: Facts, as_of: int) -> dict[str, Any]:
    """What the engine says of one subject, the files loaded anew."""
    return as_plain(compile_models([load_model(dict(document)) for document in documents], TABLES)(facts, as_of))


def as_plain(score: Score) -> dict[str, Any]:
    """All of a Score but reason and evidence; a contribution is (kind, score, group, rule, points)."""
    return {
        "model": score.model,
        "as_of": score.as_of,
        "scores": dict(score.scores),
        "adjustment": score.adjustment,
        "total": score.total,
        "band": score.band,
        "grade": score.grade,
        "stage": score.stage,
        "contributions": tuple(
            (line.kind, line.score, line.group, line.rule, line.points) for line in score.contributions
        ),
        "unreadable": score.unreadable,
        "next_change_at": score.next_change_at,
    }
