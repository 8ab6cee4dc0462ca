"""The suite runs once for each connector."""

from collections.abc import Iterator

import pytest

from tests.conformance.rigs import RIGS, STAGED_RIGS, WHOLE_RIGS, Rig, StagedRig, WholeRig


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with RIGS[request.param]() as made:
        yield made


@pytest.fixture(params=sorted(WHOLE_RIGS))
def whole(request: pytest.FixtureRequest) -> Iterator[WholeRig]:
    with WHOLE_RIGS[request.param]() as made:
        yield made


@pytest.fixture(params=sorted(STAGED_RIGS))
def staged(request: pytest.FixtureRequest) -> Iterator[StagedRig]:
    with STAGED_RIGS[request.param]() as made:
        yield made
