"""Who works on what: rows of a queue are lent for a while, and what comes back too late is not taken."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, and_, delete, func, or_, select, update

from leadscore.store.prepared import Among, Prepared, given, told

PARKED = 2**53
"""Stands in `not_before` for "until a person says so"."""
LONGEST_WAIT = 25 * 3_600_000
"""Nothing waits longer, ms. A later instant means that the clock was set back: then the row is ready."""
SUSPECT = 2
"""A row that was begun so often without an end goes alone: if it kills its worker, it kills no neighbours' work."""


class Claim(NamedTuple):
    """A row lent to `owner`. `mark`: the notices that it stands for; `fence`: which lease of the row this is;
    `tries`: how often it was begun before without an end."""

    key: int
    owner: str
    mark: int
    fence: int
    tries: int


def claim(
    connection: Connection, queue: Table, now: int, owner: str, *, many: int, lease: int, alone: int = SUSPECT
) -> list[Claim]:
    """Lends up to `many` ready rows for `lease` ms, oldest first. `owner` must be a word never used before.

    A lease that ended, or that ends later than any can (the clock was set back), counts as free. A row that was begun
    `alone` times without an end goes by itself.
    """
    known = _statements(queue)
    bounds = {"now": now, "beyond": now + 2 * lease, "far": now + LONGEST_WAIT, "many": many}
    rows = known.ready.rows(connection, **bounds)
    if rows and rows[0][3] >= alone:
        rows = rows[:1]
    claims = [Claim(row[0], owner, row[1], row[2] + 1, row[3]) for row in rows if row is rows[0] or row[3] < alone]
    if claims:
        known.lend.run(connection, keys=[one.key for one in claims], whose=owner, ends=now + lease)
    return claims


def still_held(connection: Connection, queue: Table, claims: Sequence[Claim]) -> dict[int, int]:
    """The open notices, by key, of those rows whose lease is still the one of the claim; the rest is another's now."""
    leases = {one.key: (one.owner, one.fence) for one in claims}
    if not leases:
        return {}
    rows = _statements(queue).held.rows(connection, keys=sorted(leases))
    return {row[0]: row[3] for row in rows if leases[row[0]] == (row[1], row[2])}


def finish(connection: Connection, queue: Table, seen: Mapping[int, int]) -> None:
    """Takes rows away whose notices are still those seen; one that was named again is free for the next turn."""
    known = _statements(queue)
    rows = [{"who": who, "seen": mark} for who, mark in sorted(seen.items())]
    if known.done.run_all(connection, rows) < len(rows):
        known.again.run(connection, keys=sorted(seen))


def give_back(connection: Connection, queue: Table, keys: Iterable[int], not_before: int, *, begun: bool) -> None:
    """Ends leases without an outcome: the rows wait until `not_before`. `begun`: the try counts."""
    if wanted := sorted(keys):
        _statements(queue).back.run(connection, keys=wanted, later=not_before, untried=0 if begun else 1)


def give_back_all(connection: Connection, queue: Table, worker: str) -> int:
    """Ends every lease of a worker (whose owners all begin with its name and a colon): for its end, or its start after
    a crash. Returns how many."""
    mine = queue.c.owner.startswith(f"{worker}:", autoescape=True)
    freed = update(queue).where(mine).values(owner=None, until=None)
    return connection.execute(freed, execution_options={"preserve_rowcount": True}).rowcount


def set_free(connection: Connection, queue: Table, keys: Iterable[int]) -> None:
    """Lets parked rows be tried again, as if it were the first time."""
    if wanted := sorted(keys):
        _free(queue).run(connection, keys=wanted)


def backlog(connection: Connection, queue: Table) -> tuple[int, int | None]:
    """How many rows wait or are worked on, and the instant of the oldest; those parked are not counted."""
    waiting = queue.c.not_before != PARKED
    row = connection.execute(select(func.count(), func.min(queue.c.since)).where(waiting)).one()
    return row[0], row[1]


def key_of(queue: Table) -> Column[int]:
    """The column that names a row of a queue."""
    (key,) = queue.primary_key.columns
    return key


class _Statements(NamedTuple):
    ready: Prepared
    lend: Prepared
    held: Prepared
    done: Prepared
    again: Prepared
    back: Prepared


@cache
def _statements(queue: Table) -> _Statements:
    c, key = queue.c, key_of(queue)
    now, far, who = given("now"), given("far"), Among(key)
    unlent = or_(c.owner.is_(None), c.until <= now, c.until > given("beyond"))
    ready = or_(c.not_before <= now, and_(c.not_before > far, c.not_before != PARKED))
    oldest = select(key, c.mark, c.fence, c.tries).where(unlent, ready).order_by(c.since, key).limit(given("many"))
    lent = {"owner": told("whose"), "until": given("ends"), "fence": c.fence + 1, "tries": c.tries + 1}
    back = {"owner": None, "until": None, "not_before": given("later"), "tries": c.tries - given("untried")}
    return _Statements(
        ready=Prepared(oldest.with_for_update(skip_locked=True)),
        lend=Prepared(update(queue).where(who).values(lent)),
        held=Prepared(select(key, c.owner, c.fence, c.mark).where(who).order_by(key).with_for_update()),
        done=Prepared(delete(queue).where(key == given("who"), c.mark == given("seen"))),
        again=Prepared(update(queue).where(who).values(owner=None, until=None, tries=0, not_before=0)),
        back=Prepared(update(queue).where(who).values(back)),
    )


@cache
def _free(queue: Table) -> Prepared:
    return Prepared(
        update(queue).where(Among(key_of(queue)), queue.c.not_before == PARKED).values(tries=0, not_before=0)
    )
