"""`leadscore install` and `uninstall`: our fields in the CRM, shown before anything is done."""

from collections.abc import Sequence
from typing import Annotated

import typer

from connectors.protocol import InstallStep
from leadscore.cli.show import clean, console, json_line
from leadscore.wiring import parts

PENDING = 2

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a step.")]


def install(yes: Yes = False, as_json: Json = False) -> None:
    """Create our fields in the CRM: five for sales reps, the rest in a group for admins.

    Shows what it would do first. Doing it again changes nothing. Exit codes: 0 done or nothing to do, 2 not done.
    """
    made = parts()
    steps = made.installer.plan(made.rulebook.models)
    _carry_out(steps, yes, as_json, "Every field is there already; nothing to do.")


def uninstall(yes: Yes = False, as_json: Json = False) -> None:
    """Remove our fields from the CRM, with the scores in them; nothing else is touched."""
    _carry_out(parts().installer.removal(), yes, as_json, "None of our fields is there; nothing to do.")


def _carry_out(steps: Sequence[InstallStep], yes: bool, as_json: bool, nothing: str) -> None:
    made = parts()
    out = console()
    todo = [step for step in steps if step.action != "keep"]
    if not as_json:
        for step in steps if len(todo) == 0 else todo:
            out.print(f"{step.action:<7} {clean(step.what)}", soft_wrap=True)
    if not todo:
        _say(nothing, as_json)
        return
    account = made.reader.account()
    question = f"{len(todo)} steps in {account.crm} account {account.name} ({account.id}, {account.kind}). Go on?"
    if not yes and not (_asks(as_json) and typer.confirm(question, err=True)):
        _say("Nothing was done. Run it again with --yes.", as_json)
        raise typer.Exit(PENDING)
    for step in made.installer.carry_out(todo, made.rulebook.models):
        if as_json:
            out.file.write(json_line({"action": step.action, "object": step.object, "name": step.name}).decode())
    _say(f"Done: {len(todo)} steps.", as_json)


def _asks(as_json: bool) -> bool:
    import sys

    return not as_json and sys.stdin.isatty()


def _say(text: str, as_json: bool) -> None:
    typer.echo(text, err=as_json)
