"""An open door for each test."""

from collections.abc import Iterator

import pytest

from tests.webhooks.door import Door, open_door


@pytest.fixture
def door() -> Iterator[Door]:
    with open_door() as opened:
        yield opened
