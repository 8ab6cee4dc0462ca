"""Whether there is room for more events: what nobody works off must not fill the disk and take the store with it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from leadscore.store.database import reading
from leadscore.store.deliveries import open_up_to
from webhooks.delivery import InboxUnavailable

_AFTER_ROOM = 300
"""Seconds after which a CRM is to try again: room is not made in a moment."""
_EVERY = 5.0


class Room:
    """The room of one inbox. `least_free`: bytes on the disk of a SQLite file; `most_open`: events that may wait to be
    acted upon, looked up every five seconds. For many threads."""

    def __init__(
        self, store: Engine, *, least_free: int, most_open: int, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._least_free = least_free
        self._most_open = most_open
        self._tick = tick
        self._looked = float("-inf")
        self._full = False
        file = store.url.database
        self._disk = Path(file).absolute().parent if store.dialect.name == "sqlite" and file else None

    def check(self) -> None:
        """Raises InboxUnavailable if there is none; StoreError passes through."""
        if self._disk and shutil.disk_usage(self._disk).free < self._least_free:
            raise InboxUnavailable(f"The disk of {self._disk} is almost full; nothing more is taken.", _AFTER_ROOM)
        now = self._tick()
        if now - self._looked >= _EVERY:
            self._looked = now
            with reading(self._store) as connection:
                if self._disk is None:
                    connection.execute(text("SET LOCAL statement_timeout = '2s'"))
                self._full = open_up_to(connection, self._most_open) >= self._most_open
        if self._full:
            raise InboxUnavailable(f"{self._most_open:,} events wait to be acted upon already.", _AFTER_ROOM)
