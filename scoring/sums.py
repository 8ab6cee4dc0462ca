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


def add_up(specs: Sequence[ScoreSpec], lines: list[Line]) -> Sums:
    """Every score with its group and score limits applied. `lines` are one model's, in any order."""
    lines.sort(key=_slot)
    by_score: dict[str, list[Contribution]] = {}
    for _index, contribution in lines:
        by_score.setdefault(str(contribution.score), []).append(contribution)
    scores: dict[str, int] = {}
    out: list[Contribution] = []
    total = 0
    for spec in specs:
        found = by_score.get(spec.name)
        points = _score(spec, found, out) if found else 0
        scores[spec.name] = points
        if spec.in_total:
            total += points
    return Sums(scores, out, total)


def _slot(line: Line) -> int:
    return line.slot


def _score(spec: ScoreSpec, lines: list[Contribution], out: list[Contribution]) -> int:
    limits = {group.name: group.limit for group in spec.groups}
    points, position = 0, 0
    while position < len(lines):
        group = lines[position].group
        in_group = 0
        while position < len(lines) and lines[position].group == group:
            in_group += lines[position].points
            out.append(lines[position])
            position += 1
        points += _cut(spec.name, group, in_group, limits[str(group)], out)
    return _cut(spec.name, None, points, spec.limit, out)


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
    parts = [grade.letter] if grade.digit is None else [grade.letter, grade.digit]
    return "".join(step_of(part.steps, scores[part.of]) or "" for part in parts) or None


def stand(model: ScoringModel, sums: Sums, adjustment: int) -> Sums:
    """The sums with the adjustment in the total, and the band and grade that follow."""
    total = sums.total + adjustment
    band = None if model.bands is None else step_of(model.bands, total)
    return Sums(sums.scores, sums.lines, total, band, grade_of(model.grade, sums.scores))
