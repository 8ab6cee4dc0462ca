"""How many people each rule scores, and which rules can score nobody on this account."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from connectors.protocol import Capability
from leadscore.jobs.rulebook import rule_keys
from leadscore.store.scores import fired_counts
from scoring.model import ScoringModel
from scoring.rules import FieldRule

NEARLY_ALL = 95
"""Percent of the people from which on a rule tells nobody apart."""


@dataclass(frozen=True, slots=True)
class RuleCount:
    """`subjects` of the `of` people whom the model scores get points from the rule; `flag`: nobody, or nearly all."""

    model: str
    score: str
    group: str
    rule: str
    subjects: int
    of: int
    flag: Literal["never", "nearly all"] | None


def count_rules(connection: Connection, models: Sequence[ScoringModel]) -> tuple[RuleCount, ...]:
    """Every rule of every model, in model order, as the saved scores have it."""
    people: Counter[str] = Counter()
    hits: Counter[tuple[str, int]] = Counter()
    for name, fired, count in fired_counts(connection):
        people[name] += count
        for fired_number in fired.split():
            hits[name, int(fired_number)] += count
    found: list[RuleCount] = []
    for model in models:
        of = people[model.name]
        for number, (score, group, rule) in enumerate(rule_keys(model)):
            subjects = hits[model.name, number]
            flag: Literal["never", "nearly all"] | None = None
            if of:
                flag = "never" if not subjects else "nearly all" if subjects * 100 > of * NEARLY_ALL else None
            found.append(RuleCount(model.name, score or "", group or "", rule or "", subjects, of, flag))
    return tuple(found)


def mute_rules(
    models: Sequence[ScoringModel], capabilities: Sequence[Capability], imported: frozenset[str]
) -> Mapping[str, str]:
    """The rules all of whose activity types this account cannot supply, with the reason and the remedy. Types of which
    some were `imported` are not silent."""
    silent = {type: c for c in capabilities if not c.available for type in c.activities}
    offered = imported.union(*(c.activities for c in capabilities if c.available))
    silent = {type: told for type, told in silent.items() if type not in offered}
    found: dict[str, str] = {}
    for model in models:
        for group in (group for spec in model.scores for group in spec.groups):
            for rule in group.rules:
                types = () if isinstance(rule, FieldRule) else rule.on
                if types and all(type in silent for type in types):
                    reasons = dict.fromkeys(
                        " ".join(p for p in (silent[t].detail, silent[t].remedy) if p) for t in types
                    )
                    found[f"{model.name}: {rule.name}"] = " ".join(reasons)
    return found
