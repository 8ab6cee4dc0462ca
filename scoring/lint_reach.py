"""Warnings about bands, grades and stages: those that no lead can reach, and those that one rule alone reaches."""

import math
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from scoring.conditions import AllOf, AnyOf, Condition, Not, Outcome, leaves
from scoring.model import Ladder, ScoringModel
from scoring.reach import Place, Span, alone, score_span, spots, total_span

Found = Iterator[tuple[Place, str]]


def reach_findings(model: ScoringModel) -> Found:
    """Warnings in the order of the file."""
    yield from _too_strong(model)
    if model.bands:
        yield from _unreached(model.bands, total_span(model), ("bands",), "band", "the total")
    if model.grade:
        spans = {score.name: score_span(score) for score in model.scores}
        parts = (("letter", model.grade.letter), ("digit", model.grade.digit))
        for key, part in parts:
            if part is not None:
                yield from _unreached(part.steps, spans[part.of], ("grade", key), key, f"`{part.of}`")
    yield from _stages(model)


def _unreached(ladder: Ladder, span: Span, place: Place, what: str, whose: str) -> Found:
    edges = [*ladder.edges, ("", math.inf)]
    for (name, edge), (_, above) in pairwise(edges):
        if edge is not None and edge > span.high:
            said = f"no lead can reach {what} `{name}`: it begins at {edge}, and {whose} is at most {span.high:.0f}"
            yield (*place, name), said
        elif above is not None and above <= span.low:
            said = (
                f"no lead can fall into {what} `{name}`: it ends below {above}, and {whose} is at least {span.low:.0f}"
            )
            yield (*place, name), said


def sales_edge(model: ScoringModel) -> Decimal | None:
    """The total at which sales takes over: the `total: at_least` of stage `sql`, else of the highest stage with one."""
    entries = model.lifecycle.enter if model.lifecycle else ()
    named = [entry for entry in entries if entry.stage.casefold() == "sql"]
    for entry in named or entries:
        for leaf in leaves(entry.when):
            if isinstance(leaf, Outcome) and (leaf.name, leaf.op) == ("total", "at_least"):
                return leaf.operand if isinstance(leaf.operand, Decimal) else None
    return None


def _too_strong(model: ScoringModel) -> Found:
    edge = sales_edge(model)
    for spot in spots(model) if edge is not None and edge > 0 else ():
        most = alone(spot)
        if edge is not None and most >= edge:
            said = f"`{spot.rule.name}` alone gives {most:.0f} and so makes a lead ready for sales (from {edge})"
            yield (*spot.place, "points" if hasattr(spot.rule, "points") else "ranges"), said


def _stages(model: ScoringModel) -> Found:
    if model.lifecycle is None:
        return
    order = list(model.lifecycle.stages)
    entries = model.lifecycle.enter
    for index, entry in enumerate(entries):
        place: Place = ("lifecycle", "enter", index)
        if not _can_hold(entry.when, model):
            yield (*place, "when"), f"no lead can enter `{entry.stage}`: its points are out of reach"
        if any(_covers(before.when, entry.when) for before in entries[:index]):
            yield place, f"`{entry.stage}` is never entered here: a line above holds whenever this one does"
        elif index and order.index(entry.stage) > order.index(entries[index - 1].stage):
            higher = entries[index - 1].stage
            yield place, f"`{entry.stage}` stands below `{higher}` here and above it in `stages`; put the highest first"


def _can_hold(condition: Condition, model: ScoringModel) -> bool:
    if isinstance(condition, AllOf):
        return all(_can_hold(part, model) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_can_hold(part, model) for part in condition.parts)
    if isinstance(condition, Not) or not isinstance(condition, Outcome):
        return True
    if condition.name in ("band", "grade"):
        return True  # an unreachable band or grade has a warning of its own
    scores = {score.name: score for score in model.scores}
    span = total_span(model) if condition.name == "total" else score_span(scores[condition.name])
    wanted = condition.operand
    if condition.op == "between" and isinstance(wanted, tuple):
        ends = [float(end) for end in wanted if isinstance(end, Decimal)]
        return ends[0] <= span.high and ends[-1] >= span.low
    if not isinstance(wanted, Decimal):
        return True
    return {
        "at_least": float(wanted) <= span.high,
        "above": float(wanted) < span.high,
        "at_most": float(wanted) >= span.low,
        "below": float(wanted) > span.low,
    }.get(condition.op, True)


def _covers(first: Condition, second: Condition) -> bool:
    """Whether the first surely holds whenever the second does."""
    if first == second:
        return True
    if isinstance(second, AllOf):
        return any(_covers(first, part) for part in second.parts)
    if isinstance(first, AnyOf):
        return any(_covers(part, second) for part in first.parts)
    return (
        isinstance(first, Outcome)
        and isinstance(second, Outcome)
        and first.name == second.name
        and first.op == second.op == "at_least"
        and isinstance(first.operand, Decimal)
        and isinstance(second.operand, Decimal)
        and first.operand <= second.operand
    )
