"""`leadscore privacy`: what is held about one person, and erasing it."""

from typing import Annotated, Any

import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.privacy import Held, clear, forget
from leadscore.jobs.privacy import report as report_person
from leadscore.store.holdings import shown_records
from leadscore.wiring import parts

FAILED, PARTLY = 1, 2

app = typer.Typer(help="One person's data: tell all of it, erase it.", no_args_is_help=True)

Contact = Annotated[str, typer.Argument(help="Record id or e-mail address.")]
_BUSY = "Somebody reads the store, so its files could not be cleared yet: `leadscore privacy scrub` does it."


@app.command()
def report(
    contact: Contact,
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as one JSON object.")] = False,
) -> None:
    """Tell everything that is held about one person. No network."""
    with parts().store() as store:
        held = report_person(store, contact)
    if as_json:
        console().file.write(json_line(held.as_data()).decode())
        return
    _show(held)


@app.command()
def erase(
    contact: Contact,
    unseen: Annotated[bool, typer.Option("--unseen", help="Also if nothing is held: keep them out.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Erase a person here for good, in all their records. In the CRM they stay: delete them there for privacy first.

    A hash of each id and address keeps them from coming back. Backups and files of yours cannot be reached.
    """
    if not yes and not typer.confirm(f"Erase everything held about {contact}? Nothing brings it back.", err=True):
        raise typer.Exit(FAILED)
    with parts().store() as store:
        done = forget(store, contact, now(), unseen=unseen)
    if as_json:
        record = {"records": done.records, "addresses": done.addresses, "clean": done.clean}
        console().file.write(json_line(record).decode())
    else:
        console().print(f"Erased: {done.records:,} records and {done.addresses:,} addresses.", soft_wrap=True)
    if not done.clean:
        say(_BUSY)
        raise typer.Exit(PARTLY)


@app.command()
def scrub(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Clear the store's files of the bytes of whoever was erased. A running service does it every hour by itself."""
    with parts().store() as store:
        done = clear(store)
    if as_json:
        console().file.write(json_line({"clean": done}).decode())
    else:
        say("The files are clear of whoever was erased." if done else _BUSY)
    if not done:
        raise typer.Exit(PARTLY)


def _show(held: Held) -> None:
    out = console()
    out.print(f"Records: {', '.join(f'{one.object} {clean(one.id)}' for one in held.records) or 'none'}")
    out.print(f"Addresses: {', '.join(map(clean, held.emails)) or 'none'}", soft_wrap=True)
    for row in shown_records(held.tables):
        for name, value in sorted(row["document"].items()):
            if value:
                out.print(f"  {clean(name)}: {clean(str(value))}", soft_wrap=True)
    for row in held.tables.get("activities", []):
        out.print(f"  {row['occurred_at']}  {clean(row['type'])}  {clean(_details(row))}", soft_wrap=True)
    for row in held.tables.get("answers", []):
        out.print(f"  {row['at']}  sales: {clean(row['answer'] or 'withdrawn')}  {clean(row['note'])}", soft_wrap=True)
    for row in held.tables.get("scores", []):
        out.print(f"  score {row['total']}  {row['grade'] or ''} {row['band'] or ''} {row['stage'] or ''}".rstrip())
    out.print("\nRows in all (--json shows each):")
    for name, rows in held.tables.items():
        out.print(f"{len(rows):>9,}  {name}")


def _details(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row["details"].items())
