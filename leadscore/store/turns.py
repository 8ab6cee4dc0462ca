"""Lets threads write one after the other in the order in which they came, so that none waits for ever."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Turns:
    """Like a lock, but handed to whoever waits longest, and before all others to who is `urgent`: a thread that writes
    again and again would otherwise take it back before the others have woken up."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    @property
    def waiting(self) -> int:
        """How many threads wait for their turn."""
        return len(self._waiting)

    @contextmanager
    def turn(self, patience: float, *, urgent: bool = False) -> Iterator[None]:
        """One's turn; after so many seconds one goes without it, and the database itself has to say what happens."""
        mine = self._take(patience, urgent=urgent)
        try:
            yield
        finally:
            if mine:
                self._hand_on()

    def _take(self, patience: float, *, urgent: bool) -> bool:
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            bell = Lock()
            bell.acquire()
            (self._waiting.appendleft if urgent else self._waiting.append)(bell)
        if bell.acquire(timeout=patience):
            return True
        with self._guard:
            if bell in self._waiting:
                self._waiting.remove(bell)
                return False
        # It was handed over at the very last moment.
        return True

    def _hand_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False
