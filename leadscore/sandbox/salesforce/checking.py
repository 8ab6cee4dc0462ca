"""Checks one value on its way into a field: its type, its length, and whether a picklist knows it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from leadscore.sandbox.salesforce import ids
from leadscore.sandbox.salesforce.errors import Refused
from leadscore.sandbox.salesforce.fields import Field

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NUMBERS = ("double", "currency", "percent")


def kept(field: Field, value: Any) -> Any:
    """The value as its column keeps it; an empty text is none. Raises Refused."""
    if value is None or value == "":
        if field.type == "boolean":
            raise _wrong(field, value)
        if not field.nillable:
            raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", field.name)
        return None
    match field.type:
        case "boolean":
            return int(_flag(field, value))
        case "int" | "double" | "currency" | "percent":
            return _number(field, value)
        case "date":
            return _date(field, value)
        case "datetime":
            return _datetime(field, value)
        case "id" | "reference":
            return _reference(field, value)
    if not isinstance(value, str):
        raise _wrong(field, value)
    return _text(field, value)


def _wrong(field: Field, value: Any) -> Refused:
    return Refused("JSON_PARSER_ERROR", f"Cannot deserialize instance of {field.type} from {value!r} for {field.name}")


def _flag(field: Field, value: Any) -> bool:
    """Bulk's CSV spells flags as texts."""
    spelt = {"true": True, "false": False, "1": True, "0": False}
    found = spelt.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise _wrong(field, value)
    return found


def _number(field: Field, value: Any) -> int | float:
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        number = None
    if number is None or number != number or abs(number) == float("inf"):
        raise _wrong(field, value)
    if field.type == "int" and number != int(number):
        raise _wrong(field, value)
    digits = field.precision - field.scale
    if digits and abs(number) >= 10**digits:
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", f"{field.name}: value outside of valid range", field.name)
    return round(number, field.scale) if field.type in _NUMBERS else int(number)


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise _wrong(field, value) from None


def _datetime(field: Field, value: Any) -> int:
    """Whole seconds, as Salesforce keeps times."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise _wrong(field, value) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000


def _reference(field: Field, value: Any) -> str:
    found = ids.full(value) if isinstance(value, str) else None
    if found is None:
        raise Refused("MALFORMED_ID", f"{field.name}: id value of incorrect type: {value}", field.name)
    allowed = {ids.PREFIXES[name] for name in field.to}
    if allowed and found[:3] not in allowed:
        raise Refused("FIELD_INTEGRITY_EXCEPTION", f"{field.name}: id value of incorrect type: {value}", field.name)
    return found


def _text(field: Field, value: str) -> str:
    if field.type == "email" and not _MAIL.fullmatch(value):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.name}: invalid email address: {value}", field.name)
    if field.type in ("picklist", "multipicklist") and field.restricted:
        bad = [part for part in value.split(";" if field.type == "multipicklist" else "\0") if part not in field.values]
        if bad:
            raise Refused(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.name}: bad value for restricted picklist field: {bad[0]}",
                field.name,
            )
    if field.longest is not None and len(value) > field.longest:
        raise Refused(
            "STRING_TOO_LONG",
            f"{field.name}: data value too large: {value[:40]} (max length={field.longest})",
            field.name,
        )
    return value
