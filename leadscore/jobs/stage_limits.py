"""Lets decided changes of stages begin: no more than the fuse allows, no more entries a day than sales can take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from connectors.plan import fuse
from leadscore.store import stages
from leadscore.store.account import bound
from leadscore.store.known_stages import FUSE, count_moves, note
from leadscore.store.people import count_people
from leadscore.store.stages import DAY, DECIDE, Decided

FUSE_SPAN = 24 * 3_600_000
FRESH = 300_000
"""After so long (ms) a change that was decided and not begun is decided again before it is."""
_LOOK_AGAIN = 60_000
_THEN = (
    "No stage is written until then. Look at who moves with `leadscore stages list`; if that is what you want, let "
    "them go on with `leadscore stages release`."
)


@dataclass(slots=True)
class Admission:
    """How many changes may begin now, are decided again first, and wait: for the fuse, or for another day."""

    begun: int = 0
    again: int = 0
    fused: int = 0
    put_off: int = 0


def admit(connection: Connection, now: int, most_entries: int, *, many: int) -> Admission:
    """Lets up to `many` decided changes begin. `most_entries` a day may enter a stage (0: any number); a day is that of
    the account's time zone."""
    ready = stages.ready_changes(connection, now)
    if not ready:
        return Admission()
    ready, put_off = _put_off(connection, ready, now, most_entries)
    recent = count_moves(connection, now - FUSE_SPAN)
    pending = stages.count_waiting(connection) + stages.count_under_way(connection)
    blown = fuse(pending, recent, count_people(connection), _THEN)
    note(connection, FUSE, blown, now)
    fused = [one for one in ready if blown is not None and not one.released]
    stages.hold(connection, [one.record for one in fused], stages.FUSE, now + _LOOK_AGAIN)
    free = [one for one in ready if blown is None or one.released][:many]
    stale = [one.record for one in free if not 0 <= now - one.as_of <= FRESH]
    stages.take_step(connection, stale, DECIDE)
    begun = [one for one in free if 0 <= now - one.as_of <= FRESH]
    for first in sorted({one.first for one in begun}):
        stages.take_step(connection, [one.record for one in begun if one.first == first], first)
    return Admission(len(begun), len(stale), len(fused), put_off)


def day_of(now: int, zone: str) -> tuple[int, int]:
    """When the day of an instant begins in a time zone, and when the next one does."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        place = ZoneInfo("UTC")
    day = datetime.fromtimestamp(now / 1000, UTC).astimezone(place).date()
    begins = (datetime(one.year, one.month, one.day, tzinfo=place) for one in (day, day + timedelta(days=1)))
    first, second = (round(instant.timestamp() * 1000) for instant in begins)
    return first, second


def _put_off(connection: Connection, ready: Sequence[Decided], now: int, most: int) -> tuple[list[Decided], int]:
    """Holds entries above the day's number back until the next day."""
    if not most:
        return list(ready), 0
    begins, tomorrow = day_of(now, bound(connection).account.time_zone)
    used = count_moves(connection, begins - 1, entered=True) + stages.count_under_way(connection, entered=True)
    left = max(0, most - used)
    entries = [one for one in ready if one.entered]
    later = {one.record for one in entries[left:]}
    stages.hold(connection, later, DAY, tomorrow)
    return [one for one in ready if one.record not in later], len(later)
