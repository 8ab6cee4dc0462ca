"""The local HubSpot over HTTP on 127.0.0.1: the official client works against it with only its host set.

    with serve(Path("portal.db")) as sandbox:
        client = HubSpot(access_token=sandbox.token, host=sandbox.url)

Every request passes the same gates as at HubSpot: faults that were switched on, token, rate limits, scopes, then its
handler inside one transaction. `/_sandbox/...` (see control.py) steers the portal and needs no token.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from leadscore.sandbox import automation, control, gate, notices, setup
from leadscore.sandbox.clock import Clock
from leadscore.sandbox.faults import Fault
from leadscore.sandbox.sender import Sender
from leadscore.sandbox.state import Portal
from leadscore.sandbox.wire import Response, request

_LONGEST_URI = 16_000


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after another from a kept-alive connection. Written in one piece, without Nagle's delay:
    else every answer waits 40 ms."""

    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 120
    server: _Server

    def handle_request(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._send(Response(411, {"status": "error", "message": "A Content-Length is required."}))
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(self.path) > _LONGEST_URI:
            self._send(Response(414, {"status": "error", "message": "The request URI is too long."}))
            return
        incoming = request(self.command, self.path, self.headers, body)
        if incoming.path.startswith("/_sandbox"):
            self._send(control.answer(self.server.portal, incoming))
            return
        verdict = gate.pass_through(self.server.portal, incoming)
        if verdict.fault is None:
            self._send(verdict.response)
        else:
            self._misbehave(verdict.fault, verdict.response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request  # noqa: N815 - names that http.server calls

    def _send(self, response: Response) -> None:
        body = response.body()
        self.send_response(response.status)
        if response.payload is not None:
            self.send_header("Content-Type", "application/json;charset=utf-8")
        if response.status != 204:
            self.send_header("Content-Length", str(len(body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _misbehave(self, fault: Fault, response: Response) -> None:
        """Connection faults; those that are mere answers were put into `response` by the gate."""
        if fault.kind in ("hang", "slow"):
            self.server.stopping.wait(fault.seconds)
        if fault.kind in ("hang", "reset"):
            self._cut()
        elif fault.kind == "half_body":
            body = response.body() or b"{}"
            self.send_response(response.status)
            self.send_header("Content-Type", "application/json;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._cut()
        else:
            self._send(response)

    def _cut(self) -> None:
        """A reset, as a dying machine sends it, instead of an orderly end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are counted by the portal, not logged."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, portal: Portal, port: int) -> None:
        self.portal = portal
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Without the look-up of this machine's name, which can take seconds and asks the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """The socket is closed as it is: a graceful shutdown would turn a cut connection into an orderly one."""
        self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What breaks while the portal ends is nobody's concern."""
        if not self.stopping.is_set():
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Sandbox:
    """A running portal. `portal` gives a test direct access to its store and clock, under `portal.lock`."""

    url: str
    portal: Portal
    _server: _Server
    _sender: Sender
    _thread: threading.Thread
    _temporary: tempfile.TemporaryDirectory[str] | None

    @property
    def token(self) -> str:
        return self.portal.settings.token

    @property
    def portal_id(self) -> int:
        return self.portal.settings.portal_id

    def stop(self) -> None:
        """Ends open connections and hanging answers, closes the store, deletes a temporary one."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.close_all()
        self._server.server_close()
        self._thread.join(timeout=5)
        self._sender.stop()
        self.portal.close()
        if self._temporary is not None:
            self._temporary.cleanup()


def start(
    state_path: Path | None = None, port: int = 0, *, now: int | None = None, tier: str = "enterprise", **settings: Any
) -> Sandbox:
    """Starts a portal; port 0 takes a free one, no path a temporary store that `stop` deletes.

    `now` (milliseconds since the epoch) makes its clock stand still there; without it, time is real. Further settings
    are those of state.Settings. Raises OSError when the port is taken, ValueError for a wrong setting.
    """
    temporary = None
    if state_path is None:
        temporary = tempfile.TemporaryDirectory(prefix="leadscore-sandbox-")
        state_path = Path(temporary.name) / "portal.db"
    portal = Portal(state_path, Clock(fixed=now))
    try:
        setup.prepare(portal)
        portal.settings.change(tier=tier, **settings)
        portal.save_settings()
        server = _Server(portal, port)
    except BaseException:
        portal.close()
        if temporary is not None:
            temporary.cleanup()
        raise
    notices.watch(portal)
    automation.watch(portal)
    sender = Sender(portal)
    sender.start()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    return Sandbox(f"http://127.0.0.1:{server.server_address[1]}", portal, server, sender, thread, temporary)


@contextlib.contextmanager
def serve(
    state_path: Path | None = None, port: int = 0, *, now: int | None = None, tier: str = "enterprise", **settings: Any
) -> Iterator[Sandbox]:
    """`start`, and `stop` at the end of the block."""
    sandbox = start(state_path, port, now=now, tier=tier, **settings)
    try:
        yield sandbox
    finally:
        sandbox.stop()
