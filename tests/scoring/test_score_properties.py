"""What holds for every score, whatever the model, the person and the instant."""

import dataclasses
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from config.model_file import load_model
from scoring.engine import compile_models
from scoring.facts import Facts
from scoring.ledger import Score
from scoring.model import digest
from tests.scoring.comparing import as_plain, steady
from tests.scoring.oracle_changes import WATCHED, edges_of
from tests.scoring.oracle_conditions import Document
from tests.scoring.oracle_facts import known_at
from tests.scoring.strategies import model_sets
from tests.scoring.strategies_facts import as_ofs, facts
from tests.scoring.tables import TABLES

Scorer = Callable[[Facts, int], Score]


def scorer_of(documents: list[Document]) -> Scorer:
    return compile_models([load_model(document) for document in documents], TABLES)


def whole(score: Score) -> tuple[object, ...]:
    """All of a score, its reason and evidence too."""
    evidence = tuple(tuple(sorted(line.evidence.items())) for line in score.contributions)
    return as_plain(score), score.reason, evidence


def watched(score: Score) -> list[object]:
    plain = as_plain(score)
    return [plain[name] for name in WATCHED]


@steady(80)
@given(model_sets, facts, as_ofs)
def test_the_lines_add_up_to_every_score_and_to_the_total(documents: list[Document], person: Facts, as_of: int) -> None:
    score = scorer_of(documents)(person, as_of)
    lines = score.contributions
    assert all(line.points for line in lines)
    for name, points in score.scores.items():
        assert points == sum(line.points for line in lines if line.score == name)
    assert score.adjustment == sum(line.points for line in lines if line.kind == "adjustment")
    if score.model is None:
        assert (score.total, lines) == (None, ())
    else:
        (document,) = [one for one in documents if one["name"] == score.model]
        counted = {name for name, spec in document["scores"].items() if spec.get("in_total", True)}
        assert score.total == sum(line.points for line in lines if line.score in counted) + score.adjustment


@steady(100)
@given(model_sets, facts, as_ofs, st.randoms(use_true_random=False))
def test_a_score_differs_at_its_next_change_and_never_before(
    documents: list[Document], person: Facts, as_of: int, chance: object
) -> None:
    scorer, known = scorer_of(documents), known_at(person, as_of)
    now = scorer(person, as_of)
    change = now.next_change_at
    edges = sorted(edge for edge in edges_of(documents, TABLES, known) if edge > as_of)
    if change is not None:
        assert change > as_of
        assert watched(scorer(known, change)) != watched(now)
        last = change - 1
    else:
        last = edges[-1] if edges else as_of + 10**10
    asked = {edge + step for edge in edges for step in (-1, 0, 1)} | {last}
    asked |= {chance.randint(as_of, max(as_of, last)) for _ in range(5)}  # type: ignore[attr-defined]  # random.Random
    for instant in asked:
        if as_of <= instant <= last:
            assert watched(scorer(known, instant)) == watched(now), instant


@steady(60)
@given(model_sets, facts, as_ofs)
def test_facts_that_are_not_yet_known_change_nothing(documents: list[Document], person: Facts, as_of: int) -> None:
    scorer = scorer_of(documents)
    assert whole(scorer(known_at(person, as_of), as_of)) == whole(scorer(person, as_of))


@steady(60)
@given(model_sets, facts, as_ofs, st.data())
def test_the_order_of_facts_changes_nothing(
    documents: list[Document], person: Facts, as_of: int, data: st.DataObject
) -> None:
    scorer = scorer_of(documents)
    shuffled = dataclasses.replace(
        person,
        current=dict(reversed(list(person.current.items()))),
        history=tuple(data.draw(st.permutations(person.history))),
        activities=tuple(data.draw(st.permutations(person.activities))),
        memberships=tuple(reversed(person.memberships)),
        answers=tuple(reversed(person.answers)),
    )
    assert whole(scorer(shuffled, as_of)) == whole(scorer(person, as_of))


@steady(40)
@given(model_sets, st.lists(facts, min_size=2, max_size=3), as_ofs)
def test_the_same_question_has_the_same_answer_however_often_and_after_whomever(
    documents: list[Document], persons: list[Facts], as_of: int
) -> None:
    scorer, again = scorer_of(documents), scorer_of(documents)
    first = [whole(scorer(person, as_of)) for person in persons]
    assert [whole(scorer(person, as_of)) for person in reversed(persons)] == first[::-1]
    assert [whole(again(person, as_of)) for person in persons] == first


@steady(40)
@given(model_sets)
def test_a_file_loads_to_the_same_digest_whatever_the_order_of_its_keys(documents: list[Document]) -> None:
    for document in documents:
        turned = dict(reversed(list(document.items())))
        assert digest(load_model(turned)) == digest(load_model(document))
