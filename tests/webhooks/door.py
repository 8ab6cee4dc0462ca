"""A door over real HTTP with an inbox in memory, and a caller that signs by HubSpot's published algorithm."""

import base64
import hashlib
import hmac
import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from waitress.server import create_server

from webhooks.blueprint import DoorSettings, Outcome, hubspot_door
from webhooks.delivery import Delivery, Receipt, Rejected
from webhooks.hubspot import Portal

NOW = 1_800_000_000_000
SECRET = "new-secret"
OLD_SECRET = "old-secret"
PUBLIC = "https://score.example.com/leads/webhooks/hubspot"
PORTAL = Portal("62515", "54321", lambda name: name.startswith("leadscore_"), frozenset({"leadscore_feedback"}))


def event(**more: Any) -> dict[str, Any]:
    return {
        "eventId": 1,
        "subscriptionId": 12345,
        "portalId": 62515,
        "appId": 54321,
        "occurredAt": 1564113600000,
        "subscriptionType": "contact.propertyChange",
        "attemptNumber": 0,
        "objectId": 123,
        "propertyName": "jobtitle",
        "propertyValue": "VP Sales",
        "changeSource": "CRM_UI",
        "sourceId": "userId:7",
        **more,
    }


def signature(body: bytes, uri: str = PUBLIC, timestamp: str = str(NOW), secret: str = SECRET) -> str:
    """Written again on purpose: the door's own signing must not check itself."""
    message = b"POST" + uri.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


def signed(body: bytes, **how: str) -> dict[str, str]:
    timestamp = how.get("timestamp", str(NOW))
    return {"X-HubSpot-Signature-v3": signature(body, **how), "X-HubSpot-Request-Timestamp": timestamp}


@dataclass
class MemoryInbox:
    """Keeps what is new by its key; `trouble` is raised instead."""

    kept: dict[str, Delivery | Rejected] = field(default_factory=dict)
    trouble: Exception | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, receipt: Receipt) -> int:
        if self.trouble is not None:
            raise self.trouble
        with self.lock:
            before = len(self.kept)
            for delivery in receipt.deliveries:
                self.kept.setdefault(delivery.key, delivery)
            for letter in receipt.rejected:
                self.kept.setdefault(letter.key, letter)
            return len(self.kept) - before

    @property
    def deliveries(self) -> list[Delivery]:
        return [one for one in self.kept.values() if isinstance(one, Delivery)]

    @property
    def rejected(self) -> list[Rejected]:
        return [one for one in self.kept.values() if isinstance(one, Rejected)]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Door:
    port: int
    inbox: MemoryInbox
    told: list[Outcome]

    def post(
        self, body: bytes, headers: dict[str, str] | list[tuple[str, str]], path: str = "/webhooks/hubspot"
    ) -> Answer:
        """One call as bytes on the wire: headers may occur twice and need not be ASCII."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest("POST", path)
            pairs = list(headers.items()) if isinstance(headers, dict) else headers
            for name, value in [*pairs, ("Content-Length", str(len(body)))]:
                connection.putheader(name, value.encode("utf-8"))
            connection.endheaders(body)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def say(self, *events: object) -> Answer:
        body = json.dumps(list(events)).encode()
        return self.post(body, signed(body))


@contextmanager
def open_door(**settings: Any) -> Iterator[Door]:
    inbox = MemoryInbox()
    told: list[Outcome] = []
    chosen: dict[str, Any] = {"public_url": PUBLIC, "portal": PORTAL, "secrets": (SECRET,), **settings}
    app = Flask("door")
    app.register_blueprint(hubspot_door(DoorSettings(**chosen), inbox, lambda: NOW, told.append))
    with serving(app) as port:
        yield Door(port, inbox, told)


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """Serves a WSGI application with waitress on a free port of this machine."""
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, host="127.0.0.1", port=0, threads=2)
    going = threading.Event()
    going.set()

    def loop() -> None:
        while going.is_set():
            server.asyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield int(server.effective_port)
    finally:
        going.clear()
        thread.join()
        for one in list(sockets.values()):
            one.close()
        server.task_dispatcher.shutdown()
