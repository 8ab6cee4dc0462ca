"""A rig of forty people on each database, and a small one where it does not matter which database it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig, people, rig


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Rig]:
    with rig(tmp_path, database_url, people(40)) as one:
        yield one


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Rig]:
    with rig(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", people(4)) as one:
        yield one
