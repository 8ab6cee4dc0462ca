"""Whom to score again: one row a subject, however often it is named; with mark 0 only its instant has come."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Connection, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.batch import chunks, insert_new
from leadscore.store.database import one_writer
from leadscore.store.leases import LONGEST_WAIT, PARKED
from leadscore.store.live_tables import quarantine
from leadscore.store.prepared import Among, Prepared, given, told
from leadscore.store.work_tables import due, scores

HELD = 600_000
"""How long at most `hold` keeps subjects from being scored, ms."""
_WAKES = 10_000
UNSENT = "unsent"
"""The reason of who was scored by a command, which writes nothing: the CRM is still to be told."""


def mark(connection: Connection, subjects: Iterable[int], reason: str, now: int) -> None:
    """Makes subjects due. The first reason and time stay; a later notice only counts up."""
    rows = [{"subject": subject, "since": now, "reason": reason} for subject in sorted(set(subjects))]
    _mark(connection.dialect.name).run_all(connection, rows)


def waiting(connection: Connection) -> int:
    """How many subjects are due by notice."""
    return connection.execute(select(func.count()).select_from(due)).scalar_one()


def marks(connection: Connection, subjects: Iterable[int]) -> dict[int, int]:
    """The open notices of these subjects, to be handed to `settle` with their scores."""
    return {row[0]: row[1] for row in _MARKS.rows(connection, keys=list(subjects))}


def wake(connection: Connection, now: int) -> int:
    """Makes due whose instant has come; returns how many were not due before. Waits for other transactions that hand
    out work, so that they never wait for each other in a circle."""
    if not _SLEEPING.rows(connection, now=now, many=1):
        return 0
    one_writer(connection)
    woken = sorted(row[0] for row in _SLEEPING.rows(connection, now=now, many=_WAKES))
    insert_new(connection, due, ("subject", "since", "mark", "reason"), [(who, now, 0, "time") for who in woken])
    return len(woken)


def named() -> Select[tuple[int]]:
    """Who is due by notice or instant; not who was scored already and only waits to be written."""
    return select(due.c.subject).where(or_(due.c.reason != UNSENT, due.c.mark != 0))


def left_out(connection: Connection, now: int, low: int = 0, high: int = 2**62) -> set[int]:
    """Of the subjects in [low, high), who is not to be scored now although something changed: who is put aside, in
    quarantine, held until the CRM was read, or waits for another try."""
    q, wait = quarantine.c, due.c.not_before
    later = or_(wait == PARKED, and_(wait > now, wait <= now + LONGEST_WAIT))
    waiting = select(due.c.subject).where(due.c.subject >= low, due.c.subject < high, later)
    looping = select(q.subject).where(q.subject >= low, q.subject < high, q.released_at.is_(None))
    return {*connection.execute(waiting).scalars(), *connection.execute(looping).scalars()}


def settle(connection: Connection, seen: dict[int, int]) -> None:
    """Takes notices away, but not of a subject that was named again since they were seen."""
    _SETTLE.run_all(connection, [{"who": subject, "seen": mark} for subject, mark in seen.items()])


def settle_unsent(connection: Connection, seen: dict[int, int], changed: Iterable[int], now: int) -> None:
    """Takes notices away as `settle` does, for who scores without writing. Whose score `changed` stays due, without a
    notice, until a worker has looked whether the CRM must be told, or `sent`."""
    told = {row[0] for row in _OPEN.rows(connection, keys=sorted(seen))} if seen else set()
    settle(connection, seen)
    rows = [(who, now, 0, UNSENT) for who in sorted(told.union(changed))]
    insert_new(connection, due, ("subject", "since", "mark", "reason"), list(rows))


def sent(connection: Connection, until: int) -> None:
    """The CRM was told of all scores made until then: nobody need look again whom nothing else has named."""
    connection.execute(delete(due).where(due.c.reason == UNSENT, due.c.mark == 0, due.c.since <= until))


def hold(connection: Connection, subjects: Iterable[int], reason: str, now: int) -> None:
    """Makes subjects due, but not before `let_go`, or a while later. Who is scoring them now may save nothing."""
    who = sorted(set(subjects))
    for chunk in chunks(who):
        connection.execute(delete(due).where(due.c.subject.in_(chunk)))
    rows = [(subject, now, 1, reason, 0, 0, now + HELD) for subject in who]
    insert_new(connection, due, ("subject", "since", "mark", "reason", "fence", "tries", "not_before"), list(rows))


def let_go(connection: Connection, subjects: Iterable[int]) -> None:
    """Ends a `hold`."""
    for chunk in chunks(sorted(set(subjects))):
        connection.execute(update(due).where(due.c.subject.in_(chunk), due.c.not_before != PARKED).values(not_before=0))


@cache
def _mark(database: str) -> Prepared:
    insert = postgresql.insert if database == "postgresql" else sqlite.insert
    row = {"subject": given("subject"), "since": given("since"), "mark": 1, "reason": told("reason")}
    counted = {"mark": due.c.mark + 1}
    return Prepared(insert(due).values(row).on_conflict_do_update(index_elements=[due.c.subject], set_=counted))


_MARKS = Prepared(select(due.c.subject, due.c.mark).where(Among(due.c.subject)))
_SLEEPING = Prepared(
    select(scores.c.subject)
    .where(scores.c.wake_at <= given("now"))
    .where(~select(due.c.subject).where(due.c.subject == scores.c.subject).exists())
    .order_by(scores.c.wake_at)
    .limit(given("many"))
)
_OPEN = Prepared(select(due.c.subject).where(Among(due.c.subject), due.c.reason == UNSENT))
_SETTLE = Prepared(delete(due).where(due.c.subject == given("who"), due.c.mark == given("seen")))
