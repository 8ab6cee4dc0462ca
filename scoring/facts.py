"""What is known about one person: values, activities, list memberships and sales answers, each with its time.

Every instant is an int: milliseconds since the epoch, UTC. `learned_at` is when we came to know a fact, given only
where that differs from the fact's own time; absent, the fact was known at its own time.

A fact counts at `as_of` if neither its own time nor `learned_at` lies after `as_of`. A fact without an own time (a
CSV cell) holds at every instant and comes before every dated one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

Instant = int


class Value(NamedTuple):
    """One value that a field took, as the raw string of the CRM (`""`: it was emptied).

    `source` ranks the places a field is read from: at any instant the lowest source that then has a value speaks.
    Of one source the latest (valid_at, learned_at, value) known counts.
    """

    field: str
    value: str
    valid_at: Instant | None
    learned_at: Instant | None = None
    source: int = 0


class Kind(NamedTuple):
    """What an activity was, apart from when: its type and its details as (name, text) pairs in name order.

    A tuple, because a scorer keeps one answer for each distinct kind. A form submission carries `form` (the name that
    it had then) and, where known, `form_id` (its GUID); a page view carries `url`; answers are named `answer.FIELD`.
    """

    type: str
    details: tuple[tuple[str, str], ...] = ()


class Activity(NamedTuple):
    """One thing that a person did. Of those of one type that repeat an `id` the one learned last counts, then the
    larger (occurred_at, kind); without an id all are kept, identical or not."""

    kind: Kind
    occurred_at: Instant
    id: str | None = None
    learned_at: Instant | None = None


class Membership(NamedTuple):
    """Whether a person is on a CRM list, from `valid_at` on (None: at every instant). A list of which there is no
    Membership was not read: unknown. A list that was read has one for everybody, members or not."""

    list: str
    member: bool
    valid_at: Instant | None = None
    learned_at: Instant | None = None


class Answer(NamedTuple):
    """What a sales rep answered about a lead. `answer` is the model's word or label for it; None: a person withdrew
    the answer. An emptying that we wrote ourselves is no Answer."""

    answer: str | None
    at: Instant
    author: str = ""
    note: str = ""
    learned_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known about one subject. The order inside the tuples means nothing.

    `current` holds raw values by our field name that have no time (they hold at every instant); where `history` has
    a value for the same field, history speaks from its first value on. A field that is in neither is unknown.
    """

    id: str = ""
    created_at: Instant | None = None
    current: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    history: tuple[Value, ...] = ()
    activities: tuple[Activity, ...] = ()
    memberships: tuple[Membership, ...] = ()
    answers: tuple[Answer, ...] = ()


def activity(
    type: str,
    occurred_at: Instant,
    details: Mapping[str, str] | None = None,
    *,
    id: str | None = None,
    learned_at: Instant | None = None,
) -> Activity:
    """An Activity from a plain mapping of details."""
    return Activity(Kind(type, tuple(sorted((details or {}).items()))), occurred_at, id, learned_at)
