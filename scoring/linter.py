"""What looks wrong with a model although it loads: points that never count, stages that nobody reaches, doubles."""

from collections.abc import Iterator
from dataclasses import dataclass

from scoring.lint_reach import reach_findings
from scoring.lint_rules import rule_findings
from scoring.model import ScoringModel
from scoring.reach import Place


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning; `path` leads to its place in the model file (keys, and list positions from 0)."""

    path: Place
    message: str


def lint(model: ScoringModel) -> tuple[Finding, ...]:
    """Warnings that need no data, only the model itself. They stop nothing."""
    found = [*_field_findings(model), *rule_findings(model), *reach_findings(model)]
    return tuple(Finding(path, message) for path, message in found)


def _field_findings(model: ScoringModel) -> Iterator[tuple[Place, str]]:
    for name, field in model.fields.items():
        if not any(field.places.values()):
            said = "is false for everybody" if field.type == "flag" else "is unknown for everybody"
            yield ("fields", name), f"no CRM maps `{name}`, so it {said} but leads from files; name its property"
