"""When a score changes next, found by walking every instant at which anything could, with no formula at all."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scoring.facts import Facts
from scoring.values import Tables
from tests.scoring.oracle import Picture, answer_of, model_of, picture
from tests.scoring.oracle_conditions import Document, View
from tests.scoring.oracle_facts import known_at
from tests.scoring.oracle_rules import rule_points
from tests.scoring.oracle_values import duration, read

WATCHED = ("model", "scores", "total", "band", "grade", "stage", "contributions")


def score(documents: Sequence[Document], tables: Tables, facts: Facts, as_of: int) -> Picture:
    """All that a Score says but reason and evidence; a contribution is (kind, score, group, rule, points)."""
    now = picture(documents, tables, known_at(facts, as_of), as_of)
    return {**now, "next_change_at": next_change_at(documents, tables, facts, as_of)}


def next_change_at(documents: Sequence[Document], tables: Tables, facts: Facts, as_of: int) -> int | None:
    """The first instant after `as_of` at which anything that is watched differs if nothing new arrives."""
    known = known_at(facts, as_of)
    now = watched(picture(documents, tables, known, as_of))
    fading = list(_fading(documents, tables, known, as_of))
    edges = [edge for edge in sorted(edges_of(documents, tables, known)) if edge > as_of]
    at = as_of
    for end in [*edges, None]:
        while True:
            crossings = [instant for points in fading if (instant := _crossing(points, at, end)) is not None]
            instant = min(crossings, default=end)
            if instant is None:
                return None
            if watched(picture(documents, tables, known, instant)) != now:
                return instant
            at = instant
            if instant == end:
                break
    raise AssertionError("the last stretch has no end and is left from inside")


def watched(now: Picture) -> list[Any]:
    return [now[key] for key in WATCHED]


def _fading(documents: Sequence[Document], tables: Tables, known: Facts, as_of: int) -> Iterator[Callable[[int], int]]:
    """The points, by instant, of every half-life rule: by all facts, and by those known when sales answered."""
    document = model_of(documents, tables, known, as_of)
    if document is None:
        return
    answered = answer_of(document, known)
    for facts in [known] + ([known_at(known, answered[0].at)] if answered else []):
        for rule in rules_of(document):
            if "half_life" in (rule.get("decay") or {}):
                yield lambda at, rule=rule, facts=facts: rule_points(rule, View(document, tables, facts, at))  # type: ignore[misc]


def _crossing(points: Callable[[int], int], start: int, end: int | None) -> int | None:
    """The first instant after start and before end at which the points differ.

    Between two edges a half-life only shrinks what is there, so once they differ they never come back.
    """
    before = points(start)
    if before == 0:
        return None
    step = 1
    while end is None or start + step < end:
        if points(start + step) != before:
            return _bisect(points, before, start + step // 2, start + step)
        step *= 2
    assert end is not None
    if end - 1 > start and points(end - 1) != before:
        return _bisect(points, before, start, end - 1)
    return None


def _bisect(points: Callable[[int], int], before: int, same: int, different: int) -> int:
    while different - same > 1:
        middle = (same + different) // 2
        if points(middle) == before:
            same = middle
        else:
            different = middle
    return different


def rules_of(document: Document) -> Iterator[Document]:
    for spec in document["scores"].values():
        for group in spec["groups"]:
            yield from group["rules"]


def edges_of(documents: Sequence[Document], tables: Tables, known: Facts) -> set[int]:
    """Every instant at which a window, a step or an age of anything known could end or begin."""
    return {edge for document in documents for edge in _edges(document, tables, known)}


def _edges(document: Document, tables: Tables, known: Facts) -> Iterator[int]:
    lifecycle = document.get("lifecycle") or {}
    conditions = [document.get("for"), lifecycle.get("exclude")]
    conditions += [entry["when"] for entry in lifecycle.get("enter", [])]
    for rule in rules_of(document):
        conditions.append(rule.get("when"))
        yield from _rule_edges(rule, known)
    for condition in conditions:
        for field, body in _tests(condition or {}):
            yield from _field_edges(document, tables, known, field, body)


def _rule_edges(rule: Document, known: Facts) -> Iterator[int]:
    times = [act.occurred_at for act in known.activities]
    if known.created_at is not None:
        times.append(known.created_at)
    for time in times:
        if "within" in rule:
            yield time + duration(rule["within"])
        for operand in (rule.get("last") or {}).values():
            yield from (time + duration(age) for age in _listed(operand))
        if "lose" in (rule.get("decay") or {}):
            every = duration(rule["decay"]["every"])
            yield from (time + step * every for step in range(1, 101))


def _field_edges(document: Document, tables: Tables, known: Facts, field: str, body: Any) -> Iterator[int]:
    kind = document["fields"].get(field, {}).get("type")
    if kind not in ("date", "datetime"):
        return
    texts = [value.value for value in known.history if value.field == field] + [known.current.get(field)]
    for time in [time for text in texts if isinstance(time := read(kind, text, tables), int)]:
        yield time
        yield time + 1
        for operator, operand in body.items():
            if operator == "in_next":
                yield time - duration(operand) + 1
            elif operator != "known":
                yield from (time + duration(age) for age in _listed(operand))


def _listed(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _tests(condition: Document) -> Iterator[tuple[str, Any]]:
    """The tests of fields in a condition, however deep."""
    for key, body in condition.items():
        if key in ("all", "any"):
            for part in body:
                yield from _tests(part)
        elif key == "not":
            yield from _tests(body)
        elif key not in ("list", "submitted"):
            yield key, body
