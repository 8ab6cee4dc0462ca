"""What may be written into a field: every value is checked against its property and turned into HubSpot's text form.

Everything is text in the CRM API; "" clears a value [docs copy: properties guide]. One bad property fails its whole
record. The codes PROPERTY_DOESNT_EXIST, INVALID_OPTION, INVALID_EMAIL, INVALID_INTEGER are seen in captures;
READ_ONLY_VALUE, INVALID_DATE and VALUE_TOO_LONG are [not verified].
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from leadscore.sandbox.catalogue import Definition
from leadscore.sandbox.clock import DAY_MS, instant, iso
from leadscore.sandbox.errors import Refused, invalid_properties, property_fault
from leadscore.sandbox.state import Portal

LONGEST = 65_536
_EMAIL = re.compile(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+$")

Values = dict[str, str | None]


class _Invalid(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def checked(
    portal: Portal, object_type: str, given: Mapping[str, Any], before: Mapping[str, str], by_person: bool = False
) -> Values:
    """The values as they will be stored (None clears), less those that HubSpot silently does not take.

    `before` is the record as it is. A lifecycle stage moves forward only; a backward one is dropped without a word,
    except when a person sets it in the app (`by_person`). Raises Refused with all faults of the record in one message.
    """
    definitions = portal.definitions(object_type)
    taken: Values = {}
    faults = []
    for name, value in given.items():
        definition = definitions.get(name)
        if definition is None:
            message = f'Property "{name}" does not exist'
            faults.append(property_fault(name, "PROPERTY_DOESNT_EXIST", message, portal.settings.portal_id))
            continue
        try:
            taken[name] = _read(portal, definition, value, before.get(name))
        except _Invalid as error:
            faults.append(property_fault(name, error.code, str(error), portal.settings.portal_id))
    if faults:
        raise Refused(invalid_properties(faults))
    if "lifecyclestage" in taken and not by_person:
        order = definitions["lifecyclestage"].values
        if _is_backward(order, before.get("lifecyclestage"), taken["lifecyclestage"]):
            del taken["lifecyclestage"]
    return taken


def _is_backward(order: tuple[str, ...], old: str | None, new: str | None) -> bool:
    """A backward write answers with success and changes nothing [community; exact v3 answer not verified]."""
    return old in order and new in order and order.index(new) < order.index(old)


def _read(portal: Portal, definition: Definition, value: Any, before: str | None) -> str | None:
    if definition.read_only:
        raise _Invalid("READ_ONLY_VALUE", f'"{definition.name}" is a calculated property; its value cannot be set')
    if isinstance(value, (dict, list)):
        raise _Invalid("INVALID_VALUE", f"{definition.name} must be a text, not {type(value).__name__}")
    text = "" if value is None else _plain(value)
    if text == "":
        return None
    if len(text) > LONGEST:
        raise _Invalid("VALUE_TOO_LONG", f"{definition.name} is longer than {LONGEST} characters")
    if definition.type in _READERS:
        return _READERS[definition.type](definition, text)
    if definition.type == "enumeration":
        return _choice(portal, definition, text, before)
    if definition.name == "email":
        return _email(text)
    return text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _email(text: str) -> str:
    address = text.strip().lower()
    if not _EMAIL.match(address):
        raise _Invalid("INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def _number(_definition: Definition, text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        raise _Invalid("INVALID_INTEGER", f"{text} was not a valid number.")
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else text.strip()


def _flag(_definition: Definition, text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise _Invalid("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text.lower()


def _date(_definition: Definition, text: str) -> str:
    if text.lstrip("-").isdigit():
        if int(text) % DAY_MS:
            raise _Invalid("INVALID_DATE", f"{text} is not midnight UTC")
        return datetime.fromtimestamp(int(text) / 1000, UTC).date().isoformat()
    try:
        return date.fromisoformat(text.partition("T")[0]).isoformat()
    except ValueError:
        raise _Invalid("INVALID_DATE", f"{text} was not a valid date.") from None


def _datetime(_definition: Definition, text: str) -> str:
    try:
        return iso(instant(text))
    except (ValueError, OverflowError, OSError):
        raise _Invalid("INVALID_DATE", f"{text} was not a valid long.") from None


_READERS = {"number": _number, "bool": _flag, "date": _date, "datetime": _datetime}


def _choice(portal: Portal, definition: Definition, text: str, before: str | None) -> str:
    """Checkbox values are joined with `;`; a leading `;` appends instead of replacing [docs copy]."""
    allowed = options(portal, definition)
    if definition.field_type != "checkbox":
        if text not in allowed:
            raise _not_allowed(text, allowed)
        return text
    chosen = [part.strip() for part in text.split(";") if part.strip()]
    for part in chosen:
        if part not in allowed:
            raise _not_allowed(part, allowed)
    kept = before.split(";") if before and text.startswith(";") else []
    return ";".join(dict.fromkeys(kept + chosen))


def _not_allowed(text: str, allowed: tuple[str, ...]) -> _Invalid:
    return _Invalid("INVALID_OPTION", f"{text} was not one of the allowed options: [{', '.join(allowed)}]")


def options(portal: Portal, definition: Definition) -> tuple[str, ...]:
    """The allowed values; owners, pipelines and deal stages come from the account, not from the property."""
    if definition.name == "hubspot_owner_id":
        sql = "SELECT id FROM owners WHERE archived<=? ORDER BY id"
        return tuple(str(row[0]) for row in portal.db.execute(sql, (int(not portal.settings.archived_owner_refused),)))
    if definition.name == "pipeline":
        return tuple(
            row[0] for row in portal.db.execute("SELECT id FROM pipelines WHERE type='deals' ORDER BY position")
        )
    if definition.name == "dealstage":
        sql = (
            "SELECT json_extract(s.value, '$.id') FROM pipelines p, json_each(p.doc, '$.stages') s WHERE p.type='deals'"
        )
        return tuple(row[0] for row in portal.db.execute(sql))
    return definition.values
