"""Names the leases of a worker: each lease has a word of its own, so that none is taken for another."""

import secrets

LEASE = 30_000
"""How long work is lent, ms; longer than reading or scoring a hundred people takes."""


def new_owner(worker: str) -> str:
    """A word never used before that begins with the worker's name and a colon."""
    return f"{worker}:{secrets.token_hex(8)}"
