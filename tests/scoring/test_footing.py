"""Which stages a score enters and which it keeps within the margin; and which activity took it there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.facts import Value
from scoring.footing import last_crossing
from tests.scoring.comparing import steady
from tests.scoring.staged import DAY, Staged, answered, demo, person, views
from tests.scoring.words_for_tests import NOW


def keeps(when: dict[str, Any], points: int, *, title: str = "") -> bool:
    """Whether a stage with that condition is kept, with a margin of 5, by a lead of so many points of engagement."""
    staged = Staged(enter=[{"stage": "mql", "when": when}])
    # the total is the ten of each view and, below -100, the constant points of an answer
    facts = person(*views(points // 10), title=title)
    return staged.footing(facts).keeps == ("mql",)


@pytest.mark.parametrize(
    ("when", "at", "holds"),
    [
        ({"total": {"at_least": 35}}, 30, True),
        ({"total": {"at_least": 36}}, 30, False),
        ({"total": {"above": 34}}, 30, True),
        ({"total": {"above": 35}}, 30, False),
        ({"engagement": {"between": [35, 90]}}, 30, True),
        ({"engagement": {"between": [36, 90]}}, 30, False),
        ({"engagement": {"between": [10, 29]}}, 30, False),
        ({"total": {"at_most": 29}}, 30, False),
        ({"total": {"below": 30}}, 30, False),
        ({"not": {"total": {"below": 35}}}, 30, True),
        ({"not": {"total": {"below": 36}}}, 30, False),
        ({"not": {"total": {"at_most": 34}}}, 30, True),
        ({"not": {"total": {"at_most": 35}}}, 30, False),
        ({"not": {"engagement": {"between": [0, 34]}}}, 30, True),
        ({"not": {"engagement": {"between": [0, 35]}}}, 30, False),
        ({"not": {"total": {"at_least": 30}}}, 30, False),
        ({"not": {"not": {"total": {"at_least": 35}}}}, 30, True),
        ({"all": [{"total": {"at_least": 35}}, {"engagement": {"at_least": 35}}]}, 30, True),
        ({"all": [{"total": {"at_least": 35}}, {"engagement": {"at_least": 36}}]}, 30, False),
        ({"any": [{"total": {"at_least": 50}}, {"engagement": {"at_least": 35}}]}, 30, True),
        ({"total": {"is": 35}}, 30, False),
        ({"band": {"in": ["warm"]}}, 30, True),
        ({"band": {"in": ["warm"]}}, 20, False),
        ({"band": {"is": "warm"}}, 60, True),
        ({"band": {"is": "warm"}}, 70, False),
        ({"band": {"is": "hot"}}, 60, True),
        ({"band": {"not_in": ["cold"]}}, 30, True),
        ({"band": {"not_in": ["cold"]}}, 20, False),
        ({"not": {"band": {"is": "cold"}}}, 30, True),
        ({"not": {"band": {"in": ["cold"]}}}, 20, False),
        ({"not": {"band": {"not_in": ["hot"]}}}, 60, True),
        ({"grade": {"in": ["B1"]}}, 40, False),
        ({"grade": {"in": ["B1"]}}, 50, True),
    ],
)
def test_the_margin_lowers_the_edges_by_which_a_stage_is_entered(when: dict[str, Any], at: int, holds: bool) -> None:
    assert keeps(when, at) is holds


def test_the_margin_lowers_the_edges_of_a_grade_by_its_own_scores() -> None:
    wide = Staged(enter=[{"stage": "mql", "when": {"grade": {"in": ["A1"]}}}], margin=10)
    assert wide.footing(person(*views(4), title="CEO")).keeps == ("mql",)
    assert wide.footing(person(*views(4))).keeps == ()
    assert wide.footing(person(*views(3), title="CEO")).keeps == ()


def test_a_margin_leaves_fields_and_forms_as_they_are() -> None:
    staged = Staged(enter=[{"stage": "sql", "when": {"submitted": ["Demo"], "title": {"is": "CEO"}}}])
    assert staged.footing(person(demo(1), title="CEO")).enters == ("sql",)
    assert staged.footing(person(demo(1), title="CTO")).keeps == ()


NUMBERS = st.integers(-10, 80)
OUTCOMES = st.one_of(
    st.builds(
        lambda name, op, n: {name: {op: n}},
        st.sampled_from(["total", "fit", "engagement"]),
        st.sampled_from(["at_least", "at_most", "above", "below", "is"]),
        NUMBERS,
    ),
    st.builds(lambda a, b: {"total": {"between": sorted([a, b])}}, NUMBERS, NUMBERS),
    st.builds(
        lambda op, names: {"band": {op: names}},
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["cold", "warm", "hot"]), min_size=1, max_size=2, unique=True),
    ),
    st.builds(
        lambda op, names: {"grade": {op: names}},
        st.sampled_from(["in", "not_in"]),
        st.lists(st.sampled_from(["A1", "A2", "B1", "B2"]), min_size=1, max_size=3, unique=True),
    ),
    st.just({"title": {"is": "CEO"}}),
)
CONDITIONS = st.recursive(
    OUTCOMES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=5,
)


@steady(80)
@given(CONDITIONS, st.integers(0, 40))
def test_whatever_a_stage_is_entered_by_also_keeps_it_whatever_the_margin(when: dict[str, Any], margin: int) -> None:
    staged, plain = (Staged(enter=[{"stage": "mql", "when": when}], margin=size) for size in (margin, 0))
    for count in range(9):
        for title in ("CEO", "CTO", ""):
            facts = person(*views(count), title=title)
            footing = staged.footing(facts)
            assert set(footing.enters) <= set(footing.keeps)
            assert footing.enters == plain.footing(facts).enters == plain.footing(facts).keeps


def test_a_stage_is_named_once_though_two_lines_of_enter_hold() -> None:
    twice = [{"stage": "mql", "when": {"total": {"at_least": points}}} for points in (30, 20)]
    assert Staged(enter=twice).footing(person(*views(5))).enters == ("mql",)


def test_an_exclusion_that_is_unknown_excludes_nobody() -> None:
    staged = Staged(exclude={"list": {"in": ["Do not score"]}})
    assert not staged.footing(person()).excluded
    assert Staged().footing(person(out="true")).excluded


def test_ages_alone_change_a_claim_below_the_stage_that_the_score_stands_for() -> None:
    enter = [
        {"stage": "sql", "when": {"title": {"is": "CEO"}}},
        {"stage": "mql", "when": {"seen": {"within": "10 days"}}},
    ]
    staged = Staged(enter=enter)
    facts = person(title="CEO", seen=str(NOW - 4 * DAY))
    assert staged.score(facts).next_change_at is None
    assert staged.footing(facts).next_change_at == NOW + 6 * DAY
    assert staged.footing(facts, NOW + 6 * DAY - 1).enters == ("sql", "mql")
    assert staged.footing(facts, NOW + 6 * DAY).enters == ("sql",)
    assert staged.footing(facts, NOW + 6 * DAY).next_change_at is None


def test_an_exclusion_that_ends_changes_the_footing_though_no_stage_is_entered() -> None:
    staged = Staged(exclude={"seen": {"within": "10 days"}})
    facts = person(seen=str(NOW - 4 * DAY))
    assert (staged.footing(facts).excluded, staged.footing(facts).next_change_at) == (True, NOW + 6 * DAY)
    assert not staged.footing(facts, NOW + 6 * DAY).excluded


def test_a_footing_looks_no_further_than_the_next_change_of_its_score() -> None:
    staged = Staged(exclude={"seen": {"within": "40 days"}})
    facts = person(*views(1), seen=str(NOW))
    assert staged.score(facts).next_change_at == NOW + 29 * DAY
    assert staged.footing(facts).next_change_at is None


def test_the_latest_activity_that_crossed_is_found_and_none_of_before() -> None:
    staged = Staged()
    facts = person(demo(70), *views(1, 20), demo(3), title="CEO")
    score = staged.score(facts)
    assert score.stage == "sql"

    def crossed(since: int) -> int | None:
        return last_crossing(staged.scorer, staged.model, facts, score, since)

    assert crossed(0) == crossed(NOW - 4 * DAY) == NOW - 3 * DAY
    assert crossed(NOW - 3 * DAY) is None


def test_a_crossing_by_a_field_or_by_time_is_no_crossing_by_activity() -> None:
    staged = Staged()
    promoted = person(demo(9), *views(1, 1), history=(Value("title", "CEO", NOW - 3 * DAY),))
    score = staged.score(promoted)
    assert score.stage == "sql"
    assert last_crossing(staged.scorer, staged.model, promoted, score, NOW - 5 * DAY) is None


def test_a_score_that_stands_for_no_stage_has_crossed_nothing() -> None:
    staged = Staged()
    for facts in (person(*views(1)), person(demo(1), answers=answered("unqualified", 2))):
        assert last_crossing(staged.scorer, staged.model, facts, staged.score(facts), 0) is None
