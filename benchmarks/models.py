"""The made-up rules as models of leadscore: the fifty on fields alone, and the hundred together."""

from decimal import Decimal

from benchmarks.activities import other_groups, page_groups
from benchmarks.fields import PROPERTIES, RULES, Check, PointsRule
from scoring.conditions import AllOf, AnyOf, Condition, Outcome, Test
from scoring.model import Enter, Field, Grade, GradePart, Group, Ladder, Lifecycle, ScoreSpec, ScoringModel
from scoring.rules import FieldRule, Limit
from scoring.values import Tables

TABLES = Tables(frozenset(), frozenset(), {})
"""None of the rules asks for mail domains or countries."""

EDITED = "Rule 45"
"""The rule whose points are edited."""

_FIELDS = {one.name: Field(one.kind, {"hubspot": (one.name,)}) for one in PROPERTIES}
_KINDS = {one.name: one.kind for one in PROPERTIES}


def field_model() -> ScoringModel:
    """Fifty field rules without any limit, so that points simply add up as they do in other engines."""
    return ScoringModel("fields", _FIELDS, (ScoreSpec("fit", _field_groups(None)),))


def full_model(*, edited: bool = False) -> ScoringModel:
    """A hundred rules with limits, bands, a grade and stages. `edited`: one rule over two fields, which holds for one
    person in fifty, gives more points."""
    fit = _field_groups(Limit(max=30), more=5 if edited else 0)
    engagement = tuple(Group(name, rules, limit) for name, limit, rules in (*page_groups(), *other_groups()))
    return ScoringModel(
        "full",
        _FIELDS,
        (
            ScoreSpec("fit", fit, Limit(min=-50, max=100)),
            ScoreSpec("engagement", engagement, Limit(min=-50, max=150)),
        ),
        bands=Ladder((("cold", None), ("warm", 50), ("hot", 100))),
        grade=Grade(
            GradePart("fit", Ladder((("C", None), ("B", 20), ("A", 45)))),
            GradePart("engagement", Ladder((("3", None), ("2", 20), ("1", 60)))),
        ),
        lifecycle=Lifecycle(
            "observe",
            {"hubspot": "lifecyclestage"},
            {"mql": {"hubspot": "marketingqualifiedlead"}, "sql": {"hubspot": "salesqualifiedlead"}},
            (
                Enter("sql", Outcome("total", "at_least", Decimal(100))),
                Enter("mql", Outcome("total", "at_least", Decimal(50))),
            ),
        ),
    )


def _field_groups(limit: Limit | None, more: int = 0) -> tuple[Group, ...]:
    points = {rule.name: rule.points for rule in RULES}
    points[EDITED] += more
    rules = [FieldRule(rule.name, _condition(rule), points[rule.name]) for rule in RULES]
    return tuple(Group(f"Group {n // 10 + 1}", tuple(rules[n : n + 10]), limit) for n in range(0, len(rules), 10))


def _condition(rule: PointsRule) -> Condition:
    tests = tuple(_test(check) for check in rule.checks)
    if len(tests) == 1:
        return tests[0]
    return AllOf(tests) if rule.join == "all" else AnyOf(tests)


def _test(check: Check) -> Test:
    kind, operand = _KINDS[check.property], check.operand
    if isinstance(operand, bool):
        return Test(check.property, kind, "is", operand)
    if isinstance(operand, int):
        return Test(check.property, kind, check.op, Decimal(operand))
    if isinstance(operand, str):
        return Test(check.property, kind, check.op, (operand,))
    if check.op == "between":
        low, high = operand
        return Test(check.property, kind, "between", (Decimal(low), Decimal(high)))
    return Test(check.property, kind, check.op, tuple(str(text) for text in operand))
