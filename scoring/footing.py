"""Which stages a score has a claim to: the ones it would enter, and the ones it may keep within the margin."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from scoring.conditions import Submitted, leaves
from scoring.evaluate import Case, compile_condition
from scoring.facts import Facts, Instant
from scoring.field_points import at_instant
from scoring.known import activities_at, forms_of, lists_at, values_at
from scoring.ledger import Score
from scoring.margin import lowered
from scoring.model import Lifecycle, ScoringModel
from scoring.values import Tables


class Footing(NamedTuple):
    """Where a score stands among the stages of its model, whatever its record's stage is.

    `excluded`: no stage may be touched. `enters`: the stages whose `enter` holds, in the order of the model (the
    first is the one it stands for). `keeps`: those that hold with the margin subtracted, `enters` among them.
    `next_change_at`: the first instant, before the score's own next change, at which ages alone make any of these
    differ; None: none. Whoever waits for a score's next change to decide again must wait for this one too.
    """

    excluded: bool
    enters: tuple[str, ...]
    keeps: tuple[str, ...]
    next_change_at: Instant | None = None


FootingOf = Callable[[Facts, Score], Footing | None]
"""`footing_of(facts, score)`: pure; facts as the score was made from them, at its `as_of`. None: the score's model
has no lifecycle, or no model is for the subject."""


def compile_footings(models: Sequence[ScoringModel], tables: Tables, *, timed_only: bool = False) -> FootingOf:
    """The function for all models that a scorer was compiled from. Compile it once and keep it. `timed_only`: for
    who asks for `next_change_at` alone; without work, None for models in whose stages no age is asked for."""
    types = {name: field.type for model in models for name, field in model.fields.items()}
    claims = {model.name: _Claims(model, model.lifecycle, tables) for model in models if model.lifecycle}
    compiled = {name: one for name, one in claims.items() if one.timed or not timed_only}

    def footing(facts: Facts, score: Score) -> Footing | None:
        claims = compiled.get(score.model or "")
        return None if claims is None else claims.of(facts, score, types)

    return footing


class _Claims:
    """The conditions of one model's lifecycle, as written and lowered."""

    def __init__(self, model: ScoringModel, lifecycle: Lifecycle, tables: Tables):
        conditions = [one.when for one in lifecycle.enter]
        conditions += [] if lifecycle.exclude is None else [lifecycle.exclude]
        self._enter = [(one.stage, compile_condition(one.when, tables)) for one in lifecycle.enter]
        self._keep = [(one.stage, compile_condition(lowered(one.when, model), tables)) for one in lifecycle.enter]
        self._exclude = None if lifecycle.exclude is None else compile_condition(lifecycle.exclude, tables)
        written = [test for _stage, test in self._enter] + ([] if self._exclude is None else [self._exclude])
        self._timed = [test for test in written if test.timed]
        self.timed = bool(self._timed)
        self._asks_forms = any(isinstance(leaf, Submitted) for one in conditions for leaf in leaves(one))

    def of(self, facts: Facts, score: Score, types: dict[str, str]) -> Footing:
        as_of = score.as_of
        case = Case(values_at(facts, as_of, as_of, types), as_of, standing=score)
        if self._asks_forms:
            case.forms = forms_of(activities_at(facts, as_of, as_of))
        if facts.memberships:
            case.lists = lists_at(facts, as_of, as_of)
        now = self._at(case)
        edges = sorted({edge for test in self._timed for edge in test.edges(case)})
        end = score.next_change_at
        before = [edge for edge in edges if end is None or edge < end]
        change = next((edge for edge in before if self._at(at_instant(case, edge)) != now), None)
        return now._replace(next_change_at=change)

    def _at(self, case: Case) -> Footing:
        excluded = self._exclude is not None and self._exclude.truth(case) is True
        enters = tuple(dict.fromkeys(stage for stage, test in self._enter if test.truth(case) is True))
        keeps = tuple(dict.fromkeys(stage for stage, test in self._keep if test.truth(case) is True))
        return Footing(excluded, enters, keeps)


def last_crossing(
    scorer: Callable[[Facts, Instant], Score], model: ScoringModel, facts: Facts, score: Score, since: Instant
) -> Instant | None:
    """When the latest activity occurred that took the score from a lower stage to its present one or above; only
    activities that occurred after `since` are asked. None: none of them did.

    Costs up to two scorings for each instant at which activities arrived. Whoever asked before with the same facts
    need only ask from then on; that one is the answer as long as no later one is found.
    """
    ranks = {
        one.stage: -place for place, one in reversed(list(enumerate(model.lifecycle.enter if model.lifecycle else ())))
    }
    goal = ranks.get(score.stage or "")
    if goal is None:
        return None

    def reached(at: Instant) -> bool:
        then = scorer(facts, at)
        return then.model == score.model and ranks.get(then.stage or "", goal - 1) >= goal

    arrivals: dict[Instant, Instant] = {}
    for one in activities_at(facts, score.as_of, score.as_of):
        if one.occurred_at > since:
            at = one.occurred_at if one.learned_at is None else max(one.occurred_at, one.learned_at)
            arrivals[at] = max(one.occurred_at, arrivals.get(at, one.occurred_at))
    for at in sorted(arrivals, reverse=True):
        if not reached(at - 1) and reached(at):
            return arrivals[at]
    return None
