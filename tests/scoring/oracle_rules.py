"""The points of each kind of rule at one instant, read off the plain YAML of a model file."""

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from scoring.facts import Activity
from tests.scoring import oracle_urls
from tests.scoring.oracle_conditions import Document, View, age_holds, holds
from tests.scoring.oracle_facts import activities_of, raw_value
from tests.scoring.oracle_values import DAY, Interval, Reading, duration, fold, read


def rule_points(rule: Document, view: View) -> int:
    """Whole points of the rule, its own limit inside."""
    if "when" in rule:
        raw: int | float | Fraction = rule["points"] if holds(rule["when"], view) is True else 0
    elif "ranges" in rule:
        raw = _range_points(rule, view)
    elif "last" in rule:
        raw = _recency_points(rule, view)
    else:
        raw = _activity_points(rule, view)
    return half_away_from_zero(limited(Fraction(raw), rule.get("limit")))


def limited(points: Fraction, limit: Mapping[str, int] | None) -> Fraction:
    limit = limit or {}
    if limit.get("max") is not None:
        points = min(points, Fraction(limit["max"]))
    if limit.get("min") is not None:
        points = max(points, Fraction(limit["min"]))
    return points


def half_away_from_zero(points: Fraction) -> int:
    whole = math.floor(abs(points) + Fraction(1, 2))
    return whole if points > 0 else -whole


def matching(rule: Document, view: View) -> list[Activity]:
    """The activities of the rule's types that its `where` lets through, oldest first."""
    types = rule["on"] if isinstance(rule["on"], list) else [rule["on"]]
    found = [
        act
        for act in activities_of(view.known)
        if act.kind.type in types
        and act.occurred_at <= view.at
        and holds(rule.get("where", {}), dataclasses.replace(view, activity=act)) is True
    ]
    return sorted(found, key=by_time)


def by_time(act: Activity) -> tuple[int, str]:
    return act.occurred_at, act.id or ""


def in_window(rule: Document, view: View) -> list[Activity]:
    found = matching(rule, view)
    if "within" not in rule:
        return found
    return [act for act in found if view.at - duration(rule["within"]) < act.occurred_at]


def _activity_points(rule: Document, view: View) -> int | float | Fraction:
    counted = sorted(_counted(rule.get("count", "each"), in_window(rule, view)), key=by_time)
    points, decay = rule["points"], rule.get("decay")
    ages = [view.at - act.occurred_at for act in counted]
    if decay is None:
        return int(points * len(ages))
    if "half_life" in decay:
        half_life = duration(decay["half_life"])
        return round(math.fsum(points * 0.5 ** (age / half_life) for age in ages), 6)
    lost, every = int(str(decay["lose"]).rstrip("% ")), duration(decay["every"])
    return sum((Fraction(points * max(0, 100 - lost * (age // every)), 100) for age in ages), Fraction(0))


def _counted(count: Any, activities: Sequence[Activity]) -> Iterable[Activity]:
    if count == "each":
        return activities
    if count == "once":
        return activities[-1:]
    if count == "first":
        return activities[:1]
    latest: dict[Any, Activity] = {}
    for act in activities:
        latest[_key(count["once_per"], act)] = act
    return latest.values()


def _key(per: str, act: Activity) -> Any:
    """What makes two activities the same one; None is shared by all that lack the detail."""
    details = dict(act.kind.details)
    if per == "day":
        return act.occurred_at // DAY
    if per == "path":
        return oracle_urls.path(details["url"]) if details.get("url", "").strip() else None
    assert per == "form", per
    return fold(details.get("form", "")) or fold(details.get("form_id", "")) or None


def _recency_points(rule: Document, view: View) -> int:
    found = matching(rule, view)
    last = found[-1].occurred_at if found else view.known.created_at
    if last is None:
        return 0
    ((operator, operand),) = rule["last"].items()
    return int(rule["points"]) if age_holds(view.at - last, operator, operand) else 0


def _range_points(rule: Document, view: View) -> int:
    ranges = rule["ranges"]
    if "on" in rule:
        count = Fraction(len(in_window(rule, view)))
        return _points_of(ranges, (count, count))
    value = read("number", raw_value(view.known, ranges["field"], "number"), view.tables)
    return 0 if isinstance(value, Reading) else _points_of(ranges["points"], value)


def _points_of(ranges: Mapping[str, int], value: Interval) -> int:
    low, high = value
    for text, points in ranges.items():
        found = re.fullmatch(r"(.*)\.\.(.*)", text)
        assert found, text
        least, most = (Fraction(end) if end else None for end in found.groups())
        if (least is None or least <= low) and (most is None or (high is not None and high <= most)):
            return points
    return 0
