"""HubSpot's ways of writing a time, read as milliseconds since the epoch."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000


def instant(text: object) -> int | None:
    """ISO 8601 (what HubSpot answers; without a zone: UTC), epoch milliseconds as text or number; else None."""
    if isinstance(text, int):
        return text
    if not isinstance(text, str) or not text.strip():
        return None
    text = text.strip()
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def iso(at: int) -> str:
    """An instant as HubSpot's events API takes it: `2027-03-10T09:30:00.000Z`."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def next_midnight(now: int, zone: str, offset_ms: int = 0) -> int:
    """When the account's day ends, which is when HubSpot's daily limit starts anew. `offset_ms` is the account's UTC
    offset, used when this machine does not know the zone (a slim container without tzdata)."""
    try:
        local = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
        offset = local.utcoffset()
        offset_ms = round(offset.total_seconds() * 1000) if offset is not None else 0
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    return ((now + offset_ms) // _DAY + 1) * _DAY - offset_ms
