"""One person's explanation tells the lifecycle stage, what is to become of it, and why it stays where it does."""

from collections.abc import Iterator

import msgspec
import pytest
from sqlalchemy import Engine

from leadscore.jobs.explain import explain
from leadscore.jobs.refused import Refused
from leadscore.jobs.stage_told import StageTold
from leadscore.jobs.stage_view import view_stages
from tests.jobs.models import rulebook
from tests.jobs.stage_portal import LEAD, MODEL, MQL, SQL, Town, staged, town

BOTH = {"jobtitle": "CEO", "industry": "Software"}


@pytest.fixture
def place(store: Engine) -> Iterator[Town]:
    with town(store) as made:
        yield made


def told(place: Town, id: str) -> StageTold:
    (one,) = explain(place.store, place.book, id, place.now).stages
    return one


def test_a_stage_of_ours_is_told_without_anything_to_say_about_it(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, **BOTH)
    place.settle()
    one = told(place, id)
    assert (one.value, one.ours, one.pending, one.wish, one.stays) == (SQL, True, None, None, None)


def test_a_stage_that_somebody_set_stays_until_new_activity_and_that_is_said(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, **BOTH)
    place.settle()
    place.later().edit(id, lifecyclestage="")
    place.later().edit(id, lifecyclestage=LEAD)
    place.settle()
    one = told(place, id)
    assert (one.value, one.ours, one.set_by) == (LEAD, False, "person")
    assert one.stays == "A person set lead on 2027-01-15; only new activity later than that raises it to sql."


def test_who_stood_there_before_the_first_apply_is_told_what_would_enter_them(place: Town) -> None:
    (id,) = place.begin(BOTH)
    place.tell(id)
    place.settle()
    place.later().edit(id, lifecyclestage=LEAD)
    place.settle()
    assert "--enrol-current" in (told(place, id).stays or "")


def test_a_stage_that_the_model_never_leaves_is_told_so(place: Town) -> None:
    (id,) = place.begin({"lifecyclestage": "customer"})
    place.later().edit(id, **BOTH)
    place.settle()
    assert told(place, id).stays == "The model never leaves customer."


def test_a_hold_of_sales_is_told_where_the_score_would_enter_a_stage(store: Engine) -> None:
    answers = [{"answer": "unqualified", "label": "Unqualified", "points": -1, "hold": "subscriber"}]
    document = {**MODEL, "feedback": {"field": {"hubspot": "leadscore_feedback"}, "answers": answers}}
    with town(store, rulebook(msgspec.json.encode(document).decode())) as place:
        (id,) = place.begin({})
        place.later().edit(id, **BOTH)
        place.later().edit(id, leadscore_feedback="unqualified")
        place.settle()
        one = told(place, id)
    assert one.value == "subscriber"
    assert one.stays == "Held in subscriber: sales answered 'Unqualified' on 2027-01-15."


def test_a_change_on_its_way_is_told_with_its_reason(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, **BOTH)
    place.score()
    place.mover().decide_all(place.now)
    one = told(place, id)
    assert one.pending is not None
    assert (one.pending.after, one.pending.reason) == (SQL, "Entered sql with a total of 70.")
    assert one.stays is None


def test_what_an_observing_model_would_do_is_told(store: Engine) -> None:
    with town(store, staged(mode="observe")) as place:
        (id,) = place.begin({})
        place.later().edit(id, jobtitle="CEO")
        place.settle()
        one = told(place, id)
        assert (one.value, one.wish, one.reason) == ("", "mql", "Entered mql with a total of 45.")


def test_the_list_of_stages_can_be_that_of_one_person(place: Town) -> None:
    first, second = place.begin({}, {})
    place.later().edit(first, jobtitle="CEO")
    place.settle()
    place.later().edit(second, **BOTH)
    place.score()
    place.mover().decide_all(place.now)
    one, other = (view_stages(place.store, 10, id) for id in (first, second))
    assert ([past.after for past in one.past], one.pending) == ([MQL], ())
    assert ([change.id for change in other.pending], other.past) == ([second], ())
    assert sum(other.counts.values()) == 1
    with pytest.raises(Refused, match="Nobody is known"):
        view_stages(place.store, 10, "nobody@b.example")
