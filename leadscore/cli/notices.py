"""`leadscore notices`: what sales was told, what waits to be told, and what could not be."""

from typing import Annotated

import typer

from leadscore.cli.bars import say
from leadscore.cli.show import clean, console, json_line
from leadscore.store.database import reading
from leadscore.store.notices import DEAD, DIGEST, DONE, OPEN, VOID, Line, listed
from leadscore.wiring import parts
from scoring.values import write_instant

_SHORT = 12
_WORDS = {OPEN: "waits", DIGEST: "waits for the digest", DONE: "told", DEAD: "given up", VOID: "told to nobody"}

app = typer.Typer(help="What sales is told about leads.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """What sales is told about leads: tasks in the CRM, and posts to your own addresses."""


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many of those that were told are shown.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line each.")] = False,
) -> None:
    """List everything that waits or was given up, and what was told last.

    What was given up is tried again by `leadscore deadletter retry`.
    """
    with parts().store() as store, reading(store) as connection:
        found = listed(connection, (OPEN, DIGEST, DEAD), 100_000)
        found += listed(connection, (DONE, VOID), limit)
    out = console()
    for one in found:
        if as_json:
            out.file.write(json_line(_record(one)).decode())
        else:
            out.print(_sentence(one), soft_wrap=True)
    if not found:
        say("There are none.")


def _sentence(one: Line) -> str:
    where = f" as task {one.task}" if one.task else ""
    why = f": {clean(one.reason)}" if one.reason else ""
    who = f"contact {one.record_id}" if one.record_id else "somebody who is gone"
    at = write_instant(one.done_at or one.put_at)
    return f"{one.id[:_SHORT]}  {at}  {clean(one.event)} by {one.by}, {who}: {_WORDS[one.state]}{where}{why}"


def _record(one: Line) -> dict[str, object]:
    done = None if one.done_at is None else write_instant(one.done_at)
    return {
        "id": one.id,
        "event": one.event,
        "by": one.by,
        "record": one.record_id,
        "state": one.state,
        "reason": one.reason,
        "task": one.task,
        "owner": one.owner or None,
        "at": write_instant(one.at),
        "put_at": write_instant(one.put_at),
        "done_at": done,
    }
