"""A second, slow reading of what a score means: it interprets the plain YAML of models at one instant.

Written from the definition of the scores, apart from the engine, so that the two can be compared. It takes the file
as it was loaded, not the checked model, so that a misreading of the file shows as well.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from scoring.facts import Answer, Facts
from scoring.values import Tables
from tests.scoring.oracle_conditions import Document, View, holds
from tests.scoring.oracle_facts import known_at, latest_answer, raw_value
from tests.scoring.oracle_rules import limited, rule_points
from tests.scoring.oracle_values import Reading, fold, read

Line = tuple[str, str | None, str | None, str | None, int]
"""kind, score, group, rule, points"""

Picture = dict[str, Any]


def picture(documents: Sequence[Document], tables: Tables, known: Facts, at: int) -> Picture:
    """All that a Score says at an instant but evidence, reason and next change, from facts that are all known."""
    document = model_of(documents, tables, known, at)
    if document is None:
        nothing = dict.fromkeys(("model", "total", "band", "grade", "stage"))
        return {**nothing, "as_of": at, "scores": {}, "adjustment": 0, "contributions": (), "unreadable": ()}
    view = View(document, tables, known, at)
    lines = list(_lines(view))
    answer = answer_of(document, known)
    scores = _sums(document, lines)
    base = _base(document, scores)
    adjustment = _adjustment(view, answer)
    if adjustment:
        lines.append(("adjustment", None, None, None, adjustment))
    total = base + adjustment
    outcome = {
        **scores,
        "total": total,
        "band": _rung(document.get("bands"), total),
        "grade": _grade(document, scores),
    }
    return {
        "model": document["name"],
        "as_of": at,
        "scores": scores,
        "adjustment": adjustment,
        "total": total,
        "band": outcome["band"],
        "grade": outcome["grade"],
        "stage": _stage(dataclasses.replace(view, outcome=outcome), answer),
        "contributions": tuple(lines),
        "unreadable": tuple(_unreadable(view)),
    }


def model_of(documents: Sequence[Document], tables: Tables, known: Facts, at: int) -> Document | None:
    """The first model that is for this subject at the instant."""
    for document in documents:
        if holds(document.get("for", {}), View(document, tables, known, at)) is True:
            return document
    return None


def _lines(view: View) -> Iterator[Line]:
    for score, spec in view.document["scores"].items():
        score_sum = 0
        for group in spec["groups"]:
            group_sum = 0
            for rule in group["rules"]:
                points = rule_points(rule, view)
                group_sum += points
                if points:
                    yield "rule", score, group["name"], rule["name"], points
            cut = _cut(group_sum, group.get("limit"))
            if cut:
                yield "limit", score, group["name"], None, cut
            score_sum += group_sum + cut
        cut = _cut(score_sum, spec.get("limit"))
        if cut:
            yield "limit", score, None, None, cut


def _cut(points: int, limit: Mapping[str, int] | None) -> int:
    return int(limited(Fraction(points), limit)) - points


def _sums(document: Document, lines: Sequence[Line]) -> dict[str, int]:
    return {name: sum(line[4] for line in lines if line[1] == name) for name in document["scores"]}


def _base(document: Document, scores: Mapping[str, int]) -> int:
    """The total without what sales said."""
    return sum(points for name, points in scores.items() if document["scores"][name].get("in_total", True))


def answer_of(document: Document, known: Facts) -> tuple[Answer, Document] | None:
    """The latest answer of sales and what the model says about it."""
    answer = latest_answer(known)
    if answer is None or answer.answer is None:
        return None
    for spec in (document.get("feedback") or {}).get("answers", []):
        if fold(answer.answer) in (fold(spec["answer"]), fold(spec["label"])):
            return answer, spec
    return None


def _adjustment(view: View, found: tuple[Answer, Document] | None) -> int:
    if found is None:
        return 0
    answer, spec = found
    if spec.get("drop_to") is None:
        return int(spec.get("points") or 0)
    then = dataclasses.replace(view, known=known_at(view.known, answer.at))
    base_then = _base(view.document, _sums(view.document, list(_lines(then))))
    return min(0, target(view.document, spec["drop_to"]) - base_then)


def target(document: Document, drop_to: int | str) -> int:
    """The total that `drop_to` names: a number, or the middle of a stage's band."""
    if isinstance(drop_to, int):
        return drop_to
    enter = document["lifecycle"]["enter"]
    (place,) = [place for place, entry in enumerate(enter) if entry["stage"] == drop_to]
    edges = [enter[index]["when"]["total"]["at_least"] for index in (place, place - 1)]
    return int(sum(edges) // 2)


def _rung(edges: Mapping[Any, int | None] | None, points: int) -> str | None:
    """The name with the highest lower edge that the points reach."""
    if not edges:
        return None
    reached = {name: edge for name, edge in edges.items() if edge is None or points >= edge}
    return str(max(reached, key=lambda name: (reached[name] is not None, reached[name] or 0)))


def _grade(document: Document, scores: Mapping[str, int]) -> str | None:
    parts = document.get("grade")
    if not parts:
        return None
    names = []
    for part in ("letter", "digit"):
        if part in parts:
            edges = {name: edge for name, edge in parts[part].items() if name != "of"}
            names.append(str(_rung(edges, scores[parts[part]["of"]])))
    return "".join(names)


def _stage(view: View, found: tuple[Answer, Document] | None) -> str | None:
    lifecycle = view.document.get("lifecycle")
    if not lifecycle:
        return None
    without_outcome = dataclasses.replace(view, outcome=None)
    if "exclude" in lifecycle and holds(lifecycle["exclude"], without_outcome) is True:
        return None
    if found and found[1].get("hold"):
        return str(found[1]["hold"])
    for entry in lifecycle["enter"]:
        if holds(entry["when"], view) is True:
            return str(entry["stage"])
    return None


def _unreadable(view: View) -> Iterator[str]:
    for field, spec in view.document["fields"].items():
        if read(spec["type"], raw_value(view.known, field, spec["type"]), view.tables) is Reading.UNREADABLE:
            yield field
