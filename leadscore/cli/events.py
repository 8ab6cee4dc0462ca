"""`leadscore events`: what the CRM told us, event by event, and acting upon it once more."""

from typing import Annotated

import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.refused import Refused
from leadscore.store import deliveries
from leadscore.store.database import reading, writing
from leadscore.store.deliveries import DEAD, DONE, OPEN, Stored
from leadscore.wiring import parts
from scoring.values import read_instant, write_instant

_SHORT = 12

app = typer.Typer(help="What the CRM told us by webhook.", no_args_is_help=True)


@app.command("list")
def list_events(
    state: Annotated[str | None, typer.Option(help="Only those that are open, done or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an event.")] = False,
) -> None:
    """List events, newest first. What they hold is not shown: `events show` does that."""
    if state not in (None, OPEN, DONE, DEAD):
        raise typer.BadParameter("--state is open, done or dead")
    with parts().store() as store, reading(store) as connection:
        states = [OPEN, DONE, DEAD] if state is None else [state]
        found = deliveries.find_deliveries(connection, states=states, limit=limit)
    out = console()
    for one in found:
        if as_json:
            out.file.write(json_line(_record(one)).decode())
            continue
        named = ", ".join(f"{named.object} {named.id}" for named in one.records)
        why = f": {clean(one.reason)}" if one.reason else ""
        when = write_instant(one.received_at)
        out.print(f"{one.key[:_SHORT]}  {when}  {one.kind:<10} {clean(named)}  {one.state}{why}", soft_wrap=True)
    if not found:
        say("There are none.")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="The beginning of an event's key, as `events list` shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show one event with its bytes as they came. They may hold personal data."""
    with parts().store() as store, reading(store) as connection:
        one = _the_one(deliveries.by_key(connection, key), key)
    raw = one.raw.decode(errors="replace")
    if as_json:
        console().file.write(json_line(_record(one) | {"raw": raw}).decode())
        return
    named = ", ".join(f"{record.object} {record.id} ({record.part})" for record in one.records)
    for name, value in (_record(one) | {"records": named}).items():
        console().print(f"{name:<12} {clean(str(value or ''))}".rstrip(), soft_wrap=True)
    console().print(clean(raw), soft_wrap=True)


@app.command()
def resend(
    key: Annotated[str | None, typer.Argument(help="The beginning of an event's key.")] = None,
    since: Annotated[str | None, typer.Option(help="Instead: all that came from then on (ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="... and before then.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Act upon events once more, as if they had just come. Acting twice ends as acting once."""
    if (key is None) == (since is None):
        raise typer.BadParameter("give the key of one event, or --since")
    with parts().store() as store:
        with reading(store) as connection:
            if key is not None:
                found = [_the_one(deliveries.by_key(connection, key), key)]
            else:
                bounds = {"since": _instant(since), "until": _instant(until)}
                found = deliveries.find_deliveries(connection, states=[DONE, DEAD], limit=1_000_000, **bounds)
        if not dry_run:
            with writing(store) as connection:
                deliveries.open_again(connection, [one.key for one in found])
    if as_json:
        console().file.write(json_line({"events": len(found), "dry_run": dry_run}).decode())
    else:
        console().print(f"{len(found):,} {'would be' if dry_run else 'to be'} acted upon again")


def _the_one(found: list[Stored], key: str) -> Stored:
    if not found:
        raise Refused(f"There is no event {key!r}. `leadscore events list` shows what there is.")
    if len(found) > 1:
        raise Refused(f"Several events begin with {key!r}. Give more of the key.")
    return found[0]


def _instant(text: str | None) -> int | None:
    at = None if text is None else read_instant(text)
    if text is not None and at is None:
        raise typer.BadParameter(f"{text!r} is no time; write for example {write_instant(now())}")
    return at


def _record(one: Stored) -> dict[str, object]:
    return {
        "key": one.key,
        "source": one.source,
        "kind": one.kind,
        "object": one.object,
        "records": [{"part": named.part, "object": named.object, "id": named.id} for named in one.records],
        "property": one.property,
        "occurred_at": None if one.occurred_at is None else write_instant(one.occurred_at),
        "received_at": write_instant(one.received_at),
        "state": one.state,
        "reason": one.reason,
    }
