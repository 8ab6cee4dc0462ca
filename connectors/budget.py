"""How many calls we may make: the CRM's limits, less a share that stays for the customer's other apps."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from connectors.errors import QuotaExhausted

BURST = "burst"
SEARCH = "search"
USED_UP = "The account's calls of today are used up; all its private apps share them."

_BURST_MARGIN = 0.02
_WINDOW_MARGIN = 1.01
_KEPT_FREE = 0.1
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What an answer of the CRM tells about its limits; None: not told.

    `burst` calls are allowed in `interval` seconds, `burst_left` are left of them. `day` calls are allowed a day to all
    apps of the account together, `day_left` are left, and `day_ends` (ms UTC) is when they start anew.
    """

    burst: int | None = None
    burst_left: int | None = None
    interval: float | None = None
    day: int | None = None
    day_left: int | None = None
    day_ends: int | None = None


class Budget(Protocol):
    """Hands out calls. One budget serves all threads (and, where its state is shared, all processes) of one account."""

    def take(self, kind: str) -> float:
        """0: one call of this kind (`burst`, `search`) is taken and may be sent now. Else nothing was taken: wait so
        many seconds and ask again. Raises QuotaExhausted when the day's share is used up."""
        ...

    def learn(self, limits: Limits) -> None:
        """Takes in what the CRM said about its limits."""
        ...

    def pause(self, kind: str, seconds: float) -> None:
        """Nobody may send a call of this kind for so long: the CRM said so."""
        ...

    def day_ends(self) -> int | None:
        """When the day's calls start anew (ms UTC), if the CRM told."""
        ...


class LocalBudget:
    """The budget of one process, in memory.

    `share` (0 to 1) is our part of the day and of the search limit; the burst limit belongs to our token alone and is
    used but for 2 %. The day ends for us when our own calls reach `share` of the day's limit, or when all apps
    together have left less than a tenth of it: then the rest is for the others.
    """

    def __init__(
        self,
        *,
        tick: Callable[[], float],
        wall: Callable[[], int],
        share: float = 0.5,
        burst: int = 100,
        interval: float = 10.0,
        searches_per_second: float = 5.0,
    ) -> None:
        self._tick = tick
        self._wall = wall
        self._share = share
        self._lock = threading.Lock()
        self._sent: deque[float] = deque()
        self._limits = Limits(burst=burst, interval=interval)
        self._search_gap = 1.0 / (searches_per_second * share)
        self._next_search = float("-inf")
        self._paused: dict[str, float] = {}
        self._own_today = 0

    def take(self, kind: str) -> float:
        with self._lock:
            self._turn_the_day()
            self._check_the_day()
            now = self._tick()
            wait = max(self._paused.get(kind, now) - now, self._search_wait(now, kind), self._burst_wait(now, kind))
            if wait > 0:
                return wait
            self._own_today += 1
            if kind == SEARCH:
                self._next_search = now + self._search_gap
            else:
                self._sent.append(now)
            return 0.0

    def learn(self, limits: Limits) -> None:
        with self._lock:
            known = self._limits
            known_of_day = limits.day is not None or limits.day_left is not None
            self._limits = Limits(
                burst=limits.burst or known.burst,
                burst_left=limits.burst_left,
                interval=limits.interval or known.interval,
                day=known.day if limits.day is None else limits.day,
                day_left=known.day_left if limits.day_left is None else limits.day_left,
                day_ends=limits.day_ends or known.day_ends or (self._wall() + _DAY if known_of_day else None),
            )
            if limits.burst_left == 0:
                self._pause(BURST, (self._limits.interval or 10.0) / 10)

    def pause(self, kind: str, seconds: float) -> None:
        with self._lock:
            self._pause(kind, seconds)

    def day_ends(self) -> int | None:
        return self._limits.day_ends

    def _pause(self, kind: str, seconds: float) -> None:
        until = self._tick() + seconds
        self._paused[kind] = max(until, self._paused.get(kind, until))

    def _turn_the_day(self) -> None:
        ends = self._limits.day_ends
        if ends is not None and self._wall() >= ends:
            self._own_today = 0
            days = (self._wall() - ends) // _DAY + 1
            self._limits = replace(self._limits, day_left=None, day_ends=ends + days * _DAY)

    def _check_the_day(self) -> None:
        day, left = self._limits.day, self._limits.day_left
        if left == 0:
            raise QuotaExhausted(
                f"{USED_UP} leadscore goes on when the day of the account ends.", self._limits.day_ends
            )
        if day is None:
            return
        if self._own_today >= day * self._share:
            raise QuotaExhausted(
                f"leadscore has made {self._own_today:,} calls today, its share of the account's {day:,}. "
                "It goes on when the day of the account ends; the share is a setting.",
                self._limits.day_ends,
            )
        if left is not None and left < day * _KEPT_FREE:
            raise QuotaExhausted(
                f"All apps together have left {left:,} of the account's {day:,} calls of today; leadscore keeps the "
                "last tenth free for the others and goes on when the day of the account ends.",
                self._limits.day_ends,
            )

    def _search_wait(self, now: float, kind: str) -> float:
        return self._next_search - now if kind == SEARCH else 0.0

    def _burst_wait(self, now: float, kind: str) -> float:
        if kind == SEARCH:
            return 0.0
        limit = self._limits.burst or 1
        window = (self._limits.interval or 10.0) * _WINDOW_MARGIN
        allowed = max(1, int(limit * (1 - _BURST_MARGIN)))
        while self._sent and self._sent[0] <= now - window:
            self._sent.popleft()
        return 0.0 if len(self._sent) < allowed else self._sent[-allowed] + window - now
