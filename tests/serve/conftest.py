"""A store on each database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from leadscore.store.database import open_store


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    engine = open_store(database_url)
    yield engine
    engine.dispose()
