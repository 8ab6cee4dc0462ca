"""Points that activities give: each distinct kind of activity is held against the rules once, then only counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from scoring.activity_points import NEVER, Hit, Tally, clamp, counted_range, recency_of, tally_of
from scoring.evaluate import Case, compile_condition
from scoring.facts import Activity, Kind
from scoring.field_points import Line, Line_, Slot, line_of, shown
from scoring.ledger import Evidence
from scoring.memo import remembered
from scoring.rules import ActivityRule, RangeRule, RecencyRule
from scoring.values import DAY, Tables, write_date

_DETAILS_SHOWN = ("form", "url", "name", "topic", "phrase", "campaign", "status", "stage", "amount")

ActivityLike = ActivityRule | RecencyRule | RangeRule
Evaluate = Callable[[list[Hit], int, int | None], tuple[Line | None, int]]


class ActivityPoints:
    """All rules of a model that look at activities, compiled."""

    def __init__(self, rules: Sequence[tuple[Slot, ActivityLike]], tables: Tables):
        self._matches = [_matcher(rule, tables) for _slot, rule in rules]
        self._evaluate = [_evaluator(slot, rule) for slot, rule in rules]
        self._without_hits = [index for index, (_slot, rule) in enumerate(rules) if _counts_nothing(rule)]
        self._rules = remembered(self._rules_of)

    def _rules_of(self, kind: Kind) -> tuple[int, ...]:
        details = dict(kind.details)
        return tuple(index for index, matches in enumerate(self._matches) if matches(kind.type, details))

    def lines(self, activities: Iterable[Activity], as_of: int, created_at: int | None) -> tuple[list[Line], int]:
        """The lines of all activity rules, and the next instant at which one of them differs.

        `activities` have all arrived; `created_at` is None where unknown.
        """
        hits: dict[int, list[Hit]] = {index: [] for index in self._without_hits}
        rules_of = self._rules
        for kind, occurred_at, _id, _learned_at in activities:
            rules = rules_of(kind)
            if rules:
                hit = (occurred_at, kind)
                for index in rules:
                    if index in hits:
                        hits[index].append(hit)
                    else:
                        hits[index] = [hit]
        lines: list[Line] = []
        next_change = NEVER
        evaluate = self._evaluate
        for index, found in hits.items():
            line, change = evaluate[index](found, as_of, created_at)
            if line is not None:
                lines.append(line)
            if change < next_change:
                next_change = change
        return lines, next_change


def _matcher(rule: ActivityLike, tables: Tables) -> Callable[[str, Mapping[str, str]], bool]:
    types = frozenset(rule.on)
    if rule.where is None:
        return lambda type, _details: type in types
    truth = compile_condition(rule.where, tables, details=True).truth
    return lambda type, details: type in types and truth(Case(details, 0)) is True


def _counts_nothing(rule: ActivityLike) -> bool:
    """Whether a rule can give points without any activity: silence, or a range that holds 0."""
    return isinstance(rule, RecencyRule) or (isinstance(rule, RangeRule) and counted_range(rule)([], 0).points != 0)


def _evaluator(slot: Slot, rule: ActivityLike) -> Evaluate:
    make = line_of(slot, rule.name)
    if isinstance(rule, RecencyRule):
        return _recency(rule, make)
    tally = counted_range(rule) if isinstance(rule, RangeRule) else tally_of(rule)

    def evaluate(hits: list[Hit], as_of: int, _created_at: int | None) -> tuple[Line | None, int]:
        found = tally(hits, as_of)
        return (make(found.points, _evidence(found)) if found.points else None), found.next

    return evaluate


def _recency(rule: RecencyRule, make: Line_) -> Evaluate:
    ages, holds = recency_of(rule)
    points = clamp(rule.points, rule.limit)

    def evaluate(hits: list[Hit], as_of: int, created_at: int | None) -> tuple[Line | None, int]:
        last = max(hits)[0] if hits else created_at
        if last is None or not points:
            return None, NEVER
        now = holds(as_of - last)
        changes = [last + age for age in ages if last + age > as_of and holds(age) != now]
        evidence: Evidence = {"last" if hits else "created": _day(last)}
        return (make(points, evidence) if now else None), min(changes, default=NEVER)

    return evaluate


def _evidence(found: Tally) -> Evidence:
    counted = found.counted
    if not counted:
        return {"count": 0}
    at, kind = counted[-1]
    if len(counted) == 1:
        return {**_details(kind), "count": 1, "last": _day(at)}
    return {**_details(kind), "count": len(counted), "first": _day(counted[0][0]), "last": _day(at)}


@lru_cache(maxsize=65_536)
def _details(kind: Kind) -> Mapping[str, str]:
    return {name: shown(text) for name, text in kind.details if name in _DETAILS_SHOWN}


def _day(instant: int) -> str:
    return _date(instant // DAY)


@lru_cache(maxsize=65_536)
def _date(day: int) -> str:
    return write_date(day * DAY)
