"""`leadscore quarantine`: who is scored no more because a workflow loops with us, and letting them out."""

from typing import Annotated

import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.quarantine import held_people, release_all
from leadscore.jobs.quarantine import release as release_person
from leadscore.wiring import parts
from scoring.values import write_instant

app = typer.Typer(help="People whose score a workflow of the CRM kept changing.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False) -> None:
    """List who is in quarantine, since when and why. They keep the score that they had."""
    with parts().store() as store:
        found = held_people(store)
    out = console()
    for one in found:
        id = one.person.id if one.person else None
        if as_json:
            email = one.person.email if one.person else None
            record = {"id": id, "email": email, "since": write_instant(one.since), "reason": one.reason}
            out.file.write(json_line(record).decode())
        else:
            who = clean(f"{id} {one.person.email or ''}".strip()) if one.person else "a record that is gone"
            out.print(f"{write_instant(one.since)}  {who}: {clean(one.reason)}", soft_wrap=True)
    if not found:
        say("Nobody is.")


@app.command()
def release(
    contact: Annotated[str | None, typer.Argument(help="Record id or e-mail address.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everybody in quarantine.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score somebody again. Mend the workflow first: who loops on comes back within the hour."""
    if (contact is None) != every:
        raise typer.BadParameter("give a contact, or --all")
    with parts().store() as store:
        if contact is not None:
            release_person(store, contact, now())
        many = 1 if contact is not None else release_all(store, now())
    if as_json:
        console().file.write(json_line({"released": many}).decode())
    else:
        console().print(f"{many:,} released, to be scored again")
