"""Finds the columns of a contacts export that the models read, and says which are missing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.files.labels import CREATED, RECORD_ID, column_names
from connectors.files.rejects import FileProblem
from connectors.files.rows import Sheet
from scoring.conditions import Condition, OnList, leaves
from scoring.model import ScoringModel


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each thing stands in a row. `fields` has for each field its columns, the best first; `sets` are the
    fields that hold several values. `lists` are the lists that the models name, `members` their column."""

    id: int
    created: int | None
    members: int | None
    fields: Mapping[str, tuple[int, ...]]
    sets: frozenset[str]
    lists: tuple[str, ...]
    missing: tuple[str, ...]
    ignored: tuple[str, ...]


def find_columns(sheet: Sheet, models: Sequence[ScoringModel], crm: str | None, used: Iterable[str] = ()) -> Columns:
    """The columns of a contacts file. `crm` (`hubspot`, `salesforce`): headed as that CRM exports them; None: with the
    models' own field names. `used` are columns that the caller reads himself: they are not named as ignored.
    Raises FileProblem without a column for the id, or where a column that is read stands twice.
    """
    id = _first(sheet, RECORD_ID[crm] if crm else ("id",))
    if id is None:
        raise FileProblem(_no_id(sheet, crm))
    created = _first(sheet, CREATED[crm] if crm else ("created",))
    members = sheet.column("lists")
    fields: dict[str, tuple[int, ...]] = {}
    for name, headings in _headings(models, crm).items():
        found = [at for heading in headings if (at := sheet.column(heading)) is not None]
        fields[name] = tuple(dict.fromkeys(found))
    taken = {id, created, members, *(at for places in fields.values() for at in places)}
    taken |= {sheet.column(name) for name in used}
    return Columns(
        id=id,
        created=created,
        members=members,
        fields={name: places for name, places in fields.items() if places},
        sets=frozenset(name for model in models for name, field in model.fields.items() if field.type == "set"),
        lists=tuple(dict.fromkeys(name for model in models for name in lists_named(model))),
        missing=tuple(name for name, places in fields.items() if not places),
        ignored=tuple(title for at, title in enumerate(sheet.header) if at not in taken and title),
    )


def lists_named(model: ScoringModel) -> Iterator[str]:
    """The CRM lists that a model's conditions name, with repetitions."""
    for condition in _conditions(model):
        for leaf in leaves(condition):
            if isinstance(leaf, OnList):
                yield from leaf.lists


def _conditions(model: ScoringModel) -> Iterator[Condition | None]:
    yield model.applies_to
    for spec in model.scores:
        for group in spec.groups:
            for rule in group.rules:
                yield getattr(rule, "when", None)
                yield getattr(rule, "where", None)
    if model.lifecycle:
        yield model.lifecycle.exclude
        yield from (step.when for step in model.lifecycle.enter)


def _headings(models: Sequence[ScoringModel], crm: str | None) -> dict[str, tuple[str, ...]]:
    """The headings of each field that some model has, best first."""
    wanted: dict[str, tuple[str, ...]] = {}
    for model in models:
        for name, field in model.fields.items():
            headings: tuple[str, ...] = (name,)
            if crm:
                headings = tuple(title for place in field.places.get(crm, ()) for title in column_names(crm, place))
            wanted[name] = tuple(dict.fromkeys((*wanted.get(name, ()), *headings)))
    return wanted


def _first(sheet: Sheet, names: Iterable[str]) -> int | None:
    return next((at for name in names if (at := sheet.column(name)) is not None), None)


def _no_id(sheet: Sheet, crm: str | None) -> str:
    if len(sheet.header) == 1 and any(mark in sheet.header[0] for mark in ";\t|"):
        return f"The columns of {sheet.path} are not separated by commas; save it as CSV with commas."
    wanted = " or ".join(f'"{name}"' for name in (RECORD_ID[crm][:3] if crm else ("id",)))
    hint = "" if crm else "; for a CRM's own export add --crm hubspot or --crm salesforce"
    shown = ", ".join(sheet.header[:8]) + (", ..." if len(sheet.header) > 8 else "")
    return f"{sheet.path} has no column {wanted} (its columns: {shown}){hint}."
