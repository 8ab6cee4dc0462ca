"""A rig of forty people on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig, people, rig


@pytest.fixture
def made(tmp_path: Path, database_url: str) -> Iterator[Rig]:
    with rig(tmp_path, database_url, people(40)) as one:
        yield one
