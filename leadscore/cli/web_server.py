"""The HTTP server of `leadscore serve`: waitress in a thread of its own, so that it can be stopped from outside."""

import threading

from flask import Flask
from waitress.server import create_server

_SLOW = 30
_LARGEST = 6 * 2**20
_CONNECTIONS = 800
"""Who sends slowly holds a connection and no thread; with the 100 of waitress itself, a hundred of them close the door.
Each needs a file descriptor, of which a process has 1,024 unless the system was told otherwise."""


class WebServer:
    """Listens at once, answers after `start`. Raises OSError when the address is taken."""

    def __init__(self, app: Flask, listen: str, threads: int) -> None:
        host, _, port = listen.rpartition(":")
        self._server = create_server(
            app,
            host=host.strip("[]"),
            port=int(port),
            threads=threads,
            ident="leadscore",
            channel_timeout=_SLOW,
            cleanup_interval=5,
            max_request_body_size=_LARGEST,
            connection_limit=_CONNECTIONS,
            asyncore_use_poll=True,
        )
        self._thread = threading.Thread(target=self._server.run, name="web", daemon=True)
        shown = f"[{host.strip('[]')}]" if ":" in host.strip("[]") else host
        self.url = f"http://{shown}:{self._server.effective_port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Lets requests that are being answered end, and takes no more."""
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=3)
        self._server.close()
