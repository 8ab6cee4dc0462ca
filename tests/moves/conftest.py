"""A town on each database."""

from collections.abc import Iterator

import pytest

from tests.moves.town import Town, town


@pytest.fixture
def place(database_url: str) -> Iterator[Town]:
    with town(database_url) as made:
        yield made
