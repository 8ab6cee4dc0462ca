"""The cheapest ways into a stage: which few rules together carry a lead there."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from scoring.conditions import AllOf, AnyOf, Condition, Not, Outcome, leaves
from scoring.model import Ladder, ScoringModel
from scoring.reach import Spot, clip, most_times, spots
from scoring.rules import RangeRule

MOST_STEPS = 8
_BUDGET = 60_000
"""How many combinations are tried for a stage before the search ends with what it has."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A way into a stage: rules by name (score, group, rule) with how often each must hold, and the total it gives."""

    rules: tuple[tuple[str, str, str, int], ...]
    total: int

    @property
    def steps(self) -> int:
        """How many facts and activities it takes."""
        return sum(times for *_, times in self.rules)


@dataclass(frozen=True, slots=True)
class StagePaths:
    """The ways into one stage, fewest steps first. `free` tells that no points are needed; `asks` says whether the
    stage also asks for facts, which the profiles take as given."""

    stage: str
    free: bool
    asks: bool
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    spot: Spot
    points: int
    times: int
    cost: int


def stage_paths(model: ScoringModel, most: int = 5) -> tuple[StagePaths, ...]:
    """For every stage that a lead can enter the cheapest sets of rules that reach it, at most `most` of them.

    Points count at their most: undecayed, inside their window, after all limits. No rule of a set can be left out.
    """
    units = _units(model)
    lines = model.lifecycle.enter if model.lifecycle else ()
    found = []
    for line in lines:
        free = _holds(line.when, model, {}) is not False
        asks = any(not isinstance(leaf, Outcome) for leaf in leaves(line.when))
        profiles = () if free else tuple(_search(line.when, model, units, most))
        found.append(StagePaths(line.stage, free, asks, profiles))
    return tuple(found)


def _units(model: ScoringModel) -> list[_Unit]:
    found = []
    for spot in spots(model):
        if isinstance(spot.rule, RangeRule):
            best = max(spot.rule.ranges, key=lambda step: step.points)
            needed = int(best.low or best.high or 1) if spot.rule.on else 1
            unit = _Unit(spot, best.points, 1, max(needed, 1))
        else:
            unit = _Unit(spot, spot.rule.points, int(min(most_times(spot.rule), MOST_STEPS)), 1)
        if unit.points > 0 and unit.cost <= MOST_STEPS:
            found.append(unit)
    return sorted(found, key=lambda unit: -unit.points)


def _search(when: Condition, model: ScoringModel, units: list[_Unit], most: int) -> Iterator[Profile]:
    """Sets in the order of their steps, so that a set that holds a smaller one is met after it and left out."""
    kept: list[dict[int, int]] = []
    tried = 0
    for steps in range(1, MOST_STEPS + 1):
        for chosen in _combinations(units, steps, 0):
            tried += 1
            if tried > _BUDGET:
                return
            if any(all(chosen.get(unit, 0) >= times for unit, times in less.items()) for less in kept):
                continue
            scores = _scores(model, units, chosen)
            if _holds(when, model, scores) is not False:
                kept.append(chosen)
                yield _profile(model, units, chosen, scores)
                if len(kept) == most:
                    return


def _combinations(units: list[_Unit], steps: int, start: int) -> Iterator[dict[int, int]]:
    """Every choice of units (with repeats where a rule may repeat) that takes exactly so many steps."""
    if steps == 0:
        yield {}
        return
    for index in range(start, len(units)):
        unit = units[index]
        for times in range(1, min(unit.times, steps // unit.cost) + 1):
            for rest in _combinations(units, steps - times * unit.cost, index + 1):
                yield {index: times, **rest}


def _scores(model: ScoringModel, units: list[_Unit], chosen: Mapping[int, int]) -> dict[str, float]:
    groups: dict[tuple[str, str], float] = {}
    for index, times in chosen.items():
        spot = units[index].spot
        points = clip(units[index].points * times, spot.rule.limit)
        key = (spot.score.name, spot.group.name)
        groups[key] = groups.get(key, 0) + points
    return {
        score.name: clip(
            sum(clip(groups.get((score.name, group.name), 0), group.limit) for group in score.groups), score.limit
        )
        for score in model.scores
    }


def _total(model: ScoringModel, scores: Mapping[str, float]) -> float:
    return sum(scores.get(score.name, 0) for score in model.scores if score.in_total)


def _holds(condition: Condition, model: ScoringModel, scores: Mapping[str, float]) -> bool | None:
    """Whether a condition holds for these scores; None where it asks for a fact, which may be given."""
    if isinstance(condition, AllOf | AnyOf):
        parts = [_holds(part, model, scores) for part in condition.parts]
        decisive = isinstance(condition, AnyOf)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    if isinstance(condition, Not):
        inner = _holds(condition.part, model, scores)
        return None if inner is None else not inner
    return _outcome(condition, model, scores) if isinstance(condition, Outcome) else None


def _outcome(test: Outcome, model: ScoringModel, scores: Mapping[str, float]) -> bool:
    if test.name in ("band", "grade"):
        name = _band(model, scores) if test.name == "band" else _grade(model, scores)
        named = isinstance(test.operand, tuple) and name in test.operand
        return not named if test.op == "not_in" else named
    value = _total(model, scores) if test.name == "total" else scores.get(test.name, 0)
    wanted = test.operand if isinstance(test.operand, tuple) else (test.operand,)
    ends = [float(end) for end in wanted if isinstance(end, Decimal)]
    return {
        "at_least": value >= ends[0],
        "at_most": value <= ends[0],
        "above": value > ends[0],
        "below": value < ends[0],
        "between": ends[0] <= value <= ends[-1],
        "not_in": value not in ends,
    }.get(test.op, value in ends)


def _band(model: ScoringModel, scores: Mapping[str, float]) -> str | None:
    return _rung(model.bands, _total(model, scores)) if model.bands else None


def _grade(model: ScoringModel, scores: Mapping[str, float]) -> str | None:
    if model.grade is None:
        return None
    parts = [part for part in (model.grade.letter, model.grade.digit) if part is not None]
    return "".join(_rung(part.steps, scores.get(part.of, 0)) for part in parts)


def _rung(ladder: Ladder, value: float) -> str:
    return [name for name, edge in ladder.edges if value >= (-math.inf if edge is None else edge)][-1]


def _profile(
    model: ScoringModel, units: list[_Unit], chosen: Mapping[int, int], scores: Mapping[str, float]
) -> Profile:
    rules = []
    for index, times in chosen.items():
        unit = units[index]
        rules.append((unit.spot.score.name, unit.spot.group.name, unit.spot.rule.name, times * unit.cost))
    return Profile(tuple(rules), int(_total(model, scores)))
