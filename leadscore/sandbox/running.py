"""A sandbox that runs until it is told to stop: what the command line shows and waits for."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

from leadscore.sandbox.generator import generate
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
    ended = threading.Event()
    before = {name: signal.signal(name, lambda *_: ended.set()) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        with serve(state_path, port, now=now, tier=tier) as sandbox:
            empty = sandbox.portal.db.execute("SELECT 1 FROM objects LIMIT 1").fetchone() is None
            made = generate(sandbox.portal, contacts, seed) if contacts and empty else {}
            ready(sandbox, made)
            while not ended.wait(0.5):
                pass
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
