"""Remembers for all processes which token the CRM refuses, so that none of them goes on calling with it."""

import hashlib
import threading
from collections.abc import Callable

from sqlalchemy import Engine, select, update

from connectors.errors import TokenRefused
from leadscore.store.database import reading, writing
from leadscore.store.live_tables import troubles
from leadscore.store.troubles import clear_trouble, note_trouble

PROBE = 60_000
"""How long after a refusal (ms) one caller may ask the CRM again."""
REFUSED = "TokenRefused"


class StoreAccess:
    """A `connectors.access.Access` for any number of processes over one store.

    `current` gives the token as it is now; another one than was refused is used at once. The store keeps a part of
    its hash, never the token. `wall` gives ms UTC. Raises StoreError when the database does not answer.
    """

    def __init__(self, store: Engine, current: Callable[[], str], wall: Callable[[], int]) -> None:
        self._store = store
        self._current = current
        self._wall = wall
        self._given = threading.local()

    def token(self) -> str:
        """As the Protocol says."""
        token, now = self._current(), self._wall()
        name = access_name(token)
        t = troubles.c
        with reading(self._store) as connection:
            row = connection.execute(select(t.said, t.seen_at).where(t.name == name)).one_or_none()
        self._given.name, self._given.probe = name, row is not None
        if row is None:
            return token
        # A time that lies ahead means that the clock was set back.
        if now < row.seen_at + PROBE and row.seen_at <= now + PROBE:
            raise TokenRefused(row.said)
        with writing(self._store) as connection:
            mine = update(troubles).where(t.name == name, t.seen_at == row.seen_at).values(seen_at=now)
            won = connection.execute(mine, execution_options={"preserve_rowcount": True}).rowcount
        if not won:
            raise TokenRefused(row.said)
        return token

    def refused(self, error: TokenRefused) -> None:
        """As the Protocol says."""
        with writing(self._store) as connection:
            note_trouble(connection, self._given.name, REFUSED, str(error), self._wall())

    def taken(self) -> None:
        """As the Protocol says."""
        if self._given.probe:
            self._given.probe = False
            with writing(self._store) as connection:
                clear_trouble(connection, self._given.name)


def access_name(token: str) -> str:
    """Under which name a refusal of this token is kept."""
    return f"token-{hashlib.sha256(token.encode()).hexdigest()[:8]}"
