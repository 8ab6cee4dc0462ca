"""Our fields in HubSpot: their names, labels and types, and how a value is written there and read back."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.hubspot.instants import instant
from connectors.outputs import ADMIN, REPS, score_words
from scoring.model import ScoringModel

PREFIX = "leadscore_"
GROUPS = {"leadscore": "leadscore", "leadscore_admin": "leadscore (admin)"}
"""Our two property groups, name and label: what reps see, and the rest."""

_NUMBERS = {"total", "adjustment"}
_INSTANTS = {"scored_at", "next_change_at", "first_mql_at", "last_mql_at", "first_sql_at", "last_sql_at"}

_LABELS = {
    "grade_band": ("Lead grade and band", "Grade (fit and engagement) and temperature of this lead."),
    "total": ("Lead score", "The sum of all scores of this lead."),
    "reason": ("Lead score: why", "Why this lead has its score, in one or two sentences."),
    "feedback": ("Lead feedback", "What sales says about this lead. The answer moves the score."),
    "feedback_note": ("Lead feedback note", "In your own words: why the answer above."),
    "band": ("Score band", "Temperature of the total."),
    "grade": ("Score grade", "Letter for who they are, digit for what they do."),
    "adjustment": ("Score adjustment", "What sales feedback added to the total."),
    "model": ("Scoring model", "The model that scored this contact."),
    "scored_at": ("Scored at", "The instant that the score is of."),
    "next_change_at": ("Score changes next", "When the score changes if nothing new happens."),
    "stage": ("Stage by score", "The stage that the score alone would give."),
    "first_mql_at": ("First MQL", "When this contact first became marketing qualified."),
    "last_mql_at": ("Last MQL", "When this contact last became marketing qualified."),
    "first_sql_at": ("First SQL", "When this contact first became sales qualified."),
    "last_sql_at": ("Last SQL", "When this contact last became sales qualified."),
    "last_feedback": ("Last feedback", "The latest answer of sales."),
    "last_feedback_by": ("Last feedback by", "Who gave the latest answer."),
}


@dataclass(frozen=True, slots=True)
class OurField:
    """One of our properties as HubSpot defines it. `options` are (value, label) of a select."""

    word: str
    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str
    options: tuple[tuple[str, str], ...] = ()


def our_fields(models: Sequence[ScoringModel]) -> tuple[OurField, ...]:
    """Every field of ours that these models need, those of the reps first. Models without feedback need no field to
    answer in."""
    answers = _answers(models)
    words = (*REPS, *ADMIN, *score_words(models))
    return tuple(_field(word, answers) for word in words if answers or word not in ("feedback", "feedback_note"))


def property_name(word: str) -> str:
    """The property that keeps an output word. HubSpot allows small letters, digits and underscores; a score whose name
    has anything else gets a piece of its hash, so that two scores never share a field."""
    plain = re.sub(r"[^a-z0-9_]+", "_", word.lower())
    if plain != word:
        plain = f"{plain.strip('_')}_{hashlib.sha256(word.encode()).hexdigest()[:6]}"
    return PREFIX + plain


def is_ours(name: str, group: str) -> bool:
    """Ours by name and by group: a property that an admin named like ours, elsewhere, is never touched."""
    return name.startswith(PREFIX) and group in GROUPS


def read_back(word: str, raw: str | None) -> str:
    """The text that was written, from what HubSpot shows: ISO times as ms text, `95.0` as `95`."""
    if not raw:
        return ""
    if word in _INSTANTS:
        at = instant(raw)
        return raw if at is None else str(at)
    if _is_number(word):
        return _digits(raw)
    return raw


def _field(word: str, answers: tuple[tuple[str, str], ...]) -> OurField:
    label, description = _LABELS.get(word) or (f"Score: {word.removeprefix('score_')}", "One part of the lead score.")
    group = "leadscore" if word in REPS else "leadscore_admin"
    kind, field_type = _type(word)
    options = answers if word == "feedback" else ()
    return OurField(word, property_name(word), label, kind, field_type, group, description, options)


def _type(word: str) -> tuple[str, str]:
    """HubSpot's type and fieldType; a datetime has the fieldType `date`."""
    if word == "feedback":
        return "enumeration", "select"
    if word in _INSTANTS:
        return "datetime", "date"
    if _is_number(word):
        return "number", "number"
    return "string", "textarea" if word in ("reason", "feedback_note") else "text"


def _is_number(word: str) -> bool:
    return word in _NUMBERS or word.startswith("score_")


def _digits(raw: str) -> str:
    try:
        number = float(raw)
    except ValueError:
        return raw
    return str(int(number)) if number.is_integer() else raw


def _answers(models: Sequence[ScoringModel]) -> tuple[tuple[str, str], ...]:
    """(value, label) of every answer of the models whose feedback field on HubSpot is ours."""
    options: dict[str, str] = {}
    for model in models:
        if model.feedback is not None and model.feedback.field.get("hubspot") == property_name("feedback"):
            options |= {spec.answer: spec.label for spec in model.feedback.answers if spec.answer not in options}
    return tuple(options.items())
