"""Random conditions in the words of the model file, every operator of every type among them."""

from typing import Any

from hypothesis import strategies as st

from tests.scoring.words_for_tests import (
    COUNTRIES,
    DOMAINS,
    DURATIONS,
    FIELDS,
    FORMS,
    HOSTS,
    LENGTHS,
    LISTS,
    MEMBERS,
    NUMBERS,
    PATHS,
    PATTERNS,
    QUERIES,
    TERMS,
)

Body = st.SearchStrategy[Any]


def some_of(words: tuple[Any, ...]) -> Body:
    return st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True)


def one_or_some_of(words: tuple[Any, ...]) -> Body:
    return st.sampled_from(words) | some_of(words)


def one_operator(operators: dict[str, Body]) -> Body:
    return st.sampled_from(sorted(operators)).flatmap(lambda name: operators[name].map(lambda operand: {name: operand}))


KNOWN = st.booleans()
AGE = st.sampled_from(DURATIONS)
AGES = st.lists(st.sampled_from(range(len(DURATIONS))), min_size=2, max_size=2, unique=True).map(
    lambda places: [DURATIONS[place] for place in sorted(places, key=lambda place: LENGTHS[place])]
)
TEXT = {
    "known": KNOWN,
    "is": st.sampled_from(TERMS),
    "in": some_of(TERMS),
    "not_in": some_of(TERMS),
    "contains": one_or_some_of(TERMS),
    "starts_with": one_or_some_of(TERMS),
    "words": some_of(TERMS),
    "matches": st.sampled_from(PATTERNS),
}
URL = {
    "known": KNOWN,
    "path": st.sampled_from(PATHS),
    "query": st.sampled_from(QUERIES),
    "host": st.sampled_from(HOSTS),
    "contains": st.sampled_from(("pricing", "x.example")),
}
NUMBER = {
    "is": st.sampled_from(NUMBERS),
    "in": some_of(NUMBERS),
    "not_in": some_of(NUMBERS),
    "between": st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2, unique=True).map(sorted),
    "at_least": st.sampled_from(NUMBERS),
    "at_most": st.sampled_from(NUMBERS),
    "above": st.sampled_from(NUMBERS),
    "below": st.sampled_from(NUMBERS),
}
AGED = {"within": AGE, "older_than": AGE, "between": AGES, "in_next": AGE}
EQUAL = {"is": st.sampled_from(COUNTRIES), "in": some_of(COUNTRIES), "not_in": some_of(COUNTRIES), "known": KNOWN}
SET = {
    "known": KNOWN,
    "is": st.sampled_from(MEMBERS),
    "in": some_of(MEMBERS),
    "not_in": some_of(MEMBERS),
    "has_any": some_of(MEMBERS),
    "has_all": some_of(MEMBERS),
}
OPERATORS: dict[str, dict[str, Body]] = {
    "text": TEXT,
    "email": {"domain": st.sampled_from(DOMAINS), "known": KNOWN, "contains": st.sampled_from(("corp", "gmail"))},
    "url": URL,
    "number": {"known": KNOWN, **NUMBER},
    "date": {"known": KNOWN, **AGED},
    "datetime": {"known": KNOWN, **AGED},
    "country": EQUAL,
    "set": SET,
}


def _field_test(field: str) -> Body:
    kind = FIELDS[field]
    body = st.booleans() if kind == "flag" else one_operator(OPERATORS[kind])
    return body.map(lambda operand: {field: operand})


# Ages are drawn more often than the rest: they are what moves a score in time.
field_tests = st.sampled_from((*FIELDS, "seen", "seen", "renewal")).flatmap(_field_test)
aged_tests = st.sampled_from(("seen", "renewal")).flatmap(
    lambda field: one_operator(AGED).map(lambda body: {field: body})
)
elsewhere = st.one_of(
    some_of(LISTS).map(lambda names: {"list": {"in": names}}), some_of(FORMS).map(lambda names: {"submitted": names})
)


def nested(leaves: Body) -> Body:
    """Tests alone, several in one mapping, and all, any and not around them."""
    parts = st.lists(leaves, min_size=1, max_size=2)
    return st.one_of(
        leaves,
        leaves,
        leaves.map(lambda part: {"not": part}),
        st.tuples(leaves, leaves).map(lambda both: {**both[0], **both[1]}),
        parts.map(lambda found: {"all": found}),
        parts.map(lambda found: {"any": found}),
        parts.map(lambda found: {"not": {"any": found}}),
        st.tuples(parts, leaves).map(lambda both: {"any": [{"all": both[0]}, {"not": both[1]}]}),
    )


conditions = nested(st.one_of(field_tests, field_tests, field_tests, elsewhere))

FORM = {
    "in": some_of(FORMS),
    "not_in": some_of(FORMS),
    "is": st.sampled_from(FORMS),
    "known": KNOWN,
    "contains": st.just("paper"),
}

DETAIL_OPERATORS: dict[tuple[str, str], dict[str, Body]] = {
    ("form_submission", "form"): FORM,
    ("form_submission", "answer.message"): TEXT,
    ("form_submission", "url"): URL,
    ("page_view", "url"): URL,
    ("deal_won", "amount"): NUMBER,
    ("custom:quiz", "topic"): TEXT,
}
"""The operators of each detail, by activity type and detail."""


def where(activity_type: str) -> Body:
    """A random condition over the details of one activity type."""
    details = [detail for kind, detail in DETAIL_OPERATORS if kind == activity_type]
    return nested(st.sampled_from(details).flatmap(lambda detail: _detail_test(activity_type, detail)))


def _detail_test(activity_type: str, detail: str) -> Body:
    return one_operator(DETAIL_OPERATORS[activity_type, detail]).map(lambda body: {detail: body})
