"""Which stage a record is due: whose stage it is, what sales said, and what the score says, in their order."""

import dataclasses

import pytest

from scoring.decide import StageChange, StageStanding, decide
from scoring.facts import Answer, activity
from tests.scoring.staged import DAY, ORDER, Staged, answered, demo, ours, person, theirs, views
from tests.scoring.vector_files import load
from tests.scoring.words_for_tests import NOW

FORWARD, FALLING = Staged(), Staged(down=True)
SQL = person(demo(1), title="CEO")  # 70
MQL = person(demo(1))  # 50
NOTHING = person()


def to(change: StageChange | None) -> str | None:
    return None if change is None else change.to


def test_a_subject_without_a_stage_enters_the_first_stage_that_holds() -> None:
    assert FORWARD.decide(SQL, StageStanding()) == StageChange(
        to="sql",
        direction="up",
        reason="Entered sql with a total of 70.",
        clear=False,
        entered=True,
        put_back=False,
        write=True,
    )
    assert to(FORWARD.decide(MQL, StageStanding())) == "mql"
    assert FORWARD.decide(NOTHING, StageStanding()) is None


def test_a_model_that_observes_decides_but_asks_for_no_write() -> None:
    change = Staged(mode="observe").decide(SQL, StageStanding())
    assert change is not None
    assert (change.to, change.write) == ("sql", False)


def test_a_stage_of_ours_rises_with_the_score() -> None:
    change = FORWARD.decide(SQL, ours("mql"))
    assert change is not None
    assert (change.to, change.direction, change.entered) == ("sql", "up", True)


def test_a_stage_that_the_crm_gave_to_a_new_record_rises_as_if_it_were_empty() -> None:
    fresh = StageStanding("lead", set_at=NOW - DAY + 1, by="default")
    assert to(FORWARD.decide(SQL, fresh)) == "sql"


@pytest.mark.parametrize("standing", [StageStanding(), ours("lead"), theirs("lead"), ours("sql"), theirs("sql")])
def test_an_excluded_subject_is_never_touched(standing: StageStanding) -> None:
    assert FALLING.decide(person(demo(1), title="CEO", out="true"), standing) is None
    refused = person(demo(1), out="true", answers=answered("unqualified", 1))
    assert FALLING.decide(refused, standing) is None


@pytest.mark.parametrize("word", [None, "not_ready", "unqualified"])
@pytest.mark.parametrize("stage", ["opportunity", "customer"])
def test_a_stage_that_is_never_left_stays_whatever_sales_answers(stage: str, word: str | None) -> None:
    assert FALLING.decide(person(answers=answered(word, 1)), theirs(stage)) is None
    assert FALLING.decide(person(answers=answered(word, 1)), ours(stage)) is None


@pytest.mark.parametrize("standing", [ours("sql"), theirs("sql"), theirs("sql", 0), ours("lead"), theirs("lead")])
def test_a_hold_takes_the_subject_to_its_stage_whoever_set_the_present_one(standing: StageStanding) -> None:
    change = FORWARD.decide(person(demo(1), answers=answered("unqualified", 1)), standing)
    assert change is not None
    assert (change.to, change.direction, change.clear, change.entered) == ("subscriber", "down", True, False)
    assert change.reason == "Held in subscriber: sales answered 'Unqualified' on 2026-05-31."


def test_a_held_subject_stays_however_much_it_does() -> None:
    busy = person(demo(0), *views(20), title="CEO", answers=answered("unqualified", 2))
    assert FALLING.score(busy).total == 170
    assert FALLING.decide(busy, ours("subscriber", 1)) is None
    assert FALLING.decide(busy, theirs("subscriber", 1)) is None


def test_a_hold_on_an_empty_stage_sets_it_in_one_write() -> None:
    change = FORWARD.decide(person(answers=answered("unqualified", 1)), StageStanding())
    assert change is not None
    assert (change.to, change.direction, change.clear) == ("subscriber", "up", False)


def test_a_released_subject_enters_again_what_its_score_stands_for() -> None:
    released = person(demo(3), title="CEO", answers=(*answered("unqualified", 2), *answered(None, 1)))
    assert to(FORWARD.decide(released, ours("subscriber", 2))) == "sql"


def test_not_ready_lowers_a_stage_at_once_even_where_scores_never_do() -> None:
    change = FORWARD.decide(person(demo(9), title="CEO", answers=answered("not_ready", 1)), ours("sql"))
    assert change is not None
    assert (change.to, change.direction, change.clear, change.entered) == ("mql", "down", True, False)
    assert change.reason == "Back to mql: sales answered 'Not ready' on 2026-05-31."


def test_not_ready_lowers_a_stage_that_a_person_had_set_before() -> None:
    assert to(FORWARD.decide(person(demo(9), title="CEO", answers=answered("not_ready", 1)), theirs("sql"))) == "mql"


def test_a_stage_that_a_person_set_after_answering_is_theirs() -> None:
    refused = person(demo(9), title="CEO", answers=answered("not_ready", 6))
    assert FORWARD.decide(refused, theirs("sql", 5)) is None


def test_an_answer_lowers_once() -> None:
    faded = person(demo(70), answers=answered("not_ready", 20))
    assert FORWARD.score(faded).total == 25
    assert FORWARD.decide(faded, ours("mql", 19)) is None


def test_an_answer_heard_of_only_after_we_raised_the_stage_still_lowers_it() -> None:
    late = person(demo(9), title="CEO", answers=answered("not_ready", 6, learned=NOW - DAY))
    assert to(FORWARD.decide(late, ours("sql", 5))) == "mql"
    assert FORWARD.decide(late, theirs("sql", 5)) is None


def test_a_lead_that_was_not_ready_is_sales_ready_again_by_a_second_demo_request() -> None:
    example = Staged(load("example_model.yaml"))
    start = NOW - 121 * DAY
    fit = {"title": "VP Sales", "industry": "Technology", "employees": "200", "country": "US", "email": "a@b.example"}
    asked = activity("form_submission", start, {"form": "Request a demo"})
    answers = (Answer("not_ready", start + DAY, "ann"),)
    silent = dataclasses.replace(person(asked, answers=answers), current=fit)
    first = example.decide(silent, StageStanding(), start)
    assert (to(first), example.score(silent, start).total) == ("sql", 100)
    sent_back = example.decide(silent, StageStanding("sql", ours=True, set_at=start), start + DAY)
    assert (to(sent_back), example.score(silent, start + DAY).total) == ("mql", 50)
    mql = StageStanding("mql", ours=True, set_at=start + DAY)
    assert example.decide(silent, mql) is None

    again = activity("form_submission", start + 60 * DAY, {"form": "Request a demo"})
    change = example.decide(dataclasses.replace(silent, activities=(asked, again)), mql, start + 60 * DAY)
    assert change is not None
    assert (change.to, change.entered) == ("sql", True)


def test_true_sql_moves_nothing() -> None:
    assert FORWARD.decide(person(answers=answered("true_sql", 1)), ours("sql")) is None
    assert FORWARD.decide(person(answers=answered("true_sql", 1)), StageStanding()) is None


def test_an_answer_with_points_lowers_a_stage_if_it_takes_points_away() -> None:
    assert to(FORWARD.decide(person(demo(9), title="CEO", answers=answered("bad_fit", 1)), ours("sql"))) == "mql"
    assert FORWARD.decide(person(answers=answered("good_fit", 1)), ours("sql")) is None


def test_sql_is_entered_again_after_not_ready_once_new_evidence_has_earned_it() -> None:
    back = person(demo(9), *views(2, 0), title="CEO", answers=answered("not_ready", 1))
    change = FORWARD.decide(back, ours("mql", 1), NOW + 60_000)
    assert change is not None
    assert (change.to, change.entered) == ("sql", True)


def test_new_evidence_that_holds_the_stage_outweighs_the_answer() -> None:
    earned = person(demo(9), *views(2, 0), title="CEO", answers=answered("not_ready", 1))
    assert FORWARD.decide(earned, theirs("sql"), NOW + 60_000) is None


def test_the_margin_never_keeps_a_lead_above_the_stage_that_sales_named() -> None:
    wide = Staged(margin=30)
    feedback = wide.model.feedback
    assert feedback is not None
    named = tuple(
        dataclasses.replace(spec, drop_to_stage="mql") if spec.answer == "not_ready" else spec
        for spec in feedback.answers
    )
    wide.model = dataclasses.replace(wide.model, feedback=dataclasses.replace(feedback, answers=named))
    refused = person(demo(9), title="CEO", answers=answered("not_ready", 1))
    assert wide.footing(refused).keeps == ("sql", "mql")
    assert to(wide.decide(refused, ours("sql"))) == "mql"


def test_nothing_falls_by_score_unless_the_model_says_down() -> None:
    assert FORWARD.decide(NOTHING, ours("sql")) is None
    assert to(FALLING.decide(NOTHING, ours("sql"))) == "lead"


@pytest.mark.parametrize(("points", "stage"), [(60, None), (50, "mql"), (30, "mql"), (20, "lead")])
def test_a_stage_of_ours_falls_to_the_highest_that_holds_within_the_margin(points: int, stage: str | None) -> None:
    change = FALLING.decide(person(*views(points // 10)), ours("sql"))
    assert to(change) == stage
    if change is not None:
        said = f"Fell to {stage}: the score no longer holds sql by more than the margin of 5 (total {points})."
        assert (change.reason, change.direction, change.clear, change.entered) == (said, "down", True, False)


@pytest.mark.parametrize("answers", [(), answered("not_ready", 1)])
def test_a_stage_that_no_longer_holds_rises_where_a_higher_one_does(answers: tuple[Answer, ...]) -> None:
    by_title = Staged(
        down=True,
        enter=[
            {"stage": "sql", "when": {"title": {"is": "CEO"}}},
            {"stage": "mql", "when": {"total": {"at_least": 35}}},
        ],
    )
    change = by_title.decide(person(title="CEO", answers=answers), ours("mql"))
    assert change is not None
    assert (change.to, change.direction) == ("sql", "up")


def test_without_an_otherwise_a_stage_falls_only_to_one_that_holds() -> None:
    falling = Staged(down=True, otherwise=None)
    assert falling.decide(NOTHING, ours("sql")) is None
    assert to(falling.decide(MQL, ours("sql"))) == "mql"


def test_a_stage_below_otherwise_does_not_rise_to_it() -> None:
    assert FALLING.decide(NOTHING, ours("subscriber")) is None


def test_a_stage_of_somebody_else_above_ours_stays() -> None:
    assert FALLING.decide(NOTHING, theirs("sql")) is None
    assert FALLING.decide(MQL, theirs("nurture-by-hand")) is None


def test_a_stage_of_somebody_else_below_ours_waits_for_a_crossing_by_later_activity() -> None:
    old = person(demo(9), title="CEO")
    assert FORWARD.decide(old, theirs("lead", 5)) is None
    change = FORWARD.decide(SQL, theirs("lead", 5))
    assert change is not None
    said = "Entered sql with a total of 70: new activity of 2026-05-31, later than lead was set on 2026-05-27."
    assert (change.to, change.reason, change.entered) == ("sql", said, True)


@pytest.mark.parametrize(("crossed_at", "stage"), [(None, None), (NOW - DAY, None), (NOW - DAY + 1, "sql")])
def test_the_crossing_must_be_later_than_the_edit(crossed_at: int | None, stage: str | None) -> None:
    standing = StageStanding("lead", set_at=NOW - DAY, by="program", crossed_at=crossed_at)
    footing = FORWARD.footing(SQL)
    assert to(decide(FORWARD.model, FORWARD.score(SQL), footing, standing, ORDER)) == stage


def test_later_activity_that_crosses_no_edge_raises_nothing_that_somebody_set() -> None:
    assert FORWARD.decide(person(demo(9), *views(1), title="CEO"), theirs("lead", 5)) is None


def test_activity_of_before_the_edit_is_not_fresh_though_we_learned_of_it_later() -> None:
    late = person(demo(9, learned=NOW - DAY), title="CEO")
    assert FORWARD.decide(late, theirs("lead", 5)) is None


def test_a_stage_that_somebody_emptied_is_theirs_too() -> None:
    assert FORWARD.decide(person(demo(9), title="CEO"), theirs(None, 5)) is None
    assert to(FORWARD.decide(SQL, theirs(None, 5))) == "sql"


def test_a_stage_of_unknown_age_and_author_is_left_alone() -> None:
    assert FALLING.decide(SQL, StageStanding("lead")) is None


def test_a_stage_that_the_crm_order_does_not_hold_is_left_alone() -> None:
    refused = person(demo(1), title="CEO", answers=answered("unqualified", 1))
    assert FALLING.decide(refused, theirs("evangelist")) is None


def test_a_stage_without_a_word_of_ours_has_its_place_in_the_order() -> None:
    assert to(FORWARD.decide(SQL, theirs("nurture-by-hand"))) == "sql"


def test_who_stood_there_before_the_first_apply_enters_nothing() -> None:
    assert FORWARD.decide(SQL, StageStanding(enrolled=False)) is None
    held = person(demo(1), answers=answered("unqualified", 1))
    assert to(FORWARD.decide(held, StageStanding("sql", enrolled=False))) == "subscriber"


def test_between_clear_and_set_only_the_set_is_left() -> None:
    half = StageStanding(None, ours=True, set_at=NOW - 5 * DAY, cleared="sql")
    change = FALLING.decide(MQL, half)
    assert change is not None
    assert (change.to, change.direction, change.clear) == ("mql", "down", False)


@pytest.mark.parametrize("facts", [SQL, person(demo(1), out="true")])
def test_an_emptied_field_gets_its_old_stage_back_if_nothing_is_due_any_more(facts: object) -> None:
    half = StageStanding(None, ours=True, set_at=NOW - 5 * DAY, cleared="sql")
    change = FALLING.decide(facts, half)  # type: ignore[arg-type]  # parametrize knows no types
    assert change is not None
    assert (change.to, change.direction, change.clear, change.entered) == ("sql", "up", False, False)
    assert change.put_back


def test_a_stage_set_by_somebody_between_clear_and_set_is_the_present_one() -> None:
    taken = StageStanding("customer", set_at=NOW, by="program", cleared="sql")
    assert FALLING.decide(NOTHING, taken) is None


def test_without_stages_or_without_a_model_for_the_subject_nothing_is_decided() -> None:
    score = FALLING.score(SQL)
    assert decide(dataclasses.replace(FALLING.model, lifecycle=None), score, None, ours("sql"), ORDER) is None
    assert decide(FALLING.model, score._replace(model=None), None, ours("sql"), ORDER) is None
