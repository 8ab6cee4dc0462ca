"""Random facts around one instant: histories, repeated ids, late learning, things still to come."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from scoring.facts import Activity, Answer, Facts, Membership, Value, activity
from tests.scoring.words_for_tests import FIELDS, FORMS, LENGTHS, LISTS, NOW, RAW

_steps = st.tuples(st.sampled_from((0, *LENGTHS)), st.sampled_from((0, 1, 1, 2, 3)), st.sampled_from((-1, 0, 0, 0, 1)))

past = _steps.map(lambda step: NOW - step[0] * step[1] + step[2])
future = _steps.map(lambda step: NOW + step[0] * step[1] + step[2])
instants = st.one_of(past, past, past, past, past, future)
"""Mostly before the instant of the question, at multiples of the durations that models use, give or take 1 ms."""

as_ofs = st.one_of(st.just(NOW), st.just(NOW), past, future)
learned = st.one_of(st.none(), st.none(), st.none(), instants)


def _written(instant: int, form: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)
    if form == 0:
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if form == 1:
        return (moment + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S.%f") + "9+02:00"
    return str(instant) if form == 2 else moment.date().isoformat()


times_as_text = st.one_of(
    st.builds(_written, st.one_of(past, future), st.sampled_from((0, 0, 0, 1, 2, 3))),
    st.builds(_written, st.one_of(past, future), st.sampled_from((0, 2, 3))),
    st.sampled_from(("soon", "2026-02-30", "", " ")),
)


def raw_values(field: str) -> st.SearchStrategy[str]:
    kind = FIELDS[field]
    return times_as_text if kind in ("date", "datetime") else st.sampled_from(RAW[kind])


def _value(field: str) -> st.SearchStrategy[Value]:
    return st.builds(
        Value,
        st.just(field),
        raw_values(field),
        st.one_of(instants, instants, instants, st.none()),
        learned,
        st.sampled_from((0, 0, 1)),
    )


def _details(kind: str) -> st.SearchStrategy[dict[str, str]]:
    urls, absent = st.sampled_from(RAW["url"]), st.just("")
    if kind == "form_submission":
        names = st.sampled_from((*FORMS[:2], " demo ", ""))
        guids = st.sampled_from(("11AA-22bb", "33cc", ""))
        found = st.fixed_dictionaries(
            {"form": names, "form_id": guids, "url": urls | absent, "answer.message": st.sampled_from(RAW["text"])}
        )
    elif kind == "deal_won":
        found = st.fixed_dictionaries({"amount": st.sampled_from(RAW["number"])})
    elif kind == "custom:quiz":
        found = st.fixed_dictionaries({"topic": st.sampled_from(RAW["text"])})
    else:
        found = st.fixed_dictionaries({"url": urls})
    return found.map(lambda details: {name: text for name, text in details.items() if text})


def _activity(kind: str) -> st.SearchStrategy[Activity]:
    ids = st.sampled_from((None, None, None, "a", "b"))
    return st.builds(
        lambda at, details, key, seen: activity(kind, at, details, id=key, learned_at=seen),
        instants,
        _details(kind),
        ids,
        learned,
    )


TYPES = ("form_submission", "page_view", "deal_won", "custom:quiz")
activities = st.sampled_from((*TYPES, "form_submission", "page_view", "page_view")).flatmap(_activity)
memberships = st.builds(Membership, st.sampled_from((*LISTS, "FAIR ")), st.booleans(), st.none() | instants, learned)
answers = st.builds(
    Answer,
    st.sampled_from((None, "good", "Not yet", "wait", "wait", "wait", "pause", "pause", "never", "what?")),
    past,
    learned_at=learned,
)

facts = st.builds(
    Facts,
    id=st.just("somebody"),
    created_at=st.none() | instants,
    current=st.fixed_dictionaries({}, optional={field: raw_values(field) for field in FIELDS}),
    history=st.lists(st.sampled_from((*FIELDS, "seen")).flatmap(_value), min_size=1, max_size=5).map(tuple),
    activities=st.lists(activities, min_size=2, max_size=8).map(tuple),
    memberships=st.lists(memberships, max_size=3).map(tuple),
    answers=st.one_of(st.just(()), st.lists(answers, min_size=1, max_size=2).map(tuple)),
)

dated = st.builds(
    Facts,
    current=st.fixed_dictionaries({"seen": raw_values("seen"), "renewal": raw_values("renewal")}),
)
"""Somebody of whom two dates are known and nothing else."""

silent = st.builds(Facts, created_at=past)
"""Somebody who never did anything."""

active = st.builds(Facts, activities=st.lists(activities, min_size=3, max_size=8).map(tuple))
"""Somebody who did much and of whom nothing else is known."""

viewing = st.builds(
    Facts,
    activities=st.lists(
        st.builds(
            lambda length, steps: activity("page_view", NOW - max(0, length - steps)),
            st.sampled_from(LENGTHS),
            st.sampled_from((1, 2, 60_000, 120_000)),
        ),
        min_size=2,
        max_size=4,
    ).map(tuple),
)
"""Somebody who saw pages, some of them just before they leave a window."""
