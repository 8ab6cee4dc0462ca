"""How far points can go in a model: the least and the most of a rule, a score and the total, after all limits."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from scoring.conditions import Test
from scoring.model import Group, ScoreSpec, ScoringModel
from scoring.rules import ActivityRule, Limit, RangeRule, Rule

Place = tuple[str | int, ...]


class Span(NamedTuple):
    """The least and the most; infinite where activities may repeat without a limit."""

    low: float
    high: float


class Spot(NamedTuple):
    """A rule with what stands above it; `place` is its path in the model file."""

    score: ScoreSpec
    group: Group
    rule: Rule
    place: Place


def spots(model: ScoringModel) -> Iterator[Spot]:
    """All rules in the order of the file."""
    for score in model.scores:
        for g, group in enumerate(score.groups):
            for r, rule in enumerate(group.rules):
                yield Spot(score, group, rule, ("scores", score.name, "groups", g, "rules", r))


def clip(points: float, limit: Limit | None) -> float:
    """Points inside a limit."""
    if limit is None:
        return points
    low = -math.inf if limit.min is None else limit.min
    high = math.inf if limit.max is None else limit.max
    return min(max(points, low), high)


def step_points(rule: Rule) -> tuple[int, ...]:
    """What a rule gives when it holds once, before its limit; a rule with ranges has one for each."""
    if isinstance(rule, RangeRule):
        return tuple(step.points for step in rule.ranges)
    return (rule.points,)


def most_times(rule: Rule) -> float:
    """How often a rule can give its points."""
    if not isinstance(rule, ActivityRule) or rule.count in ("once", "first"):
        return 1
    if rule.count == "once_per_form" and isinstance(rule.where, Test) and rule.where.field == "form":
        forms = rule.where.operand
        if rule.where.op in ("is", "in") and isinstance(forms, tuple):
            return len(forms)
    return math.inf


def rule_span(rule: Rule) -> Span:
    """The least and the most that one rule can give, 0 included: a rule need not hold."""
    steps, times = step_points(rule), most_times(rule)
    low, high = min((0, *steps)), max((0, *steps))
    return Span(clip(low and low * times, rule.limit), clip(high and high * times, rule.limit))


def group_span(group: Group) -> Span:
    """The least and the most of a group."""
    return _joined([rule_span(rule) for rule in group.rules], group.limit)


def score_span(score: ScoreSpec) -> Span:
    """The least and the most of a score."""
    return _joined([group_span(group) for group in score.groups], score.limit)


def total_span(model: ScoringModel) -> Span:
    """The least and the most of the total; answers of sales included where they have points."""
    found = _joined([score_span(score) for score in model.scores if score.in_total], None)
    answers = model.feedback.answers if model.feedback else ()
    moves = [answer.points or 0 for answer in answers]
    low = found.low + min((0, *moves))
    if any(answer.drop_to is not None for answer in answers):
        low = min(low, *(answer.drop_to for answer in answers if answer.drop_to is not None))
    return Span(low, found.high + max((0, *moves)))


def alone(spot: Spot) -> float:
    """The most that the total gets from this rule alone, holding once."""
    if not spot.score.in_total:
        return 0
    best = clip(max((0, *step_points(spot.rule))), spot.rule.limit)
    return clip(clip(best, spot.group.limit), spot.score.limit)


def _joined(spans: list[Span], limit: Limit | None) -> Span:
    return Span(clip(sum(span.low for span in spans), limit), clip(sum(span.high for span in spans), limit))
