"""The small notations of a model file: `14 days`, `10%`, `2..5`, `0.5`."""

import re
from decimal import Decimal

from config.problems import did_you_mean

_UNITS = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000, "week": 604_800_000}
_DURATION = re.compile(r"\s*(\d{1,7})\s*([a-zA-Z]+)\s*", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_END = r"([+-]?\d{1,15}(?:\.\d{1,15})?)"
_RANGE = re.compile(rf"\s*{_END}?\s*(\.\.)?\s*{_END}?\s*", re.ASCII)

DURATION_PATTERN = r"^\s*[0-9]{1,7}\s*(minutes?|hours?|days?|weeks?)\s*$"
PERCENT_PATTERN = r"^\s*[0-9]{1,3}\s*%\s*$"
RANGE_PATTERN = r"^\s*(-?[0-9.]+|-?[0-9]+(\.[0-9]+)?\s*\.\.\s*(-?[0-9]+(\.[0-9]+)?)?|\.\.\s*-?[0-9]+(\.[0-9]+)?)\s*$"


def duration(value: object) -> int:
    """Milliseconds of `N minutes|hours|days|weeks`. Raises ValueError with a sentence for the person who wrote it."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        counted = isinstance(value, int) and not isinstance(value, bool)
        hint = f"write {value} days, or another unit" if counted else "write e.g. 14 days"
        raise ValueError(f"{_shown(value)} is no duration ({hint})")
    unit = found[2].lower().removesuffix("s")
    if unit not in _UNITS:
        # A month has no fixed length, and is no misspelt minute.
        near = "" if unit in ("month", "year", "quarter") else did_you_mean(found[2], [f"{name}s" for name in _UNITS])
        hint = near or "use minutes, hours, days or weeks"
        raise ValueError(f"`{found[2]}` is no unit of time ({hint})")
    return int(found[1]) * _UNITS[unit]


def duration_text(ms: int) -> str:
    """A duration in its largest whole unit: `14 days`."""
    for unit, size in reversed(_UNITS.items()):
        if ms % size == 0:
            count = ms // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{ms} ms"


def percent(value: object) -> int:
    """The number in `10%`, 1 to 100. Raises ValueError."""
    found = re.fullmatch(r"\s*(\d{1,3})\s*%\s*", value, re.ASCII) if isinstance(value, str) else None
    if not found:
        hint = f"write {value}%" if isinstance(value, int) else "write e.g. 10%"
        raise ValueError(f"{_shown(value)} is no percentage ({hint})")
    if not 1 <= int(found[1]) <= 100:
        raise ValueError(f"{_shown(value)} is out of reach; a step loses 1% to 100%")
    return int(found[1])


def number(value: object) -> Decimal:
    """An exact number. Raises ValueError."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{_shown(value)} is no number")
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    raise ValueError(f"{_shown(value)} is no number")


def number_range(text: str) -> tuple[Decimal | None, Decimal | None]:
    """The ends of `2..5`, `6..`, `..1` or a single `5`; None is open. Raises ValueError."""
    found = _RANGE.fullmatch(text)
    if not found or not (found[1] or found[3]) or (found[3] and not found[2]):
        # A YAML library may have read a bare 5. as a number.
        try:
            single = number(text.strip().removesuffix("."))
        except ValueError:
            raise ValueError(f"`{text}` is no range (write e.g. 2..5, 6.. or ..1)") from None
        return single, single
    low = Decimal(found[1]) if found[1] else None
    high = Decimal(found[3]) if found[3] else (None if found[2] else low)
    if low is not None and high is not None and low > high:
        raise ValueError(f"the range `{text}` runs backwards (write {high}..{low})")
    return low, high


def _shown(value: object) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    return f"`{value}`"
