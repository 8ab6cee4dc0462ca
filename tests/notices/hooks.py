"""Somebody at whose address notices are posted: keeps what came, checks signatures as the published rules say."""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Came:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    def signed_with(self, secret: str) -> bool:
        """Whether one of the signatures was made with this secret: `v1,` and base64 of the HMAC-SHA256 over id, time
        and body with dots between, under the bytes that stand in base64 after `whsec_`."""
        assert secret.startswith("whsec_")
        content = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), self.body]
        )
        digest = hmac.digest(base64.b64decode(secret[len("whsec_") :]), content, hashlib.sha256)
        expected = "v1," + base64.b64encode(digest).decode("ascii")
        return expected in self.headers["webhook-signature"].split(" ")


@dataclass
class Hooks:
    """`answers` are used up in order, then it says 204: a status, or a status with headers."""

    port: int
    scheme: str = "http"
    came: list[Came] = field(default_factory=list)
    answers: list[int | tuple[int, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/leads?tenant=a"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        hooks = self.server.hooks
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        hooks.came.append(Came(self.path, headers, body))
        answer = hooks.answers.pop(0) if hooks.answers else 204
        status, more = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """What came is kept, not logged."""


class _Server(ThreadingHTTPServer):
    hooks: Hooks


@contextmanager
def hooks(context: ssl.SSLContext | None = None) -> Iterator[Hooks]:
    """Listens on this machine; with a `context` over TLS."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.hooks = Hooks(server.server_address[1], "http" if context is None else "https")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.hooks
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
