"""Looks sooner where something moves: who changes a record has often sent a form, of which no webhook tells."""

from collections.abc import Callable

from sqlalchemy import Engine

from leadscore.store.chores import Rhythm, hurry
from leadscore.store.database import writing


class Nudge:
    """Told of notices that came in; brings a chore that has become slow back to its quick rhythm."""

    def __init__(self, store: Engine, rhythm: Rhythm, clock: Callable[[], int]) -> None:
        self._store = store
        self._rhythm = rhythm
        self._clock = clock
        self._at: int | None = None

    def __call__(self) -> None:
        """Asks the store at most once in the time of the quick rhythm."""
        now = self._clock()
        if self._at is not None and 0 <= now - self._at < self._rhythm.quick:
            return
        self._at = now
        with writing(self._store) as connection:
            hurry(connection, self._rhythm, now)
