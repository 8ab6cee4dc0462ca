"""Warnings about single rules: points that a limit eats, gaps, decays without effect, and conditions that repeat."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from scoring.conditions import AllOf, AnyOf, Condition, Not, OnList, Outcome, Submitted, Test
from scoring.model import ScoringModel
from scoring.reach import Place, Span, Spot, group_span, rule_span, spots, step_points
from scoring.rules import ActivityRule, FieldRule, HalfLife, Limit, RangeRule, RecencyRule, Steps
from scoring.values import fold

Found = Iterator[tuple[Place, str]]
_Asks = tuple[object, object]
_TEXTS = ("text", "email", "url", "country", "set")


def rule_findings(model: ScoringModel) -> Found:
    """Warnings in the order of the file."""
    opposed = dict(_opposed(model))
    asked: list[tuple[Spot, _Asks | None]] = []
    for spot in spots(model):
        yield from _cut(spot, opposed[spot.place])
        if isinstance(spot.rule, RangeRule):
            yield from _gaps(spot.rule, spot.place)
        if isinstance(spot.rule, ActivityRule):
            yield from _idle_decay(spot.rule, spot.place)
        mine = _asks(spot)
        yield from _repeats(spot, mine, [(other, asks) for other, asks in asked if other.score is spot.score])
        asked.append((spot, mine))


def _opposed(model: ScoringModel) -> Iterator[tuple[Place, tuple[bool, bool]]]:
    """For every rule whether others of its group, and others of its score, can pull against its strongest points."""
    for score in model.scores:
        groups = [group_span(group) for group in score.groups]
        for g, group in enumerate(score.groups):
            rules = [rule_span(rule) for rule in group.rules]
            for r, rule in enumerate(group.rules):
                up = max(step_points(rule), key=abs, default=0) > 0
                beside = _pulls((span for n, span in enumerate(rules) if n != r), up)
                around = beside or _pulls((span for n, span in enumerate(groups) if n != g), up)
                yield ("scores", score.name, "groups", g, "rules", r), (beside, around)


def _pulls(spans: Iterable[Span], up: bool) -> bool:
    return any(span.low < 0 if up else span.high > 0 for span in spans)


def _cut(spot: Spot, opposed: tuple[bool, bool]) -> Found:
    """A limit that takes points away from a rule at every single time."""
    key = "ranges" if isinstance(spot.rule, RangeRule) else "points"
    fades = isinstance(spot.rule, ActivityRule) and spot.rule.decay is not None
    levels = (
        ("its own limit", spot.rule.limit, False),
        (f"the limit of group `{spot.group.name}`", spot.group.limit, opposed[0]),
        (f"the limit of `{spot.score.name}`", spot.score.limit, opposed[1]),
    )
    strongest = max(step_points(spot.rule), key=abs, default=0)
    for called, limit, against in levels:
        bound = _bound(limit, strongest)
        if bound is None or against or abs(strongest) <= abs(bound):
            continue
        if bound == 0:
            yield (*spot.place, key), f"`{spot.rule.name}` never gives its {strongest}: {called} cuts all of it away"
            return
        if not fades:
            said = f"`{spot.rule.name}` never gives its {strongest}: {called} always cuts it to {bound}"
            yield (*spot.place, key), said
            return


def _bound(limit: Limit | None, points: int) -> int | None:
    if limit is None or points == 0:
        return None
    return limit.max if points > 0 else limit.min


def _gaps(rule: RangeRule, place: Place) -> Found:
    ends = [end for step in rule.ranges for end in (step.low, step.high) if end is not None]
    if any(end != end.to_integral_value() for end in ends):
        return
    inner = sorted(rule.ranges, key=lambda step: (step.low is not None, step.low or 0))
    where = (*place, "ranges", "points") if rule.field else (*place, "ranges")
    for below, above in pairwise(inner):
        if below.high is not None and above.low is not None and above.low > below.high + 1:
            first, last = below.high + 1, above.low - 1
            said = f"{first} lies" if first == last else f"{first} to {last} lie"
            yield where, f"`{rule.name}` has a gap: {said} in none of its ranges"


def _idle_decay(rule: ActivityRule, place: Place) -> Found:
    if rule.within is None or rule.decay is None:
        return
    if isinstance(rule.decay, Steps) and rule.within <= rule.decay.every:
        said = f"`{rule.name}` never loses a step: its window closes before the first one"
        yield (*place, "decay"), said
    if isinstance(rule.decay, HalfLife) and rule.within * 10 < rule.decay.ms:
        said = f"`{rule.name}` hardly decays: its window closes before a tenth of its half-life"
        yield (*place, "decay"), said


def _repeats(spot: Spot, mine: _Asks | None, before: list[tuple[Spot, _Asks | None]]) -> Found:
    for other, theirs in before:
        if mine is None or theirs is None or mine[0] != theirs[0]:
            continue
        if mine[1] == theirs[1]:
            yield spot.place, f"`{spot.rule.name}` asks the same as `{other.rule.name}`; who gets one gets both"
            continue
        one, two = _listed(mine[1]), _listed(theirs[1])
        if one and two and one[0] == two[0]:
            small, large = (spot, other) if one[1] < two[1] else (other, spot)
            if one[1] < two[1] or two[1] < one[1]:
                said = (
                    f"the list of `{small.rule.name}` lies within that of `{large.rule.name}`; who gets one gets both"
                )
                yield spot.place, said


def _asks(spot: Spot) -> _Asks | None:
    """What a rule looks at, and its condition in a form in which equal meanings are equal."""
    rule = spot.rule
    if isinstance(rule, FieldRule):
        return "field", _meaning(rule.when)
    if isinstance(rule, ActivityRule):
        return ("on", frozenset(rule.on), rule.within, rule.count), _meaning(rule.where)
    if isinstance(rule, RecencyRule):
        return ("last", frozenset(rule.on), rule.age), _meaning(rule.where)
    if rule.field is None:
        return ("ranges", frozenset(rule.on), rule.within), _meaning(rule.where)
    return None


def _listed(meaning: object) -> tuple[object, frozenset[str]] | None:
    if isinstance(meaning, tuple) and meaning[0] == "in" and isinstance(meaning[3], frozenset):
        return meaning[:3], meaning[3]
    return None


def _meaning(condition: Condition | None) -> object:
    if condition is None:
        return None
    if isinstance(condition, AllOf | AnyOf):
        return type(condition).__name__, frozenset(_meaning(part) for part in condition.parts)
    if isinstance(condition, Not):
        return "not", _meaning(condition.part)
    if isinstance(condition, OnList):
        return "list", frozenset(condition.lists)
    if isinstance(condition, Submitted):
        return "submitted", frozenset(condition.forms)
    return _test_meaning(condition)


def _test_meaning(test: Test | Outcome) -> object:
    name = test.field if isinstance(test, Test) else test.name
    kind = test.type if isinstance(test, Test) else "outcome"
    operand: object = test.operand
    if isinstance(test.operand, tuple) and test.op != "between":
        folded = kind in _TEXTS and test.op != "path"
        operand = frozenset(fold(item) if folded and isinstance(item, str) else item for item in test.operand)
    op = "in" if test.op == "is" and isinstance(operand, frozenset) else test.op
    return op, name, kind, operand
