"""What sales said: every answer, the release of a person, and how often each rule was right by these answers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from sqlalchemy import Connection, Engine

from leadscore.jobs.refused import Refused
from leadscore.jobs.rulebook import Rulebook, rule_keys
from leadscore.store.account import bound
from leadscore.store.database import reading, writing
from leadscore.store.facts_now import sight
from leadscore.store.facts_past import facts_of
from leadscore.store.feedback import Given, given_answers, stage_marks, withdraw
from leadscore.store.parked import Parked, all_parked
from leadscore.store.people import Person, find_person, people_by_subject, staged_people
from leadscore.store.places import places_of
from scoring.engine import compile_models
from scoring.facts import Answer, Facts
from scoring.feedback import spec_of
from scoring.ledger import Score
from scoring.model import AnswerSpec, ScoringModel
from scoring.values import fold

SMALL = 10
"""With fewer answers than this a precision says little."""
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Heard:
    """What sales answered. `current`: it is the person's latest, so it counts; `hold`: the stage in which it holds."""

    given: Given
    label: str
    current: bool
    hold: str | None


@dataclass(frozen=True, slots=True)
class RulePrecision:
    """Of the leads that the rule gave points to when sales answered, how many were accepted and refused. `low` and
    `high` are the Wilson interval (95 %) of accepted / (accepted + refused); `small`: fewer than 10 answers."""

    model: str
    score: str
    group: str
    rule: str
    accepted: int
    refused: int
    precision: float | None
    low: float
    high: float
    small: bool


@dataclass(frozen=True, slots=True)
class Sampled:
    """A lead that became MQL or SQL, for people to judge. `since`: when it entered the stage (None: not seen)."""

    person: Person
    stage: str
    since: int | None
    score: Score


def heard_answers(store: Engine, rulebook: Rulebook) -> tuple[Heard, ...]:
    """Every answer kept, newest first."""
    with reading(store) as connection:
        given = given_answers(connection)
    latest = {one.subject: one for one in given}
    found: list[Heard] = []
    for one in reversed(given):
        spec = _spec(rulebook.models, one.answer, one.at)
        current = latest[one.subject] is one and one.answer is not None
        label = spec.label if spec else one.answer or "withdrawn"
        found.append(Heard(one, label, current, spec.hold if spec and current else None))
    return tuple(found)


def waiting_answers(store: Engine) -> tuple[Parked, ...]:
    """Answers that were not applied, newest first, with the reasons."""
    with reading(store) as connection:
        return tuple(one for one in all_parked(connection, 100_000) if one.job == "feedback")


def release(store: Engine, who: str, now: int) -> Given:
    """Withdraws the answer about a person in our store, and with it a hold; the next plan empties the CRM's field.
    Returns the answer that counted. Raises Refused where nobody is known by that name, or no answer counts."""
    with writing(store) as connection:
        person = find_person(connection, who)
        if person is None:
            raise Refused(
                f"Nobody is known as {who!r}. Give the record id or the e-mail address; or run `leadscore sync`."
            )
        latest = next(iter(given_answers(connection, [person.subject])[::-1]), None)
        if latest is None or latest.answer is None:
            raise Refused(f"No answer of sales counts for {who!r}: there is nothing to release.")
        withdraw(connection, person.subject, max(now, latest.at + 1))
        return latest


def precisions(store: Engine, rulebook: Rulebook) -> tuple[RulePrecision, ...]:
    """Every rule of the models, worst first, by the latest answer about each person, scored as things stood when it
    was given. Rules about which sales said nothing are not there."""
    accepted: dict[tuple[str, str, str, str], int] = {}
    refused: dict[tuple[str, str, str, str], int] = {}
    scorer = compile_models(rulebook.models, rulebook.tables)
    with reading(store) as connection:
        latest = {one.subject: one for one in given_answers(connection) if one.answer is not None}
        for subject, one in sorted(latest.items()):
            facts = _facts(connection, rulebook, subject)
            if facts is None:
                continue
            # As sales saw the lead: before any answer.
            score = scorer(replace(facts, answers=()), one.at)
            model = next((m for m in rulebook.models if m.name == score.model), None)
            spec = _spec((model,) if model else (), one.answer, one.at)
            if spec is None:
                continue
            count = accepted if _accepts(spec) else refused
            for line in score.contributions:
                if line.kind == "rule":
                    key = (score.model or "", line.score or "", line.group or "", line.rule or "")
                    count[key] = count.get(key, 0) + 1
    order = [(model.name, s or "", g or "", r or "") for model in rulebook.models for s, g, r in rule_keys(model)]
    found = [_precision(key, accepted.get(key, 0), refused.get(key, 0)) for key in order]
    return tuple(sorted((one for one in found if one.precision is not None), key=lambda one: (one.precision, one.high)))


def sample(store: Engine, rulebook: Rulebook, now: int, count: int, seed: int = 0) -> tuple[Sampled, ...]:
    """`count` people who are MQL or SQL now and about whom no answer counts, half of each as far as there are so many,
    newest first. The same seed draws the same people. Who entered while we looked comes before who always was."""
    scorer = compile_models(rulebook.models, rulebook.tables)
    with reading(store) as connection:
        answered = {one.subject: one.answer for one in given_answers(connection)}
        pools: dict[str, list[int]] = {}
        for subject, stage in staged_people(connection):
            if fold(stage) in ("mql", "sql") and answered.get(subject) is None:
                pools.setdefault(stage, []).append(subject)
        marks = stage_marks(connection, [who for pool in pools.values() for who in pool])
        since = {(mark.subject, mark.after): mark.at for mark in marks}
        drawn = _drawn(pools, since, count, random.Random(seed))
        people = people_by_subject(connection, [who for who, _ in drawn])
        found: list[Sampled] = []
        for who, stage in drawn:
            facts = _facts(connection, rulebook, who)
            if facts is not None and who in people:
                found.append(Sampled(people[who], stage, since.get((who, stage)), scorer(facts, now)))
    return tuple(sorted(found, key=lambda one: (-(one.since or 0), one.person.subject)))


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was counted."""
    if not of:
        return (0.0, 1.0)
    share, squared = right / of, _Z * _Z
    middle = (share + squared / (2 * of)) / (1 + squared / of)
    half = _Z * sqrt(share * (1 - share) / of + squared / (4 * of * of)) / (1 + squared / of)
    return (max(0.0, middle - half), min(1.0, middle + half))


def _precision(key: tuple[str, str, str, str], accepted: int, refused: int) -> RulePrecision:
    of = accepted + refused
    low, high = wilson(accepted, of)
    return RulePrecision(*key, accepted, refused, accepted / of if of else None, low, high, of < SMALL)


def _accepts(spec: AnswerSpec) -> bool:
    """A label alone: sales takes the lead; whatever pulls it down or holds it is a refusal."""
    return spec.drop_to is None and spec.hold is None and (spec.points or 0) >= 0


def _spec(models: Sequence[ScoringModel], answer: str | None, at: int) -> AnswerSpec | None:
    given = Answer(answer, at)
    return next((spec for model in models if (spec := spec_of(model.feedback, given))), None)


def _facts(connection: Connection, rulebook: Rulebook, subject: int) -> Facts | None:
    places = places_of(rulebook.models, bound(connection).account.crm)
    return facts_of(connection, subject, places, sight(connection, places, {}).counted)


def _drawn(
    pools: dict[str, list[int]], since: dict[tuple[int, str | None], int], count: int, chance: random.Random
) -> list[tuple[int, str]]:
    """From each stage in turn; first those whose entry was seen, and of those alike by chance."""
    queues: dict[str, list[int]] = {}
    for stage, pool in sorted(pools.items()):
        shuffled = chance.sample(sorted(pool), len(pool))
        queues[stage] = sorted(shuffled, key=lambda who: (who, stage) not in since)
    drawn: list[tuple[int, str]] = []
    while len(drawn) < count and any(queues.values()):
        for stage in sorted(queues):
            if queues[stage] and len(drawn) < count:
                drawn.append((queues[stage].pop(0), stage))
    return drawn
