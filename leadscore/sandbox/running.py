"""A sandbox that runs until it is told to stop: what the command line shows and waits for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from leadscore.sandbox.generator import generate
from leadscore.sandbox.salesforce.generator import generate as generate_org
from leadscore.sandbox.salesforce.server import SalesforceSandbox
from leadscore.sandbox.salesforce.server import serve as serve_org
from leadscore.sandbox.server import Sandbox, serve


def run_forever(
    ready: Callable[[Sandbox, dict[str, int]], None],
    *,
    contacts: int = 0,
    seed: int = 1,
    port: int = 0,
    tier: str = "enterprise",
    now: int | None = None,
    state_path: Path | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM; must be called in the main thread.

    People are generated when the portal has none, so that a kept `state_path` goes on where it stopped; `ready` is
    called once with the running sandbox and what was generated. Raises OSError when the port is taken.
    """
    with _told_to_end() as ended, serve(state_path, port, now=now, tier=tier) as sandbox:
        empty = sandbox.portal.db.execute("SELECT 1 FROM objects LIMIT 1").fetchone() is None
        ready(sandbox, generate(sandbox.portal, contacts, seed) if contacts and empty else {})
        _wait(ended)


def run_salesforce_forever(
    ready: Callable[[SalesforceSandbox, dict[str, int]], None],
    *,
    contacts: int = 0,
    seed: int = 1,
    port: int = 0,
    now: int | None = None,
    state_path: Path | None = None,
) -> None:
    """The same with a local Salesforce, for as many people, who are Leads or Contacts."""
    with _told_to_end() as ended, serve_org(state_path, port, now=now) as sandbox:
        with sandbox.org.lock:
            query = 'SELECT 1 FROM "o_Lead" UNION ALL SELECT 1 FROM "o_Contact" LIMIT 1'
            empty = sandbox.org.db.execute(query).fetchone() is None
        ready(sandbox, generate_org(sandbox.org, contacts, seed) if contacts and empty else {})
        _wait(ended)


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set within the block."""
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _wait(ended: threading.Event) -> None:
    while not ended.wait(0.5):
        pass
