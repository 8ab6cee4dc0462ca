"""Runs the golden leads of a model: does it still give the answers that somebody once agreed on?"""

from collections.abc import Mapping
from dataclasses import dataclass

from scoring.conditions import OnList, leaves
from scoring.engine import compile_models
from scoring.facts import Facts, Membership, activity
from scoring.ledger import Score
from scoring.model import Golden, ScoringModel
from scoring.rules import FieldRule
from scoring.values import Tables


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """One golden lead. `got` has the names of `expect`; `score` is the whole answer with its ledger."""

    number: int
    lead: Golden
    got: Mapping[str, int | str | None]
    score: Score

    @property
    def holds(self) -> bool:
        """Whether the model gives what was expected."""
        return self.got == self.lead.expect


def check_golden(model: ScoringModel, tables: Tables, as_of: int) -> tuple[GoldenResult, ...]:
    """Every golden lead of a model, scored at `as_of`, numbered from 1 in the order of the file. Lists that a lead does
    not name were read and do not have it."""
    scorer = compile_models([model], tables)
    found = []
    for number, lead in enumerate(model.golden, 1):
        score = scorer(golden_facts(lead, _lists(model), as_of), as_of)
        got = {name: result(score, name) for name in lead.expect}
        found.append(GoldenResult(number, lead, got, score))
    return tuple(found)


def golden_facts(lead: Golden, lists: frozenset[str], as_of: int) -> Facts:
    """The facts of a golden lead whose ages are counted back from `as_of`."""
    known = sorted(lists | set(lead.lists))
    return Facts(
        id="golden",
        created_at=as_of - lead.created_age,
        current=dict(lead.lead),
        activities=tuple(activity(done.type, as_of - done.age, done.details) for done in lead.activities),
        memberships=tuple(Membership(name, name in lead.lists) for name in known),
    )


def result(score: Score, name: str) -> int | str | None:
    """A score, the total, band, grade or stage by its name; a score's own name comes first."""
    if name in score.scores:
        return score.scores[name]
    found = {"total": score.total, "band": score.band, "grade": score.grade, "stage": score.stage}
    return found.get(name)


def _lists(model: ScoringModel) -> frozenset[str]:
    rules = [rule for score in model.scores for group in score.groups for rule in group.rules]
    conditions = [rule.when if isinstance(rule, FieldRule) else rule.where for rule in rules]
    conditions.append(model.applies_to)
    if model.lifecycle:
        conditions += [entry.when for entry in model.lifecycle.enter]
        conditions.append(model.lifecycle.exclude)
    tests = [leaf for condition in conditions for leaf in leaves(condition)]
    return frozenset(name for leaf in tests if isinstance(leaf, OnList) for name in leaf.lists)
