"""`leadscore hubspot app`: writes the HubSpot project whose app calls our door."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from connectors.hubspot.project import project_files, scopes
from leadscore.cli.bars import say
from leadscore.cli.show import clean, console, json_line
from leadscore.wiring import parts
from webhooks.blueprint import PATH

FAILED, USAGE = 1, 64

app = typer.Typer(help="What HubSpot itself needs: the app with its webhooks.", no_args_is_help=True)


@app.callback()
def hubspot() -> None:
    """What HubSpot itself needs: the app with its webhooks."""


@app.command("app")
def app_(
    url: Annotated[str | None, typer.Option(help="Our public https address, without /webhooks/hubspot.")] = None,
    out: Annotated[Path, typer.Option(help="The folder to write; one that is there is kept up to date.")] = Path(
        "hubspot-app"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Write the HubSpot project for this installation's models: scopes, each with its reason, and webhooks.

    Subscribes to what the models read. Write it and upload it again after the models name other properties. Touches no
    network.
    """
    made = parts()
    public = (url or made.settings.public_url).rstrip("/")
    address = urlsplit(public)
    if address.scheme != "https" or not address.hostname or address.query:
        say("HubSpot calls public https addresses only. Write e.g. --url https://leads.example.com")
        raise typer.Exit(USAGE)
    models = made.rulebook.models
    try:
        files = project_files(models, f"https://{address.netloc}", public + PATH)
    except ValueError as error:
        say(str(error))
        raise typer.Exit(FAILED) from None
    try:
        for path, text in files.items():
            place = out / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        say(f"Cannot write into {clean(str(out))}: {error.strerror}. Name another folder with --out.")
        raise typer.Exit(FAILED) from None
    asked = scopes(models)
    if as_json:
        console().file.write(json_line({"files": [str(out / path) for path in files], "scopes": dict(asked)}).decode())
        return
    console().print(f"Written into {clean(str(out))}. HubSpot will be asked for these scopes:")
    for scope, reason in asked.items():
        console().print(f"  {scope:<28} {reason}", soft_wrap=True)
    say(
        f"Next, in {clean(str(out))}: `hs account auth`, then `hs project upload`, and install the app in HubSpot "
        "(page Distribution). Into .env: its token (there) as HUBSPOT_TOKEN, its client secret (page Auth) as "
        f"HUBSPOT_CLIENT_SECRETS, and LEADSCORE_PUBLIC_URL={public}. Then `leadscore serve`."
    )
