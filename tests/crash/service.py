"""The processes of a service as one group that can be killed, stopped and started again at the same address."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests
from sqlalchemy import Engine

from leadscore.cli.clock import now
from leadscore.jobs.status import status
from leadscore.sandbox import Sandbox
from leadscore.store.database import connect
from tests.crash.levels import MODEL
from tests.serve.service import PUBLIC, Place, until
from webhooks.blueprint import PATH

ALONE = (("serve",),)
"""All in one process."""
APART = (("serve", "--web-only"), ("worker",), ("scheduler", "--lease", "2"))
"""One process for each part."""
_KEPT = ("PATH", "PYTHONPATH", "TMPDIR", "LANG", "HOME")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Service:
    """Processes of these roles over one store; all of them die by one kill."""

    directory: Path
    database: str
    sandbox: Sandbox
    roles: Sequence[tuple[str, ...]] = ALONE
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    launches: int = 0

    def prepare(self) -> None:
        """The directory as an operator leaves it."""
        (self.directory / "models").mkdir(exist_ok=True)
        (self.directory / "models" / "levels.yaml").write_text(MODEL)
        portal = {"HUBSPOT_TOKEN": self.sandbox.token, "LEADSCORE_API_SHARE": "1", "LEADSCORE_LEAST_DISK_MB": "1"}
        portal["LEADSCORE_TASKS_A_DAY"] = "500"
        Place(self.directory, self.database).prepare(self.sandbox.url, **portal, **self.settings)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def door(self) -> str:
        return f"{self.url}{PATH}"

    @property
    def signed(self) -> str:
        """The address of the door as the CRM knows it."""
        return f"{PUBLIC}{PATH}"

    def launch(self) -> None:
        """Starts every process, the first as the head of a group, and waits for none."""
        self.launches += 1
        self.running = []
        for role in self.roles:
            self.running.append(self.start(*role, group=self.running[0].pid if self.running else 0))

    def start(self, *role: str, group: int = 0) -> subprocess.Popen[bytes]:
        """One process; group 0: the head of a group of its own."""
        listen = ("--listen", f"127.0.0.1:{self.port}") if role[0] == "serve" and "--listen" not in role else ()
        environment = {name: value for name, value in os.environ.items() if name in _KEPT}
        with (self.directory / f"{role[0]}.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "leadscore", *role, *listen],
                cwd=self.directory,
                env=environment,
                stdout=log,
                stderr=log,
                process_group=group,
            )

    def up(self, seconds: float = 60.0) -> None:
        """Waits until the door answers; fails when a process ended meanwhile."""

        def answers() -> bool:
            ended = [process.args for process in self.running if process.poll() is not None]
            assert not ended, f"{ended}\n{self.logs()[-3000:]}"
            try:
                return requests.get(f"{self.url}/healthz", timeout=5).ok
            except requests.ConnectionError:
                return False

        until(answers, seconds)

    def kill(self) -> None:
        """kill -9 of the whole group."""
        if self.running:
            os.killpg(self.running[0].pid, signal.SIGKILL)
        for process in self.running:
            process.wait(10)
        self.running = []

    def stop(self, seconds: float = 30.0) -> tuple[list[int], float]:
        """SIGTERM to all; the exit codes, and how many seconds it took. Raises TimeoutExpired."""
        began = time.monotonic()
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(max(0.1, seconds - (time.monotonic() - began))) for process in self.running]
        self.running = []
        return codes, time.monotonic() - began

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in sorted(self.directory.glob("*.log")))

    def store(self) -> Engine:
        """To be disposed of by the caller."""
        return connect(self.database)

    def at_rest(self, seconds: float = 60.0) -> float:
        """Waits until nothing is left to do; how many seconds that took."""
        began = time.monotonic()
        store = self.store()
        try:
            until(lambda: not any(left(store).values()), seconds)
        except Exception as error:
            raise AssertionError(f"not at rest after {seconds} s: {left(store)}\n{self.logs()[-3000:]}") from error
        finally:
            store.dispose()
        return time.monotonic() - began


def left(store: Engine) -> dict[str, int]:
    """How much work is open, by queue."""
    return dict(status(store, now()).backlog.waiting)
