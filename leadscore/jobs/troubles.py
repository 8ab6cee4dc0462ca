"""Notes in the store what keeps a shift from its work, so that an operator sees it whatever process meets it."""

from collections.abc import Callable

import structlog
from sqlalchemy import Engine

from connectors.errors import AccessDenied, QuotaExhausted, RetryLater, plain
from leadscore.jobs.refused import Refused
from leadscore.store.database import reading, writing
from leadscore.store.errors import StoreError
from leadscore.store.troubles import clear_trouble, note_trouble, troubles_since

FRESH = 5 * 60_000
"""A trouble that nobody met for so long (ms) is over, or whoever met it has ended. Shifts look again every minute."""
_AGAIN = 60_000

_log = structlog.get_logger(__name__)


class Troubles:
    """What the shifts of one process meet. A store that cannot be written is no trouble to note: `/readyz` tells it."""

    def __init__(self, store: Engine, clock: Callable[[], int]) -> None:
        self._store = store
        self._clock = clock
        self._met: dict[str, tuple[str, int]] = {}
        self._tries: dict[str, int] = {}

    def saw(self, shift: str, done: int, failure: Exception | None) -> None:
        """To be told of every step. A trouble ends with the first step that does something."""
        if failure is None:
            self._tries[shift] = 0
            if done and self._met.get(shift, ("?", 0))[0]:
                self._write(shift, None)
            return
        self._tries[shift] = self._tries.get(shift, 0) + 1
        # A CRM that asks for a moment's patience is no news; that it goes on asking is.
        if isinstance(failure, StoreError) or (isinstance(failure, RetryLater) and self._tries[shift] < 2):
            return
        error, at = self._met.get(shift, ("", 0))
        if error != type(failure).__name__ or not at <= self._clock() < at + _AGAIN:
            self._write(shift, failure)

    def _write(self, shift: str, failure: Exception | None) -> None:
        now, error = self._clock(), "" if failure is None else type(failure).__name__
        try:
            with writing(self._store) as connection:
                if failure is None:
                    clear_trouble(connection, shift)
                else:
                    note_trouble(connection, shift, error, _said(failure), now)
        except StoreError as trouble:
            _log.warning("trouble_not_noted", shift=shift, error=str(trouble))
            return
        self._met[shift] = (error, now)


def troubles_now(store: Engine, now: int) -> dict[str, str]:
    """What was met lately, by name; nothing where the store does not answer."""
    try:
        with reading(store) as connection:
            return {one.name: one.said for one in troubles_since(connection, now - FRESH)}
    except StoreError:
        return {}


def _said(failure: Exception) -> str:
    """The sentence of a failure that we know; the words of any other may hold anything."""
    known = isinstance(failure, RetryLater | QuotaExhausted | AccessDenied | Refused)
    return plain(failure) if known else f"An error of the program, {type(failure).__name__}; its log says where."
