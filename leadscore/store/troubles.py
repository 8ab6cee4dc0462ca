"""What keeps work from going on at present, noted by those who meet it, so that every process can tell."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from leadscore.store.live_tables import troubles


@dataclass(frozen=True, slots=True)
class Trouble:
    """`name`: which work meets it; `error`: its sort; `said`: a sentence; `since` and `seen_at`: ms UTC."""

    name: str
    error: str
    said: str
    since: int
    seen_at: int

    @property
    def work(self) -> str:
        """The work without what tells several of its kind apart."""
        return self.name.partition("-")[0]


def note_trouble(connection: Connection, name: str, error: str, said: str, now: int) -> None:
    """Notes that work met a trouble just now; the same sort of trouble keeps its beginning."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(troubles).values(name=name, error=error, said=said, since=now, seen_at=now)
    same = troubles.c.error == statement.excluded.error
    kept = {"error": statement.excluded.error, "said": statement.excluded.said, "seen_at": now}
    kept["since"] = case((same, troubles.c.since), else_=now)
    connection.execute(statement.on_conflict_do_update(index_elements=[troubles.c.name], set_=kept))


def clear_trouble(connection: Connection, name: str) -> None:
    """Notes that the work goes on."""
    connection.execute(delete(troubles).where(troubles.c.name == name))


def forget_troubles(connection: Connection, before: int) -> None:
    """Drops what nobody has met since then."""
    connection.execute(delete(troubles).where(troubles.c.seen_at < before))


def troubles_since(connection: Connection, since: int) -> tuple[Trouble, ...]:
    """What was met since then, by name."""
    t = troubles.c
    query = select(t.name, t.error, t.said, t.since, t.seen_at).where(t.seen_at >= since).order_by(t.name)
    return tuple(Trouble(*row) for row in connection.execute(query))
