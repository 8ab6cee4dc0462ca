"""Random model files that use every construct of the language."""

from typing import Any

from hypothesis import strategies as st

from tests.scoring.strategies_conditions import (
    AGE,
    AGES,
    NUMBER,
    Body,
    aged_tests,
    conditions,
    elsewhere,
    field_tests,
    nested,
    one_operator,
    some_of,
    where,
)
from tests.scoring.strategies_facts import TYPES
from tests.scoring.words_for_tests import DURATIONS, FIELDS, STAGES

Document = dict[str, Any]

POINTS = st.sampled_from((1, 2, 3, 5, 7, 10, 50, -1, -4, -10, -25))
LIMIT = st.sampled_from(({"max": 5}, {"max": 12}, {"min": -3}, {"min": -6, "max": 6}, {"min": 0}, {"max": 0}))
SHORT = st.sampled_from(DURATIONS[:4])
DECAY = st.one_of(
    SHORT.map(lambda age: {"half_life": age}),
    AGE.map(lambda age: {"half_life": age}),
    st.tuples(st.sampled_from(("10%", "33%", "50%", "100%")), AGE).map(
        lambda both: {"lose": both[0], "every": both[1]}
    ),
)
COUNT = st.sampled_from(("each", "once", "first", {"once_per": "form"}, {"once_per": "path"}, {"once_per": "day"}))


@st.composite
def _extras(draw: st.DrawFn, rule: Document, activity_type: str | None) -> Document:
    if draw(st.integers(0, 3)) == 0:
        rule["limit"] = draw(LIMIT)
    if activity_type is not None:
        others = draw(st.sampled_from((None, None, TYPES[:2], TYPES)))
        rule["on"] = list(others) if others else activity_type
        if others is None and draw(st.booleans()):
            rule["where"] = draw(where(activity_type))
    return rule


@st.composite
def field_rules(draw: st.DrawFn) -> Document:
    rule = {"when": draw(conditions), "points": draw(POINTS)}
    return draw(_extras(rule, None))


@st.composite
def activity_rules(draw: st.DrawFn) -> Document:
    rule: Document = {"points": draw(POINTS)}
    count = draw(COUNT)
    if count != "each" or draw(st.booleans()):
        rule["count"] = count
    if draw(st.booleans()):
        rule["within"] = draw(AGE)
    if draw(st.integers(0, 2)):
        rule["decay"] = draw(DECAY)
    return draw(_extras(rule, draw(st.sampled_from(TYPES))))


@st.composite
def first_rules(draw: st.DrawFn) -> Document:
    """The first of a window that moves: the one thing whose points can rise by themselves."""
    rule = {"points": draw(POINTS), "count": "first", "within": draw(AGE), "decay": draw(DECAY)}
    return {**rule, "on": "page_view"}


@st.composite
def recency_rules(draw: st.DrawFn) -> Document:
    last = draw(
        st.one_of(
            AGE.map(lambda age: {"within": age}),
            AGE.map(lambda age: {"older_than": age}),
            AGES.map(lambda ages: {"between": ages}),
        )
    )
    return draw(_extras({"last": last, "points": draw(POINTS)}, draw(st.sampled_from(TYPES))))


@st.composite
def range_rules(draw: st.DrawFn) -> Document:
    if draw(st.booleans()):
        ranges = draw(st.sampled_from(({"..1": -4, "2..5": 3, "5.5..": 6}, {"0..2": 2, "3..5": 5})))
        return draw(_extras({"ranges": {"field": "size", "points": ranges}}, None))
    rule: Document = {"ranges": draw(st.sampled_from(({"..0": -5, "1..2": 3, "3..": 8}, {"1..": 2}, {"2..3": 4})))}
    if draw(st.integers(0, 3)):
        rule["within"] = draw(AGE)
    return draw(_extras(rule, draw(st.sampled_from(TYPES))))


rules = st.one_of(
    field_rules(), field_rules(), activity_rules(), activity_rules(), first_rules(), recency_rules(), range_rules()
)


@st.composite
def _scores(draw: st.DrawFn) -> Document:
    scores: Document = {}
    for score in ("fit", "engagement")[: draw(st.integers(1, 2))]:
        groups = []
        for group in ("One", "Two")[: draw(st.sampled_from((1, 1, 2)))]:
            found = draw(st.lists(rules, min_size=2, max_size=4))
            spec: Document = {
                "name": group,
                "rules": [{"name": f"Rule {place}", **rule} for place, rule in enumerate(found)],
            }
            if draw(st.integers(0, 3)) == 0:
                spec["limit"] = draw(LIMIT)
            groups.append(spec)
        scores[score] = {"groups": groups}
        if draw(st.integers(0, 3)) == 0:
            scores[score]["limit"] = draw(LIMIT)
    if len(scores) == 2 and draw(st.integers(0, 3)) == 0:
        scores["engagement"]["in_total"] = False
    return scores


EDGES = {"cold": None, "warm": 4, "hot": 9}
EDGE_NAMES = tuple(EDGES)


_EQUAL = {"is": st.sampled_from(EDGE_NAMES), "in": some_of(EDGE_NAMES), "not_in": some_of(EDGE_NAMES)}
_GRADES = ("A", "B")
OUTCOMES: dict[str, dict[str, Body]] = {
    "total": NUMBER,
    "fit": NUMBER,
    "band": _EQUAL,
    "grade": {"is": st.sampled_from(_GRADES), "in": some_of(_GRADES), "not_in": some_of(_GRADES)},
}
"""What `enter:` may ask of the score itself, with its operators."""


def _outcomes(document: Document) -> Body:
    """Tests of the score itself, beside those of fields, forms and lists."""
    absent = {"band", "grade"} - ({"band"} if "bands" in document else set())
    asked = [name for name in OUTCOMES if name not in absent]
    tests = [st.tuples(st.just(name), one_operator(OUTCOMES[name])).map(lambda pair: dict([pair])) for name in asked]
    return nested(st.one_of(*tests, field_tests, aged_tests, elsewhere))


@st.composite
def _lifecycle(draw: st.DrawFn, document: Document) -> Document:
    plain = [
        {"stage": "sql", "when": {"total": {"at_least": draw(st.sampled_from((8, 9)))}}},
        {"stage": "mql", "when": {"total": {"at_least": draw(st.sampled_from((-3, 3, 4)))}}},
    ]
    if draw(st.booleans()):
        outcome = _outcomes(document)
        plain = [{"stage": stage, "when": draw(outcome)} for stage in ("sql", "mql")]
    lifecycle: Document = {
        "mode": "observe",
        "field": {"hubspot": "lifecyclestage"},
        "stages": {stage: {"hubspot": stage} for stage in STAGES},
        "enter": plain,
        "otherwise": "lead",
    }
    if draw(st.integers(0, 2)) == 0:
        lifecycle["exclude"] = draw(conditions)
    return lifecycle


def _has_middle(document: Document) -> bool:
    enter = document.get("lifecycle", {}).get("enter", [])
    return bool(enter) and all(
        set(one["when"]) == {"total"} and set(one["when"]["total"]) == {"at_least"} for one in enter
    )


def _feedback(document: Document, drop_to: int) -> Document:
    staged = "lifecycle" in document
    answers: list[Document] = [
        {"answer": "good", "label": "True SQL"},
        {"answer": "wait", "label": "Not yet", "drop_to": drop_to},
        {"answer": "never", "label": "Never", "points": -20, **({"hold": "lead"} if staged else {})},
        {"answer": "pause", "label": "Pause", "drop_to": "mql" if _has_middle(document) else drop_to},
    ]
    return {"field": {"hubspot": "feedback"}, "answers": answers}


@st.composite
def documents(draw: st.DrawFn, name: str = "only", ask_for: bool = False) -> Document:
    """One model file as plain data; with `ask_for` it is for some subjects only."""
    document: Document = {
        "name": name,
        "fields": {field: {"type": kind} for field, kind in FIELDS.items()},
        "scores": draw(_scores()),
    }
    if ask_for:
        document["for"] = draw(st.one_of(aged_tests, nested(aged_tests), conditions))
    if draw(st.booleans()):
        document["bands"] = dict(EDGES)
    if draw(st.booleans()):
        document["grade"] = {"letter": {"of": "fit", "A": 3, "B": None}}
        if "engagement" in document["scores"] and draw(st.booleans()):
            document["grade"]["digit"] = {"of": "engagement", 1: 5, 2: 0, 3: None}
    if draw(st.integers(0, 2)):
        document["lifecycle"] = draw(_lifecycle(document))
    if draw(st.integers(0, 2)):
        document["feedback"] = _feedback(document, draw(st.sampled_from((-2, 0, 4))))
    return document


def model_of_one(rule: Document) -> Document:
    """A model of one rule, so that nothing else moves before it."""
    return {
        "name": "only",
        "fields": {field: {"type": kind} for field, kind in FIELDS.items()},
        "scores": {"fit": {"groups": [{"name": "Only", "rules": [{"name": "Rule", **rule}]}]}},
    }


def age_rules() -> Body:
    return st.builds(lambda when, points: {"when": when, "points": points}, nested(aged_tests), POINTS)


focused = st.one_of(
    age_rules(), age_rules(), activity_rules(), first_rules(), first_rules(), recency_rules(), range_rules()
).map(model_of_one)


@st.composite
def aged_stages(draw: st.DrawFn) -> Document:
    """A model whose points stand still and whose stages depend on an age."""
    document = model_of_one({"when": draw(field_tests), "points": draw(POINTS)})
    return with_stage(document, draw(nested(aged_tests)))


@st.composite
def graded(draw: st.DrawFn) -> Document:
    """A model of one rule with bands and a grade."""
    document = draw(focused)
    return {**document, "bands": dict(EDGES), "grade": {"letter": {"of": "fit", "A": 3, "B": None}}}


def with_stage(document: Document, when: Document) -> Document:
    """The model with a lifecycle of one stage that is entered so."""
    lifecycle = {
        "mode": "observe",
        "field": {"hubspot": "lifecyclestage"},
        "stages": {stage: {"hubspot": stage} for stage in STAGES},
        "enter": [{"stage": "mql", "when": when}],
        "otherwise": "lead",
    }
    return {**document, "lifecycle": lifecycle}


@st.composite
def answered(draw: st.DrawFn) -> Document:
    """A model of one rule and what sales can answer to it."""
    document = draw(focused)
    document["feedback"] = _feedback(document, draw(st.sampled_from((-2, 0, 4))))
    return document


@st.composite
def switching(draw: st.DrawFn) -> list[Document]:
    """Two models that stand still, each for those of some age only."""
    first = model_of_one({"when": draw(field_tests), "points": draw(POINTS)})
    conditions_for = [draw(nested(aged_tests)) for _ in range(2)]
    return [
        {**first, "name": name, "for": when} for name, when in zip(("first", "second"), conditions_for, strict=True)
    ]


model_sets = st.one_of(
    switching(),
    documents().map(lambda only: [only]),
    documents().map(lambda only: [only]),
    st.one_of(focused, aged_stages(), answered()).map(lambda only: [only]),
    st.tuples(documents("first", True), documents("second", True)).map(list),
    st.tuples(documents("first", True), documents("last")).map(list),
)
"""One model for everybody, or several in an order."""
