"""Questions in Salesforce's query language, put together safely."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from simple_salesforce.format import format_soql

IDS_AT_ONCE = 200
"""A question with so many ids fits into an address, with room for the names of its fields."""

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")


def select(names: Iterable[str], object: str, *conditions: str, more: str = "") -> str:
    """`more`: an order and a limit. Raises ValueError for a name that can be no field's."""
    asked = list(dict.fromkeys(names))
    for name in (*asked, object):
        if not _NAME.fullmatch(name) and name != "COUNT()":
            raise ValueError(f"{name!r} is no name of a field in Salesforce")
    where = " AND ".join(f"({condition})" for condition in conditions if condition)
    ending = (f" WHERE {where}" if where else "") + (f" {more}" if more else "")
    return f"SELECT {', '.join(asked)} FROM {object}{ending}"  # noqa: S608 - SOQL only reads; texts in it are quoted


def among(name: str, values: Sequence[str]) -> str:
    """The condition that a field is one of these texts."""
    return f"{name} IN {format_soql('{}', list(values))}"


def quoted(value: str) -> str:
    """A text as a question holds it."""
    return str(format_soql("{}", value))


def ids_of(ids: Iterable[str], prefix: str = "") -> Iterator[tuple[str, ...]]:
    """Those that can be ids (of objects with that prefix), each once, in batches: one other would spoil a question."""
    good = iter(dict.fromkeys(id for id in ids if _ID.fullmatch(id) and id.startswith(prefix)))
    while batch := tuple(islice(good, IDS_AT_ONCE)):
        yield batch
