"""`leadscore trigger EVENT`: sends a correctly signed notice to our own door, as HubSpot would."""

import secrets
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
import requests
import typer

from leadscore.cli.bars import say
from leadscore.cli.clock import now
from leadscore.cli.show import clean, console, json_line
from leadscore.store.account import bound
from leadscore.store.database import reading
from leadscore.wiring import parts
from webhooks.blueprint import PATH
from webhooks.signatures import TIMESTAMP, V3, sign_v3, signed_uri

FAILED, USAGE = 1, 64
EVENTS = tuple(
    f"{thing}.{event}"
    for thing in ("contact", "company", "deal")
    for event in ("creation", "propertyChange", "deletion", "restore", "merge")
)
_ERASING = "contact.privacyDeletion"
_SECONDS = 10


def trigger(
    event: Annotated[str, typer.Argument(help="For example contact.propertyChange.")],
    record: Annotated[int, typer.Option("--id", min=1, help="The CRM's id of the record.")],
    property: Annotated[str, typer.Option(help="For propertyChange: which.")] = "email",
    merged: Annotated[int, typer.Option(min=1, help="For merge: the id of the record that went.")] = 1,
    to: Annotated[
        str | None, typer.Option(help="Where to send it; without it, to the address set for `serve`.")
    ] = None,
    times: Annotated[int, typer.Option(min=1, max=100, help="Send it so often: a repeat must be known.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each answer.")] = False,
) -> None:
    """Send a correctly signed sample of a HubSpot event to the running `leadscore serve`.

    It names a record, nothing else: leadscore then reads the record from the CRM as it is. Exit codes: 0 taken, 1 not.
    """
    if event == _ERASING:
        say("A privacy deletion would erase the person here, which is no test. Nothing was sent.")
        raise typer.Exit(USAGE)
    if event not in EVENTS:
        say(f"{clean(event)} is no event that leadscore knows. Choose one of: {', '.join(EVENTS)}.")
        raise typer.Exit(USAGE)
    made = parts()
    if not made.settings.hubspot_client_secrets:
        say("There is no client secret to sign with. Put HUBSPOT_CLIENT_SECRETS=... into .env.")
        raise typer.Exit(FAILED)
    with made.store() as store, reading(store) as connection:
        portal = bound(connection).account.id
    body = msgspec.json.encode([_sample(event, int(portal), record, property, merged)])
    secret = made.settings.hubspot_client_secrets[0].get_secret_value()
    target = (to.rstrip("/") if to else f"http://{_reachable(made.settings.listen)}") + PATH
    failed = False
    for _ in range(times):
        stamp = str(now()).encode()
        signature = sign_v3(secret, "POST", signed_uri(made.door_address, b""), body, stamp)
        headers = {V3: signature.decode(), TIMESTAMP: stamp.decode(), "Content-Type": "application/json"}
        failed = not _send(target, body, headers, as_json) or failed
    if failed:
        raise typer.Exit(FAILED)


def _sample(event: str, portal: int, record: int, property: str, merged: int) -> dict[str, Any]:
    """One event as HubSpot's own deliveries look, of a person who changed something by hand."""
    sample: dict[str, Any] = {
        "eventId": secrets.randbelow(2**31),
        "subscriptionId": 1,
        "portalId": portal,
        "appId": 1,
        "occurredAt": now(),
        "subscriptionType": event,
        "attemptNumber": 0,
        "objectId": record,
        "changeSource": "CRM_UI",
        "sourceId": "userId:1",
    }
    if event.endswith("propertyChange"):
        return sample | {"propertyName": property, "propertyValue": "sample"}
    if event.endswith("merge"):
        return sample | {"primaryObjectId": record, "mergedObjectIds": [merged], "newObjectId": record}
    return sample


def _reachable(listen: str) -> str:
    """A server that listens everywhere is reached on this machine."""
    host, _, port = listen.rpartition(":")
    return f"127.0.0.1:{port}" if host in ("0.0.0.0", "[::]", "::") else listen  # noqa: S104 (compared, not bound)


def _send(target: str, body: bytes, headers: dict[str, str], as_json: bool) -> bool:
    try:
        answer = requests.post(target, data=body, headers=headers, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        place = urlsplit(target).netloc
        say(f"Nothing answers at {place} ({type(error).__name__}). Start `leadscore serve`, or name it with --to.")
        return False
    if as_json:
        console().file.write(json_line({"status": answer.status_code, "said": answer.text.strip()}).decode())
    elif answer.status_code == 200:
        say(
            "Taken in."
            if '"new":1' in answer.text.replace(" ", "")
            else "Taken in; it was known already, or not for us."
        )
    else:
        say(f"Refused with {answer.status_code}: {clean(answer.text.strip())}")
    return answer.status_code == 200
