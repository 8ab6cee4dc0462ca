"""Who leads what there may be only one of: a lease in the database, so that another takes over when the leader dies."""

from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, or_, select, text, update

from leadscore.store.batch import insert_new
from leadscore.store.live_tables import leaders


@dataclass(frozen=True, slots=True)
class Leader:
    """`until`: when the lease ends unless it is renewed. `fence`: which leadership this is."""

    owner: str
    until: int
    fence: int


def database_now(connection: Connection, now: int) -> int:
    """The instant by the clock that all processes share: PostgreSQL's own; on SQLite, used by one machine, ours."""
    if connection.dialect.name != "postgresql":
        return now
    return int(connection.execute(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")).scalar_one())


def lead(connection: Connection, name: str, owner: str, now: int, lease: int) -> int | None:
    """Takes or renews the lead for `lease` ms; returns its fence, None while somebody else leads.

    A lease that ends later than any can (the clock was set back) counts as ended.
    """
    at = database_now(connection, now)
    insert_new(connection, leaders, ("name", "owner", "until", "fence"), [(name, "", 0, 0)])
    c = leaders.c
    kept = and_(c.owner == owner, c.until > at)
    free = or_(c.until <= at, c.until > at + 2 * lease)
    values = {"owner": owner, "until": at + lease, "fence": case((kept, c.fence), else_=c.fence + 1)}
    connection.execute(update(leaders).where(c.name == name, or_(c.owner == owner, free)).values(values))
    return connection.execute(select(c.fence).where(c.name == name, c.owner == owner)).scalar_one_or_none()


def still_leads(connection: Connection, name: str, fence: int, now: int) -> bool:
    """Whether the leadership with this fence still holds; nobody else can take it until the transaction ends."""
    c = leaders.c
    query = select(c.until).where(c.name == name, c.fence == fence).with_for_update()
    until = connection.execute(query).scalar_one_or_none()
    return until is not None and until > database_now(connection, now)


def resign(connection: Connection, name: str, owner: str) -> None:
    """Gives the lead back, so that another need not wait for the lease to end."""
    connection.execute(update(leaders).where(leaders.c.name == name, leaders.c.owner == owner).values(until=0))


def leader(connection: Connection, name: str, now: int) -> Leader | None:
    """Who leads now; None: nobody."""
    c = leaders.c
    row = connection.execute(select(c.owner, c.until, c.fence).where(c.name == name)).one_or_none()
    if row is None or row[1] <= database_now(connection, now):
        return None
    return Leader(*row)
