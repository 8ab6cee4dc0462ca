"""What is done again and again: asked for by the leading scheduler, done by one worker at a time under a lease."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, or_, select, update

from leadscore.store.batch import insert_new
from leadscore.store.chore_table import chores
from leadscore.store.database import one_writer
from leadscore.store.leaders import database_now

DONE = "done"
_SOON = 0
"""Stands in `every` of a chore that is being done: the next turn is to be a quick one."""
_COLUMNS = ("name", "asked_at", "next_at", "every", "owner", "until", "fence", "ran_at", "outcome", "moved")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a chore is done, ms: `quick` while it finds something, `slow` at the least."""

    name: str
    quick: int
    slow: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A chore lent to `owner`. `every`: ms between its turns at present; `ran_at`: when it last ended."""

    name: str
    owner: str
    fence: int
    every: int
    ran_at: int | None


@dataclass(frozen=True, slots=True)
class ChoreState:
    """How a chore stands. `outcome`: done, or a sentence why not; None: it was never ended."""

    name: str
    asked_at: int | None
    next_at: int
    every: int
    ran_at: int | None
    outcome: str | None


def ask(connection: Connection, rhythms: Sequence[Rhythm], now: int) -> int:
    """Asks for each chore whose time has come and that is not asked for already; returns for how many.

    A chore that nobody knows yet comes at once. Times later than can be (the clock was set back) have come.
    """
    at = database_now(connection, now)
    fresh = [(one.name, None, at, one.quick, None, None, 0, None, None, 0) for one in rhythms]
    insert_new(connection, chores, _COLUMNS, [tuple(row) for row in fresh])
    c = chores.c
    asked = 0
    for one in rhythms:
        come = or_(c.next_at <= at, c.next_at > at + 2 * one.slow)
        statement = update(chores).where(c.name == one.name, c.asked_at.is_(None), come)
        done = connection.execute(
            statement.values(asked_at=at, next_at=at + c.every), execution_options={"preserve_rowcount": True}
        )
        asked += done.rowcount
    return asked


def hurry(connection: Connection, rhythm: Rhythm, now: int) -> bool:
    """Brings a chore forward to its quick rhythm; False: it comes as soon already, or must wait because it could not be
    done. One that is being done may have looked before what moves now: it comes again soon (`hurried`)."""
    at, c = database_now(connection, now), chores.c
    connection.execute(update(chores).where(c.name == rhythm.name, c.asked_at.is_not(None)).values(every=_SOON))
    query = select(c.ran_at).where(c.name == rhythm.name, c.asked_at.is_(None), c.outcome == DONE)
    ran_at = connection.execute(query).scalar_one_or_none()
    if ran_at is None:
        return False
    soon = max(at, ran_at + rhythm.quick)
    waits = update(chores).where(c.name == rhythm.name, c.asked_at.is_(None), c.next_at > soon)
    done = connection.execute(
        waits.values(next_at=soon, every=rhythm.quick), execution_options={"preserve_rowcount": True}
    )
    return done.rowcount == 1


def hurried(connection: Connection, turn: Turn) -> bool:
    """Whether somebody asked for the next turn to come soon while this one was being done."""
    query = select(chores.c.name).where(chores.c.name == turn.name, chores.c.every == _SOON)
    return connection.execute(query).one_or_none() is not None


def take(connection: Connection, owner: str, now: int, lease: int) -> Turn | None:
    """Lends the chore that was asked for first, if none is lent: two of them would read the same streams."""
    one_writer(connection)
    at, c = database_now(connection, now), chores.c
    lent = and_(c.owner.is_not(None), c.until > at, c.until <= at + 2 * lease)
    if connection.execute(select(c.name).where(lent).limit(1)).one_or_none() is not None:
        return None
    query = select(c.name, c.fence, c.every, c.ran_at).where(c.asked_at.is_not(None))
    row = connection.execute(query.order_by(c.asked_at, c.name).limit(1)).one_or_none()
    if row is None:
        return None
    fence = row.fence + 1
    connection.execute(update(chores).where(c.name == row.name).values(owner=owner, until=at + lease, fence=fence))
    return Turn(row.name, owner, fence, row.every, row.ran_at)


def renew(connection: Connection, turn: Turn, now: int, lease: int) -> bool:
    """Lengthens the lease; False: it is another's now, and nothing more of this turn may be saved."""
    at = database_now(connection, now)
    return _mine(connection, turn, {"until": at + lease})


def end(connection: Connection, turn: Turn, now: int, *, every: int, rest: int, outcome: str, moved: int) -> bool:
    """Ends a turn; it is asked for again in `rest` ms. False: the lease was another's."""
    next_at = database_now(connection, now) + rest
    values = {"asked_at": None, "owner": None, "until": None, "every": every, "next_at": next_at}
    return _mine(connection, turn, values | {"ran_at": now, "outcome": outcome, "moved": moved})


def give_back_chores(connection: Connection, owner: str) -> int:
    """Ends the leases of an owner without an outcome: another may go on at once. Returns how many."""
    freed = update(chores).where(chores.c.owner == owner).values(owner=None, until=None)
    return connection.execute(freed, execution_options={"preserve_rowcount": True}).rowcount


def chore_states(connection: Connection) -> tuple[ChoreState, ...]:
    """How all chores stand, by name."""
    c = chores.c
    query = select(c.name, c.asked_at, c.next_at, c.every, c.ran_at, c.outcome).order_by(c.name)
    return tuple(ChoreState(*row) for row in connection.execute(query))


def _mine(connection: Connection, turn: Turn, values: dict[str, object]) -> bool:
    c = chores.c
    mine = update(chores).where(c.name == turn.name, c.fence == turn.fence, c.owner == turn.owner)
    return connection.execute(mine.values(values), execution_options={"preserve_rowcount": True}).rowcount == 1
