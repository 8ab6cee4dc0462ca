"""A store, a CRM in memory and a small model."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from leadscore.jobs.rulebook import Rulebook
from leadscore.store.database import open_store
from tests.jobs.models import rulebook
from tests.jobs.portal import Portal


@pytest.fixture
def store(database_url: str) -> Iterator[Engine]:
    engine = open_store(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def portal() -> Portal:
    return Portal()


@pytest.fixture
def book() -> Rulebook:
    return rulebook()
