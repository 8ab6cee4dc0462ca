"""Raw CRM text read as the types of a model: numbers and ranges, dates, countries, addresses, flags."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NamedTuple

DAY = 86_400_000
"""Milliseconds of a day; UTC days have no other length."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(?:([Zz])|([+-])(\d\d):?(\d\d)?))?)?",
    re.ASCII,
)
_EPOCH = re.compile(r"-?\d{1,15}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?)|\+)", re.ASCII)
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_LAST_INSTANT = (date.max.toordinal() - _EPOCH_DAY + 1) * DAY - 1
_FIRST_INSTANT = (date.min.toordinal() - _EPOCH_DAY) * DAY


@dataclass(frozen=True, slots=True)
class Tables:
    """Frozen look-ups that come from outside: mail domains (lower case) and country names.

    `countries` maps a folded name or code (`fold`) to the ISO alpha-2 code in capitals.
    """

    free_domains: frozenset[str]
    disposable_domains: frozenset[str]
    countries: Mapping[str, str]


class Interval(NamedTuple):
    """A number, or all numbers between two that both belong; `high` None: no upper end."""

    low: Decimal
    high: Decimal | None


class Unreadable:
    """The text has a value that is none of its type: unknown, and named to the admin."""


UNREADABLE: Final = Unreadable()

Read = str | bool | int | Interval | frozenset[str] | Unreadable | None
"""A typed value; None: unknown. text and url: as written, trimmed; email: trimmed; number: Interval; flag: bool;
date and datetime: instant; country: alpha-2; set: folded members."""


def fold(text: str) -> str:
    """Text as it is compared: NFKC, case-folded, without space at its ends."""
    if text.isascii():
        return text.lower().strip()  # the same, ten times quicker
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def words_of(text: str) -> str:
    """The words of a text, folded, with one space before, between and after them; "" if there are none.

    A word is a run of letters, decimal digits and the marks that follow them, of any script.
    """
    out: list[str] = []
    inside = False
    for char in fold(text):
        category = unicodedata.category(char)
        inside = category[0] == "L" or category == "Nd" or (inside and category[0] == "M")
        out.append(char if inside else " ")
    joined = " ".join("".join(out).split())
    return f" {joined} " if joined else ""


def read_instant(text: str) -> int | None:
    """ISO 8601 or epoch milliseconds as an instant; None: neither. Digits after milliseconds are cut; a time without
    a zone is UTC, a date is 00:00 UTC; a space may stand for the T."""
    text = text.strip()
    if _EPOCH.fullmatch(text):
        number = int(text)
        return number if _FIRST_INSTANT <= number <= _LAST_INSTANT else None
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, _zulu, sign, zone_hour, zone_minute = match.groups(default="")
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    h, m, s = int(hour or 0), int(minute or 0), int(second or 0)
    zh, zm = int(zone_hour or 0), int(zone_minute or 0)
    if h > 23 or m > 59 or s > 59 or zh > 23 or zm > 59:
        return None
    offset = (zh * 60 + zm) * 60_000 * (-1 if sign == "-" else 1)
    return days * DAY + ((h * 60 + m) * 60 + s) * 1000 + int(fraction[:3].ljust(3, "0") or 0) - offset


def write_instant(instant: int) -> str:
    """An instant as ISO 8601 with milliseconds and Z. Instants outside the years 1 to 9999 are shown at the edge."""
    instant = min(max(instant, _FIRST_INSTANT), _LAST_INSTANT)
    moment = datetime.fromordinal(instant // DAY + _EPOCH_DAY).replace(tzinfo=UTC)
    rest = instant % DAY
    return f"{moment:%Y-%m-%d}T{rest // 3_600_000:02}:{rest // 60_000 % 60:02}:{rest // 1000 % 60:02}.{rest % 1000:03}Z"


def write_date(instant: int) -> str:
    """The UTC day of an instant, as YYYY-MM-DD."""
    return write_instant(instant)[:10]


def read_number(text: str) -> Interval | None:
    """`-12`, `3.5`, `100-500` or `500+` in ASCII; None: none of them."""
    text = text.strip()
    if (text.isascii() and text.isdigit()) or _NUMBER.fullmatch(text):
        number = Decimal(text)
        return Interval(number, number)
    match = _INTERVAL.fullmatch(text)
    if match is None:
        return None
    low, high = Decimal(match[1]), match[2]
    if high is None:
        return Interval(low, None)
    return Interval(low, Decimal(high)) if low <= Decimal(high) else None


def domain_of(email: str) -> str | None:
    """The folded domain of an address; None: this is no address."""
    local, at, domain = email.strip().rpartition("@")
    if not at or not local or not domain or any(char.isspace() for char in local + domain):
        return None
    return fold(domain)


def within_domains(domain: str, listed: frozenset[str]) -> bool:
    """Whether a domain or one that it is a subdomain of is listed."""
    while domain:
        if domain in listed:
            return True
        domain = domain.partition(".")[2]
    return False


def is_blank(type: str, raw: str) -> bool:
    """Whether raw text holds no value: blank, or a set without members."""
    return not raw or raw.isspace() or (type == "set" and not any(part.strip() for part in raw.split(";")))


def reader(type: str, tables: Tables) -> Callable[[str | None], Read]:
    """The function that reads raw text (None: there is none) as `type`. A flag without a value reads as False."""
    parse: dict[str, Callable[[str], Read]] = {
        "text": str.strip,
        "url": str.strip,
        "email": lambda raw: raw.strip() if domain_of(raw) else UNREADABLE,
        "number": lambda raw: read_number(raw) or UNREADABLE,
        "flag": lambda raw: _FLAGS.get(fold(raw), UNREADABLE),
        "date": _read_date,
        "datetime": lambda raw: _or_unreadable(read_instant(raw)),
        "country": lambda raw: tables.countries.get(fold(raw), UNREADABLE),
        "set": lambda raw: frozenset(fold(part) for part in raw.split(";") if part.strip()),
    }
    read, empty = parse[type], False if type == "flag" else None
    return lambda raw: empty if raw is None or is_blank(type, raw) else read(raw)


def _or_unreadable(instant: int | None) -> Read:
    return UNREADABLE if instant is None else instant


def _read_date(raw: str) -> Read:
    instant = read_instant(raw)
    return UNREADABLE if instant is None else instant - instant % DAY
