"""The fifty field rules given to other rule engines, each compiled once and fed with values that are typed already."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import rule_engine
import zen
from business_rules.actions import BaseActions, rule_action
from business_rules.engine import run_all
from business_rules.fields import FIELD_NUMERIC
from business_rules.variables import BaseVariables, boolean_rule_variable, numeric_rule_variable, string_rule_variable
from json_logic import jsonLogic

from benchmarks.fields import PROPERTIES, RULES, Check, PointsRule, Typed

Values = dict[str, Typed]
Total = Callable[[Values], int]

_EMPTY: Mapping[str, Typed] = {"text": "", "number": -1, "flag": False}


def prepared(values: Mapping[str, Typed]) -> Values:
    """The values as peers get them: what is missing has a value of its type that satisfies no rule, so that no peer
    spends time or rules on what is unknown."""
    return {one.name: values.get(one.name, _EMPTY[one.kind]) for one in PROPERTIES}


def with_rule_engine() -> Total:
    """One compiled rule each."""
    rules = [(rule_engine.Rule(_joined(rule, _expression, "and", "or")), rule.points) for rule in RULES]
    return lambda values: sum(points for rule, points in rules if rule.matches(values))


def with_zen_expressions() -> Total:
    """One compiled expression each."""
    rules = [(zen.compile_expression(_zen(rule)), rule.points) for rule in RULES]
    return lambda values: sum(points for rule, points in rules if rule.evaluate(values))


def with_zen_table() -> Total:
    """One decision table that collects the rows that hold: how the engine itself wants many rules."""
    rows = [{"_id": rule.name, "holds": _zen(rule), "points": str(rule.points)} for rule in RULES]
    spot = {"x": 0, "y": 0}
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": "holds", "name": "holds", "type": "expression"}],
        "outputs": [{"id": "points", "name": "points", "field": "points", "type": "expression"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": spot},
        {"id": "table", "name": "table", "type": "decisionTableNode", "position": spot, "content": table},
        {"id": "out", "name": "out", "type": "outputNode", "position": spot},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))
    return lambda values: sum(row["points"] for row in decision.evaluate(values)["result"])


def with_zen_sum() -> Total:
    """All rules in one expression that only adds up: which rule gave what is lost."""
    whole = zen.compile_expression(" + ".join(f"({_zen(rule)} ? {rule.points} : 0)" for rule in RULES))
    return lambda values: int(whole.evaluate(values))


def with_business_rules() -> Total:
    """One run over all rules, each with an action that adds its points."""

    class Adding(BaseActions):  # type: ignore[misc]  # the package has no types
        total = 0

        @rule_action(params={"points": FIELD_NUMERIC})  # type: ignore[untyped-decorator]  # the package has no types
        def add(self, points: int) -> None:
            self.total += points

    variables = _variables()
    rules = [
        {
            "conditions": {rule.join: [_business(check) for check in rule.checks]},
            "actions": [{"name": "add", "params": {"points": rule.points}}],
        }
        for rule in RULES
    ]

    def total(values: Values) -> int:
        adding = Adding()
        run_all(rules, variables(values), adding)
        return adding.total

    return total


def with_json_logic() -> Total:
    """One tree of plain data each."""
    rules = [
        ({"and" if rule.join == "all" else "or": [_logic(check) for check in rule.checks]}, rule.points)
        if len(rule.checks) > 1
        else (_logic(rule.checks[0]), rule.points)
        for rule in RULES
    ]
    return lambda values: sum(points for rule, points in rules if jsonLogic(rule, values))


def _joined(rule: PointsRule, write: Callable[[Check], str], both: str, either: str) -> str:
    word = both if rule.join == "all" else either
    return f" {word} ".join(f"({write(check)})" for check in rule.checks)


def _expression(check: Check) -> str:
    name, operand = check.property, check.operand
    if check.op == "contains":
        return f"{json.dumps(operand)} in {name}"
    if check.op == "between" and isinstance(operand, tuple):
        return f"{name} >= {operand[0]} and {name} <= {operand[1]}"
    if operand is True:
        return name
    return f"{name} {_SIGNS[check.op]} {json.dumps(operand)}"


def _zen(rule: PointsRule) -> str:
    return _joined(rule, _zen_check, "and", "or")


def _zen_check(check: Check) -> str:
    if check.op == "contains":
        return f"contains({check.property}, {json.dumps(check.operand)})"
    return _expression(check)


_SIGNS = {"is": "==", "in": "in", "at_least": ">="}


def _logic(check: Check) -> dict[str, Any]:
    value, operand = {"var": check.property}, check.operand
    match check.op:
        case "contains":
            return {"in": [operand, value]}
        case "in" if isinstance(operand, tuple):
            return {"in": [value, list(operand)]}
        case "between" if isinstance(operand, tuple):
            return {"<=": [operand[0], value, operand[1]]}
        case "at_least":
            return {">=": [value, operand]}
        case _:
            return value if operand is True else {"==": [value, operand]}


def _business(check: Check) -> dict[str, Any]:
    name, operand = check.property, check.operand

    def test(operator: str, value: object) -> dict[str, Any]:
        return {"name": name, "operator": operator, "value": value}

    match check.op:
        case "contains":
            return test("contains", operand)
        case "in" if isinstance(operand, tuple):
            return {"any": [test("equal_to", one) for one in operand]}
        case "between" if isinstance(operand, tuple):
            return {"all": [test("greater_than_or_equal_to", operand[0]), test("less_than_or_equal_to", operand[1])]}
        case "at_least":
            return test("greater_than_or_equal_to", operand)
        case _:
            return test("is_true", operand) if operand is True else test("equal_to", operand)


def _variables() -> Callable[[Values], Any]:
    wrap = {"text": string_rule_variable, "number": numeric_rule_variable, "flag": boolean_rule_variable}

    def keep(self: Any, values: Values) -> None:
        self.values = values

    def reading(name: str) -> Callable[[Any], Typed]:
        return lambda self: self.values[name]

    methods = {one.name: wrap[one.kind](label=one.name)(reading(one.name)) for one in PROPERTIES}
    return type("Person", (BaseVariables,), {"__init__": keep, **methods})


PEERS: Mapping[str, tuple[Callable[[], Total], int | None]] = {
    "rule-engine": (with_rule_engine, 30),
    "zen-engine, an expression a rule": (with_zen_expressions, 60),
    "zen-engine, one decision table": (with_zen_table, 60),
    "zen-engine, one expression that only sums": (with_zen_sum, None),
    "business-rules": (with_business_rules, 25),
    "json-logic": (with_json_logic, 15),
}
"""Each peer with the number of times that we want to be faster; None: it answers less than we do."""
