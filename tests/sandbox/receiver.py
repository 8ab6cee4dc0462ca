"""Somebody who is called: keeps what came and answers as told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`answers` are used up in order, then it says 204; a negative one never answers."""

    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    port: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    together: threading.Barrier | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/crm?tenant=a%2Fb&x=%20"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for call in self.calls for event in call.events]

    @property
    def told(self) -> list[dict[str, Any]]:
        """In the order in which it happened; calls that are under way at once arrive in any."""
        return sorted(self.events, key=lambda event: int(event["eventId"]))

    def take(self, call: Call) -> int:
        if self.together is not None:
            self.together.wait(timeout=10)
        self.calls.append(call)
        answer = self.answers.pop(0) if self.answers else 204
        if answer < 0:
            self.ended.wait(30)
        return answer


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.receiver.take(Call(self.path, dict(self.headers), body))
        if status > 0:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)


def listen(receiver: Receiver) -> ThreadingHTTPServer:
    server = _Server(receiver)
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def expected_v3(secret: str, url: str, body: bytes, timestamp: str) -> str:
    """The published algorithm, computed here on its own; `url` is already decoded as it demands."""
    digest = hmac.new(
        secret.encode("utf-8"), b"POST" + url.encode("utf-8") + body + timestamp.encode("utf-8"), hashlib.sha256
    )
    return base64.b64encode(digest.digest()).decode("ascii")
