"""`leadscore sandbox`: a local HubSpot or Salesforce with believable people, to try everything without an account."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from leadscore.sandbox import Sandbox, run_forever, run_salesforce_forever
from leadscore.sandbox.salesforce.server import SalesforceSandbox

_USAGE = 64


class Crm(StrEnum):
    hubspot = "hubspot"
    salesforce = "salesforce"


class Tier(StrEnum):
    enterprise = "enterprise"
    professional = "professional"
    starter = "starter"


def sandbox(
    crm: Annotated[Crm, typer.Option(help="Which CRM runs; both hold the same people.")] = Crm.hubspot,
    contacts: Annotated[int, typer.Option(min=0, help="How many contacts to generate.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8765,
    tier: Annotated[Tier, typer.Option(help="HubSpot's; page views as events need enterprise.")] = Tier.enterprise,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Let the CRM's clock stand still at this ISO 8601 time.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Keep the CRM in this file; without it, it is forgotten.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print url, keys and account id as one JSON object.")] = False,
) -> None:
    """Run a local HubSpot or Salesforce on 127.0.0.1 until Ctrl-C."""
    err = Console(stderr=True)
    try:
        now = None if as_of is None else _instant(as_of)
    except ValueError:
        err.print(
            f"--as-of {as_of!r} is no ISO 8601 time; write it like 2026-11-23T09:00:00Z", markup=False, soft_wrap=True
        )
        raise typer.Exit(_USAGE) from None
    err.print(f"Generating {contacts} contacts ...", markup=False, soft_wrap=True)
    try:
        if crm is Crm.salesforce:
            run_salesforce_forever(
                lambda running, made: _tell_org(err, running, made, as_json),
                contacts=contacts, seed=seed, port=port, now=now, state_path=state,
            )  # fmt: skip
        else:
            run_forever(
                lambda running, made: _tell(err, running, made, as_json),
                contacts=contacts, seed=seed, port=port, tier=tier.value, now=now, state_path=state,
            )  # fmt: skip
    except OSError as error:
        err.print(
            f"The sandbox could not start: {error}. Choose another port with --port, or 0.",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(1) from None


def _instant(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _tell(err: Console, running: Sandbox, made: dict[str, int], as_json: bool) -> None:
    if as_json:
        facts = {"url": running.url, "token": running.token, "portal_id": running.portal_id, "made": made}
        sys.stdout.write(json.dumps(facts) + "\n")
    else:
        sys.stdout.write(
            f"A local HubSpot runs at {running.url}\n"
            f"  portal id  {running.portal_id}\n"
            "  for leadscore, in .env\n"
            f"    HUBSPOT_TOKEN={running.token}\n"
            f"    LEADSCORE_HUBSPOT_BASE_URL={running.url}\n"
            f"  in the official client  HubSpot(access_token=TOKEN, host={running.url!r})\n"
            f"  clock, faults, journal  {running.url}/_sandbox\n"
        )
    _end(err, made)


def _tell_org(err: Console, running: SalesforceSandbox, made: dict[str, int], as_json: bool) -> None:
    """The client reaches the org over http, though its answers name https, as Salesforce's do."""
    keys, organization = running.org.settings, running.organization_id
    if as_json:
        facts = {
            "url": running.url, "client_id": keys.client_id, "client_secret": keys.client_secret,
            "organization_id": organization, "username": keys.username, "business_unit": keys.business_unit,
            "made": made,
        }  # fmt: skip
        sys.stdout.write(json.dumps(facts) + "\n")
    else:
        sys.stdout.write(
            f"A local Salesforce runs at {running.url}\n"
            f"  organization id  {organization}\n"
            f"  client id        {keys.client_id}\n"
            f"  client secret    {keys.client_secret}\n"
            f"  clock, faults, journal  {running.url}/_sandbox\n"
        )
    _end(err, made)


def _end(err: Console, made: dict[str, int]) -> None:
    sys.stdout.flush()
    if made:
        shown = ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in made.items())
        err.print(f"Generated {shown}.", markup=False, soft_wrap=True)
    err.print("Stop it with Ctrl-C.", markup=False, soft_wrap=True)
