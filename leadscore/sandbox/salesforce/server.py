"""The local Salesforce over HTTP on 127.0.0.1; its answers name it with https, as every client of Salesforce expects.

    with serve(Path("org.db")) as org:
        ...  # a client whose adapter sends https://127.0.0.1:PORT to http://127.0.0.1:PORT

`/_sandbox/...` (see control.py) steers the org and needs no token.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from leadscore.sandbox.clock import Clock
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.salesforce import control, flows, pardot, permissions, rest, setup
from leadscore.sandbox.salesforce.answers import Answer, Request, failure, request
from leadscore.sandbox.salesforce.messages import Messenger
from leadscore.sandbox.salesforce.org import Org
from leadscore.sandbox.salesforce.rows import Changed

_LONGEST_URI = 16_384
_LONGEST_BODY = 200_000_000


class _Handler(BaseHTTPRequestHandler):
    """Written in one piece, without Nagle's delay: else every answer waits 40 ms."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    def handle_request(self) -> None:
        body = self._body()
        if len(self.path) > _LONGEST_URI:
            self._send(failure(414, "URI_TOO_LONG", "The request URI is too long."))
            return
        asked = request(self.command, self.path, self.headers, body)
        if asked.path.startswith("/_sandbox"):
            self._send(control.answer(self.server.org, self.server.faults, asked))
            self.server.messenger.wake()
            return
        with self.server.together(asked.path) as admitted:
            if admitted:
                self._carry_out(asked)
            else:
                self._send(pardot.too_many())

    def _carry_out(self, asked: Request) -> None:
        with self.server.org.lock:
            fault = next((one for one in self.server.faults if one.strikes(self.command, self.path)), None)
        if fault is not None and fault.when == "before" and fault.kind not in ("slow", "half_body"):
            self._misbehave(fault, _instead(fault, asked.path))
            return
        found = rest.answer(self.server.org, asked, self.server.url, self.server.tell)
        if fault is None:
            self._send(found)
        else:
            self._misbehave(fault, found if fault.kind in ("slow", "half_body") else _instead(fault, asked.path))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 - names that http.server calls

    def _body(self) -> bytes:
        """Salesforce takes bodies in chunks, too: some clients ask for tokens that way."""
        if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
            return self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY))
        parts: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _send(self, answer: Answer) -> None:
        body = answer.body()
        self.send_response(answer.status)
        if answer.payload is not None:
            self.send_header("Content-Type", "application/json;charset=UTF-8")
        if answer.status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _misbehave(self, fault: Fault, answer: Answer) -> None:
        if fault.kind in ("hang", "slow"):
            self.server.stopping.wait(fault.seconds)
        if fault.kind in ("hang", "reset"):
            self._cut()
        elif fault.kind == "half_body":
            body = answer.body() or b"{}"
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._cut()
        else:
            self._send(answer)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted by the org, not logged."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()


def _instead(fault: Fault, path: str) -> Answer:
    """What is answered in place of the truth; Account Engagement says it in its own words."""
    if path.startswith(pardot.PATH) and (denied := pardot.instead(fault.kind)) is not None:
        return denied
    match fault.kind:
        case "expired_token":
            return failure(401, "INVALID_SESSION_ID", "Session expired or invalid")
        case "daily":
            return failure(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        case "burst":
            return failure(
                403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
            )
    if fault.body is not None:
        return Answer(fault.status, fault.body)
    code = "SERVER_UNAVAILABLE" if fault.status == 503 else "UNKNOWN_EXCEPTION"
    return failure(fault.status, code, "An unexpected error occurred.")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, org: Org, port: int) -> None:
        self.org = org
        self.faults: list[Fault] = []
        self.messenger = Messenger(org)
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._engaged, self._engaged_lock = 0, threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def tell(self, changed: list[Changed]) -> None:
        """Starts the flows that watch what was changed, in the transaction of the change."""
        permissions.follow(self.org, changed)
        if flows.follow(self.org, changed):
            self.messenger.wake()

    @contextlib.contextmanager
    def together(self, path: str) -> Iterator[bool]:
        """Whether the call may pass: Account Engagement takes so many at once, the org any number."""
        if not path.startswith(pardot.PATH):
            yield True
            return
        with self._engaged_lock:
            self._engaged += 1
            admitted = self._engaged <= pardot.MOST_AT_ONCE
        try:
            yield admitted
        finally:
            with self._engaged_lock:
                self._engaged -= 1

    def server_bind(self) -> None:
        """Without the look-up of this machine's name, which can take seconds and asks the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What breaks while the org ends is nobody's concern."""
        if not self.stopping.is_set():
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class SalesforceSandbox:
    """A running org. `org` gives a test direct access to its store and clock, under `org.lock`."""

    url: str
    org: Org
    _server: _Server
    _thread: threading.Thread
    _temporary: tempfile.TemporaryDirectory[str] | None = field(default=None)

    @property
    def organization_id(self) -> str:
        return setup.organization_id(self.org)

    def stop(self) -> None:
        """Ends open connections and hanging answers, closes the store, deletes a temporary one."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.close_all()
        self._server.server_close()
        self._thread.join(timeout=5)
        self._server.messenger.stop()
        self.org.close()
        if self._temporary is not None:
            self._temporary.cleanup()


def start(
    state_path: Path | None = None, port: int = 0, *, now: int | None = None, **settings: Any
) -> SalesforceSandbox:
    """Starts an org; port 0 takes a free one, no path a temporary store that `stop` deletes.

    `now` (milliseconds since the epoch) makes its clock stand still there; further settings are those of
    org.Settings. Raises OSError when the port is taken, ValueError for a wrong setting.
    """
    temporary = None
    if state_path is None:
        temporary = tempfile.TemporaryDirectory(prefix="leadscore-salesforce-")
        state_path = Path(temporary.name) / "org.db"
    org = Org(state_path, Clock(fixed=now))
    try:
        org.settings.change(**settings)
        org.save_settings()
        setup.prepare(org)
        server = _Server(org, port)
    except BaseException:
        org.close()
        if temporary is not None:
            temporary.cleanup()
        raise
    server.messenger.start()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return SalesforceSandbox(server.url, org, server, thread, temporary)


@contextlib.contextmanager
def serve(
    state_path: Path | None = None, port: int = 0, *, now: int | None = None, **settings: Any
) -> Iterator[SalesforceSandbox]:
    """`start`, and `stop` at the end of the block."""
    sandbox = start(state_path, port, now=now, **settings)
    try:
        yield sandbox
    finally:
        sandbox.stop()
