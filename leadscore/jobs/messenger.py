"""By what means sales is told: tasks in the CRM, posts to the customer's own addresses, and how much is too much."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.errors import AccessDenied
from connectors.signed_post import Poster
from connectors.tasks import Owner, TaskWriter

_OWNERS_KEPT = 10 * 60_000
_MORNING = 7


@dataclass(slots=True)
class Messenger:
    """What the jobs that tell sales work with. `addresses`: where webhooks go. `fallback`: e-mail address of the owner
    who gets the tasks about leads that nobody active owns; empty: they get no owner. `a_day`: how many tasks one owner
    gets a day before the rest goes into a digest. Not for several threads at a time."""

    tasks: TaskWriter
    poster: Poster
    addresses: Sequence[str] = ()
    fallback: str = ""
    a_day: int = 20
    _owners: Mapping[str, Owner] = field(default_factory=dict, init=False)
    _owners_at: int | None = field(default=None, init=False)

    def owner_for(self, wanted: str | None, now: int) -> str:
        """The id of who is told about a lead that `wanted` owns: that colleague if active, else the fallback, else
        nobody (""). Asks the CRM now and then; raises RetryLater and QuotaExhausted. Where nobody may ask who the
        owners are, `wanted` is taken as it is: the CRM refuses whom it must."""
        if self._owners_at is None or not 0 <= now - self._owners_at < _OWNERS_KEPT:
            self._owners, self._owners_at = self._read_owners(), now
        owner = None if wanted is None else self._owners.get(wanted)
        if wanted is not None and (not self._owners or (owner is not None and owner.active)):
            return wanted
        return self.fallback_owner()

    def _read_owners(self) -> Mapping[str, Owner]:
        try:
            return self.tasks.owners()
        except AccessDenied:
            return {}

    def fallback_owner(self) -> str:
        """The id of the colleague with the fallback address, as last read; "" where there is none."""
        wanted = self.fallback.strip().lower()
        found = (id for id, one in self._owners.items() if wanted and one.active and one.email == wanted)
        return next(found, "")

    def places(self) -> dict[str, str]:
        """The addresses by the word under which notices remember them."""
        return {hashlib.sha256(one.encode()).hexdigest(): one for one in self.addresses}


def zone_of(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def day_of(now: int, zone: tzinfo) -> int:
    """The day at an instant, as days since the year 1."""
    return datetime.fromtimestamp(now / 1000, zone).toordinal()


def last_told_day(now: int, zone: tzinfo) -> int:
    """The last day whose digests are due: yesterday from seven in the morning on, before that the day before."""
    local = datetime.fromtimestamp(now / 1000, zone)
    return local.toordinal() - (1 if local.hour >= _MORNING else 2)


def written_day(day: int) -> str:
    """A day as people read it, such as 10 Mar 2027."""
    found = date.fromordinal(day)
    return f"{found.day} {found:%b %Y}"
