"""Reads contacts from an export: one person a row."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from connectors.files.columns import Columns
from connectors.files.rejects import Reject, RejectedRow
from connectors.files.rows import Row, Sheet, Tick, rows
from scoring.facts import Activity, Facts, Membership
from scoring.values import fold, read_instant


class Contact(NamedTuple):
    """One usable row: who, since when, and what is known. `cells` are the row's cells as written."""

    line: int
    id: str
    created_at: int | None
    current: dict[str, str]
    memberships: tuple[Membership, ...]
    cells: list[str]

    def facts(self, activities: tuple[Activity, ...] = ()) -> Facts:
        """The facts of this person. Values of a file have no time: they hold at every instant."""
        return Facts(
            id=self.id,
            created_at=self.created_at,
            current=self.current,
            activities=activities,
            memberships=self.memberships,
        )


def read_contacts(sheet: Sheet, columns: Columns, reject: Reject, tick: Tick | None = None) -> Iterator[Contact]:
    """The contacts of a file in its order. A row without an id or with an unreadable `created` goes to `reject`;
    whether an id comes twice is not looked at here."""
    read_members = _memberships(columns)
    for row in rows(sheet, reject, tick):
        id = row.cells[columns.id].strip()
        if not id:
            reject(RejectedRow(sheet.name, row.line, f'no id: the cell "{sheet.header[columns.id]}" is empty'))
            continue
        created_at, text = None, row.cells[columns.created].strip() if columns.created is not None else ""
        if text:
            created_at = read_instant(text)
            if created_at is None:
                title = sheet.header[columns.created or 0]
                reject(RejectedRow(sheet.name, row.line, unreadable_time(title, text)))
                continue
        yield Contact(row.line, id, created_at, _values(row, columns), read_members(row), row.cells)


def unreadable_time(title: str, text: str) -> str:
    """Why a row with this text in a column of times was rejected."""
    shown = text if len(text) <= 40 else text[:37] + "..."
    return f'"{title}" is no time: {shown!r}; write it as 2027-03-10T14:30:00Z or in epoch milliseconds'


def _values(row: Row, columns: Columns) -> dict[str, str]:
    """The first column with a value speaks for a field; a field without any stays out."""
    values: dict[str, str] = {}
    for name, places in columns.fields.items():
        for at in places:
            cell = row.cells[at]
            if cell and not cell.isspace() and (name not in columns.sets or cell.strip("; \t\r\n")):
                values[name] = cell
                break
    return values


def _memberships(columns: Columns) -> Callable[[Row], tuple[Membership, ...]]:
    """With a column of lists every list that the models name is known, of members and others; without it none is."""
    members, lists = columns.members, [(name, fold(name)) for name in columns.lists]
    if members is None or not lists:
        return lambda _: ()
    nobody = tuple(Membership(name, False) for name, _ in lists)

    def read(row: Row) -> tuple[Membership, ...]:
        cell = row.cells[members]
        if not cell:
            return nobody
        on = {fold(part) for part in cell.split(";")}
        return tuple(Membership(name, folded in on) for name, folded in lists)

    return read
