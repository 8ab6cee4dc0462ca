"""Keeps the lead of one process for as long as it lives, and lets another take over soon after it does not."""

from collections.abc import Callable
from threading import Event

import structlog
from sqlalchemy import Engine

from leadscore.store.database import writing
from leadscore.store.errors import StoreError
from leadscore.store.leaders import lead, resign

LEASE = 15_000
"""How long a lead holds without being renewed, ms; it is renewed three times as often."""
SCHEDULER = "scheduler"

_log = structlog.get_logger(__name__)


class Leadership:
    """`fence` is that of our lead; None while we do not lead."""

    def __init__(self, store: Engine, owner: str, clock: Callable[[], int], lease: int = LEASE) -> None:
        self._store = store
        self._owner = owner
        self._clock = clock
        self._lease = lease
        self.fence: int | None = None

    def renew(self) -> int | None:
        """Takes or renews the lead. A store that does not answer means that we lead no longer."""
        before = self.fence
        try:
            with writing(self._store) as connection:
                self.fence = lead(connection, SCHEDULER, self._owner, self._clock(), self._lease)
        except StoreError as error:
            self.fence = None
            _log.warning("lead_unknown", error=str(error))
        if self.fence != before:
            _log.info("lead_taken" if self.fence is not None else "lead_lost", fence=self.fence or before)
        return self.fence

    def resign(self) -> None:
        """Gives the lead back; a store that does not answer keeps it until the lease ends."""
        self.fence = None
        try:
            with writing(self._store) as connection:
                resign(connection, SCHEDULER, self._owner)
        except StoreError as error:
            _log.warning("lead_kept", error=str(error))

    def wait(self, stop: Event) -> None:
        """Waits until it is time to renew, or until told to stop."""
        stop.wait(self._lease / 3000)
