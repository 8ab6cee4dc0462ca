"""Lowers the edges of a stage's condition, so that a lead keeps the stage until it is clearly under the edge."""

from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from scoring.conditions import AllOf, AnyOf, Condition, Not, Outcome
from scoring.model import Grade, GradePart, Ladder, ScoringModel
from scoring.values import fold


def lowered(condition: Condition, model: ScoringModel) -> Condition:
    """An `enter` condition with the margin of the model's lifecycle subtracted from every lower edge in it.

    Lower edges are those of the total and of scores (`at_least`, `above`, the first end of `between`; under a `not`
    those that `below`, `at_most` and the second end make), and those of the bands and grades that it names. Upper
    edges, fields, forms and lists stay. Whatever the condition holds for, the lowered one holds for too.
    """
    margin = 0 if model.lifecycle is None else model.lifecycle.margin
    return _eased(condition, margin, model, True) if margin else condition


def _eased(condition: Condition, margin: int, model: ScoringModel, wanted: bool) -> Condition:
    """Holds for more where a true is `wanted`, and for less under a `not`."""
    match condition:
        case AllOf(parts):
            return AllOf(tuple(_eased(part, margin, model, wanted) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_eased(part, margin, model, wanted) for part in parts))
        case Not(part):
            return Not(_eased(part, margin, model, not wanted))
        case Outcome(name=name, op=op) if name in ("band", "grade") and op in ("is", "in", "not_in"):
            return _eased_name(condition, margin, model, wanted)
        case Outcome():
            return _eased_number(condition, margin, wanted)
        case _:
            return condition


def _eased_number(test: Outcome, margin: int, wanted: bool) -> Outcome:
    if test.op == "between":
        low, high = cast("tuple[Decimal, Decimal]", test.operand)
        return Outcome(test.name, test.op, (low - margin, high) if wanted else (low, high - margin))
    if test.op in (("at_least", "above") if wanted else ("at_most", "below")):
        return Outcome(test.name, test.op, cast("Decimal", test.operand) - margin)
    return test


def _eased_name(test: Outcome, margin: int, model: ScoringModel, wanted: bool) -> Condition:
    listed = {fold(name) for name in cast("tuple[str, ...]", test.operand)}
    steps = list(_bands(model.bands, margin) if test.name == "band" else _grades(model.grade, margin))
    # a `not_in`, and a list under a `not`, is the list of all other names
    others = (test.op == "not_in") == wanted
    eased = AnyOf(tuple(reached for name, reached in steps if (fold(name) in listed) != others))
    return eased if wanted else Not(eased)


def _bands(ladder: Ladder | None, margin: int) -> Iterable[tuple[str, Condition]]:
    return [] if ladder is None else _steps("total", ladder, margin)


def _grades(grade: Grade | None, margin: int) -> Iterable[tuple[str, Condition]]:
    if grade is None:
        return
    for letter, fits in _part(grade.letter, margin):
        if grade.digit is None:
            yield letter, fits
        else:
            for digit, does in _part(grade.digit, margin):
                yield letter + digit, AllOf((fits, does))


def _part(part: GradePart, margin: int) -> list[tuple[str, Condition]]:
    return _steps(part.of, part.steps, margin)


def _steps(of: str, ladder: Ladder, margin: int) -> list[tuple[str, Condition]]:
    """Each name with the points for which it holds: from its lowered edge up to the next name's own edge."""
    steps: list[tuple[str, Condition]] = []
    above = [edge for _name, edge in ladder.edges[1:]]
    for (name, edge), end in zip(ladder.edges, [*above, None], strict=True):
        tests = [] if edge is None else [Outcome(of, "at_least", Decimal(edge - margin))]
        tests += [] if end is None else [Outcome(of, "below", Decimal(end))]
        steps.append((name, AllOf(tuple(tests))))
    return steps
