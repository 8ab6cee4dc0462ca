"""The portal's clock: it stands still, or follows real time at a distance, and moves only as told."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

DAY_MS = 86_400_000


def iso(at: int) -> str:
    """HubSpot's spelling of an instant: ISO 8601 with milliseconds and Z."""
    seconds, ms = divmod(at, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{ms:03d}Z"


def instant(value: str | int | float) -> int:
    """Milliseconds since the epoch from epoch-ms or ISO 8601 (no zone means UTC). Raises ValueError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    text = str(value).strip()
    if text.lstrip("-").isdigit():
        return int(text)
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def real_now() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Clock:
    """Either `fixed` (an instant) or real time plus `offset`; both in milliseconds."""

    fixed: int | None = None
    offset: int = 0

    def now(self) -> int:
        return self.fixed if self.fixed is not None else real_now() + self.offset

    def freeze(self, at: int) -> None:
        self.fixed = at

    def advance(self, by: int) -> None:
        """Moves time by `by` milliseconds, standing or running alike."""
        if self.fixed is not None:
            self.fixed += by
        else:
            self.offset += by

    def run(self) -> None:
        """From now on time passes as it really does, starting where it stands."""
        if self.fixed is not None:
            self.offset, self.fixed = self.fixed - real_now(), None
