"""`leadscore deadletter`: what was given up, with the reasons, and trying it again."""

from typing import Annotated

import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.dead_letters import dead_letters
from leadscore.jobs.dead_letters import retry as try_again
from leadscore.jobs.refused import Refused
from leadscore.wiring import parts
from scoring.values import write_instant

_SHORT = 12

app = typer.Typer(help="What was given up on its way from a webhook to the CRM.", no_args_is_help=True)


@app.command("list")
def list_letters(as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False) -> None:
    """List events, records, people and writes that were given up, newest first, with the reason."""
    with parts().store() as store:
        found = dead_letters(store)
    out = console()
    for one in found:
        if as_json:
            record = {"id": one.id, "sort": one.sort, "what": one.what, "reason": one.reason}
            out.file.write(json_line(record | {"at": write_instant(one.at)}).decode())
        else:
            when = write_instant(one.at)
            out.print(
                f"{one.id[:_SHORT]}  {when}  {one.sort:<6} {clean(one.what)}: {clean(one.reason)}", soft_wrap=True
            )
    if not found:
        say("There are none.")


@app.command()
def retry(
    id: Annotated[str | None, typer.Argument(help="The beginning of an id, as `deadletter list` shows it.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Try it again; what fails again comes back with its reason."""
    if (id is None) != every:
        raise typer.BadParameter("give an id, or --all")
    with parts().store() as store:
        chosen = [one.id for one in dead_letters(store, 100_000) if id is None or one.id.startswith(id)]
        if id is not None and not chosen:
            raise Refused(f"Nothing given up is called {id!r}. `leadscore deadletter list` shows what there is.")
        many = try_again(store, chosen, now())
    if as_json:
        console().file.write(json_line({"retried": many}).decode())
    else:
        console().print(f"{many:,} to be tried again")
