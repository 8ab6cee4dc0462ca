"""The budget of calls that all processes of one account share: its state is in the database."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection, Engine, select, text, update

from connectors.budget import BURST, SEARCH, USED_UP, Limits
from connectors.errors import QuotaExhausted
from leadscore.store.batch import insert_new
from leadscore.store.database import writing
from leadscore.store.live_tables import budget
from leadscore.store.prepared import Prepared, given, told

DAY = "day"
_DAY_MS = 86_400_000
_LONGEST_DAY = 25 * 3_600_000
_LONGEST_PAUSE = 2 * 3_600_000
_KEPT_FREE = 0.1
_RATE = 0.96
_AHEAD = 0.02
_BRAKE = 4
_COLUMNS = ("kind", "window_start", "used", "limit", "left", "ends", "paused_until")


class _Row(NamedTuple):
    """As in the table. `window_start`, of burst and search: when the next call would go if nobody hurried; `ends`: the
    interval of their limit; of the day: when it began, and when it ends."""

    kind: str
    window_start: int
    used: int
    limit: int
    left: int | None
    ends: int | None
    paused_until: int


class CallsState(NamedTuple):
    """How the budget of one kind of calls stands. `used`: by us, in its window; `limit` 0: not told; `left`: to all
    apps together, as last told; `ends`: when the day ends (ms UTC); `paused_until`: nobody sends before (ms UTC)."""

    used: int
    limit: int
    left: int | None
    ends: int | None
    paused_until: int | None


def calls_states(connection: Connection, now: int) -> dict[str, CallsState]:
    """How the budgets stand now, by kind: burst, search and day."""
    found: dict[str, CallsState] = {}
    for row in connection.execute(select(*(budget.c[name] for name in _COLUMNS))):
        one = _turned(_Row._make(row), now) if row.kind == DAY else _Row._make(row)
        ends = one.ends if one.kind == DAY else None
        paused = one.paused_until if now < one.paused_until <= now + _LONGEST_PAUSE else None
        found[one.kind] = CallsState(one.used, one.limit, one.left, ends, paused)
    return found


def spent(day: CallsState, share: float) -> str:
    """Why no more calls may be made today, when our part is `share` of them; "": some may."""
    if day.left == 0:
        return f"{USED_UP} leadscore goes on when the day of the account ends."
    if day.limit and day.used >= day.limit * share:
        return (
            f"leadscore has made {day.used:,} calls today, its share of the account's {day.limit:,}. It goes on "
            "when the day of the account ends; the share is a setting."
        )
    if day.limit and day.left is not None and day.left < day.limit * _KEPT_FREE:
        return (
            f"All apps together have left {day.left:,} of the account's {day.limit:,} calls of today; leadscore "
            "keeps the last tenth free for the others and goes on when the day of the account ends."
        )
    return ""


class StoreBudget:
    """A `connectors.budget.Budget` for any number of processes over one store.

    Calls are spread: 96 % of the burst limit evenly and 2 % of it ahead, so that no window of the CRM, wherever it
    begins, sees more than the limit. `share` (0 to 1) is our part of the day and of the search limit; the day also
    ends for us when all apps have left less than a tenth of it. `wall` gives ms UTC; clocks of several machines must
    agree within a second or so. Open the store for it with `synchronous="NORMAL"`: what a power cut forgets of it is
    no harm, and a call then costs no wait for the disk. Raises StoreError when the database does not answer.
    """

    def __init__(
        self,
        store: Engine,
        *,
        wall: Callable[[], int],
        share: float = 0.5,
        burst: int = 100,
        interval: float = 10.0,
        searches_per_second: float = 5.0,
    ) -> None:
        self._store = store
        self._wall = wall
        self._share = share
        now = wall()
        searches = max(1, round(searches_per_second * share * 10))
        rows = [
            _Row(BURST, 0, 0, burst, None, round(interval * 1000), 0),
            _Row(SEARCH, 0, 0, searches, None, 10_000, 0),
            _Row(DAY, now, 0, 0, None, None, 0),
        ]
        with writing(store) as connection:
            insert_new(connection, budget, _COLUMNS, [tuple(row) for row in rows])
            connection.execute(update(budget).where(budget.c.kind == SEARCH).values(limit=searches))

    def take(self, kind: str) -> float:
        """As the Protocol says."""
        with writing(self._store) as connection:
            rows, now = self._rows(connection), self._wall()
            day = _turned(rows[DAY], now)
            self._check(day)
            row = rows[kind]
            wait = max(self._pause_left(row, now), self._turn_left(row, now))
            if wait > 0:
                return wait / 1000
            gap = self._gap(row)
            # The clock may have been set back: a turn far ahead is none that anybody waits for.
            start = row.window_start if row.window_start <= now + _LONGEST_PAUSE else now
            _save(connection, row._replace(window_start=max(start, now) + gap, used=row.used + 1))
            _save(connection, day._replace(used=day.used + 1))
        return 0.0

    def learn(self, limits: Limits) -> None:
        """As the Protocol says."""
        with writing(self._store) as connection:
            rows, now = self._rows(connection), self._wall()
            row, day = rows[BURST], _turned(rows[DAY], now)
            interval = row.ends if limits.interval is None else round(limits.interval * 1000)
            known = row._replace(limit=limits.burst or row.limit, ends=interval or row.ends)
            if limits.burst_left is not None and limits.burst_left <= int(known.limit * _AHEAD):
                # Calls that were held up on their way come close together, and more are underway.
                rest = (known.ends or 10_000) // 10 if limits.burst_left == 0 else _BRAKE * self._gap(known)
                known = known._replace(paused_until=max(known.paused_until, now + rest))
            known_of_day = limits.day is not None or limits.day_left is not None
            seen = day._replace(
                limit=day.limit if limits.day is None else limits.day,
                left=day.left if limits.day_left is None else limits.day_left,
                ends=limits.day_ends or day.ends or (now + _DAY_MS if known_of_day else None),
            )
            if known != row:
                _save(connection, known)
            if seen != rows[DAY]:
                _save(connection, seen)

    def pause(self, kind: str, seconds: float) -> None:
        """As the Protocol says."""
        with writing(self._store) as connection:
            row, now = self._rows(connection)[kind], self._wall()
            until = now + round(seconds * 1000)
            if self._pause_left(row, now) < until - now:
                _save(connection, row._replace(paused_until=until))

    def day_ends(self) -> int | None:
        """As the Protocol says."""
        with writing(self._store) as connection:
            return _turned(self._rows(connection)[DAY], self._wall()).ends

    def _rows(self, connection: Connection) -> dict[str, _Row]:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL synchronous_commit = off"))
        return {row[0]: _Row._make(row) for row in _READ.rows(connection)}

    def _check(self, day: _Row) -> None:
        if why := spent(CallsState(day.used, day.limit, day.left, day.ends, None), self._share):
            raise QuotaExhausted(why, day.ends)

    def _pause_left(self, row: _Row, now: int) -> int:
        left = row.paused_until - now
        return left if left <= _LONGEST_PAUSE else 0

    def _turn_left(self, row: _Row, now: int) -> int:
        ahead = row.window_start - now - self._ahead(row)
        return ahead if ahead <= _LONGEST_PAUSE else 0

    def _gap(self, row: _Row) -> int:
        """Between two calls, ms, rounded up: never more calls than allowed."""
        rate = 1.0 if row.kind == SEARCH else _RATE
        return -int(-(row.ends or 10_000) // max(1.0, row.limit * rate))

    def _ahead(self, row: _Row) -> int:
        """By how much calls may come before their turn, ms."""
        return 0 if row.kind == SEARCH else int(row.limit * _AHEAD) * self._gap(row)


def _turned(day: _Row, now: int) -> _Row:
    """The day as it is now: a new one begins when the account's own day does. An end that is further away than a day of
    25 hours means that the clock was set back: then nothing is known of this day."""
    if day.ends is None or now < day.ends <= now + _LONGEST_DAY:
        return day
    ends = day.ends + ((now - day.ends) // _DAY_MS + 1) * _DAY_MS
    return day._replace(window_start=now, used=0, left=None, ends=ends)


def _save(connection: Connection, row: _Row) -> None:
    _WRITE.run(connection, which=row.kind, **{f"new_{name}": value for name, value in row._asdict().items()})


_READ = Prepared(select(*(budget.c[name] for name in _COLUMNS)).order_by(budget.c.kind).with_for_update())
_NEW = {name: given(f"new_{name}") for name in _COLUMNS if name != "kind"}
_WRITE = Prepared(update(budget).where(budget.c.kind == told("which")).values(_NEW))
