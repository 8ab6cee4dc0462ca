"""Names this process among all others, and tells which of those that left work behind on this machine are dead."""

import os
import secrets
import socket
from functools import cache
from pathlib import Path

from sqlalchemy import Engine

from leadscore.store.database import writing
from leadscore.store.owners import free_leases

_MACHINE = ("/proc/sys/kernel/random/boot_id", "/etc/machine-id")
"""What tells a machine, best first. The first is new with each boot: process ids mean nothing beyond it, and images
and copies of a machine share the second."""


def process_name() -> str:
    """Tells this process from every other one, on whatever machine and in whatever container, also from those that had
    its number before."""
    return f"{_place()}:{os.getpid()}.{_word(os.getpid())}"


def take_back_from_the_dead(store: Engine) -> int:
    """Ends the leases of processes that were killed on this machine since it was booted, so that nobody waits until
    they end; returns how many there were."""
    with writing(store) as connection:
        return free_leases(connection, _is_dead)


@cache
def _word(_number: int) -> str:
    """The same as long as this process lives; one that is forked has another number, and so another word."""
    return secrets.token_hex(4)


@cache
def _place() -> str:
    """The machine, and the space in which its process ids count: containers may have the same name and the same ids."""
    try:
        space = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
    except OSError:
        space = ""
    return f"{socket.gethostname()}/{_machine()}/{space}"


def _machine() -> str:
    for path in _MACHINE:
        try:
            told = Path(path).read_text("ascii").strip().replace("-", "")
        except (OSError, ValueError):
            continue
        if told.isalnum():
            return told[:16]
    return ""


def _is_dead(owner: str) -> bool:
    place, _, rest = owner.partition(":")
    number, _, word = rest.partition(":")[0].partition(".")
    if place != _place() or not number.isdecimal():
        return False
    if int(number) == os.getpid():
        return word != _word(os.getpid())
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
