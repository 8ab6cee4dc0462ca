"""Which org this is, and how many calls of its last 24 hours are used."""

from connectors.protocol import Account, Quota
from connectors.salesforce.answers import Forbidden, Refused
from connectors.salesforce.client import Client, Row
from connectors.salesforce.needs import CRM
from connectors.salesforce.soql import select

_COLUMNS = ("Id", "Name", "IsSandbox", "OrganizationType", "TrialExpirationDate", "TimeZoneSidKey")


def read_account(client: Client) -> Account:
    """The org's id has 18 characters. A sandbox gets a new one at every refresh."""
    row = client.query(select(_COLUMNS, "Organization"))["records"][0]
    host = client.login.instance or client.session.host
    return Account(
        crm=CRM,
        id=str(row["Id"]),
        name=str(row["Name"]),
        kind=_kind(row),
        time_zone=str(row.get("TimeZoneSidKey") or "UTC"),
        url=f"https://{host}/{{id}}",
    )


def read_quota(client: Client) -> Quota:
    """As the latest answer told; a call is made only where there was none yet. Salesforce counts the last 24 hours, so
    that there is no moment at which all calls come back."""
    if client.usage.day is None:
        try:
            client.rest("GET", "limits")
        except (Forbidden, Refused):
            return Quota(None, None, None)
    day, left = client.usage.day, client.usage.day_left
    return Quota(day, None if day is None or left is None else day - left, client.budget.day_ends())


def _kind(row: Row) -> str:
    """A kind that is new to us counts as production, the careful choice."""
    if row.get("TrialExpirationDate"):
        return "test"
    if row.get("IsSandbox"):
        return "sandbox"
    return "developer" if row.get("OrganizationType") == "Developer Edition" else "production"
