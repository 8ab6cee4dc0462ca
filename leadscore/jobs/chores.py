"""Does what was asked for again and again: looks into the CRM for what no webhook told, and tidies up."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Engine

from connectors.errors import ConnectorError, QuotaExhausted, RetryLater
from connectors.protocol import Page, Reader
from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.scheduler import POLL, RECONCILE
from leadscore.jobs.sync import sync
from leadscore.store.chores import Rhythm, Turn, end, renew, take
from leadscore.store.database import writing
from leadscore.store.deliveries import forget_done
from leadscore.store.loops import forget_counts
from leadscore.store.pages import keep_page
from leadscore.store.runs import forget_runs
from leadscore.store.streams import StreamState

LEASE = 60_000
"""How long a chore is lent, ms; each page that is kept lengthens it. Longer than a call to the CRM with its tries."""
SELDOM = frozenset({"lists", "archived"})
"""Streams that are read whole each time: only the reconciling look reads them."""
OVERLAP = 120_000
"""What happened so long before the last look (ms) still counts as new: the CRM shows things late."""
RUNS_KEPT = 7 * 86_400_000
"""How long syncs that ended well are listed, ms."""

_log = structlog.get_logger(__name__)


class Lost(Exception):
    """The lease ended while the chore was done: another worker has it now, and what is read from here on is its to
    keep."""


class Look:
    """Keeps pages for as long as the lease holds, in the transaction that lengthens it, and counts what is new."""

    def __init__(self, turn: Turn, clock: Callable[[], int]) -> None:
        self._turn = turn
        self._clock = clock
        self._since = (turn.ran_at or 0) - OVERLAP
        self.moved = 0

    def keep(self, store: Engine, page: Page, state: StreamState, now: int) -> StreamState:
        """A page and its cursor. Raises Lost."""
        with writing(store) as connection:
            if not renew(connection, self._turn, self._clock(), LEASE):
                raise Lost
            after = keep_page(connection, page, state, now)
        self.moved += sum(one.occurred_at >= self._since for one in page.activities)
        self.moved += sum((one.modified_at or 0) >= self._since for one in page.records)
        return after


def do_chore(
    store: Engine,
    reader: Reader,
    rulebook: Rulebook,
    rhythms: Sequence[Rhythm],
    clock: Callable[[], int],
    owner: str,
) -> int:
    """Does the chore that was asked for first; returns 1, or 0 if none was or somebody else is at one.

    What the CRM does not allow now is asked for again when it does. StoreError passes through.
    """
    with writing(store) as connection:
        turn = take(connection, owner, clock(), LEASE)
    if turn is None:
        return 0
    rhythm = next((one for one in rhythms if one.name == turn.name), Rhythm(turn.name, turn.every, turn.every))
    look = Look(turn, clock)
    wait: int | None = None
    try:
        outcome = _do(store, reader, rulebook, turn, look, clock())
    except Lost:
        _log.warning("chore_lost", chore=turn.name)
        return 1
    except (ConnectorError, Refused) as error:
        outcome, wait = str(error), _wait(error, rhythm, clock())
        _log.warning("chore_not_done", chore=turn.name, error=type(error).__name__, said=outcome)
    now = clock()
    every = rhythm.quick if look.moved else min(rhythm.slow, turn.every * 2)
    every = max(every, rhythm.quick)
    with writing(store) as connection:
        next_at = now + (every if wait is None else wait)
        end(connection, turn, now, every=every, next_at=next_at, outcome=outcome, moved=look.moved)
    _log.info("chore_ended", chore=turn.name, moved=look.moved, next_seconds=(next_at - now) // 1000)
    return 1


def _do(store: Engine, reader: Reader, rulebook: Rulebook, turn: Turn, look: Look, now: int) -> str:
    if turn.name in (POLL, RECONCILE):
        leave = SELDOM if turn.name == POLL else frozenset()
        sync(store, reader, rulebook, now, commit=look.keep, leave=leave)
        return "done"
    with writing(store) as connection:
        forget_counts(connection, now)
        forget_done(connection, now)
        forget_runs(connection, now - RUNS_KEPT)
    return "done"


def _wait(error: Exception, rhythm: Rhythm, now: int) -> int:
    """How long until it is asked for again, ms."""
    if isinstance(error, QuotaExhausted):
        return max(rhythm.quick, (error.resets_at or now + rhythm.slow) - now)
    if isinstance(error, RetryLater):
        return max(rhythm.quick, round(error.seconds * 1000))
    return rhythm.slow
