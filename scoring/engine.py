"""Compiles models into the one function that scores: for one webhook, a million contacts, a backtest or a page."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from scoring.activity_lines import ActivityPoints
from scoring.activity_points import NEVER
from scoring.conditions import Submitted, leaves
from scoring.evaluate import Case, compile_condition
from scoring.facts import Activity, Answer, Facts
from scoring.feedback import adjustment, adjustment_line, spec_of
from scoring.field_points import FieldPoints, Slot, at_instant
from scoring.known import activities_at, answer_at, arrived_by, forms_of, lists_at, values_at
from scoring.ledger import Score
from scoring.lifecycle import Stages
from scoring.model import AnswerSpec, ScoringModel
from scoring.reason import Reasons
from scoring.rules import FieldRule, RangeRule, Rule
from scoring.sums import Adder, Sums, stand
from scoring.values import Tables

Scorer = Callable[[Facts, int], Score]
"""`scorer(facts, as_of)`: pure; the same arguments give the same Score. Safe to share between threads."""


def compile_models(models: Sequence[ScoringModel], tables: Tables) -> Scorer:
    """One scorer for models in their order: the first whose `for:` holds at `as_of` scores the subject.

    Fields of one name must be of one type in all of them. Compiling is slow (milliseconds), scoring is quick; the
    scorer keeps what it learnt about distinct values, so keep it too.
    """
    return _Scorer([_Compiled(model, tables) for model in models])


class _View(NamedTuple):
    """What was known of a subject at an instant."""

    case: Case
    activities: Iterable[Activity]
    created_at: int | None


class _Compiled:
    """One model as functions."""

    def __init__(self, model: ScoringModel, tables: Tables):
        self.model = model
        self.applies = None if model.applies_to is None else compile_condition(model.applies_to, tables)
        self.stages = None if model.lifecycle is None else Stages(model.lifecycle, tables)
        slots = list(_slots(model))
        on_fields = [
            (slot, rule) for slot, rule in slots if isinstance(rule, FieldRule) or getattr(rule, "field", None)
        ]
        on_activities = [(slot, rule) for slot, rule in slots if (slot, rule) not in on_fields]
        self._fields = FieldPoints(model.fields, on_fields, tables)  # type: ignore[arg-type]  # split by kind above
        self._activities = ActivityPoints(on_activities, tables)  # type: ignore[arg-type]  # split by kind above
        self._adder = Adder(model.scores)
        self.reasons = Reasons(model)
        self.asks_forms = _asks_forms(model)

    def sums(self, view: _View) -> tuple[Sums, tuple[str, ...], int]:
        """Scores and total before sales feedback, unreadable fields, and the next instant at which a line differs."""
        lines, unreadable, field_change = self._fields.lines(view.case)
        more, activity_change = self._activities.lines(view.activities, view.case.as_of, view.created_at)
        lines += more
        return self._adder.add_up(lines), unreadable, min(field_change, activity_change)


def _reads_field(rule: Rule) -> bool:
    return isinstance(rule, FieldRule) or (isinstance(rule, RangeRule) and rule.field is not None)


def _slots(model: ScoringModel) -> Iterable[tuple[Slot, Rule]]:
    index = 0
    for score in model.scores:
        for group in score.groups:
            for rule in group.rules:
                yield Slot(index, score.name, group.name), rule
                index += 1


def _asks_forms(model: ScoringModel) -> bool:
    conditions = [rule.when for _slot, rule in _slots(model) if isinstance(rule, FieldRule)]
    conditions += [] if model.applies_to is None else [model.applies_to]
    if model.lifecycle is not None:
        conditions += [one.when for one in model.lifecycle.enter]
        conditions += [] if model.lifecycle.exclude is None else [model.lifecycle.exclude]
    return any(isinstance(leaf, Submitted) for condition in conditions for leaf in leaves(condition))


class _Scorer:
    def __init__(self, compiled: list[_Compiled]):
        self._compiled = compiled
        self._types = {name: field.type for one in compiled for name, field in one.model.fields.items()}
        self._asks_forms = any(one.asks_forms for one in compiled)
        self._chooses_by_time = any(one.applies is not None and one.applies.timed for one in compiled)

    def __call__(self, facts: Facts, as_of: int) -> Score:
        view = self._view(facts, as_of, as_of)
        chosen = self._chosen(view.case)
        if chosen is None:
            return self._unscored(view.case)
        sums, unreadable, change = chosen.sums(view)
        answer = answer_at(facts, as_of) if facts.answers else None
        spec = spec_of(chosen.model.feedback, answer)
        adjusted, hold = 0, None
        if spec is not None and answer is not None:
            adjusted, hold = self._adjusted(chosen, spec, answer, facts, as_of), spec.hold
            change = min(change, self._next_adjustment(chosen, spec, answer, facts, as_of, change))
            if adjusted:
                sums.lines.append(adjustment_line(spec, answer, adjusted))
        stand(chosen.model, sums, adjusted)
        stage = None
        if chosen.stages is not None:
            view.case.standing = sums
            stage = chosen.stages.of(view.case, hold)
            change = min(change, chosen.stages.next_change(view.case, hold, stage, change))
        if self._chooses_by_time:
            change = min(change, self._next_choice(view.case, chosen, change))
        return Score(
            chosen.model.name,
            as_of,
            sums.scores,
            adjusted,
            sums.total,
            sums.band,
            sums.grade,
            stage,
            None if change == NEVER else change,
            tuple(sums.lines),
            unreadable,
            lambda score: self._told(chosen, facts, score),
        )

    def _told(self, chosen: _Compiled, facts: Facts, score: Score) -> str:
        known = arrived_by(facts, score.as_of)
        return chosen.reasons.of(score, lambda at: self(known, at))

    def _view(self, facts: Facts, as_of: int, learned_by: int) -> _View:
        activities = activities_at(facts, as_of, learned_by) if facts.activities else ()
        case = Case(values_at(facts, as_of, learned_by, self._types), as_of)
        if self._asks_forms:
            case.forms = forms_of(activities)
        if facts.memberships:
            case.lists = lists_at(facts, as_of, learned_by)
        created_at = facts.created_at
        if created_at is not None and created_at > min(as_of, learned_by):
            created_at = None
        return _View(case, activities, created_at)

    def _chosen(self, case: Case) -> _Compiled | None:
        for one in self._compiled:
            if one.applies is None or one.applies.truth(case) is True:
                return one
        return None

    def _next_choice(self, case: Case, chosen: _Compiled | None, before: int) -> int:
        timed = [one.applies for one in self._compiled if one.applies is not None and one.applies.timed]
        for at in sorted({edge for condition in timed for edge in condition.edges(case) if edge < before}):
            if self._chosen(at_instant(case, at)) is not chosen:
                return at
        return NEVER

    def _unscored(self, case: Case) -> Score:
        change = self._next_choice(case, None, NEVER) if self._chooses_by_time else NEVER
        return Score(
            model=None,
            as_of=case.as_of,
            scores={},
            adjustment=0,
            total=None,
            band=None,
            grade=None,
            stage=None,
            next_change_at=None if change == NEVER else change,
            contributions=(),
            unreadable=(),
            tell=lambda _score: "",
        )

    def _adjusted(self, chosen: _Compiled, spec: AnswerSpec, answer: Answer, facts: Facts, as_of: int) -> int:
        if spec.drop_to is None:
            return adjustment(spec, 0)
        sums, _unreadable, _change = chosen.sums(self._view(facts, as_of, answer.at))
        return adjustment(spec, sums.total)

    def _next_adjustment(
        self, chosen: _Compiled, spec: AnswerSpec, answer: Answer, facts: Facts, as_of: int, before: int
    ) -> int:
        """The first instant before `before` at which the adjustment differs, as the evidence it cancelled fades."""
        if spec.drop_to is None:
            return NEVER
        sums, _unreadable, change = chosen.sums(self._view(facts, as_of, answer.at))
        now = adjustment(spec, sums.total)
        while change < before:
            sums, _unreadable, later = chosen.sums(self._view(facts, change, answer.at))
            if adjustment(spec, sums.total) != now:
                return change
            change = later
        return NEVER
