"""Reads raw CRM text as the types of a model, the slow and obvious way: the oracle's own reading of every type."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from enum import Enum
from fractions import Fraction
from typing import Any

from scoring.values import Tables

DAY = 86_400_000
_UNITS = {"minute": 60_000, "hour": 3_600_000, "day": DAY, "week": 7 * DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999  # the years 1 to 9999, which can be written as dates
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_PART = r"([0-9]+(?:\.[0-9]+)?)"
_INTERVAL = re.compile(rf"{_PART}\s*-\s*{_PART}")
_OPEN = re.compile(rf"{_PART}\s*\+")
_ISO = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


class Reading(Enum):
    """What a text can be besides a value."""

    UNKNOWN = "nothing is there"
    UNREADABLE = "something is there that is not of the type"


UNKNOWN, UNREADABLE = Reading.UNKNOWN, Reading.UNREADABLE

Interval = tuple[Fraction, Fraction | None]
"""A number between two ends that both belong; None: open above."""


def fold(text: str) -> str:
    """NFKC, case folding, trimming. Folding can undo the normal form, so it is made again."""
    return nfkc(nfkc(text).casefold()).strip()


def nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def duration(text: str) -> int:
    """`90 days` in milliseconds."""
    number, unit = text.split()
    return int(number) * _UNITS[unit.removesuffix("s")]


def members(text: str) -> frozenset[str]:
    """The folded members of a multi-select; blank ones are none."""
    return frozenset(fold(part) for part in text.split(";") if part.strip())


def is_blank(kind: str, text: str) -> bool:
    return not members(text) if kind == "set" else not text.strip()


def read(kind: str, text: str | None, tables: Tables) -> Any:
    """A value of the type, UNKNOWN or UNREADABLE.

    number: Interval · flag: bool · date, datetime: ms · country: alpha-2 · set: folded members · others: the text.
    """
    if text is None or is_blank(kind, text):
        return False if kind == "flag" else UNKNOWN
    text = text.strip()
    if kind in ("text", "url"):
        return text
    if kind == "email":
        return text if _is_address(text) else UNREADABLE
    if kind == "number":
        return read_number(text)
    if kind == "flag":
        return _FLAGS.get(fold(text), UNREADABLE)
    if kind == "country":
        return tables.countries.get(fold(text), UNREADABLE)
    if kind == "set":
        return members(text)
    instant = read_instant(text)
    if kind == "date" and isinstance(instant, int):
        return instant // DAY * DAY
    return instant


_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _is_address(text: str) -> bool:
    before, at, after = text.rpartition("@")
    return bool(before and at and after) and not any(letter.isspace() for letter in text)


def read_number(text: str) -> Interval | Reading:
    if _NUMBER.fullmatch(text):
        return Fraction(text), Fraction(text)
    if found := _OPEN.fullmatch(text):
        return Fraction(found[1]), None
    if (found := _INTERVAL.fullmatch(text)) and Fraction(found[1]) <= Fraction(found[2]):
        return Fraction(found[1]), Fraction(found[2])
    return UNREADABLE


def read_instant(text: str) -> int | Reading:
    """Milliseconds of a date, an ISO 8601 time (UTC where no zone is given) or epoch milliseconds."""
    if re.fullmatch(r"-?[0-9]+", text):
        return int(text) if _FIRST <= int(text) <= _LAST else UNREADABLE
    found = _ISO.fullmatch(text)
    if not found:
        return UNREADABLE
    day, hour, minute, second, fraction, zone = found.groups()
    clock = f"{hour or '00'}:{minute or '00'}:{second or '00'}"
    try:
        moment = datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return UNREADABLE
    milliseconds = int(((fraction or "") + "000")[:3])
    return (moment - _EPOCH) // timedelta(milliseconds=1) + milliseconds - _offset(zone)


def _offset(zone: str | None) -> int:
    if zone in (None, "Z"):
        return 0
    digits = zone[1:].replace(":", "")
    size = int(digits[:2]) * _UNITS["hour"] + int(digits[2:]) * _UNITS["minute"]
    return -size if zone[0] == "-" else size


def words(text: str) -> list[str]:
    """The runs of letters, digits and their marks in the folded text; a mark that follows neither parts words."""
    kept = ""
    for letter in fold(text):
        category = unicodedata.category(letter)
        belongs = category[0] == "L" or category == "Nd" or (category[0] == "M" and kept[-1:].strip())
        kept += letter if belongs else " "
    return kept.split()
