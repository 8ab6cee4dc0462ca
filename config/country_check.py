"""Warns of countries in a model that no table knows, so that a slip of the pen does not silently match nobody."""

from collections.abc import Iterator

from config.problems import Path, did_you_mean
from scoring.conditions import Condition, Test, leaves
from scoring.model import ScoringModel
from scoring.reach import spots
from scoring.rules import FieldRule
from scoring.values import Tables, fold


def unknown_countries(model: ScoringModel, tables: Tables) -> Iterator[tuple[Path, str]]:
    """For each name or code that is no country the place of its rule, or of its line under `lifecycle` or `for`."""
    for place, condition in _conditions(model):
        for leaf in leaves(condition):
            if not (isinstance(leaf, Test) and leaf.type == "country" and isinstance(leaf.operand, tuple)):
                continue
            for name in leaf.operand:
                if fold(str(name)) not in tables.countries:
                    hint = did_you_mean(str(name), tables.countries)
                    yield place, f"no country is called `{name}`, so it matches nobody" + (f" ({hint})" if hint else "")


def _conditions(model: ScoringModel) -> Iterator[tuple[Path, Condition | None]]:
    yield ("for",), model.applies_to
    for spot in spots(model):
        if isinstance(spot.rule, FieldRule):
            yield (*spot.place, "when"), spot.rule.when
    if model.lifecycle:
        for index, entry in enumerate(model.lifecycle.enter):
            yield ("lifecycle", "enter", index, "when"), entry.when
        yield ("lifecycle", "exclude"), model.lifecycle.exclude
