"""Every test of the connectors has a local HubSpot of its own."""

from collections.abc import Iterator

import pytest

from tests.connectors import portal as portals
from tests.connectors.portal import Portal


@pytest.fixture
def portal() -> Iterator[Portal]:
    with portals.portal() as made:
        yield made
