"""The suite runs once for each connector."""

from collections.abc import Iterator

import pytest

from tests.conformance.rigs import RIGS, Rig


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with RIGS[request.param]() as made:
        yield made
