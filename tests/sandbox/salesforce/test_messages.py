"""Flows send outbound messages as Salesforce does, and again until they are acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.sandbox.salesforce.conftest import Caller

ACK = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notificationsResponse '
    b'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></soapenv:Body>'
    b"</soapenv:Envelope>"
)
NAMES = {"o": "http://soap.sforce.com/2005/09/outbound", "sf": "urn:sobject.enterprise.soap.sforce.com"}


@dataclass
class Listener:
    """`answers` are used up in order, then every message is acknowledged."""

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def notifications(self) -> list[ElementTree.Element]:
        trees = [ElementTree.fromstring(body) for body in self.bodies]  # noqa: S314 (made by the sandbox)
        return [one for tree in trees for one in tree.iter(f"{{{NAMES['o']}}}Notification")]

    def ids(self) -> list[str]:
        return [one.findtext("o:Id", "", NAMES) for one in self.notifications()]

    def wait(self, many: int) -> None:
        end = monotonic() + 10
        while len(self.notifications()) < many:
            assert monotonic() < end, f"{len(self.notifications())} of {many} came"
            sleep(0.01)


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = heard.answers.pop(0) if heard.answers else (200, ACK)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    heard.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/salesforce/secret"
    yield heard
    server.shutdown()
    server.server_close()


def flow(call: Caller, listener: Listener, **more: Any) -> None:
    document = {"name": "Changed", "object": "Lead", "endpoint": listener.url, "watched": ["Title"], "sent": ["Title"]}
    call.control("flows", {**document, **more})
    call.control("settings", {"message_wait_ms": 20})


def test_a_watched_change_is_told_with_the_values_of_now(call: Caller, listener: Listener) -> None:
    flow(call, listener, on_create=False)
    id = call.lead()
    call.send("PATCH", f"sobjects/Lead/{id}", {"Phone": "1"})
    call.send("PATCH", f"sobjects/Lead/{id}", {"Title": "A & B"})
    listener.wait(1)
    (told,) = listener.notifications()
    shown = told.find("o:sObject", NAMES)
    assert shown is not None
    assert (shown.findtext("sf:Id", "", NAMES), shown.findtext("sf:Title", "", NAMES)) == (id, "A & B")
    whole = ElementTree.fromstring(listener.bodies[0])  # noqa: S314 (made by the sandbox)
    assert next(whole.iter(f"{{{NAMES['o']}}}OrganizationId")).text == call.org.organization_id


@pytest.mark.parametrize("refusal", [(503, b""), (200, b"thanks"), (200, ACK.replace(b"true", b"false"))])
def test_what_is_not_acknowledged_comes_again_under_the_same_id(
    call: Caller, listener: Listener, refusal: tuple[int, bytes]
) -> None:
    listener.answers.append(refusal)
    flow(call, listener)
    call.lead()
    listener.wait(2)
    first, second = listener.ids()[:2]
    assert first == second


def test_a_deleted_record_is_told_without_its_values(call: Caller, listener: Listener) -> None:
    listener.answers.append((500, b""))
    flow(call, listener)
    call.control("settings", {"message_wait_ms": 400})
    id = call.lead(Title="CEO")
    listener.wait(1)
    call.send("DELETE", f"sobjects/Lead/{id}")
    listener.wait(2)
    shown = listener.notifications()[-1].find("o:sObject", NAMES)
    assert shown is not None
    assert [child.tag.partition("}")[2] for child in shown] == ["Id"]


def test_whoever_holds_the_bypass_starts_no_flow(call: Caller, listener: Listener) -> None:
    call.make("UserSetupEntityAccess", DeveloperName="LS_Bypass", KeyPrefix="0CF")
    flow(call, listener, bypass="LS_Bypass")
    id = call.lead()
    values = {"Title": "by a person"}
    call.control("people/edit", {"object": "Lead", "id": id, "values": values})
    listener.wait(1)
    assert [one.findtext("o:sObject/sf:Title", "", NAMES) for one in listener.notifications()] == ["by a person"]
