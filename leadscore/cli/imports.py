"""`leadscore import`: activities from elsewhere (webinars, product use, tickets) into the store."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.files.imports import open_import, read_import
from connectors.files.workbench import workbench
from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.meter import meter
from leadscore.cli.reject_file import keep_rejects
from leadscore.cli.show import console, json_line
from leadscore.jobs.imports import import_activities
from leadscore.wiring import parts

PARTLY = 2


def import_(
    file: Annotated[Path, typer.Argument(help="CSV or CSV.gz: contact_id or email, type, occurred_at, details.")],
    rejects: Annotated[Path | None, typer.Option(help="Write rows that could not be used here (CSV).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Put activities from a file into the store, matched by contact id or e-mail; the same file again changes nothing.

    Exit codes: 0 all taken in, 2 some rows were rejected (the others are in), 64 the file cannot be used.
    """
    made = parts()
    opened = open_import(file)
    with meter() as bars, keep_rejects(rejects, (file,), bars) as kept, made.store() as store, workbench() as bench:
        tick = bars.task("activities", opened.sheet.size)
        report = import_activities(store, read_import(opened, bench, kept.add, tick), now())
    rejected = kept.count
    known = report.read - report.kept - report.waiting
    if as_json:
        record = {"read": report.read, "new": report.kept, "waiting": report.waiting, "known": known}
        console().file.write(json_line(record | {"rejected": rejected}).decode())
    else:
        console().print(
            f"{report.kept:,} new activities, {report.waiting:,} wait for a record with their e-mail address, "
            f"{known:,} were known already, {rejected:,} rows rejected",
            soft_wrap=True,
        )
        say("Next: `leadscore plan` scores whom they concern.")
    if rejected:
        raise typer.Exit(PARTLY)
