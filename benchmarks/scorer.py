"""Our scorer against other rule engines and against a plain interpreter, on the same rules and people in one run."""

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from benchmarks import naive
from benchmarks.activities import draw_activities, draw_kinds
from benchmarks.fields import raw_values, typed_values
from benchmarks.filling import NOW
from benchmarks.models import TABLES, field_model, full_model
from benchmarks.peers import PEERS, prepared
from benchmarks.results import Row, Section
from scoring.engine import Scorer, compile_models
from scoring.facts import Activity, Facts
from scoring.ledger import Score
from scoring.model import ScoringModel
from scoring.values import DAY

ROUNDS = 5
_T = TypeVar("_T")
_R = TypeVar("_R")

_HOW = """Fifty rules on sixty properties, {filled:.0f} of which a person has on average; {people:,} people, medians of
{rounds} rounds. Ours reads raw text, keeps a line with evidence for each rule and finds the next change. In each round
a new scorer first scores {before:,} other people, then the measured ones, whom it has never seen (these figures are
held against the goals), then the measured ones again, as when time has passed. The others were compiled once, get typed
values that were prepared before the clock ran, and only add points up. All totals were equal, or this page would not
have been written."""

_SHORT = (
    "the goal allows {allowed:.1f} us a person; one whom the scorer has not met costs {ours:.1f} us (three or four "
    "values are new to it), one whom it has met {again:.1f} us."
)
_OTHERWISE = {
    "zen-engine, one decision table": "the goal was set against an expression a rule. A table turns a person into the "
    "engine's own values once instead of fifty times, and its rows carry no evidence.",
    "zen-engine, one expression that only sums": "the quickest way to the bare number, shown for comparison; which "
    "rule gave what, and so the reason, is lost.",
}


def run(quick: bool) -> tuple[Section, Section]:
    """Both comparisons. Raises AssertionError if any total differs."""
    people, before = (300, 3_000) if quick else (2_000, 50_000)
    return _field_rules(people, before), _full_model(people, before)


def _field_rules(people: int, before: int) -> Section:
    draw = random.Random(1)
    values = [typed_values(draw) for _ in range(people + before)]
    facts = [Facts(str(n), None, raw_values(one)) for n, one in enumerate(values)]
    ours, again, scores = _ours(field_model(), facts[:people], facts[people:])
    expected = [score.total for score in scores]
    ready = [prepared(one) for one in values[:people]]
    _, small, _ = _ours(field_model(), facts[:people], ())
    rows = [
        Row("leadscore, ledger on", "", _speed(ours)),
        Row("leadscore, the same people again", "", _speed(again)),
        Row("leadscore, the same people again, by a scorer that knows no others", "", _speed(small)),
    ]
    for name, (make, goal) in PEERS.items():
        total = make()
        took, totals = _rounds(total, ready)
        assert totals == expected, f"{name} gives other totals"
        times = took / ours
        met = None if goal is None else times >= goal
        why = (
            ""
            if met
            else _OTHERWISE.get(name)
            or _SHORT.format(allowed=took * 1e6 / (goal or 1), ours=ours * 1e6, again=again * 1e6)
        )
        shown = f"{times:.1f}x new people, {took / again:.1f}x again ({_speed(took)})"
        rows.append(Row(name, "" if goal is None else f">= {goal}x", shown, met, why=why))
    filled = sum(map(len, values)) / len(values)
    how = _HOW.format(filled=filled, people=people, rounds=ROUNDS, before=before)
    return Section("Field rules against other engines", how, tuple(rows))


def _full_model(people: int, before: int) -> Section:
    draw = random.Random(2)
    kinds = draw_kinds(random.Random(3))
    facts = [_person(draw, number, draw_activities(draw, kinds, NOW)) for number in range(people + before)]
    model = full_model()
    ours, again, scores = _ours(model, facts[:people], facts[people:])
    took, results = _rounds(lambda one: naive.score(model, one, NOW), facts[:people])
    for score, result in zip(scores, results, strict=True):
        assert _plain(score) == _plain(result), "the interpreter gives another score"
    lines = sum(len(score.contributions) for score in scores) / people
    many = sum(len(one.activities) for one in facts) / len(facts)
    how = (
        f"A hundred rules, half of them on activities (windows, half-lives, steps, recency, ranges, once per path or "
        f"day), limits, bands, grade and stages; {many:.0f} activities a person, {lines:.0f} lines a score. The "
        "interpreter walks the model for each person, keeps nothing, and finds no next change. Scores and all lines "
        "with their evidence are equal. Each activity matches 2.6 rules on average; with a first choice of about 7, "
        "fewer people a second were scored."
    )
    rows = (
        Row("leadscore, ledger and next change", "", _speed(ours)),
        Row("leadscore, the same people again", "", _speed(again)),
        Row("naive interpreter", ">= 3x", f"{took / ours:.1f}x ({_speed(took)})", took / ours >= 3),
    )
    return Section("The full model against a plain interpreter", how, rows)


def _person(draw: random.Random, number: int, activities: tuple[Activity, ...]) -> Facts:
    created = NOW - draw.randrange(500) * DAY
    return Facts(str(number), created, raw_values(typed_values(draw)), activities=activities)


def _plain(score: Score | naive.Result) -> object:
    lines = score.contributions if isinstance(score, Score) else score.lines
    shown = [(one.score, one.group, one.rule, one.points, dict(one.evidence)) for one in lines]
    return dict(score.scores), score.total, score.band, score.grade, score.stage, shown


def _ours(model: ScoringModel, people: Sequence[Facts], others: Sequence[Facts]) -> tuple[float, float, list[Score]]:
    """Median seconds a person whom the scorer sees for the first and for the second time, and the scores."""
    first: list[float] = []
    again: list[float] = []
    scores: list[Score] = []
    for _ in range(ROUNDS):
        scorer: Scorer = compile_models([model], TABLES)
        for one in others:
            scorer(one, NOW)
        for seconds in (first, again):
            took, scores = _timed(lambda one, scorer=scorer: scorer(one, NOW), people)  # type: ignore[misc]  # default
            seconds.append(took)
    return statistics.median(first), statistics.median(again), scores


def _timed(function: Callable[[_T], _R], people: Sequence[_T]) -> tuple[float, list[_R]]:
    """Seconds a person, and the results. Without the collector, as the product scores."""
    gc.collect()
    gc.disable()
    begun = time.perf_counter()
    results = [function(one) for one in people]
    took = time.perf_counter() - begun
    gc.enable()
    return took / len(people), results


def _rounds(function: Callable[[_T], _R], people: Sequence[_T]) -> tuple[float, list[_R]]:
    rounds = [_timed(function, people) for _ in range(ROUNDS)]
    return statistics.median(took for took, _results in rounds), rounds[-1][1]


def _speed(seconds: float) -> str:
    return f"{seconds * 1e6:,.1f} us a person, {1 / seconds:,.0f}/s"
