"""A town on each database, and a user at work."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.conftest import desk as desk
from tests.moves.town import Town, town


@pytest.fixture
def place(database_url: str) -> Iterator[Town]:
    with town(database_url) as made:
        yield made
