"""The door and the local Salesforce, which were written apart, understand each other."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

import requests

from leadscore.sandbox.salesforce.server import SalesforceSandbox, serve
from tests.webhooks.door import Door
from tests.webhooks.salesforce_door import TOKEN, open_door
from webhooks.delivery import InboxUnavailable


def _control(org: SalesforceSandbox, path: str, document: dict[str, Any]) -> Any:
    answer = requests.post(f"{org.url}/_sandbox/{path}", json=document, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _flow(org: SalesforceSandbox, door: Door) -> None:
    endpoint = f"http://127.0.0.1:{door.port}/webhooks/salesforce/{TOKEN}"
    flow = {"name": "Told", "object": "Lead", "endpoint": endpoint, "watched": ["Title"], "sent": ["Title", "Email"]}
    _control(org, "flows", flow)
    _control(org, "settings", {"message_wait_ms": 20})


def _lead(org: SalesforceSandbox, name: str) -> str:
    values = {"LastName": name, "Company": "A & B", "Email": "jürgen@a.example", "Title": "<CEO>"}
    return str(_control(org, "people/make", {"object": "Lead", "values": values})["id"])


def _wait(holds: Callable[[], bool]) -> None:
    end = monotonic() + 10
    while not holds():
        assert monotonic() < end, "it did not happen within 10 s"
        sleep(0.01)


def _waiting(org: SalesforceSandbox) -> int:
    return len(requests.get(f"{org.url}/_sandbox/messages", timeout=10).json()["messages"])


def test_what_the_local_salesforce_sends_is_kept_and_acknowledged() -> None:
    with serve() as org, open_door(organization=org.organization_id) as door:
        _flow(org, door)
        ids = {_lead(org, name) for name in ("One", "Two", "Three")}
        _wait(lambda: len(door.inbox.deliveries) == 3 and _waiting(org) == 0)
        assert {one.records[0].id for one in door.inbox.deliveries} == ids
        assert not door.inbox.rejected


def test_messages_come_again_until_they_are_kept_and_then_once() -> None:
    with serve() as org, open_door(organization=org.organization_id) as door:
        door.inbox.trouble = InboxUnavailable("locked")
        _flow(org, door)
        _lead(org, "One")
        _wait(lambda: len(door.told) >= 2)
        door.inbox.trouble = None
        _wait(lambda: len(door.inbox.deliveries) == 1 and _waiting(org) == 0)
        _control(org, "messages/again", {})
        _wait(lambda: door.told[-1].new == 0 and door.told[-1].deliveries == 1)
        assert len(door.inbox.kept) == 1


def test_a_refreshed_copy_of_the_org_soon_stops_calling() -> None:
    with serve() as org, open_door(organization="00D5f000000ZZZZEAK") as door:
        _flow(org, door)
        _lead(org, "One")
        _wait(lambda: bool(door.told) and _waiting(org) == 0)
        assert not door.inbox.kept
        assert door.told[-1].elsewhere == 1
