"""What was known about a person at one instant: facts that have arrived, folded to the values that then held."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from scoring.facts import Activity, Answer, Facts, Membership, Value
from scoring.values import fold, is_blank

_BEFORE_ALL = -(2**63)


def values_at(facts: Facts, as_of: int, learned_by: int, types: Mapping[str, str]) -> Mapping[str, str]:
    """Raw values by field, as they held at `as_of` from what was known by `learned_by`; emptied ones are absent."""
    if not facts.history:
        return facts.current
    latest: dict[str, dict[int, Value]] = {}
    for value in facts.history:
        if _arrived(value.valid_at, value.learned_at, as_of, learned_by):
            by_source = latest.setdefault(value.field, {})
            held = by_source.get(value.source)
            if held is None or _order(value) > _order(held):
                by_source[value.source] = value
    raws = dict(facts.current)
    for field, by_source in latest.items():
        raws.pop(field, None)
        for source in sorted(by_source):
            if not is_blank(types.get(field, "text"), by_source[source].value):
                raws[field] = by_source[source].value
                break
    return raws


def arrived_by(facts: Facts, as_of: int) -> Facts:
    """Only what was known at `as_of`: the facts on which a look into the future from then may rest."""
    created_at = facts.created_at
    return Facts(
        facts.id,
        None if created_at is not None and created_at > as_of else created_at,
        facts.current,
        tuple(v for v in facts.history if _arrived(v.valid_at, v.learned_at, as_of, as_of)),
        tuple(a for a in facts.activities if _arrived(a.occurred_at, a.learned_at, as_of, as_of)),
        tuple(m for m in facts.memberships if _arrived(m.valid_at, m.learned_at, as_of, as_of)),
        tuple(a for a in facts.answers if _arrived(a.at, a.learned_at, as_of, as_of)),
    )


def _arrived(own: int | None, learned: int | None, as_of: int, learned_by: int) -> bool:
    return (own is None or (own <= as_of and own <= learned_by)) and (
        learned is None or (learned <= as_of and learned <= learned_by)
    )


class _Order(NamedTuple):
    own: int
    learned: int
    text: str


def _order(value: Value) -> _Order:
    own = _BEFORE_ALL if value.valid_at is None else value.valid_at
    return _Order(own, own if value.learned_at is None else value.learned_at, value.value)


def activities_at(facts: Facts, as_of: int, learned_by: int) -> Iterable[Activity]:
    """The activities that have arrived, each source id once, in no order."""
    edge = min(as_of, learned_by)
    known = [a for a in facts.activities if a.occurred_at <= edge and (a.learned_at is None or a.learned_at <= edge)]
    ids = {a.id for a in known}
    if len(ids) == len(known) or len(ids - {None}) == sum(a.id is not None for a in known):
        return known
    unique: dict[tuple[str, str], Activity] = {}
    for a in known:
        if a.id is not None:
            key = (a.kind.type, a.id)
            held = unique.get(key)
            if held is None or _activity_order(a) > _activity_order(held):
                unique[key] = a
    return [*unique.values(), *(a for a in known if a.id is None)]


def _activity_order(a: Activity) -> tuple[int, int, object]:
    return (a.occurred_at if a.learned_at is None else a.learned_at, a.occurred_at, a.kind)


def lists_at(facts: Facts, as_of: int, learned_by: int) -> dict[str, bool]:
    """Memberships by folded list name; a list that was not read is absent."""
    latest: dict[str, Membership] = {}
    for one in facts.memberships:
        if _arrived(one.valid_at, one.learned_at, as_of, learned_by):
            name = fold(one.list)
            held = latest.get(name)
            if held is None or _membership_order(one) > _membership_order(held):
                latest[name] = one
    return {name: one.member for name, one in latest.items()}


def _membership_order(one: Membership) -> tuple[int, int, bool]:
    own = _BEFORE_ALL if one.valid_at is None else one.valid_at
    return (own, own if one.learned_at is None else one.learned_at, one.member)


def answer_at(facts: Facts, as_of: int) -> Answer | None:
    """The latest sales answer that has arrived; ties go to the one learned later, then to the larger word."""
    known = [a for a in facts.answers if _arrived(a.at, a.learned_at, as_of, as_of)]
    return max(
        known, key=lambda a: (a.at, a.at if a.learned_at is None else a.learned_at, a.answer or ""), default=None
    )


def forms_of(activities: Iterable[Activity]) -> frozenset[str]:
    """Folded names and GUIDs of all forms submitted."""
    return frozenset(
        fold(text)
        for a in activities
        if a.kind.type == "form_submission"
        for name, text in a.kind.details
        if name in ("form", "form_id")
    )
