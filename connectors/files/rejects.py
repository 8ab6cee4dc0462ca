"""Rows of a file that could not be used: which line, and why, so that a person can mend them."""

from collections.abc import Callable
from typing import NamedTuple


class FileProblem(Exception):
    """A file as a whole cannot be read. Stop and tell a person; the message names the file and the next step."""


class RejectedRow(NamedTuple):
    """One row that was left out. `line` is the physical line on which it starts; the header is line 1."""

    file: str
    line: int
    reason: str


Reject = Callable[[RejectedRow], None]
"""Takes a rejected row; the caller counts and keeps them."""
