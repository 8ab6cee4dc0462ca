"""`leadscore forecast`: who rises into a band or falls out of one in the next days, if nothing new arrives."""

from typing import Annotated

import typer
from rich.table import Table

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.jobs.forecast import Move
from leadscore.jobs.forecast import forecast as look_ahead
from leadscore.wiring import parts
from scoring.values import write_instant

_DAY = 86_400_000


def forecast(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days ahead.")] = 30,
    band: Annotated[str | None, typer.Option(help="Only who comes into this band or leaves it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line for each change.")] = False,
) -> None:
    """List every change of band in the next days, to the instant. No network; needs a `leadscore sync` before."""
    made, start = parts(), now()
    with made.store() as store:
        moves = look_ahead(store, made.rulebook, start, start + days * _DAY)
    moves = tuple(move for move in moves if band in (None, move.before, move.after))
    out = console()
    if as_json:
        for move in moves:
            out.file.write(json_line(_record(move)).decode())
        return
    table = Table("when (UTC)", "who", "from", "to", "total", box=None, pad_edge=False)
    for move in moves:
        who, total = (
            clean(move.person.email or move.person.id),
            f"{_shown(move.total_before)} -> {_shown(move.total_after)}",
        )
        table.add_row(
            write_instant(move.at)[:16].replace("T", " "), who, _shown(move.before), _shown(move.after), total
        )
    if moves:
        out.print(table)
    say(f"{len(moves):,} changes of band in the next {days} days, if nothing new arrives.")


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def _record(move: Move) -> dict[str, object]:
    return {
        "at": write_instant(move.at),
        "id": move.person.id,
        "email": move.person.email,
        "from": move.before,
        "to": move.after,
        "total_from": move.total_before,
        "total_to": move.total_after,
    }
