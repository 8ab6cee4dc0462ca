"""Every test of this connector has a local Salesforce of its own."""

from collections.abc import Iterator

import pytest

from tests.connectors.salesforce.org import Org, running


@pytest.fixture
def org() -> Iterator[Org]:
    with running() as made:
        yield made
