"""The models in force with their texts, and everything a process needs to score with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadscore.store.models import ModelText
from scoring.model import ScoringModel, digest
from scoring.values import Tables

RuleKey = tuple[str | None, str | None, str | None]
"""A rule by its score, group and name."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Models in their order, each with the text it was read from, and the look-up tables. It pickles."""

    models: tuple[ScoringModel, ...]
    texts: tuple[str, ...]
    tables: Tables

    @property
    def digests(self) -> tuple[str, ...]:
        return tuple(digest(model) for model in self.models)

    def written(self) -> tuple[ModelText, ...]:
        """The models as the store keeps them."""
        pairs = zip(self.models, self.texts, strict=True)
        return tuple(ModelText(model.name, digest(model), text) for model, text in pairs)


def rule_keys(model: ScoringModel) -> tuple[RuleKey, ...]:
    """Every rule of a model, in model order; its place is its number in `fired`."""
    return tuple((s.name, g.name, rule.name) for s in model.scores for g in s.groups for rule in g.rules)


def rule_numbers(models: Sequence[ScoringModel]) -> Mapping[str, Mapping[RuleKey, str]]:
    """The numbers of rules, as text, by model name."""
    return {model.name: {key: str(n) for n, key in enumerate(rule_keys(model))} for model in models}
