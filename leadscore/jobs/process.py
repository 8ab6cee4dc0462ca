"""Names this process among all others, and tells which of those that left work behind on this machine are dead."""

import os
import socket
from pathlib import Path

from sqlalchemy import Engine

from leadscore.store.database import writing
from leadscore.store.owners import free_leases


def process_name() -> str:
    """Tells this process from every other one, on whatever machine and in whatever container."""
    return f"{_place()}:{os.getpid()}"


def take_back_from_the_dead(store: Engine) -> int:
    """Ends the leases of processes that were killed on this machine, so that nobody waits until they end; returns
    how many there were. For the start, before this process works: what bears its own name is of one that is dead."""
    with writing(store) as connection:
        return free_leases(connection, _is_dead)


def _place() -> str:
    """The machine, and the space in which its process ids count: containers may have the same name and the same ids."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{space}"


def _is_dead(owner: str) -> bool:
    place, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if place != _place() or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
