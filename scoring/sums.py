"""How lines become scores, a total, a band and a grade, with a line of its own for whatever a limit cuts."""

from collections.abc import Sequence
from dataclasses import dataclass

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


class Adder:
    """Adds the lines of one model up, with its group and score limits."""

    def __init__(self, specs: Sequence[ScoreSpec]):
        self._specs = specs
        self._zeros = {spec.name: 0 for spec in specs}
        # the number of each rule's group, and of each group's score, by place
        groups = [(place, group) for place, spec in enumerate(specs) for group in spec.groups]
        self._groups = [(place, group.name, group.limit) for place, group in groups]
        self._group_of = [number for number, (_place, group) in enumerate(groups) for _rule in group.rules]

    def add_up(self, lines: list[Line]) -> Sums:
        """Every score, its lines in model order, and the total; `lines` come in any order and are sorted in place."""
        lines.sort()
        group_of, groups = self._group_of, self._groups
        scores = dict(self._zeros)
        out: list[Contribution] = []
        group, in_group, score, in_score, total = -1, 0, -1, 0, 0
        for place, points, contribution in lines:
            if group_of[place] != group:
                if group >= 0:
                    in_score += self._close_group(group, in_group, out)
                group, in_group = group_of[place], 0
                if groups[group][0] != score:
                    if score >= 0:
                        total += self._close_score(score, in_score, scores, out)
                    score, in_score = groups[group][0], 0
            in_group += points
            out.append(contribution)
        if group >= 0:
            in_score += self._close_group(group, in_group, out)
            total += self._close_score(score, in_score, scores, out)
        return Sums(scores, out, total)

    def _close_group(self, group: int, points: int, out: list[Contribution]) -> int:
        score, name, limit = self._groups[group]
        return points if limit is None else _cut(self._specs[score].name, name, points, limit, out)

    def _close_score(self, score: int, points: int, scores: dict[str, int], out: list[Contribution]) -> int:
        spec = self._specs[score]
        kept = scores[spec.name] = _cut(spec.name, None, points, spec.limit, out)
        return kept if spec.in_total else 0


def _cut(score: str, group: str | None, points: int, limit: Limit | None, out: list[Contribution]) -> int:
    kept = clamp(points, limit)
    if kept != points:
        out.append(Contribution("limit", score, group, None, kept - points, {"sum": points, "limit": kept}))
    return kept


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
