"""Who works on what: rows of a queue are lent for a while, and what comes back too late is not taken."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, and_, bindparam, delete, func, or_, select, update

from leadscore.store.batch import chunks

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
    c, key = queue.c, key_of(queue)
    free = or_(c.owner.is_(None), c.until <= now, c.until > now + 2 * lease)
    ready = or_(c.not_before <= now, and_(c.not_before > now + LONGEST_WAIT, c.not_before != PARKED))
    query = select(key, c.mark, c.fence, c.tries).where(free, ready).order_by(c.since, key).limit(many)
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    if rows and rows[0][3] >= alone:
        rows = rows[:1]
    claims = [Claim(row[0], owner, row[1], row[2] + 1, row[3]) for row in rows if row is rows[0] or row[3] < alone]
    lent = {"owner": owner, "until": now + lease, "fence": c.fence + 1, "tries": c.tries + 1}
    for chunk in chunks(one.key for one in claims):
        connection.execute(update(queue).where(key.in_(chunk)).values(lent))
    return claims


def still_held(connection: Connection, queue: Table, claims: Sequence[Claim]) -> dict[int, int]:
    """The open notices, by key, of those rows whose lease is still the one of the claim; the rest is another's now."""
    c, key = queue.c, key_of(queue)
    leases = {one.key: (one.owner, one.fence) for one in claims}
    held: dict[int, int] = {}
    for chunk in chunks(sorted(leases)):
        query = select(key, c.owner, c.fence, c.mark).where(key.in_(chunk)).order_by(key)
        for row in connection.execute(query.with_for_update()):
            if leases[row[0]] == (row[1], row[2]):
                held[row[0]] = row[3]
    return held


def finish(connection: Connection, queue: Table, seen: Mapping[int, int]) -> None:
    """Takes rows away whose notices are still those seen; one that was named again is free for the next turn."""
    if not seen:
        return
    key, rows = key_of(queue), [{"who": who, "seen": mark} for who, mark in sorted(seen.items())]
    connection.execute(delete(queue).where(key == bindparam("who"), queue.c.mark == bindparam("seen")), rows)
    for chunk in chunks(sorted(seen)):
        again = {"owner": None, "until": None, "tries": 0, "not_before": 0}
        connection.execute(update(queue).where(key.in_(chunk)).values(again))


def give_back(connection: Connection, queue: Table, keys: Iterable[int], not_before: int, *, begun: bool) -> None:
    """Ends leases without an outcome: the rows wait until `not_before`. `begun`: the try counts."""
    c, key = queue.c, key_of(queue)
    tries = {} if begun else {"tries": c.tries - 1}
    for chunk in chunks(sorted(keys)):
        freed = {"owner": None, "until": None, "not_before": not_before}
        connection.execute(update(queue).where(key.in_(chunk)).values(freed | tries))


def give_back_all(connection: Connection, queue: Table, worker: str) -> int:
    """Ends every lease of a worker (whose owners all begin with its name and a colon): for its end, or its start after
    a crash. Returns how many."""
    mine = queue.c.owner.startswith(f"{worker}:", autoescape=True)
    freed = update(queue).where(mine).values(owner=None, until=None)
    return connection.execute(freed, execution_options={"preserve_rowcount": True}).rowcount


def set_free(connection: Connection, queue: Table, keys: Iterable[int]) -> None:
    """Lets parked rows be tried again."""
    key = key_of(queue)
    for chunk in chunks(sorted(keys)):
        parked = (key.in_(chunk), queue.c.not_before == PARKED)
        connection.execute(update(queue).where(*parked).values(not_before=0))


def backlog(connection: Connection, queue: Table) -> tuple[int, int | None]:
    """How many rows wait or are worked on, and the instant of the oldest; those parked are not counted."""
    waiting = queue.c.not_before != PARKED
    row = connection.execute(select(func.count(), func.min(queue.c.since)).where(waiting)).one()
    return row[0], row[1]


def key_of(queue: Table) -> Column[int]:
    """The column that names a row of a queue."""
    (key,) = queue.primary_key.columns
    return key
