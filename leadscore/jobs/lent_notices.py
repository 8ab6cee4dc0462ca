"""Notices in the hands of one worker: held while they are told, noted then, given back where that must wait."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection, Engine, Table, update

from connectors.errors import ConnectorError, QuotaExhausted, RetryLater
from leadscore.store import leases
from leadscore.store.database import one_writer, writing
from leadscore.store.notices import DEAD, Notice, State, exists, settle

LEASE = 120_000
"""How long notices are lent, ms; telling one, with all tries of a call, must end within it. Each one renews it."""
TRIES = 5
_HOUR = 3_600_000
_WAIT = 10_000

_log = structlog.get_logger(__name__)


class Lost(Exception):
    """Another worker has the notice now, or it was erased meanwhile."""


class LentNotices:
    """Notices of one queue that are lent to one worker. `begun` holds the numbers of those that may have been sent."""

    def __init__(self, store: Engine, queue: Table, clock: Callable[[], int]) -> None:
        self._store, self._queue, self._clock = store, queue, clock
        self.begun: set[int] = set()

    @contextmanager
    def hold(self, notice: Notice) -> Iterator[Connection]:
        """A transaction that lengthens the lease. Raises Lost."""
        with writing(self._store) as connection:
            one_writer(connection)
            held = leases.still_held(connection, self._queue, [notice.claim])
            if not (held and exists(connection, notice.number)):
                raise Lost
            longer = update(self._queue).where(self._queue.c.notice == notice.number)
            connection.execute(longer.values(until=self._clock() + LEASE))
            yield connection

    def end(self, notice: Notice, state: State, *, reason: str | None = None, task: str | None = None) -> None:
        """Notes what became of a notice. That it was told counts, whoever has the notice by now."""
        with writing(self._store) as connection:
            one_writer(connection)
            if state == DEAD and not leases.still_held(connection, self._queue, [notice.claim]):
                raise Lost
            record = (notice.object, notice.record_id or str(notice.subject))
            settle(connection, notice.number, state, self._clock(), reason=reason, task=task, record=record)
        _log.info("notice_ended", notice=notice.id[:12], by=notice.by, state=state)

    def give_back(self, found: Sequence[Notice], until: int) -> None:
        """Lets others try these, from an instant on."""
        with writing(self._store) as connection:
            one_writer(connection)
            held = leases.still_held(connection, self._queue, [one.claim for one in found])
            leases.give_back(connection, self._queue, held.keys() & self.begun, until, begun=True)
            leases.give_back(connection, self._queue, held.keys() - self.begun, until, begun=False)

    def failed(self, notice: Notice, error: Exception) -> bool:
        """After an error that nobody foresaw: it is tried again a few times, later and later. True: it was given up."""
        _log.error("notice_failed", notice=notice.id[:12], error=type(error).__name__)
        self.begun.add(notice.number)
        if notice.claim.tries + 1 < TRIES:
            self.give_back([notice], self._clock() + _WAIT * 2**notice.claim.tries)
            return False
        self.end(notice, "dead", reason=f"Nobody could be told: {type(error).__name__}: {str(error)[:500]}")
        return True


def wait_until(error: ConnectorError, now: int) -> int:
    """When a CRM that gave this error is to be asked again."""
    if isinstance(error, RetryLater):
        return now + min(round(error.seconds * 1000), _HOUR)
    if isinstance(error, QuotaExhausted):
        return error.resets_at or now + _HOUR
    return now + 3 * _WAIT
