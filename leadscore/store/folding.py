"""Reads one CRM record into facts: which values are new, since when, and what the record holds now."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.protocol import PastValue, SeenRecord
from leadscore.store.batch import Row, storable
from leadscore.store.tables import ALWAYS

FACT_COLUMNS = ("record", "property", "valid_at", "mark", "value", "observed_at", "learned_at", "source", "author")
PAST_ADDRESS = "$email"
"""Under what name addresses are kept that a record had before."""
LONGEST_ADDRESS = 320
"""Longer texts are no e-mail address, and would not fit into an index."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reading of a record brought: rows of property_facts, the new fold, and the latest time of a value that
    still lies ahead."""

    facts: tuple[Row, ...]
    document: dict[str, str]
    ahead: int | None


def link_key(object: str) -> str:
    """Under what name a document keeps the ids of linked records; no CRM property begins with a dollar sign."""
    return f"${object}"


def address(email: str | None) -> str | None:
    """An e-mail address as it is compared; None if there is none."""
    folded = storable(email or "").strip().lower()
    return folded if 0 < len(folded) <= LONGEST_ADDRESS else None


def read_record(id: int, before: Mapping[str, str], record: SeenRecord, now: int, *, first: bool) -> Reading:
    """Compares a record with its fold. What the first reading of a record or of a property brings counts as known
    at its own time; what comes later was learned `now`."""
    document = dict(before)
    facts: list[Row] = []
    ahead = None
    for name, raw in record.values.items():
        value = storable(raw or "")
        learned = None if first or name not in before else now
        history = record.history.get(name, ())
        for past in history:
            facts.append(_fact(id, name, past, now, learned))
            if past.at > now:
                ahead = max(past.at, ahead or past.at)
        if not history and value != before.get(name, ""):
            at = ALWAYS if learned is None else record.modified_at if record.modified_at is not None else now
            facts.append(_fact(id, name, PastValue(value, at), now, learned))
        document[name] = value
    for other, ids in record.links.items():
        document[link_key(other)] = ";".join(ids)
    return Reading(tuple(facts), document, ahead)


def past_address(id: int, email: str, now: int) -> Row:
    """A row of property_facts that remembers which address a record had until now."""
    return _fact(id, PAST_ADDRESS, PastValue(email, now), now, None)


def _fact(record: int, name: str, past: PastValue, now: int, learned: int | None) -> Row:
    value = storable(past.value)
    mark = int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "big", signed=True)
    return (record, name, past.at, mark, value, now, learned, storable(past.source), storable(past.by))
