"""`leadscore stages`: lifecycle stages on their way to the CRM, those that stand still and why, and the latest."""

from typing import Annotated

import typer
from rich.console import Console

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.stage_view import StageView, let_go_on, view_stages
from leadscore.store.known_stages import Past
from leadscore.store.stages import Pending
from leadscore.wiring import parts
from scoring.values import write_instant

app = typer.Typer(help="Lifecycle stages: what is on its way, what stands still, what moved.", no_args_is_help=True)

_WAITS = {"fuse": "stopped by the fuse", "day": "put off to another day", "parked": "put aside"}


@app.command("list")
def list_(
    contact: Annotated[str | None, typer.Argument(help="Only of this one: record id or e-mail address.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many of each.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """List pending, stopped and parked changes of lifecycle stages with their reasons, then the latest. No network."""
    with parts().store() as store:
        found = view_stages(store, limit, contact)
    if as_json:
        console().file.write(json_line(_record(found)).decode())
    else:
        show_stages(console(), found)


@app.command()
def release(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Let the changes go on that the fuse has stopped. Look at them first with `leadscore stages list`."""
    with parts().store() as store:
        many = let_go_on(store, now())
    if as_json:
        console().file.write(json_line({"released": many}).decode())
    else:
        console().print(f"{many:,} changes go on; a running service, or the next `leadscore apply`, makes them")


def show_stages(out: Console, found: StageView) -> None:
    """Stages for people."""
    for said in found.stopped:
        out.print(clean(said), style="red", soft_wrap=True)
    counts = ", ".join(f"{many:,} {_WAITS.get(state, state)}" for state, many in found.counts.items())
    out.print(f"on their way: {counts or 'nothing'}")
    for one in found.pending:
        where = _WAITS.get(one.waits, one.step)
        out.print(f"  {one.object} {one.id}: {_way(one)} ({where}): {clean(one.reason)}", soft_wrap=True)
    for (value, stage), many in found.wishes.items():
        out.print(f"an observing model would move {many:,} from {clean(value) or 'no stage'} to {stage}")
    if not found.past:
        say("No stage was moved yet.")
    for past in found.past:
        line = f"{write_instant(past.at)}  {past.object} {past.id}: {_way(past)}, {past.outcome}: {clean(past.reason)}"
        out.print(line, soft_wrap=True)


def _way(one: Pending | Past) -> str:
    return f"{clean(one.before) or 'no stage'} -> {clean(one.after) or '?'}"


def _record(found: StageView) -> dict[str, object]:
    return {
        "stopped": list(found.stopped),
        "counts": dict(found.counts),
        "pending": [
            {
                "object": one.object,
                "id": one.id,
                "step": one.step,
                "from": one.before,
                "to": one.after,
                "waits": one.waits,
                "reason": one.reason,
                "since": write_instant(one.since),
            }
            for one in found.pending
        ],
        "observed": [{"from": value, "to": stage, "records": many} for (value, stage), many in found.wishes.items()],
        "moves": [
            {
                "object": one.object,
                "id": one.id,
                "at": write_instant(one.at),
                "from": one.before,
                "to": one.after,
                "outcome": one.outcome,
                "reason": one.reason,
            }
            for one in found.past
        ],
    }
