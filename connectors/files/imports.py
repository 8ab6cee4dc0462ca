"""Reads activities from elsewhere (webinars, product, tickets) for the store: matched by record id or by e-mail."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from connectors.files.activities import ActivityColumns, activity_reader, find_activity_columns
from connectors.files.rejects import FileProblem, Reject, RejectedRow
from connectors.files.rows import Sheet, Tick, open_sheet, rows
from connectors.files.workbench import Workbench
from connectors.protocol import SeenActivity
from scoring.facts import Activity


@dataclass(frozen=True, slots=True)
class ImportFile:
    """An activities file whose header was read. Rows name their person in the column `contact_id`, or where that is
    empty or missing in the column `email`."""

    sheet: Sheet
    columns: ActivityColumns
    contact_id: int | None
    email: int | None


def open_import(path: Path) -> ImportFile:
    """Reads the header. Raises FileProblem if the file cannot be read or lacks `type`, `occurred_at`, or both of
    `contact_id` and `email`."""
    sheet = open_sheet(path)
    contact_id, email = sheet.column("contact_id"), sheet.column("email")
    if contact_id is None and email is None:
        raise FileProblem(
            f'{path} has neither a column "contact_id" nor "email" (its columns: {", ".join(sheet.header[:8])}); '
            "one of them says whose each activity is."
        )
    who = "email" if contact_id is None else "contact_id"
    no_details = [at for at in (contact_id, email) if at is not None]
    return ImportFile(sheet, find_activity_columns(sheet, None, who, no_details), contact_id, email)


def read_import(
    file: ImportFile, bench: Workbench, reject: Reject, tick: Tick | None = None, object: str = "contact"
) -> Iterator[SeenActivity]:
    """The activities of a file in its order; `object` is what `contact_id` counts.

    Reading the same file again gives the same ids, so that importing it twice changes nothing: the row's own `id`, else
    a hash of what the row says, numbered where the file says the same several times. A row without a person, of an
    unknown type or with an unreadable time goes to `reject`; whether the person exists is the caller's to find out.
    """
    read = activity_reader(file.sheet, file.columns)
    for line, cells in rows(file.sheet, reject, tick):
        record_id = cells[file.contact_id].strip() if file.contact_id is not None else ""
        email = cells[file.email].strip().lower() if file.email is not None else ""
        found = read(cells) if record_id or email else 'no person: "contact_id" and "email" are empty or missing'
        if isinstance(found, str):
            reject(RejectedRow(file.sheet.name, line, found))
            continue
        yield SeenActivity(
            type=found.kind.type,
            occurred_at=found.occurred_at,
            details=dict(found.kind.details),
            id=_id(record_id or email, found, bench),
            object=object,
            record_id=record_id or None,
            email=None if record_id else email,
        )


def _id(who: str, activity: Activity, bench: Workbench) -> str:
    # With a prefix, so that no id of another system is taken for one that the CRM gave.
    if activity.id is not None:
        return f"import:{activity.id}"
    content = hashlib.sha256(msgspec.json.encode((who, activity.kind, activity.occurred_at))).digest()[:16]
    return f"import:{content.hex()}:{bench.occurrence(content)}"
