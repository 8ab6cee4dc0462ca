"""Our fields in Salesforce: their names and types, and how a value is written there and read back.

The stage that the lifecycle keeps (`Lead_Score_Stage__c`) is the model's own choice and stands in its `field:`.
"""

import hashlib
import re

from connectors.salesforce.instants import instant, iso

PREFIX = "Lead_Score_"
_TOTAL = "Lead_Score__c"
_LONGEST = 40
"""Characters of a field's name without `__c`."""

_NUMBERS = {"total", "adjustment"}
_INSTANTS = {"scored_at", "next_change_at", "first_mql_at", "last_mql_at", "first_sql_at", "last_sql_at"}
_NAMES = {"total": _TOTAL, "stage": "Lead_Score_Stage_By_Score__c"}


def field_name(word: str) -> str:
    """The field, on Lead and on Contact, that keeps an output word. Salesforce does not mind capitals and allows
    letters, digits and single underscores; a score whose name has anything else, or is too long, gets a piece of its
    hash, so that two scores never share a field."""
    if word in _NAMES:
        return _NAMES[word]
    score = word.startswith("score_")
    asked = word.removeprefix("score_") if score else word
    plain = "_".join(part.capitalize() for part in re.findall(r"[a-z0-9]+", asked.lower()))
    stem = f"{PREFIX}Of_{plain}" if score else PREFIX + plain
    if plain.lower() != asked or len(stem) > _LONGEST:
        stem = f"{stem[: _LONGEST - 7].rstrip('_')}_{hashlib.sha256(asked.encode()).hexdigest()[:6]}"
    return f"{stem}__c"


def note_of(feedback: str) -> str:
    """The field for a note beside a field in which sales answers: `X_Note__c` beside `X__c`."""
    return f"{feedback.removesuffix('__c')}_Note__c"


def is_ours(name: str) -> bool:
    """By its name: Salesforce has no groups of fields."""
    return name == _TOTAL or (name.startswith(PREFIX) and name.endswith("__c"))


def kind_of(word: str) -> str:
    """`number`, `datetime`, `long` (text of up to 32,768 characters), `picklist` or `text`."""
    if word in _NUMBERS or word.startswith("score_"):
        return "number"
    if word in _INSTANTS:
        return "datetime"
    if word in ("reason", "feedback_note"):
        return "long"
    return "picklist" if word == "feedback" else "text"


def written(word: str, text: str) -> str | int | float | None:
    """A value as Salesforce takes it in JSON; None empties a field. Times lose their milliseconds there."""
    if not text:
        return None
    kind = kind_of(word)
    if kind == "datetime":
        return iso(int(text)) if text.lstrip("-").isdigit() else text
    if kind == "number":
        return _number(text)
    return text


def read_back(word: str, value: object) -> str:
    """The text that was written, from what Salesforce shows: ISO times as ms text, `95.0` as `95`."""
    if value is None or value == "":
        return ""
    if kind_of(word) == "datetime":
        at = instant(value)
        return str(value) if at is None else str(at)
    return plain_text(value) or ""


def plain_text(value: object) -> str | None:
    """A value of JSON as raw text: `true`, `95`, `2026-01-31`; None stays. Parts of an address are not read."""
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(text: str) -> str | int | float:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
