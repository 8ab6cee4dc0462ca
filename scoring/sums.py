"""How lines become scores, a total, a band and a grade, with a line of its own for whatever a limit cuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.activity_points import clamp
from scoring.field_points import Line
from scoring.ledger import Contribution
from scoring.model import Grade, Ladder, ScoreSpec, ScoringModel
from scoring.rules import Limit


@dataclass(slots=True)
class Sums:
    """Scores by name in model order, their lines in model order, and what the total, band and grade are."""

    scores: dict[str, int]
    lines: list[Contribution]
    total: int
    band: str | None = None
    grade: str | None = None


class _Total(NamedTuple):
    """A score: its groups from `start` to `end`, its limit, and the place of its limit's line."""

    name: str
    start: int
    end: int
    limit: Limit | None
    place: float
    in_total: bool


class _Limited(NamedTuple):
    """A group with a limit: its number, its names, and the place of the limit's line."""

    number: int
    score: str
    name: str
    limit: Limit
    place: float


class Adder:
    """Adds the lines of one model up, with its group and score limits."""

    def __init__(self, specs: Sequence[ScoreSpec]):
        self._group_of: dict[float, int] = {}
        self._limited: list[_Limited] = []
        self._totals: list[_Total] = []
        groups = 0
        for spec in specs:
            start = groups
            for group in spec.groups:
                for _rule in group.rules:
                    self._group_of[len(self._group_of)] = groups
                # The line of a limit stands between the last rule above it and the next one.
                if group.limit is not None:
                    place = len(self._group_of) - 0.7
                    self._limited.append(_Limited(groups, spec.name, group.name, group.limit, place))
                groups += 1
            place = len(self._group_of) - 0.3
            self._totals.append(_Total(spec.name, start, groups, spec.limit, place, spec.in_total))
        self._no_points = [0] * groups

    def add_up(self, lines: list[Line]) -> Sums:
        """Every score, its lines in model order, and the total; `lines` come in any order and are changed."""
        in_group, group_of = self._no_points.copy(), self._group_of
        for place, points, _line in lines:
            in_group[group_of[place]] += points
        for number, score, group, limit, place in self._limited:
            kept = clamp(in_group[number], limit)
            if kept != in_group[number]:
                lines.append(_cut(score, group, in_group[number], kept, place))
                in_group[number] = kept
        scores: dict[str, int] = {}
        total = 0
        for name, start, end, of_score, place, in_total in self._totals:
            points = kept = sum(in_group[start:end])
            if of_score is not None:
                kept = clamp(points, of_score)
                if kept != points:
                    lines.append(_cut(name, None, points, kept, place))
            scores[name] = kept
            total += kept if in_total else 0
        lines.sort()
        return Sums(scores, [line for _place, _points, line in lines], total)


def _cut(score: str, group: str | None, points: int, kept: int, place: float) -> Line:
    line = Contribution("limit", score, group, None, kept - points, {"sum": points, "limit": kept})
    return place, kept - points, line


def step_of(ladder: Ladder, points: int) -> str | None:
    """The highest name whose edge the points reach."""
    reached = None
    for name, edge in ladder.edges:
        if edge is None or points >= edge:
            reached = name
    return reached


def grade_of(grade: Grade | None, scores: dict[str, int]) -> str | None:
    """The grade of the scores, letter before digit; None where a model has none."""
    if grade is None:
        return None
    letter = step_of(grade.letter.steps, scores[grade.letter.of]) or ""
    digit = "" if grade.digit is None else step_of(grade.digit.steps, scores[grade.digit.of]) or ""
    return letter + digit or None


def stand(model: ScoringModel, sums: Sums, adjustment: int) -> None:
    """Puts the adjustment into the total, and sets the band and grade that follow."""
    sums.total += adjustment
    sums.band = None if model.bands is None else step_of(model.bands, sums.total)
    sums.grade = grade_of(model.grade, sums.scores)
