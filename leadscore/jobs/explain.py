"""Explains one person's score: the lines, the rules that are not met, and what would raise it most."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook, RuleKey
from leadscore.jobs.stage_told import StageTold, stages_told
from leadscore.store.account import bound
from leadscore.store.database import reading
from leadscore.store.facts_now import sight
from leadscore.store.facts_past import facts_of
from leadscore.store.models import Generation, generation_at
from leadscore.store.people import Person, find_person
from leadscore.store.places import places_of
from scoring.engine import compile_models
from scoring.facts import Facts
from scoring.ledger import Score
from scoring.model import ScoringModel
from scoring.rules import ActivityRule, Limit, RangeRule, Rule


@dataclass(frozen=True, slots=True)
class Raise:
    """A rule that gives less than its most: `gain` is what the total would win, after all limits."""

    score: str
    group: str
    rule: str
    points: int
    most: int
    gain: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One person's score at an instant. `unmet`: rules without a line, as (score, group, rule). `facts` is all that
    the store knows of the person, with times; `digests` those of the models used; `stages`: those of the person's
    records in the CRM, not for a past instant."""

    person: Person
    facts: Facts
    score: Score
    unmet: tuple[RuleKey, ...]
    raises: tuple[Raise, ...]
    digests: tuple[str, ...]
    stages: tuple[StageTold, ...] = ()


def explain(
    store: Engine,
    rulebook: Rulebook,
    who: str,
    at: int,
    *,
    past: bool = False,
    load: Callable[[str], ScoringModel] | None = None,
) -> Explanation:
    """Explains the score of a person, named by record id or e-mail address, at an instant.

    With `past`, the models that were in force then are used; `load` turns their texts into models. Raises Refused if
    nobody is known by that name, StoreError if the store is empty.
    """
    with reading(store) as connection:
        found = bound(connection)
        person = find_person(connection, who)
        if person is None:
            raise Refused(
                f"Nobody is known as {who!r}. Give the record id or the e-mail address; or run `leadscore sync`."
            )
        then = generation_at(connection, at) if past and load else Generation(0, 0, ())
        models = tuple(load(model.text) for model in then.models) if load and then.models else rulebook.models
        places = places_of(models, found.account.crm)
        facts = facts_of(connection, person.subject, places, sight(connection, places, {}).counted)
    if facts is None:
        raise Refused(
            f"The record of {who!r} was archived or never read. Run `leadscore sync` if it is back in the CRM."
        )
    score = compile_models(models, rulebook.tables)(facts, at)
    with reading(store) as connection:
        told = () if past else stages_told(connection, rulebook, person, facts, score)
    model = next((m for m in models if m.name == score.model), None)
    given = {(c.score, c.group, c.rule) for c in score.contributions if c.kind == "rule"}
    unmet = tuple(key for key, _ in _rules(model) if key not in given) if model else ()
    raises = what_raises(model, score) if model else ()
    return Explanation(person, facts, score, unmet, raises, then.digests or rulebook.digests, told)


def what_raises(model: ScoringModel, score: Score, best: int = 3) -> tuple[Raise, ...]:
    """The rules whose most would win the total most, after rule, group and score limits; best first.

    The most of a rule that counts every activity without a limit is one activity more than now.
    """
    points: dict[RuleKey, int] = {(c.score, c.group, c.rule): c.points for c in score.contributions if c.kind == "rule"}
    now = _total(model, points)
    found: list[Raise] = []
    for key, rule in _rules(model):
        has = points.get(key, 0)
        most = _most(rule, has)
        if most > has:
            gain = _total(model, points | {key: most}) - now
            if gain > 0:
                found.append(Raise(key[0] or "", key[1] or "", rule.name, has, most, gain))
    return tuple(sorted(found, key=lambda one: -one.gain)[:best])


def _rules(model: ScoringModel) -> list[tuple[RuleKey, Rule]]:
    return [((s.name, g.name, rule.name), rule) for s in model.scores for g in s.groups for rule in g.rules]


def _most(rule: Rule, has: int) -> int:
    if isinstance(rule, RangeRule):
        most = max((one.points for one in rule.ranges), default=0)
    elif isinstance(rule, ActivityRule) and rule.count in ("each", "once_per_form", "once_per_path", "once_per_day"):
        most = has + rule.points if rule.limit is None or rule.limit.max is None else rule.limit.max
        most = most if rule.points > 0 else 0
    else:
        most = rule.points
    return _within(max(most, 0), rule.limit)


def _total(model: ScoringModel, points: dict[RuleKey, int]) -> int:
    total = 0
    for spec in model.scores:
        sums: dict[str, int] = defaultdict(int)
        for group in spec.groups:
            of_group = sum(points.get((spec.name, group.name, rule.name), 0) for rule in group.rules)
            sums[group.name] += _within(of_group, group.limit)
        if spec.in_total:
            total += _within(sum(sums.values()), spec.limit)
    return total


def _within(points: int, limit: Limit | None) -> int:
    if limit is None:
        return points
    low = points if limit.min is None else max(points, limit.min)
    return low if limit.max is None else min(low, limit.max)
