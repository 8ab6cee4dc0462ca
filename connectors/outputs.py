"""What leadscore writes into a CRM, field by field, in words that are the same for every CRM."""

from collections.abc import Sequence

from scoring.ledger import Score
from scoring.model import ScoringModel

REPS = ("grade_band", "total", "reason", "feedback", "feedback_note")
"""The five fields that a sales rep sees: grade and band in one text, the total, why, and the two to answer in."""

ADMIN = (
    "band",
    "grade",
    "adjustment",
    "model",
    "scored_at",
    "next_change_at",
    "stage",
    "first_mql_at",
    "last_mql_at",
    "first_sql_at",
    "last_sql_at",
    "last_feedback",
    "last_feedback_by",
)
"""The rest, in the group for admins; each score of the models has one more word, `score_NAME`."""

RIDERS = frozenset({"reason", "scored_at", "next_change_at"})
"""Words that are written along with others and never cause a write."""


def score_words(models: Sequence[ScoringModel]) -> tuple[str, ...]:
    """The words for each score's own field, in model order, each once."""
    return tuple(dict.fromkeys(f"score_{spec.name}" for model in models for spec in model.scores))


def output_values(score: Score, words: Sequence[str]) -> dict[str, str]:
    """A score as raw text by output word; "" where there is nothing to show. Numbers as digits, instants as ms UTC."""
    numbers = {"total": score.total, "adjustment": score.adjustment if score.model else None}
    numbers |= {f"score_{name}": points for name, points in score.scores.items()}
    instants = {"scored_at": score.as_of if score.model else None, "next_change_at": score.next_change_at}
    texts = {
        "band": score.band,
        "grade": score.grade,
        "model": score.model,
        "stage": score.stage,
        "reason": score.reason if "reason" in words else "",
    }
    texts["grade_band"] = " ".join(part for part in (score.grade, score.band) if part)
    shown = {word: str(value) for word, value in (numbers | instants).items() if value is not None}
    shown |= {word: text for word, text in texts.items() if text}
    known = {*REPS, *ADMIN} - {"feedback", "feedback_note"}
    return {word: shown.get(word, "") for word in words if word in known or word.startswith("score_")}
