"""Lifecycle stages move in the CRM: up in one write, down over an emptied field, and nobody's word is written over."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.jobs.stage_portal import MQL, SQL, Town, outcomes, town


@pytest.fixture
def place(store: Engine) -> Iterator[Town]:
    with town(store) as made:
        yield made


def test_a_lead_whose_score_rises_into_a_stage_is_raised_in_one_write(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, jobtitle="CEO")
    report = place.settle()
    assert (report.steps.done, place.stage(id)) == (1, MQL)
    assert place.history(id) == [MQL]
    assert outcomes(place.past()) == [("", MQL, "done")]
    assert place.told() == []
    place.later().edit(id, industry="Software")
    place.settle()
    assert place.history(id) == [MQL, SQL]
    assert [event for _, event, _ in place.told()] == ["enters:sql"]
