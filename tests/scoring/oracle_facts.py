"""What of one person's facts is known at an instant: the oracle's reading of times, ties and repeated ids."""

import dataclasses

from scoring.facts import Activity, Answer, Facts, Membership, Value
from tests.scoring.oracle_values import fold, is_blank

BEFORE_ALL_TIME = -(10**18)


def known_at(facts: Facts, instant: int) -> Facts:
    """Only the facts whose own time and whose learning both do not lie after the instant."""

    def arrived(own: int | None, learned: int | None) -> bool:
        return (own is None or own <= instant) and (learned is None or learned <= instant)

    return dataclasses.replace(
        facts,
        created_at=facts.created_at if arrived(facts.created_at, None) else None,
        history=tuple(value for value in facts.history if arrived(value.valid_at, value.learned_at)),
        activities=tuple(act for act in facts.activities if arrived(act.occurred_at, act.learned_at)),
        memberships=tuple(one for one in facts.memberships if arrived(one.valid_at, one.learned_at)),
        answers=tuple(answer for answer in facts.answers if arrived(answer.at, answer.learned_at)),
    )


def activities_of(known: Facts) -> tuple[Activity, ...]:
    """The activities, those of a repeated source id once."""
    kept: list[Activity] = []
    by_source: dict[tuple[str, str], list[Activity]] = {}
    for act in known.activities:
        if act.id is None:
            kept.append(act)
        else:
            by_source.setdefault((act.kind.type, act.id), []).append(act)
    for repeats in by_source.values():
        kept.append(
            max(repeats, key=lambda act: (_learned(act.occurred_at, act.learned_at), act.occurred_at, act.kind))
        )
    return tuple(kept)


def _learned(own: int | None, learned: int | None) -> int:
    if learned is not None:
        return learned
    return BEFORE_ALL_TIME if own is None else own


def _own(own: int | None) -> int:
    return BEFORE_ALL_TIME if own is None else own


def raw_value(known: Facts, field: str, kind: str) -> str | None:
    """The text that the field has by facts that are all known: the first source with a value; None: nothing."""
    history = [value for value in known.history if value.field == field]
    if not history:
        return known.current.get(field)
    for source in sorted({value.source for value in history}):
        latest = max((value for value in history if value.source == source), key=_order_of_value)
        if not is_blank(kind, latest.value):
            return latest.value
    return None


def _order_of_value(value: Value) -> tuple[int, int, str]:
    return _own(value.valid_at), _learned(value.valid_at, value.learned_at), value.value


def member_of(known: Facts, name: str) -> bool | None:
    """Whether the person is on the CRM list; None: that list was not read."""
    read = [one for one in known.memberships if fold(one.list) == fold(name)]
    return max(read, key=_order_of_membership).member if read else None


def _order_of_membership(one: Membership) -> tuple[int, int, bool]:
    return _own(one.valid_at), _learned(one.valid_at, one.learned_at), one.member


def latest_answer(known: Facts) -> Answer | None:
    def order(answer: Answer) -> tuple[int, int, str, str, str]:
        return (
            answer.at,
            _learned(answer.at, answer.learned_at),
            answer.answer or "",
            answer.author,
            answer.note,
        )

    return max(known.answers, key=order) if known.answers else None
