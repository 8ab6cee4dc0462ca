"""Answers kept by distinct value, so that each is worked out once for a million people."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

_SIZE = 65_536


class Memo(dict[K, V]):
    """The answers of a function; forgets all when it holds too many. A dict, because nothing in Python is looked up
    faster, and this is looked up for every field of every person."""

    def __init__(self, answer: Callable[[K], V]):
        super().__init__()
        self._answer = answer

    def __missing__(self, key: K) -> V:
        found = self._answer(key)
        if len(self) >= _SIZE:
            self.clear()
        self[key] = found
        return found


def remembered(function: Callable[[K], V]) -> Callable[[K], V]:
    """The function with its answers kept, for arguments that repeat."""
    return Memo(function).__getitem__
