"""`leadscore sync`: reads what is new in the CRM and brings every score up to date."""

from typing import Annotated

import typer

from leadscore.cli.bars import going_on_later, say, step_bar, sync_bars
from leadscore.cli.clock import now
from leadscore.cli.show import console, json_line
from leadscore.jobs.rescore import RescoreReport, rescore
from leadscore.jobs.sync import SyncReport
from leadscore.jobs.sync import sync as read_crm
from leadscore.wiring import parts

PARTLY = 2


def sync(
    full: Annotated[bool, typer.Option("--full", help="Read everything again, from the beginning.")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Read only about so many contacts, to look at a plan; never to apply it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Read what changed in the CRM since the last time, and score whom it concerns. Writes nothing into the CRM.

    Cut short, it goes on where it was. Needs read scopes only. Exit codes: 0, 2 somebody could not
    be scored.
    """
    made = parts()
    rulebook, reader = made.rulebook, made.reader
    with made.store() as store, going_on_later():
        with sync_bars() as progress:
            report = read_crm(store, reader, rulebook, now(), full=full, sample=sample, progress=progress)
        with step_bar("scoring") as scoring:
            scored = rescore(store, rulebook, now(), progress=scoring)
    out = console()
    if as_json:
        streams = [{"stream": s.name, "records": s.records, "activities": s.activities} for s in report.streams]
        told = {"streams": streams, "scored": scored.scored, "removed": scored.removed}
        out.file.write(json_line(told | {"parked": scored.parked}).decode())
    else:
        _show(report, scored)
    if scored.parked:
        say(f"{scored.parked:,} people could not be scored and were put aside: `leadscore deadletter list`.")
        raise typer.Exit(PARTLY)


def _show(report: SyncReport, scored: RescoreReport) -> None:
    out = console()
    for stream in report.streams:
        name = stream.name.replace("_", " ")
        out.print(f"{name:<17} {stream.records:>9,} records {stream.activities:>9,} activities")
    changed = " (the models changed, so everybody)" if scored.model_changed else ""
    out.print(f"scored {scored.scored:,}{changed}")
    say("Next: `leadscore plan` shows what would change in the CRM.")
