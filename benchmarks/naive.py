"""A plain interpreter of models: reads the tree of the model again for each person. No compiling, no memory; what one
writes first. It knows the constructs of the made-up model, gives points and ledger lines, and no next change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from scoring.conditions import AllOf, AnyOf, Condition, Outcome, Test
from scoring.facts import Activity, Facts
from scoring.model import Ladder, ScoringModel
from scoring.rules import ActivityRule, FieldRule, HalfLife, Limit, RangeRule, RecencyRule, Rule, Steps
from scoring.values import DAY, write_date

Values = Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One line of the ledger."""

    score: str
    group: str | None
    rule: str | None
    points: int
    evidence: Mapping[str, str | int]


@dataclass(frozen=True)
class Result:
    """What the model says of one person."""

    scores: Mapping[str, int]
    total: int
    band: str | None
    grade: str
    stage: str | None
    lines: tuple[Line, ...]


def score(model: ScoringModel, facts: Facts, as_of: int) -> Result:
    """The score of one person at an instant."""
    lines: list[Line] = []
    scores: dict[str, int] = {}
    for spec in model.scores:
        in_score = 0
        for group in spec.groups:
            in_group = 0
            for rule in group.rules:
                points, evidence = _points(rule, facts, as_of)
                if points:
                    lines.append(Line(spec.name, group.name, rule.name, points, evidence))
                in_group += points
            in_score += _limited(in_group, group.limit, spec.name, group.name, lines)
        scores[spec.name] = _limited(in_score, spec.limit, spec.name, None, lines)
    total = sum(points for spec, points in zip(model.scores, scores.values(), strict=True) if spec.in_total)
    grade = ""
    if model.grade is not None:
        for part in (model.grade.letter, model.grade.digit):
            if part is not None:
                grade += _step(part.steps, scores[part.of]) or ""
    stage = None
    if model.lifecycle is not None:
        for enter in model.lifecycle.enter:
            if _reached(enter.when, total):
                stage = enter.stage
                break
    band = None if model.bands is None else _step(model.bands, total)
    return Result(scores, total, band, grade, stage, tuple(lines))


def _limited(points: int, limit: Limit | None, score: str, group: str | None, lines: list[Line]) -> int:
    kept = _clamp(points, limit)
    if kept != points:
        lines.append(Line(score, group, None, kept - points, {"sum": points, "limit": kept}))
    return kept


def _clamp(points: int, limit: Limit | None) -> int:
    if limit is not None and limit.max is not None:
        points = min(points, limit.max)
    if limit is not None and limit.min is not None:
        points = max(points, limit.min)
    return points


def _step(ladder: Ladder, points: int) -> str | None:
    return next((name for name, edge in reversed(ladder.edges) if edge is None or points >= edge), None)


def _reached(condition: Condition, total: int) -> bool:
    return isinstance(condition, Outcome) and isinstance(condition.operand, Decimal) and total >= condition.operand


def _points(rule: Rule, facts: Facts, as_of: int) -> tuple[int, dict[str, str | int]]:
    if isinstance(rule, FieldRule):
        holds = _holds(rule.when, facts.current)
        return (rule.points if holds else 0), {
            name: facts.current[name] for name in _fields(rule.when) & set(facts.current)
        }
    matching = [a for a in facts.activities if a.kind.type in rule.on and a.occurred_at <= as_of]
    if rule.where is not None:
        matching = [a for a in matching if _holds(rule.where, dict(a.kind.details))]
    if isinstance(rule, RecencyRule):
        return _recency(rule, matching, facts, as_of)
    if rule.within is not None:
        matching = [a for a in matching if a.occurred_at > as_of - rule.within]
    matching.sort(key=lambda activity: (activity.occurred_at, activity.kind))
    if isinstance(rule, RangeRule):
        counted, points = matching, _range(rule, len(matching))
    else:
        counted = _counted(rule, matching)
        points = _worth(rule, counted, as_of)
    return points, _evidence(counted)


def _holds(condition: Condition, values: Values) -> bool:
    if isinstance(condition, AllOf):
        return all(_holds(part, values) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_holds(part, values) for part in condition.parts)
    assert isinstance(condition, Test)
    raw = values.get(condition.field)
    if raw is None:
        return condition.type == "flag" and condition.operand is False
    return _test(condition, raw)


def _test(test: Test, raw: str) -> bool:
    operand = test.operand
    if test.type == "flag":
        return (raw.lower() in ("true", "yes", "1")) == operand
    if isinstance(operand, Decimal):
        return Decimal(raw) >= operand
    assert isinstance(operand, tuple)
    if test.type == "number":
        low, high = operand
        return Decimal(str(low)) <= Decimal(raw) <= Decimal(str(high))
    words = [str(word) for word in operand]
    if test.op == "path":
        path = urlsplit(raw).path or "/"
        return any(fnmatchcase(path, word) for word in words)
    text = raw.strip().casefold()
    if test.op == "contains":
        return any(word.casefold() in text for word in words)
    return any(word.strip().casefold() == text for word in words)


def _fields(condition: Condition) -> set[str]:
    if isinstance(condition, AllOf | AnyOf):
        return {name for part in condition.parts for name in _fields(part)}
    return {condition.field} if isinstance(condition, Test) else set()


def _recency(
    rule: RecencyRule, matching: Sequence[Activity], facts: Facts, as_of: int
) -> tuple[int, dict[str, str | int]]:
    last = max((a.occurred_at for a in matching), default=facts.created_at)
    if last is None:
        return 0, {}
    op, low, high = rule.age
    age = as_of - last
    holds = age < low if op == "within" else age >= low if high is None else low <= age < high
    return (rule.points if holds else 0), {"last" if matching else "created": write_date(last)}


def _counted(rule: ActivityRule, matching: Sequence[Activity]) -> list[Activity]:
    if rule.count == "each":
        return list(matching)
    if rule.count == "first":
        return list(matching[:1])
    latest: dict[object, Activity] = {}
    for activity in matching:
        details = dict(activity.kind.details)
        key: object = None
        if rule.count == "once_per_day":
            key = activity.occurred_at // DAY
        elif rule.count == "once_per_path":
            key = urlsplit(details.get("url", "")).path
        elif rule.count == "once_per_form":
            key = details.get("form", "").casefold()
        latest[key] = activity
    return sorted(latest.values(), key=lambda activity: (activity.occurred_at, activity.kind))


def _worth(rule: ActivityRule, counted: Sequence[Activity], as_of: int) -> int:
    sum = 0.0
    for activity in counted:
        age = as_of - activity.occurred_at
        if isinstance(rule.decay, HalfLife):
            sum += rule.points * 0.5 ** (age / rule.decay.ms)
        elif isinstance(rule.decay, Steps):
            sum += rule.points * max(0, 100 - rule.decay.lose * (age // rule.decay.every)) / 100
        else:
            sum += rule.points
    sum = round(sum, 6)
    whole = int(abs(sum) + 0.5)
    return _clamp(whole if sum >= 0 else -whole, rule.limit)


def _range(rule: RangeRule, count: int) -> int:
    for one in rule.ranges:
        if (one.low is None or count >= one.low) and (one.high is None or count <= one.high):
            return _clamp(one.points, rule.limit)
    return 0


def _evidence(counted: Sequence[Activity]) -> dict[str, str | int]:
    if not counted:
        return {"count": 0}
    evidence: dict[str, str | int] = {**dict(counted[-1].kind.details), "count": len(counted)}
    if len(counted) > 1:
        evidence["first"] = write_date(counted[0].occurred_at)
    return evidence | {"last": write_date(counted[-1].occurred_at)}
