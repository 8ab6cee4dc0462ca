"""Points that activities give: each distinct kind of activity is held against the rules once, then only counted."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from scoring.activity_points import NEVER, Hit, Tally, clamp, counted_range, recency_of, tally_of
from scoring.evaluate import Case, compile_condition, remembered
from scoring.facts import Activity, Kind
from scoring.field_points import Line, Line_, Slot, line_of, shown
from scoring.ledger import Evidence
from scoring.rules import ActivityRule, RangeRule, RecencyRule
from scoring.urls import split_url
from scoring.values import DAY, Tables, fold, write_date

_DETAILS_SHOWN = ("form", "url", "name", "topic", "phrase", "campaign", "status", "stage", "amount")
_DAY_KEY = "\0day"

ActivityLike = ActivityRule | RecencyRule | RangeRule
Evaluate = Callable[[list[Hit], int, int | None], tuple[Line | None, int]]


class _Entry(NamedTuple):
    """A rule that a kind of activity counts for, and under which key."""

    rule: int
    key: str


class ActivityPoints:
    """All rules of a model that look at activities, compiled."""

    def __init__(self, rules: Sequence[tuple[Slot, ActivityLike]], tables: Tables):
        self._matches = [_matcher(rule, tables) for _slot, rule in rules]
        self._keys = [_key_of(rule) for _slot, rule in rules]
        self._evaluate = [_evaluator(slot, rule) for slot, rule in rules]
        self._without_hits = [index for index, (_slot, rule) in enumerate(rules) if _counts_nothing(rule)]
        self._entries = remembered(self._entries_of)

    def _entries_of(self, kind: Kind) -> tuple[_Entry, ...]:
        details = dict(kind.details)
        return tuple(
            _Entry(index, self._keys[index](details))
            for index, matches in enumerate(self._matches)
            if matches(kind.type, details)
        )

    def lines(self, activities: Iterable[Activity], as_of: int, created_at: int | None) -> tuple[list[Line], int]:
        """The lines of all activity rules, and the next instant at which one of them differs.

        `activities` have all arrived; `created_at` is None where unknown.
        """
        hits: dict[int, list[Hit]] = {}
        entries = self._entries
        for kind, occurred_at, _id, _learned_at in activities:
            for index, key in entries(kind):
                if key == _DAY_KEY:
                    key = str(occurred_at // DAY)
                hit = Hit(occurred_at, key, kind)
                if index in hits:
                    hits[index].append(hit)
                else:
                    hits[index] = [hit]
        for index in self._without_hits:
            hits.setdefault(index, [])
        lines: list[Line] = []
        next_change = NEVER
        for index, found in hits.items():
            line, change = self._evaluate[index](found, as_of, created_at)
            if line is not None:
                lines.append(line)
            next_change = min(next_change, change)
        return lines, next_change


def _matcher(rule: ActivityLike, tables: Tables) -> Callable[[str, Mapping[str, str]], bool]:
    types = frozenset(rule.on)
    if rule.where is None:
        return lambda type, _details: type in types
    truth = compile_condition(rule.where, tables, details=True).truth
    return lambda type, details: type in types and truth(Case(details, 0)) is True


def _key_of(rule: ActivityLike) -> Callable[[Mapping[str, str]], str]:
    match getattr(rule, "count", "each"):
        case "once_per_form":
            return lambda details: fold(details.get("form", "")) or fold(details.get("form_id", ""))
        case "once_per_path":
            return lambda details: split_url(details["url"]).path if details.get("url", "").strip() else ""
        case "once_per_day":
            return lambda _details: _DAY_KEY
        case _:
            return lambda _details: ""


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
        last = max(hits).at if hits else created_at
        if last is None or not points:
            return None, NEVER
        now = holds(as_of - last)
        changes = [last + age for age in ages if last + age > as_of and holds(age) != now]
        evidence: Evidence = {"last" if hits else "created": _day(last)}
        return (make(points, evidence) if now else None), min(changes, default=NEVER)

    return evaluate


def _evidence(found: Tally) -> Evidence:
    if not found.counted:
        return {"count": 0}
    latest = found.counted[-1]
    details = {name: shown(text) for name, text in latest.kind.details if name in _DETAILS_SHOWN}
    if len(found.counted) == 1:
        return {**details, "count": 1, "last": _day(latest.at)}
    return {**details, "count": len(found.counted), "first": _day(found.counted[0].at), "last": _day(latest.at)}


def _day(instant: int) -> str:
    return _date(instant // DAY)


@lru_cache(maxsize=65_536)
def _date(day: int) -> str:
    return write_date(day * DAY)
