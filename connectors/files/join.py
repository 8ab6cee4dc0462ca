"""Brings contacts and their activities together, however large and in whatever order the two files are."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connectors.files.activities import ActivityColumns, SeenRow, read_activities
from connectors.files.columns import Columns
from connectors.files.contacts import Contact, read_contacts
from connectors.files.opening import open_text
from connectors.files.rejects import Reject, RejectedRow
from connectors.files.rows import MAX_CELL, Sheet, Tick
from connectors.files.workbench import Workbench, workbench
from scoring.facts import Activity, Facts

_TICK = 10_000


@dataclass(frozen=True, slots=True)
class Sources:
    """The files to read and where their columns stand. `activities` None: nobody did anything that we know of."""

    contacts: Sheet
    columns: Columns
    activities: Sheet | None = None
    activity_columns: ActivityColumns | None = None


class Person(NamedTuple):
    """A contact with its activities. `ordinal` counts the people from 1, in the order of the contacts file."""

    ordinal: int
    facts: Facts
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how far each file was read; `order` hears of the first look at the activities, for their order."""

    contacts: Tick | None = None
    activities: Tick | None = None
    order: Tick | None = None


def people(sources: Sources, bench: Workbench, reject: Reject, progress: Progress = Progress()) -> Iterator[Person]:
    """Every usable contact with all its activities, in the order of the contacts file, in bounded memory.

    Besides what the readers reject, a contact whose id was seen before and activities of nobody in the contacts file
    go to `reject`. Raises FileProblem when a file turns out damaged or the disk is full.
    """
    contacts = _numbered(sources, bench, reject, progress.contacts)
    if sources.activities is None or sources.activity_columns is None:
        return (Person(ordinal, contact.facts(), contact.cells) for ordinal, contact in contacts)
    seen = read_activities(sources.activities, sources.activity_columns, reject, progress.activities)
    stranger = _stranger_reject(sources, sources.activities, reject)
    if stands_in_contact_order(sources, progress.order):
        return _merged(contacts, seen, stranger)
    bench.store(seen)
    return _looked_up(contacts, bench, stranger)


def stands_in_contact_order(sources: Sources, tick: Tick | None = None) -> bool:
    """Whether the activities are grouped by contact in the order of the contacts file, so that both can be read side
    by side. Reads both files; stops at the first activity that says no."""
    if sources.activities is None or sources.activity_columns is None:
        return True
    width, at = len(sources.activities.header), sources.activity_columns.contact
    with workbench() as bench, open_text(sources.activities.path) as (text, position):
        ids = (contact.id for _, contact in _numbered(sources, bench, _unheard, None))
        current = None
        try:
            reader = csv.reader(iter(lambda: text.readline(2 * MAX_CELL), ""), strict=True)
            next(reader)
            for count, cells in enumerate(reader):
                if tick is not None and count % _TICK == 0:
                    tick(position(), count)
                if not cells:
                    continue
                if len(cells) != width:
                    return False
                wanted = cells[at].strip()
                while current != wanted:
                    current = next(ids, None)
                    if current is None:
                        return False
        except csv.Error:
            return False
    return True


Stranger = Callable[[int, str], None]


def _stranger_reject(sources: Sources, activities: Sheet, reject: Reject) -> Stranger:
    def stranger(line: int, contact: str) -> None:
        reason = f'no contact "{contact[:60]}" among the good rows of {sources.contacts.name}'
        reject(RejectedRow(activities.name, line, reason))

    return stranger


def _unheard(_: RejectedRow) -> None:
    """For a first look at a file; the second one reports."""


def _numbered(sources: Sources, bench: Workbench, reject: Reject, tick: Tick | None) -> Iterator[tuple[int, Contact]]:
    ordinal = 1
    for contact in read_contacts(sources.contacts, sources.columns, reject, tick):
        before = bench.add_person(contact, ordinal)
        if before is None:
            yield ordinal, contact
            ordinal += 1
        else:
            reason = f'the id "{contact.id[:60]}" was seen before, on line {before}; that row is used'
            reject(RejectedRow(sources.contacts.name, contact.line, reason))


def _merged(contacts: Iterator[tuple[int, Contact]], seen: Iterator[SeenRow], stranger: Stranger) -> Iterator[Person]:
    waiting = next(seen, None)
    for ordinal, contact in contacts:
        mine: list[Activity] = []
        while waiting is not None and waiting.contact == contact.id:
            mine.append(waiting.activity)
            waiting = next(seen, None)
        yield Person(ordinal, contact.facts(tuple(mine)), contact.cells)
    while waiting is not None:
        stranger(waiting.line, waiting.contact)
        waiting = next(seen, None)


def _looked_up(contacts: Iterator[tuple[int, Contact]], bench: Workbench, stranger: Stranger) -> Iterator[Person]:
    activities_of = bench.activities_of()
    for ordinal, contact in contacts:
        yield Person(ordinal, contact.facts(activities_of(contact.id)), contact.cells)
    for line, who in bench.strangers():
        stranger(line, who)
