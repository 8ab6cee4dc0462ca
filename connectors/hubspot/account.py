"""Whose account the token opens, and how many calls of its day are used."""

from typing import Any

from connectors.hubspot.answers import Forbidden, Refused
from connectors.hubspot.client import Client
from connectors.hubspot.instants import instant, next_midnight
from connectors.hubspot.needs import CRM
from connectors.hubspot.paths import DETAILS, USAGE
from connectors.protocol import Account, Quota

_KINDS = {"STANDARD": "production", "SANDBOX": "sandbox", "DEVELOPER_TEST": "test", "APP_DEVELOPER": "developer"}


def read_account(client: Client) -> tuple[Account, int]:
    """The account, and when its day ends (ms UTC): limits start anew at its own midnight. HubSpot gives accounts no
    name there; the portal id is what admins know. A kind that is new to us counts as production, the careful choice."""
    raw: dict[str, Any] = client.get(DETAILS)
    portal = str(raw["portalId"])
    host = str(raw.get("uiDomain") or "app.hubspot.com")
    zone = str(raw.get("timeZone") or "UTC")
    account = Account(
        crm=CRM,
        id=portal,
        name=f"HubSpot portal {portal}",
        kind=_KINDS.get(str(raw.get("accountType")), "production"),
        time_zone=zone,
        url=f"https://{host}/contacts/{portal}/record/0-1/{{id}}",
    )
    return account, next_midnight(client.time.wall(), zone, int(raw.get("utcOffsetMilliseconds") or 0))


def read_clock(client: Client) -> int:
    """What time it is at HubSpot (ms UTC, whole seconds); our own time where the answer has no date."""
    return client.server_time(DETAILS) or client.time.wall()


def read_quota(client: Client) -> Quota:
    """The day's calls of all private apps together. An app with OAuth has no such limit: nothing is told."""
    try:
        answer = client.get(USAGE)
    except (Forbidden, Refused):
        return Quota(None, None, None)
    rows = (answer or {}).get("results") or ()
    row = next((row for row in rows if row.get("usageLimit")), None)
    if row is None:
        return Quota(None, None, None)
    used = row.get("currentUsage")
    return Quota(int(row["usageLimit"]), None if used is None else int(used), instant(row.get("resetsAt")))
