"""`leadscore db`: brings the store up to date, copies it and puts a copy back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import console, json_line
from leadscore.store import backup as copies
from leadscore.store.database import newest_schema
from leadscore.wiring import parts

app = typer.Typer(help="The store: upgrade, backup, restore.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Create the store, or bring its tables up to this version; every command does so by itself, too."""
    with parts().store():
        _tell({"schema": newest_schema()}, f"The store is up to date: schema {newest_schema()}.", as_json)


@app.command()
def backup(
    file: Annotated[Path | None, typer.Argument(help="A new file; without it, one with today's date.")] = None,
    as_json: Json = False,
) -> None:
    """Copy a SQLite store into a file, also while leadscore runs; the copy is checked. It holds personal data."""
    at = datetime.fromtimestamp(now() / 1000, UTC)
    target = file or Path(f"leadscore-{at:%Y-%m-%dT%H%M%SZ}.db")
    size = copies.backup(parts().store_address, target)
    _tell({"file": str(target), "bytes": size}, f"Copied and checked: {target}, {size:,} bytes.", as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `db backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the store that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of a SQLite store. Who was erased since it was made stays erased for new notices."""
    copies.restore(parts().store_address, file, now(), force=force)
    _tell({"restored": str(file)}, f"Restored from {file}. Next: `leadscore sync` reads what happened since.", as_json)


def _tell(record: dict[str, object], text: str, as_json: bool) -> None:
    if as_json:
        console().file.write(json_line(record).decode())
    else:
        say(text)
