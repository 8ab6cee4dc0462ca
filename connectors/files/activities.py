"""Reads activities from an export: one thing that somebody did a row."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from connectors.files.contacts import unreadable_time
from connectors.files.rejects import FileProblem, Reject, RejectedRow
from connectors.files.rows import Sheet, Tick, rows
from scoring.conditions import Test, leaves
from scoring.facts import Activity, Kind
from scoring.model import ScoringModel
from scoring.rules import ACTIVITY_DETAILS
from scoring.values import read_instant

_CUSTOM = "custom"
_KINDS_KEPT = 16_384
_KEPT_TEXT = 500


class SeenRow(NamedTuple):
    """One usable row: whose, and what it was."""

    line: int
    contact: str
    activity: Activity


@dataclass(frozen=True, slots=True)
class ActivityColumns:
    """Where each thing stands in a row. `details` has (name, column) in name order by activity type, under `custom`
    for all of `custom:NAME`. `ignored` are the columns that are read for no type."""

    contact: int
    type: int
    occurred_at: int
    id: int | None
    details: Mapping[str, tuple[tuple[str, int], ...]]
    ignored: tuple[str, ...]


def find_activity_columns(
    sheet: Sheet, models: Sequence[ScoringModel] | None, contact: str = "contact_id", no_details: Iterable[int] = ()
) -> ActivityColumns:
    """The columns of an activities file.

    Details are those that the type has by its nature or that a model names; `models` None: every column is one, but for
    those at `no_details`. Raises FileProblem without the columns `contact`, `type` and `occurred_at`, or where a column
    that is read stands twice.
    """
    contact_at, type_at, time_at = (sheet.column(name) for name in (contact, "type", "occurred_at"))
    if contact_at is None or type_at is None or time_at is None:
        raise FileProblem(_missing(sheet, contact))
    id = sheet.column("id")
    fixed = {contact_at, type_at, time_at, id, *no_details}
    details: dict[str, tuple[tuple[str, int], ...]] = {}
    named = _details_named(models) if models is not None else frozenset(sheet.header) - {""}
    for type, known in (*ACTIVITY_DETAILS.items(), (_CUSTOM, ("form", "name", "url"))):
        wanted = sorted({*known, *(("form_id",) if "form" in known else ()), *named})
        places = [(name, sheet.column(name)) for name in wanted]
        details[type] = tuple((name, at) for name, at in places if at is not None and at not in fixed)
    read = fixed | {at for places in details.values() for _, at in places}
    return ActivityColumns(
        contact=contact_at,
        type=type_at,
        occurred_at=time_at,
        id=id,
        details=details,
        ignored=tuple(title for at, title in enumerate(sheet.header) if at not in read and title),
    )


def read_activities(
    sheet: Sheet, columns: ActivityColumns, reject: Reject, tick: Tick | None = None
) -> Iterator[SeenRow]:
    """The activities of a file in its order. A row without a contact, of a type that we do not know or with an
    unreadable time goes to `reject`; whether the contact exists is not looked at here."""
    read = activity_reader(sheet, columns)
    for line, cells in rows(sheet, reject, tick):
        contact = cells[columns.contact].strip()
        found = read(cells) if contact else f'no contact: the cell "{sheet.header[columns.contact]}" is empty'
        if isinstance(found, str):
            reject(RejectedRow(sheet.name, line, found))
        else:
            yield SeenRow(line, contact, found)


def activity_reader(sheet: Sheet, columns: ActivityColumns) -> Callable[[list[str]], Activity | str]:
    """A function from a row's cells to what was done, or to the reason why the row cannot be used."""
    kind_of, title, id_at = _kind_reader(columns), sheet.header[columns.occurred_at], columns.id

    def read(cells: list[str]) -> Activity | str:
        type = cells[columns.type].strip()
        if not is_activity_type(type):
            return unknown_type(type)
        occurred_at = read_instant(cells[columns.occurred_at])
        if occurred_at is None:
            return unreadable_time(title, cells[columns.occurred_at].strip())
        id = cells[id_at].strip() or None if id_at is not None else None
        return Activity(kind_of(type, cells), occurred_at, id)

    return read


def is_activity_type(type: str) -> bool:
    """Whether this is one of the activity types of the model language, or `custom:NAME`."""
    return type in ACTIVITY_DETAILS or (type.startswith("custom:") and len(type) > len("custom:"))


def unknown_type(type: str) -> str:
    """Why a row of this type was rejected."""
    if not type:
        return "no type: the cell is empty"
    near = difflib.get_close_matches(type.lower().replace(" ", "_"), ACTIVITY_DETAILS, 1)
    hint = f'did you mean "{near[0]}"' if near else 'name your own types "custom:NAME"'
    return f'unknown activity type "{type[:60]}"; {hint}'


def _details_named(models: Sequence[ScoringModel]) -> frozenset[str]:
    return frozenset(
        leaf.field
        for model in models
        for spec in model.scores
        for group in spec.groups
        for rule in group.rules
        for leaf in leaves(getattr(rule, "where", None))
        if isinstance(leaf, Test)
    )


def _kind_reader(columns: ActivityColumns) -> Callable[[str, list[str]], Kind]:
    """Reads what an activity was; equal ones are one object, which a scorer recognises faster."""

    shared = lru_cache(maxsize=_KINDS_KEPT)(Kind)

    def kind_of(type: str, cells: list[str]) -> Kind:
        places = columns.details[type if type in columns.details else _CUSTOM]
        details = tuple([(name, cells[at]) for name, at in places if cells[at] and not cells[at].isspace()])
        # Long texts are told once and would only fill the memory.
        return (shared if sum(len(text) for _, text in details) <= _KEPT_TEXT else Kind)(type, details)

    return kind_of


def _missing(sheet: Sheet, contact: str) -> str:
    names = " and ".join(f'"{name}"' for name in (contact, "type", "occurred_at") if sheet.column(name) is None)
    shown = ", ".join(sheet.header[:8]) + (", ..." if len(sheet.header) > 8 else "")
    return (
        f"{sheet.path} has no column {names} (its columns: {shown}); activities have {contact}, type, occurred_at "
        "and one column for each detail."
    )
