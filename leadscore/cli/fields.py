"""`leadscore fields`: the properties of the portal that a model can use, with options and how often they are filled."""

from typing import Annotated

import typer
from rich.table import Table

from connectors.errors import ConnectorError
from connectors.protocol import PropertyInfo
from leadscore.cli.bars import step_bar
from leadscore.cli.show import clean, console, json_line
from leadscore.wiring import parts

_OPTIONS_SHOWN = 6


def fields(
    object: Annotated[
        list[str] | None, typer.Option(help="contact, company or deal; default: contact, company.")
    ] = None,
    filled: Annotated[
        bool, typer.Option("--filled", help="Also count how many records have a value (a call each).")
    ] = False,
    search: Annotated[str, typer.Option(help="Only properties whose name or label contains this.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a property.")] = False,
) -> None:
    """List the CRM's properties as a model file names them. Reads only."""
    reader = parts().reader
    out = console()
    for name in object or ["contact", "company"]:
        try:
            found = [info for info in reader.properties(name) if not info.ours and _wanted(info, search)]
        except KeyError:
            raise typer.BadParameter(f"{name!r} is none of contact, company, deal", param_hint="--object") from None
        except ConnectorError as error:
            typer.echo(f"{name}: {error}", err=True)
            continue
        counts: dict[str, tuple[int, int]] = {}
        if filled:
            with step_bar(f"{name} properties") as progress:
                for at, info in enumerate(found, 1):
                    counts[info.name] = reader.filled(name, info.name)
                    progress(at, len(found))
        if as_json:
            for info in found:
                out.file.write(json_line(_record(info, counts.get(info.name))).decode())
        else:
            out.print(_table(name, found, counts))


def _wanted(info: PropertyInfo, search: str) -> bool:
    return search.casefold() in f"{info.name} {info.label}".casefold()


def _place(info: PropertyInfo) -> str:
    return info.name if info.object == "contact" else f"{info.object}.{info.name}"


def _table(object: str, found: list[PropertyInfo], counts: dict[str, tuple[int, int]]) -> Table:
    table = Table(title=f"{object}: {len(found)} properties", box=None, pad_edge=False, title_justify="left")
    for head in ("in a model", "label", "type", "filled", "options"):
        table.add_column(head, overflow="fold")
    for info in found:
        done, total = counts.get(info.name, (0, 0))
        share = f"{100 * done / total:.0f} %" if total else ""
        options = ", ".join(value for value, _label in info.options[:_OPTIONS_SHOWN])
        more = ", ..." if len(info.options) > _OPTIONS_SHOWN else ""
        table.add_row(_place(info), clean(info.label), info.type, share, clean(options + more))
    return table


def _record(info: PropertyInfo, count: tuple[int, int] | None) -> dict[str, object]:
    return {
        "object": info.object,
        "place": _place(info),
        "label": info.label,
        "type": info.type,
        "options": [{"value": value, "label": label} for value, label in info.options],
        "filled": None if count is None else count[0],
        "of": None if count is None else count[1],
    }
