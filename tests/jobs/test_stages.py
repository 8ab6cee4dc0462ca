"""Lifecycle stages move in the CRM: up in one write, down over an emptied field, and nobody's word is written over."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from connectors.errors import RetryLater
from leadscore.jobs.dead_letters import dead_letters, retry
from leadscore.jobs.stage_view import outlook, view_stages
from leadscore.store.database import reading
from leadscore.store.known_stages import MODELS, count_wishes, notes
from leadscore.store.stages import count_pending, pending
from tests.jobs.stage_portal import DAY, LEAD, MQL, SQL, Town, outcomes, staged, town

BOSS = {"jobtitle": "CEO"}
BOTH = {"jobtitle": "CEO", "industry": "Software"}


@pytest.fixture
def place(store: Engine) -> Iterator[Town]:
    with town(store) as made:
        yield made


def entered(place: Town, **properties: str) -> str:
    """Somebody who came without a stage and rose by these."""
    (id,) = place.begin({})
    place.later().edit(id, **properties)
    place.settle()
    return id


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


def test_a_lead_whose_score_falls_clearly_goes_down_over_an_emptied_field(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, jobtitle="Clerk")
    place.settle()
    assert place.history(id) == [SQL, "", LEAD]
    assert (
        place.past()[-1].reason
        == "Fell to lead: the score no longer holds sql by more than the margin of 5 (total 25)."
    )
    assert len(place.told()) == 1


def test_a_stage_that_was_lost_and_is_earned_again_is_told_again(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, jobtitle="Clerk")
    place.settle()
    place.later().edit(id, jobtitle="CEO")
    place.settle()
    assert place.history(id) == [SQL, "", LEAD, SQL]
    assert len({at for _, _, at in place.told()}) == 2


def test_a_fall_that_hubspot_did_not_take_is_put_aside_with_a_sentence_and_can_be_tried_again(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, jobtitle="Clerk")
    place.score()
    place.turn_until(lambda: place.stage(id) == LEAD)
    place.automate(id, lifecyclestage="")
    report = place.move()
    assert report.steps.parked == 1
    (letter,) = [one for one in dead_letters(place.store) if one.sort == "stage"]
    assert letter.reason.startswith(f"HubSpot said yes to the change from {SQL} to {LEAD} and shows an empty field")
    with reading(place.store) as connection:
        assert [one.waits for one in pending(connection, 10)] == ["parked"]
    assert retry(place.store, [letter.id], place.later().now) == 1
    place.settle()
    assert place.stage(id) == LEAD
    assert not [one for one in dead_letters(place.store) if one.sort == "stage"]


def test_a_fall_whose_new_stage_hubspot_refuses_after_the_field_was_emptied_is_put_back_and_said(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, jobtitle="Clerk")
    place.score()
    # The first write empties the field, the second is refused, the third puts back what was there.
    place.fault(method="POST", path="contacts/batch/update", status=400, skip=1, count=1)
    report = place.move()
    assert (report.steps.parked, report.steps.done) == (1, 1)
    assert place.history(id) == [SQL, "", SQL]
    refused, back = place.past()[-2:]
    assert outcomes([refused, back]) == [(SQL, LEAD, "rejected"), (SQL, SQL, "done")]
    assert refused.reason
    assert back.reason == f"Put back: the CRM refuses {LEAD} ({refused.reason})"
    assert len(place.told()) == 1, "what is put back is no new entry"
    with reading(place.store) as connection:
        assert count_pending(connection) == {"parked": 1}
    place.tell(id)
    place.settle()
    assert place.history(id) == [SQL, "", SQL], "without new facts it is not tried again"
    (letter,) = [one for one in dead_letters(place.store) if one.sort == "stage"]
    assert letter.reason == refused.reason
    assert retry(place.store, [letter.id], place.later().now) == 1
    place.settle()
    assert place.history(id) == [SQL, "", SQL, "", LEAD], "it is still ours"
    assert [one for one in dead_letters(place.store) if one.sort == "stage"] == []


def test_a_stage_that_a_person_set_above_ours_stays(place: Town) -> None:
    id = entered(place, **BOSS)
    place.later().edit(id, lifecyclestage="opportunity")
    place.settle()
    place.later().edit(id, industry="Software")
    place.settle()
    place.later().edit(id, jobtitle="Clerk", industry="")
    place.settle()
    assert place.history(id) == [MQL, "opportunity"]


def test_a_stage_that_a_person_lowered_is_raised_only_by_new_activity_that_crosses_an_edge(place: Town) -> None:
    id = entered(place, **BOSS)
    place.later().edit(id, lifecyclestage=LEAD)
    place.settle()
    place.later().edit(id, industry="Software")
    place.settle()
    assert place.stage(id) == LEAD, "a field that somebody filled in is no crossing"
    place.later().edit(id, industry="")
    place.settle()
    place.later(DAY).submit(id)
    place.settle()
    assert place.stage(id) == SQL
    assert "new activity of" in place.past()[-1].reason


def test_a_workflow_that_raised_the_stage_while_we_wrote_counts_as_taken(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, jobtitle="CEO")
    place.score()
    place.turn_until(lambda: "ready" in counts(place))
    place.automate(id, lifecyclestage="customer")
    report = place.move()
    assert (report.steps.passed, place.stage(id)) == (1, "customer")


def test_a_stage_that_somebody_changed_while_we_were_about_to_write_is_decided_anew(place: Town) -> None:
    (id,) = place.begin({"lifecyclestage": LEAD})
    place.later().submit(id)
    place.edit(id, jobtitle="CEO")
    place.score()
    place.turn_until(lambda: "ready" in counts(place))
    place.edit(id, lifecyclestage="subscriber")
    report = place.move()
    assert (report.steps.moved, report.steps.done) == (1, 0)
    assert place.history(id) == [LEAD, "subscriber"]


def test_sales_says_not_ready_and_the_stage_follows_at_once_and_comes_back_with_new_evidence(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, leadscore_feedback="not_ready")
    place.settle()
    assert (place.stage(id), place.past()[-1].reason[:36]) == (MQL, "Back to mql: sales answered 'Not rea")
    place.later(DAY).submit(id)
    place.settle()
    assert place.history(id) == [SQL, "", MQL, SQL]
    assert len({at for _, _, at in place.told()}) == 2


def test_a_hold_takes_the_lead_down_whoever_set_the_stage_and_nothing_raises_it(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, lifecyclestage="opportunity")
    place.later().edit(id, leadscore_feedback="unqualified")
    place.settle()
    assert place.stage(id) == "subscriber"
    place.later(DAY).submit(id)
    place.settle()
    assert place.stage(id) == "subscriber"
    place.later().edit(id, leadscore_feedback="")
    place.settle()
    assert place.stage(id) == SQL


def test_a_stage_that_is_never_left_stays_whatever_sales_answers(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, lifecyclestage="customer")
    place.later().edit(id, leadscore_feedback="unqualified")
    place.settle()
    assert place.history(id) == [SQL, "customer"]


def test_who_is_excluded_is_never_touched(place: Town) -> None:
    (id,) = place.begin({"city": "Nowhere"})
    place.later().edit(id, **BOTH)
    place.settle()
    assert place.history(id) == []


def test_a_model_that_observes_writes_nothing_and_tells_nobody_but_shows_what_it_would_do(store: Engine) -> None:
    with town(store, staged(mode="observe")) as place:
        id = entered(place, **BOTH)
        assert (place.history(id), place.told()) == ([], [])
        assert outcomes(place.past()) == [("", SQL, "observed")]
        with reading(store) as connection:
            assert count_wishes(connection) == {("", "sql"): 1}
        place.book = staged()
        place.later().apply()
        place.settle()
        assert place.stage(id) == SQL
        with reading(store) as connection:
            assert count_wishes(connection) == {}


def test_an_order_that_contradicts_the_crms_stops_every_write_and_says_why(store: Engine) -> None:
    stages = {"mql": {"hubspot": "opportunity"}, "sql": {"hubspot": SQL}, "lead": {"hubspot": LEAD}}
    stages |= {"subscriber": {"hubspot": "subscriber"}, "customer": {"hubspot": "customer"}}
    with town(store, staged(stages=stages)) as place:
        id = entered(place, **BOTH)
        assert place.history(id) == []
        with reading(store) as connection:
            assert "list the highest first" in notes(connection)[MODELS][1]
            assert count_pending(connection) == {"decide": 1}


def test_a_crm_that_does_not_answer_makes_everything_wait(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, jobtitle="CEO")
    place.score()
    place.fault(path="batch/read", status=503, count=0)
    with pytest.raises(RetryLater):
        place.move()
    place.clear_faults()
    assert place.move().busy == 0
    place.later(10 * 60_000)
    assert place.move().steps.done == 1
    assert place.stage(id) == MQL


def test_a_record_that_is_gone_is_left_alone(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, jobtitle="CEO")
    place.score()
    place.delete(id)
    assert place.move().decisions.missing == 1
    assert counts(place) == {}


def test_one_person_with_two_records_is_told_of_once(place: Town) -> None:
    first, second = place.begin({}, {})
    place.make_one(first, second)
    place.later().edit(first, **BOTH)
    place.settle()
    assert [place.stage(first), place.stage(second)] == [SQL, SQL]
    assert len(place.told()) == 1


def test_who_has_no_service_moves_stages_with_an_apply(place: Town) -> None:
    (id,) = place.begin({})
    place.later().edit(id, **BOTH)
    place.take_in()
    place.apply()
    assert place.move().steps.done == 1
    assert place.stage(id) == SQL


def test_a_plan_foresees_the_moves_and_writes_none(place: Town) -> None:
    id = entered(place, **BOTH)
    place.later().edit(id, jobtitle="Clerk")
    place.score()
    assert outlook(place.store, place.mover(), place.now).moves == {(SQL, "lead"): 1}
    assert place.history(id) == [SQL]
    place.settle()
    assert place.stage(id) == LEAD


def test_the_view_of_stages_tells_what_waits_and_what_moved(place: Town) -> None:
    id = entered(place, **BOTH)
    view = view_stages(place.store, 10)
    assert (view.stopped, view.counts, view.pending) == ((), {}, ())
    assert [(one.id, one.before, one.after, one.outcome) for one in view.past] == [(id, "", SQL, "done")]


def counts(place: Town) -> dict[str, int]:
    with reading(place.store) as connection:
        return count_pending(connection)
