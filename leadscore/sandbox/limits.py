"""HubSpot's three rate limits: per ten seconds, per second for search, per day; off until switched on.

Figures: usage guidelines, for a private-distribution app. Windows run in real time, the day in the portal's time.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

import msgspec

BURST = {"enterprise": 190, "professional": 190, "starter": 100}
DAILY = {"enterprise": 1_000_000, "professional": 625_000, "starter": 250_000}


class Limits(msgspec.Struct, kw_only=True):
    """`None` means the tier's own figure. `retry_after` adds that header to 429 answers (undocumented by HubSpot)."""

    enforce: bool = False
    burst: int | None = None
    interval_ms: int = 10_000
    search_per_second: int = 5
    daily: int | None = None
    retry_after: bool = False


class Limiter:
    """Counts requests and says which limit one of them breaks. Not thread-safe: call it under the portal's lock."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.used_today = 0
        self._day: int | None = None
        self._recent: deque[float] = deque()
        self._searches: deque[float] = deque()

    def change(self, document: dict[str, Any]) -> None:
        """Takes `Limits` fields and `daily_used`. Raises ValueError."""
        known = {*Limits.__struct_fields__, "daily_used"}
        if unknown := sorted(set(document) - known):
            raise ValueError(f"there is no limit {unknown[0]!r}; there are {', '.join(sorted(known))}")
        rest = dict(document)
        used = rest.pop("daily_used", self.used_today)
        try:
            self.limits = msgspec.convert(msgspec.to_builtins(self.limits) | rest, Limits)
            self.used_today = msgspec.convert(used, int)
        except msgspec.ValidationError as error:
            raise ValueError(f"not a limit: {error}") from error

    def daily_limit(self, tier: str) -> int:
        return self.limits.daily if self.limits.daily is not None else DAILY[tier]

    def burst_limit(self, tier: str) -> int:
        return self.limits.burst if self.limits.burst is not None else BURST[tier]

    def turn_day(self, day: int) -> None:
        """Tells which day it is in the portal's time zone; a new one starts at no requests."""
        if self._day is not None and day != self._day:
            self.used_today = 0
        self._day = day

    def admit(self, tier: str, search: bool) -> tuple[str, int] | None:
        """Counts a request; returns the broken policy and the seconds to wait, or None when it may pass."""
        now = time.monotonic()
        self._forget(self._recent, now - self.limits.interval_ms / 1000)
        self._forget(self._searches, now - 1)
        if self.limits.enforce:
            if self.used_today >= self.daily_limit(tier):
                return "DAILY", 3600
            if search and len(self._searches) >= self.limits.search_per_second:
                return "SECONDLY", 1
            if not search and len(self._recent) >= self.burst_limit(tier):
                return "TEN_SECONDLY_ROLLING", max(1, self.limits.interval_ms // 1000)
        self.used_today += 1
        (self._searches if search else self._recent).append(now)
        return None

    def headers(self, tier: str) -> dict[str, str]:
        """The rate-limit headers; search answers carry none."""
        burst, daily = self.burst_limit(tier), self.daily_limit(tier)
        used = len(self._recent) if self.limits.enforce else 1
        return {
            "X-HubSpot-RateLimit-Max": str(burst),
            "X-HubSpot-RateLimit-Remaining": str(max(0, burst - used)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(self.limits.interval_ms),
            "X-HubSpot-RateLimit-Daily": str(daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, daily - self.used_today)),
        }

    @staticmethod
    def _forget(times: deque[float], before: float) -> None:
        while times and times[0] <= before:
            times.popleft()
