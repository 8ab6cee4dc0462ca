"""`leadscore model init`: a commented first model from the connected portal."""

from pathlib import Path
from typing import Annotated

import typer

from config.model_file import parse_model
from config.problems import ConfigError, Problem
from connectors.errors import AccessDenied
from connectors.protocol import PropertyInfo, Reader
from leadscore.cli.bars import say
from leadscore.cli.first_model import Portal, first_model
from leadscore.wiring import parts


def init(
    out: Annotated[Path, typer.Argument(help="Where to write the model; `-` prints it.")] = Path("models/first.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
) -> None:
    """Write a first model from the portal's stages, forms and select properties. Reads the CRM, writes one file."""
    if str(out) != "-" and out.exists() and not force:
        raise ConfigError([Problem(str(out), "is there already", "name another file, or say --force")])
    text = first_model(_look(parts().reader))
    parse_model(text, str(out))
    if str(out) == "-":
        typer.echo(text, nl=False)
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    say(f"Wrote {out}. Next: edit it, `leadscore model check {out}`, then `leadscore sync` and `leadscore plan`.")


def _look(reader: Reader) -> Portal:
    contact = reader.properties("contact")
    stage = next((info for info in contact if info.name == "lifecyclestage"), None)
    labels = dict(stage.options) if stage else {}
    stages = [(value, labels.get(value, value)) for value in reader.stages("lifecyclestage")] if stage else []
    return Portal(reader.account().name, reader.forms(), stages, contact, _company(reader))


def _company(reader: Reader) -> tuple[PropertyInfo, ...]:
    try:
        return reader.properties("company")
    except AccessDenied:
        return ()
