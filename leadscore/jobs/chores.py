"""Does what was asked for again and again: looks into the CRM for what no webhook told, and tidies up."""

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import Connection, Engine

from connectors.errors import ConnectorError, QuotaExhausted, RetryLater, plain
from connectors.protocol import Page, Reader
from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook
from leadscore.jobs.scheduler import POLL, RECONCILE
from leadscore.jobs.sync import sync
from leadscore.jobs.tidying import tidy
from leadscore.store.chores import DONE, Rhythm, Turn, end, hurried, renew, take
from leadscore.store.database import writing
from leadscore.store.errors import StoreError
from leadscore.store.pages import keep_page
from leadscore.store.scrubbing import scrub
from leadscore.store.streams import StreamState
from leadscore.store.writes import written_since

LEASE = 60_000
"""How long a chore is lent, ms; each page that is kept lengthens it. Longer than a call to the CRM with its tries."""
SELDOM = frozenset({"lists", "archived"})
"""Streams that are read whole each time: only the reconciling look reads them."""
OVERLAP = 120_000
"""What happened so long before the last look (ms) still counts as new: the CRM shows things late."""
KEPT = 14 * 86_400_000
"""For how long events that were acted upon stay, ms, unless told otherwise: longer than any CRM repeats one."""
_MINUTE = 60_000

_log = structlog.get_logger(__name__)


class Lost(Exception):
    """The lease ended while the chore was done: another worker has it now, and what is read from here on is its to
    keep."""


class Look:
    """Keeps pages for as long as the lease holds, in the transaction that lengthens it, and counts what is new."""

    def __init__(self, turn: Turn, clock: Callable[[], int]) -> None:
        self.turn = turn
        self.clock = clock
        self._since = (turn.ran_at or 0) - OVERLAP
        self.moved = 0

    def keep(self, store: Engine, page: Page, state: StreamState, now: int) -> StreamState:
        """A page and its cursor. Raises Lost."""
        with writing(store) as connection:
            self.hold(connection)
            after = keep_page(connection, page, state, now)
            late = [(one.object, one.id) for one in page.records if (one.modified_at or 0) >= self._since]
            # What we wrote ourselves is no reason to look again soon.
            self.moved += len(late) - written_since(connection, late, self._since)
        self.moved += sum(one.occurred_at >= self._since for one in page.activities)
        return after

    def hold(self, connection: Connection) -> None:
        """Lengthens the lease within a transaction. Raises Lost."""
        if not renew(connection, self.turn, self.clock(), LEASE):
            raise Lost


def do_chore(
    store: Engine,
    reader: Reader,
    rulebook: Rulebook,
    rhythms: Sequence[Rhythm],
    clock: Callable[[], int],
    owner: str,
    kept: int = KEPT,
) -> int:
    """Does the chore that was asked for first; returns 1, or 0 if none was or somebody else is at one.

    What the CRM does not allow now is asked for again when it does, and the others go on meanwhile. `kept`: for how
    long events that were acted upon stay, ms. StoreError passes through.
    """
    with writing(store) as connection:
        turn = take(connection, owner, clock(), LEASE)
    if turn is None:
        return 0
    rhythm = next((one for one in rhythms if one.name == turn.name), Rhythm(turn.name, turn.every, turn.every))
    look = Look(turn, clock)
    try:
        _do(store, reader, rulebook, turn, look, kept)
    except Lost:
        _log.warning("chore_lost", chore=turn.name)
    except (ConnectorError, Refused) as error:
        _log.warning("chore_not_done", chore=turn.name, error=type(error).__name__, said=plain(error))
        _end(store, look, rhythm, clock(), str(error), _wait(error, rhythm, clock()))
    except StoreError:
        raise
    except Exception as error:
        # It must not stand before the others for ever.
        said = f"An error of the program, {type(error).__name__}; the log of the worker says where."
        _end(store, look, rhythm, clock(), said, _wait(error, rhythm, clock()))
        raise
    else:
        _end(store, look, rhythm, clock(), DONE, None)
    return 1


def _do(store: Engine, reader: Reader, rulebook: Rulebook, turn: Turn, look: Look, kept: int) -> None:
    if turn.name in (POLL, RECONCILE):
        leave = SELDOM if turn.name == POLL else frozenset[str]()
        sync(store, reader, rulebook, look.clock(), commit=look.keep, leave=leave)
    else:
        gone = tidy(store, look.clock(), kept, look.hold)
        _log.info("tidied", **gone)
        _clear(store)


def _clear(store: Engine) -> None:
    """Clears the files of whoever was erased; what stands in its way is told, and it is tried again next time."""
    try:
        if not scrub(store):
            _log.warning("files_not_cleared", said="Somebody reads an old state of the store.")
    except StoreError as error:
        _log.warning("files_not_cleared", said=str(error))


def _end(store: Engine, look: Look, rhythm: Rhythm, now: int, outcome: str, wait: int | None) -> None:
    """Ends a turn: quick again while something moves, else ever slower; `wait` comes before that."""
    with writing(store) as connection:
        soon = look.moved or hurried(connection, look.turn)
        every = max(rhythm.quick, rhythm.quick if soon else min(rhythm.slow, look.turn.every * 2))
        rest = every if wait is None else wait
        end(connection, look.turn, now, every=every, rest=rest, outcome=outcome, moved=look.moved)
    _log.info("chore_ended", chore=look.turn.name, moved=look.moved, next_seconds=rest // 1000)


def _wait(error: Exception, rhythm: Rhythm, now: int) -> int:
    """How long until it is asked for again, ms; never longer than it rests anyway: who asks the CRM too early is held
    by the budget of calls, and a clock that is set back keeps nobody waiting for a day."""
    if isinstance(error, QuotaExhausted) and error.resets_at is not None:
        told = error.resets_at - now
    elif isinstance(error, RetryLater):
        told = round(error.seconds * 1000)
    else:
        told = 5 * _MINUTE
    return min(rhythm.slow, max(told, min(rhythm.quick, _MINUTE)))
