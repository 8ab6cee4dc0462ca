"""Names the constructs that a random example holds and why its score changes next, so that none is missed."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from scoring.facts import Facts
from scoring.values import Tables
from tests.scoring.oracle import model_of, picture
from tests.scoring.oracle_changes import rules_of
from tests.scoring.oracle_conditions import Document, View
from tests.scoring.oracle_facts import known_at
from tests.scoring.oracle_rules import in_window, matching, rule_points


def constructs(document: Document) -> Iterator[str]:
    """Every kind of rule, count, decay, limit, condition and operator of the file."""
    for key in ("for", "bands", "grade", "lifecycle", "feedback"):
        if key in document:
            yield key
    for spec in document["scores"].values():
        yield from ("score limit" for _ in [1] if "limit" in spec)
        yield from ("outside the total" for _ in [1] if not spec.get("in_total", True))
        yield from ("group limit" for group in spec["groups"] if "limit" in group)
    for rule in rules_of(document):
        yield from _rule(rule)
        yield from _operators(document, rule.get("when", {}))
        yield from (f"where {name}" for name in _operators(document, rule.get("where", {})))
    lifecycle = document.get("lifecycle", {})
    yield from (f"exclude {name}" for name in _operators(document, lifecycle.get("exclude", {})))
    for entry in lifecycle.get("enter", []):
        yield from (f"enter {name}" for name in _operators(document, entry["when"]))


def _rule(rule: Document) -> Iterator[str]:
    kind = next(key for key in ("when", "ranges", "last", "on") if key in rule)
    yield f"rule {kind}"
    if kind == "ranges":
        yield "ranges of counts" if "on" in rule else "ranges of a field"
    if kind == "last":
        yield f"last {next(iter(rule['last']))}"
    if "limit" in rule:
        yield "rule limit"
    count, decay = rule.get("count", "each"), rule.get("decay", {})
    yield "once per " + count["once_per"] if isinstance(count, dict) else f"count {count}"
    yield from (f"decay {key}" for key in ("half_life", "lose") if key in decay)
    if decay and "within" in rule:
        yield "window and decay"


def _operators(document: Document, condition: Document) -> Iterator[str]:
    for key, body in condition.items():
        if key in ("all", "any"):
            yield key
            for part in body:
                yield from _operators(document, part)
        elif key == "not":
            yield key
            yield from _operators(document, body)
        elif key in ("list", "submitted"):
            yield key
        elif isinstance(body, bool):
            yield "flag"
        else:
            kind = document["fields"].get(key, {}).get("type", key)
            yield from (f"{kind} {operator}" for operator in body)


def causes(documents: Sequence[Document], tables: Tables, facts: Facts, as_of: int, change: int) -> Iterator[str]:
    """Why the score differs at its next change: which kind of rule or condition moved in that millisecond."""
    known = known_at(facts, as_of)
    before, after = (picture(documents, tables, known, at) for at in (change - 1, change))
    if before["model"] != after["model"]:
        yield "another model" if before["model"] and after["model"] else "a model or none"
        return
    if before["contributions"] == after["contributions"]:
        yield "stage alone"
    if before["adjustment"] != after["adjustment"]:
        yield "adjustment"
    document = model_of(documents, tables, known, change)
    assert document is not None
    then = View(document, tables, known, change - 1)
    now = dataclasses.replace(then, at=change)
    for rule in rules_of(document):
        if rule_points(rule, then) != rule_points(rule, now):
            yield from _moved(rule, then, now)


def _moved(rule: Document, then: View, now: View) -> Iterator[str]:
    if "when" in rule:
        yield from (f"age: {operator}" for operator in _ages(rule["when"]))
    elif "last" in rule:
        since = "activity" if matching(rule, now) else "creation"
        yield f"recency {next(iter(rule['last']))} since {since}"
    elif "ranges" in rule:
        yield "count leaves a range"
    elif in_window(rule, then) != in_window(rule, now):
        rises = rule_points(rule, now) * (1 if rule["points"] > 0 else -1) > rule_points(rule, then) * (
            1 if rule["points"] > 0 else -1
        )
        yield "another first" if rises else "window"
    else:
        yield "half-life" if "half_life" in rule["decay"] else "step"


def _ages(condition: Any) -> Iterator[str]:
    """The operators of ages, and whether the time they ask about may lie ahead."""
    parts = condition if isinstance(condition, list) else [condition]
    for part in parts:
        for key, body in part.items():
            if key in ("all", "any", "not"):
                yield from _ages(body)
            elif key in ("seen", "renewal"):
                yield from body
