"""Points that activities give: each distinct kind of activity is held against the rules once, then only counted."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from scoring.activity_points import NEVER, Hit, Tally, clamp, counted_range, recency_of, tally_of
from scoring.evaluate import Case, compile_condition
from scoring.facts import Activity, Kind
from scoring.field_points import Line, Line_, Slot, line_of, shown
from scoring.ledger import Evidence
from scoring.memo import Memo
from scoring.rules import ActivityRule, RangeRule, RecencyRule
from scoring.values import DAY, Tables, write_date

_DETAILS_SHOWN = ("form", "url", "name", "topic", "phrase", "campaign", "status", "stage", "amount")
_MET = 65_536

ActivityLike = ActivityRule | RecencyRule | RangeRule
Matches = Callable[[Mapping[str, str]], bool]
Evaluate = Callable[[list[Hit], int, int | None], tuple[Line | None, int]]


class _Known(NamedTuple):
    """A kind of activity with the rules that it matches and their windows in ms."""

    kind: Kind
    rules: tuple[tuple[int, int], ...]


class ActivityPoints:
    """All rules of a model that look at activities, compiled."""

    def __init__(self, rules: Sequence[tuple[Slot, ActivityLike]], tables: Tables):
        self._rules_on: defaultdict[str, list[tuple[int, Matches]]] = defaultdict(list)
        for index, (_slot, rule) in enumerate(rules):
            for type in set(rule.on):
                self._rules_on[type].append((index, _matcher(rule, tables)))
        self._windows = [getattr(rule, "within", None) or NEVER for _slot, rule in rules]
        self._evaluate = [_evaluator(slot, rule) for slot, rule in rules]
        self._without_hits = [index for index, (_slot, rule) in enumerate(rules) if _counts_nothing(rule)]
        self._known = Memo(self._learn)
        self._met: dict[int, _Known] = {}

    def _learn(self, kind: Kind) -> _Known:
        details, windows = dict(kind.details), self._windows
        matching = [index for index, matches in self._rules_on.get(kind.type, ()) if matches(details)]
        return _Known(kind, tuple((index, windows[index]) for index in matching))

    def _meet(self, kind: Kind) -> _Known:
        """A kind as known, and noted by its identity if this very object is the one that is kept (so that the identity
        stays its own): a store hands out one object for each kind, and its text need not be hashed again."""
        known = self._known[kind]
        if known.kind is kind:
            if len(self._met) >= _MET:
                self._met.clear()
            self._met[id(kind)] = known
        return known

    def lines(self, activities: Iterable[Activity], as_of: int, created_at: int | None) -> tuple[list[Line], int]:
        """The lines of all activity rules, and the next instant at which one of them differs.

        `activities` have all arrived; `created_at` is None where unknown.
        """
        hits: defaultdict[int, list[Hit]] = defaultdict(list)
        for index in self._without_hits:
            hits[index] = []
        met = self._met.get
        for kind, occurred_at, _id, _learned_at in activities:
            rules = (met(id(kind)) or self._meet(kind)).rules
            if rules:
                hit, age = (occurred_at, kind), as_of - occurred_at
                for index, within in rules:
                    if age < within:
                        hits[index].append(hit)
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


def _matcher(rule: ActivityLike, tables: Tables) -> Matches:
    """Whether the details of an activity satisfy the `where:` of a rule."""
    if rule.where is None:
        return lambda _details: True
    truth = compile_condition(rule.where, tables, details=True).truth
    return lambda details: truth(Case(details, 0)) is True


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
