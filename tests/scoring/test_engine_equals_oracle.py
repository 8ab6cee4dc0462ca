"""The engine and the slow second reading give the same score for random models, people and instants."""

from typing import Any

import pytest
from hypothesis import Phase, event, find, given, settings
from hypothesis import strategies as st

from scoring.facts import Facts
from tests.scoring import strategies
from tests.scoring import strategies_facts as people
from tests.scoring.comparing import engine_score, steady
from tests.scoring.constructs import causes, constructs
from tests.scoring.oracle_changes import score
from tests.scoring.oracle_conditions import Document
from tests.scoring.strategies_conditions import DETAIL_OPERATORS, OPERATORS, Body
from tests.scoring.strategies_facts import as_ofs, facts
from tests.scoring.tables import TABLES
from tests.scoring.words_for_tests import FIELDS, NOW


def assert_equal(documents: list[Document], person: Facts, as_of: int) -> dict[str, Any]:
    expected = score(documents, TABLES, person, as_of)
    assert engine_score(documents, person, as_of) == expected
    return expected


@steady(150)
@given(strategies.model_sets, facts, as_ofs)
def test_random_models_score_random_people_as_the_oracle_does(
    documents: list[Document], person: Facts, as_of: int
) -> None:
    change = assert_equal(documents, person, as_of)["next_change_at"]
    moved = set(causes(documents, TABLES, person, as_of, change)) if change is not None else {"never"}
    for name in moved:
        event(f"changes next by: {name}")


CONSTRUCTS = (
    *(
        "for",
        "bands",
        "grade",
        "lifecycle",
        "feedback",
        "score limit",
        "group limit",
        "rule limit",
        "outside the total",
    ),
    *("rule when", "rule on", "rule last", "rule ranges", "ranges of counts", "ranges of a field"),
    *("count each", "count once", "count first", "once per form", "once per path", "once per day"),
    *("decay half_life", "decay lose", "window and decay", "last within", "last older_than", "last between"),
    *("all", "any", "not", "list", "submitted", "flag", "where all", "where any", "where not"),
    *("enter submitted", "enter list", "enter not", "enter total at_least", "exclude not", "exclude submitted"),
)


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_every_construct_occurs_and_means_the_same(construct: str) -> None:
    drawn = st.tuples(strategies.documents("only", construct == "for"), facts)

    def holds_it(example: tuple[Document, Facts]) -> bool:
        document, person = example
        if construct not in set(constructs(document)):
            return False
        assert_equal([document], person, NOW)
        return True

    find(drawn, holds_it, settings=settings(steady(2000), phases=[Phase.generate]))


@pytest.mark.parametrize(
    ("field", "operator"),
    [(field, operator) for field, kind in FIELDS.items() if kind != "flag" for operator in OPERATORS[kind]],
)
def test_every_operator_of_a_field_means_the_same(field: str, operator: str) -> None:
    bodies = OPERATORS[FIELDS[field]][operator].map(lambda operand: {field: {operator: operand}})

    @steady(5)
    @given(bodies, st.booleans(), facts, as_ofs)
    def compare(condition: Document, negated: bool, person: Facts, as_of: int) -> None:
        rule = {"when": {"not": condition} if negated else condition, "points": 1}
        assert_equal([strategies.model_of_one(rule)], person, as_of)

    compare()


@pytest.mark.parametrize(
    ("kind", "detail", "operator"),
    [(kind, detail, name) for kind, detail in DETAIL_OPERATORS for name in DETAIL_OPERATORS[kind, detail]],
)
def test_every_operator_of_a_detail_means_the_same(kind: str, detail: str, operator: str) -> None:
    bodies = DETAIL_OPERATORS[kind, detail][operator].map(lambda operand: {detail: {operator: operand}})

    @steady(5)
    @given(bodies, st.booleans(), facts, as_ofs)
    def compare(condition: Document, negated: bool, person: Facts, as_of: int) -> None:
        rule = {"on": kind, "where": {"not": condition} if negated else condition, "points": 1}
        assert_equal([strategies.model_of_one(rule)], person, as_of)

    compare()


@pytest.mark.parametrize(
    ("name", "operator"),
    [(name, operator) for name in strategies.OUTCOMES for operator in strategies.OUTCOMES[name]],
)
def test_every_test_of_the_score_itself_means_the_same(name: str, operator: str) -> None:
    bodies = strategies.OUTCOMES[name][operator].map(lambda operand: {name: {operator: operand}})

    @steady(5)
    @given(bodies, strategies.graded(), facts, as_ofs)
    def compare(condition: dict[str, Any], document: dict[str, Any], person: Facts, as_of: int) -> None:
        assert_equal([strategies.with_stage(document, condition)], person, as_of)

    compare()


AGES = ("within", "older_than", "between")
CHANGES: dict[str, Body] = {
    "half-life": st.tuples(strategies.activity_rules().map(strategies.model_of_one), people.active),
    "step": st.tuples(strategies.activity_rules().map(strategies.model_of_one), people.active),
    "window": st.tuples(strategies.activity_rules().map(strategies.model_of_one), people.active),
    "another first": st.tuples(strategies.first_rules().map(strategies.model_of_one), people.viewing),
    "count leaves a range": st.tuples(strategies.range_rules().map(strategies.model_of_one), people.active),
    **{
        f"recency {age} since activity": st.tuples(
            strategies.recency_rules().map(strategies.model_of_one), people.active
        )
        for age in AGES
    },
    **{
        f"recency {age} since creation": st.tuples(
            strategies.recency_rules().map(strategies.model_of_one), people.silent
        )
        for age in AGES
    },
    **{
        f"age: {age}": st.tuples(strategies.age_rules().map(strategies.model_of_one), people.dated)
        for age in (*AGES, "in_next")
    },
    "another model": st.tuples(strategies.switching(), people.dated),
    "a model or none": st.tuples(strategies.switching(), people.dated),
    "stage alone": st.tuples(strategies.aged_stages(), people.dated),
    "adjustment": st.tuples(strategies.answered(), people.facts),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_every_kind_of_next_change_occurs_and_is_found_at_its_millisecond(kind: str) -> None:
    def changes_so(example: tuple[Document | list[Document], Facts]) -> bool:
        drawn, person = example
        documents = drawn if isinstance(drawn, list) else [drawn]
        change = assert_equal(documents, person, NOW)["next_change_at"]
        return change is not None and kind in set(causes(documents, TABLES, person, NOW, change))

    find(CHANGES[kind], changes_so, settings=settings(steady(2000), phases=[Phase.generate]))
