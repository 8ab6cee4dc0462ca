"""A proxy between the product and the portal that sees when each request comes, and misbehaves as it is told."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """What the product gets instead of the portal's answer. `carried_out`: the portal sees the request all the same,
    and only its answer is lost."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal["whole", "half", "reset"] = "whole"
    carried_out: bool = False


Rule = Callable[[str, str], Reply | None]
"""By method and path; None lets the request through."""


@dataclass
class Gateway:
    """`seen` holds the instant (monotonic, seconds), method and path of each request."""

    url: str
    target: str
    seen: list[tuple[float, str, str]] = field(default_factory=list)
    rule: Rule = lambda _method, _path: None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, method: str, path: str) -> Reply | None:
        with self.lock:
            self.seen.append((time.monotonic(), method, path))
            return self.rule(method, path)

    def since(self, instant: float) -> list[float]:
        with self.lock:
            return [at for at, _, _ in self.seen if at >= instant]


@contextmanager
def gateway(target: str) -> Iterator[Gateway]:
    """A gateway to this address on a free port."""
    opened: list[Gateway] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_request(self) -> None:
            made = opened[0]
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = made.decide(self.command, self.path)
            if reply is None or reply.carried_out:
                answer = self.forward(made, body)
                reply = answer if reply is None else reply
            self.answer(reply)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 - names that http.server calls

        def forward(self, made: Gateway, body: bytes) -> Reply:
            wire = HTTPConnection(urlsplit(made.target).netloc, timeout=60)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                wire.request(self.command, self.path, body, headers)
                answer = wire.getresponse()
                kept = {n: v for n, v in answer.getheaders() if n.lower() not in ("content-length", "connection")}
                return Reply(answer.status, answer.read(), kept)
            finally:
                wire.close()

        def answer(self, reply: Reply) -> None:
            if reply.how == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            half = reply.how == "half"
            self.wfile.write(reply.body[: len(reply.body) // 2] if half else reply.body)
            self.wfile.flush()
            self.close_connection = half

        def log_message(self, format: str, *args: object) -> None:
            """Requests are kept in `seen`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Cut connections are what it is for."""

    server = Server(("127.0.0.1", 0), Handler)
    opened.append(Gateway(f"http://127.0.0.1:{server.server_address[1]}", target))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield opened[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
