"""Salesforce's ways of writing a time, read as milliseconds since the epoch."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(text: object) -> int | None:
    """`2026-01-31T08:30:00.000+0000` (REST), the same with Z (Bulk), or a plain date (its first moment, UTC); else
    None."""
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def literal(at: int) -> str:
    """An instant as SOQL takes it, in whole seconds: `2026-01-31T08:30:00Z`."""
    return (_EPOCH + timedelta(seconds=at // 1000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso(at: int) -> str:
    """An instant as a datetime field takes it, with its milliseconds (of which Salesforce keeps none)."""
    return (_EPOCH + timedelta(milliseconds=at)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
