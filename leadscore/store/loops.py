"""Sees when a subject is scored again and again, because somebody's workflow answers to what we write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from leadscore.store import due
from leadscore.store.batch import chunks, upsert
from leadscore.store.leases import PARKED, set_free
from leadscore.store.live_tables import quarantine, rescores
from leadscore.store.prepared import Among, Prepared, given
from leadscore.store.work_tables import due as due_table

HOUR = 3_600_000
SPAN = 300_000
"""How much time is counted together, ms: a twelfth of an hour."""
_COUNTED = Prepared(
    select(rescores.c.subject, rescores.c.since, rescores.c.count)
    .where(Among(rescores.c.subject))
    .where(rescores.c.since > given("after"), rescores.c.since <= given("last"))
)
_IN = (
    select(quarantine.c.subject, quarantine.c.since, quarantine.c.reason)
    .where(quarantine.c.released_at.is_(None))
    .order_by(quarantine.c.since.desc(), quarantine.c.subject)
)
_HELD = Prepared(_IN.where(Among(quarantine.c.subject)))


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A subject that is scored no more until a person lets it out."""

    subject: int
    since: int
    reason: str


def count_rescores(connection: Connection, subjects: Iterable[int], now: int) -> dict[int, int]:
    """Counts one more scoring of each subject; returns how many there were within the last 60 minutes, of which those
    of the first span may be left out."""
    span = now - now % SPAN
    keys = sorted(subjects)
    counts, here = dict.fromkeys(keys, 1), dict.fromkeys(keys, 1)
    for who, since, many in _COUNTED.rows(connection, keys=keys, after=span - HOUR, last=span) if keys else ():
        counts[who] += many
        if since == span:
            here[who] += many
    upsert(connection, rescores, ("subject", "since", "count"), [(who, span, many) for who, many in here.items()])
    return counts


def put_in_quarantine(connection: Connection, reasons: Mapping[int, str], now: int) -> None:
    """Stops scoring these subjects, and says why."""
    rows = [(subject, now, reason, None) for subject, reason in sorted(reasons.items())]
    upsert(connection, quarantine, ("subject", "since", "reason", "released_at"), [tuple(row) for row in rows])
    hold_back(connection, reasons)


def hold_back(connection: Connection, subjects: Iterable[int]) -> None:
    """Keeps what is due of subjects in quarantine, without anybody working on it."""
    for chunk in chunks(sorted(subjects)):
        kept = {"owner": None, "until": None, "tries": 0, "not_before": PARKED}
        connection.execute(update(due_table).where(due_table.c.subject.in_(chunk)).values(kept))


def in_quarantine(connection: Connection, subjects: Iterable[int] | None = None) -> tuple[Quarantined, ...]:
    """Who of these subjects (None: of all) is in quarantine now, the latest first."""
    if subjects is None:
        return tuple(Quarantined(*row) for row in connection.execute(_IN))
    keys = sorted(subjects)
    return tuple(Quarantined(*row) for row in _HELD.rows(connection, keys=keys)) if keys else ()


def release(connection: Connection, subjects: Iterable[int], now: int) -> None:
    """Lets subjects out of quarantine and makes them due; the counting begins anew for them."""
    out = sorted(subjects)
    for chunk in chunks(out):
        connection.execute(update(quarantine).where(quarantine.c.subject.in_(chunk)).values(released_at=now))
        connection.execute(delete(rescores).where(rescores.c.subject.in_(chunk)))
    due.mark(connection, out, "released", now)
    set_free(connection, due_table, out)
