"""The demo's service: a real `leadscore serve` beside the local portal, which calls it with signed webhooks."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from connectors.hubspot.project import subscriptions
from leadscore.cli.demo_portal import PortalView, Untrue
from scoring.model import ScoringModel
from webhooks.blueprint import PATH

LOOK = 1
"""Seconds of pause between looks for what no webhook tells; 30 unless set otherwise."""
PUBLIC = "https://leads.example.com"
"""The address over which the portal signs, as if a proxy stood before us."""
_SECRET = "the-demo-app-s-client-secret"  # noqa: S105 (signs for the local stand-in only)
_STARTS, _STOPS = 30.0, 30.0
_OURS = ("HUBSPOT_", "LEADSCORE_", "DATABASE_URL")


@dataclass(slots=True)
class Service:
    """The running process. `told`: of how many sorts of changes the portal tells it."""

    folder: Path
    process: subprocess.Popen[str]
    url: str
    told: int

    def run(self, *words: str) -> str:
        """What a command says that is run beside the service, on the same store. Raises Untrue if it fails."""
        line = [sys.executable, "-m", "leadscore", *words]
        done = subprocess.run(  # noqa: S603 (our own program)
            line, cwd=self.folder, env=_environment(), capture_output=True, text=True, timeout=60
        )
        if done.returncode:
            raise Untrue(f"`leadscore {' '.join(words)}` ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def stop(self) -> float:
        """Asks it to end; returns how many seconds that took. Raises Untrue if it does not end well."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(_STOPS)
        except subprocess.TimeoutExpired:
            raise Untrue(f"leadscore serve did not stop within {_STOPS:.0f} s") from None
        if code:
            raise Untrue(f"leadscore serve ended with {code}: {_last_words(self.folder)}")
        return time.monotonic() - began


@contextmanager
def service(portal: PortalView, folder: Path, models: tuple[ScoringModel, ...], model_text: str) -> Iterator[Service]:
    """`leadscore serve` over the store in the folder, and a portal that calls it. Neither outlives the block, whatever
    ends it. Raises Untrue if it does not come up."""
    (folder / "models").mkdir()
    (folder / "models" / "b2b.yaml").write_text(model_text, encoding="utf-8")
    (folder / ".env").write_text(_settings(portal), encoding="utf-8")
    with (folder / "serve.log").open("w") as log:
        line = [sys.executable, "-m", "leadscore", "serve", "--listen", "127.0.0.1:0", "--json"]
        process = subprocess.Popen(  # noqa: S603 (our own program)
            line,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            url = _address(process, folder)
            asked = subscriptions(models)
            hooks = {"target_url": url + PATH, "signed_url": PUBLIC + PATH, "client_secret": _SECRET}
            portal.pull("webhooks", hooks | {"subscriptions": asked})
            yield Service(folder, process, url, sum(len(part) for part in asked.values()))
        finally:
            portal.pull("webhooks", {"target_url": ""})
            process.kill()
            process.communicate()


def _settings(portal: PortalView) -> str:
    chosen = {
        "HUBSPOT_TOKEN": portal.token,
        "LEADSCORE_HUBSPOT_BASE_URL": portal.url,
        "DATABASE_URL": "sqlite:///demo.db",
        "HUBSPOT_CLIENT_SECRETS": _SECRET,
        "LEADSCORE_PUBLIC_URL": PUBLIC,
        "LEADSCORE_POLL_QUICK": str(LOOK),
        "LEADSCORE_POLL_SLOW": str(LOOK),
        "LEADSCORE_API_SHARE": "1",
        "LEADSCORE_LEAST_DISK_MB": "20",
    }
    return "".join(f"{name}={value}\n" for name, value in chosen.items())


def _environment() -> dict[str, str]:
    """The user's, without settings that lead to a real portal: the environment would win over `.env`."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OURS)}
    return kept | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _address(process: subprocess.Popen[str], folder: Path) -> str:
    out = process.stdout
    ready = select.select([out], [], [], _STARTS)[0] if out else []
    line = out.readline() if out and ready else ""
    if not line:
        raise Untrue(f"leadscore serve did not come up: {_last_words(folder)}")
    return str(json.loads(line)["url"])


def _last_words(folder: Path) -> str:
    lines = (folder / "serve.log").read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "it said nothing"


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """A SIGTERM ends the block as Ctrl-C does, so that what runs beside us ends, too."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
