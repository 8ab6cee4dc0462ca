"""What a killed process of this machine had is free when the next one starts; what others have is theirs."""

import os
import subprocess
import sys

import pytest
from sqlalchemy import Engine, select

from leadscore.jobs.leader import SCHEDULER
from leadscore.jobs.process import process_name, take_back_from_the_dead
from leadscore.store import leases
from leadscore.store.chores import Rhythm, ask, take
from leadscore.store.database import open_store, reading, writing
from leadscore.store.due import mark
from leadscore.store.leaders import lead, leader
from leadscore.store.work_tables import due

NOW = 1_800_000_000_000
LEASE = 3_600_000


@pytest.fixture
def dead() -> str:
    """The name of a process of this machine that has ended."""
    return _started()


def _started() -> str:
    ended = subprocess.run(
        [sys.executable, "-c", "from leadscore.jobs.process import process_name; print(process_name())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.strip()


@pytest.fixture
def store(database_url: str) -> Engine:
    return open_store(database_url)


def owners(store: Engine) -> list[str | None]:
    with reading(store) as connection:
        return list(connection.execute(select(due.c.owner).order_by(due.c.subject)).scalars())


def test_what_the_dead_had_is_free_and_what_others_have_stays(store: Engine, dead: str) -> None:
    place, _, number = dead.rpartition(":")
    host, machine, space = place.split("/")
    before_us = f"{place}:{os.getpid()}.0"
    twin = f"{host}/{machine[::-1]}/{space}:{number}"
    living = [f"another/{machine}/{space}:{number}", twin, f"{place}:1.0", process_name()]
    holders = [f"{name}:score1:abc" for name in (dead, before_us, *living)]
    with writing(store) as connection:
        mark(connection, range(1, len(holders) + 1), "facts", NOW)
        for owner in holders:
            leases.claim(connection, due, NOW, owner, many=1, lease=LEASE)
    assert take_back_from_the_dead(store) == 2
    assert owners(store) == [None, None, *holders[2:]]
    store.dispose()


def test_each_start_has_a_name_of_its_own(dead: str) -> None:
    """Two machines of the same host name may have equal process ids in spaces of equal numbers."""
    again = _started()
    assert _without_word(process_name()) == f"{dead.rpartition(':')[0]}:{os.getpid()}"
    assert len({name.rpartition(".")[2] for name in (dead, again, process_name())}) == 3
    assert process_name() == process_name()


def _without_word(name: str) -> str:
    return name.rpartition(".")[0]


def test_the_chore_and_the_lead_of_the_dead_are_free_too(store: Engine, dead: str) -> None:
    with writing(store) as connection:
        ask(connection, [Rhythm("poll", 1, 1)], NOW)
        assert take(connection, f"{dead}:chores", NOW, LEASE)
        assert lead(connection, SCHEDULER, dead, NOW, LEASE)
        assert take(connection, "next", NOW, LEASE) is None
        assert lead(connection, SCHEDULER, "next", NOW, LEASE) is None
    take_back_from_the_dead(store)
    with writing(store) as connection:
        assert leader(connection, SCHEDULER, NOW) is None
        assert take(connection, "next", NOW, LEASE)
        assert lead(connection, SCHEDULER, "next", NOW, LEASE)
    store.dispose()
