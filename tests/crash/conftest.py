"""A portal of levels with a service beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadscore.sandbox import Sandbox, serve
from tests.crash.levels import Levels
from tests.crash.service import Service


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with serve() as portal:
        yield portal


@pytest.fixture
def levels(sandbox: Sandbox) -> Levels:
    return Levels(sandbox)


@pytest.fixture
def service(sandbox: Sandbox, levels: Levels, database_url: str, tmp_path: Path) -> Iterator[Service]:
    """Not started yet."""
    made = Service(tmp_path, database_url, sandbox)
    made.prepare()
    levels.begin(40, database_url)
    levels.tell(made.door, made.signed, "client-secret-of-the-app", duplicates=0.1, delays=0.1, disorder=0.2)
    yield made
    made.kill()
