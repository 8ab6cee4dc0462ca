"""Reads the rules of a model file: points for a fact, for what somebody did, for how long ago, or by range."""

from typing import Literal

from config import notations
from config.condition_words import lead_scope, read_condition, where_scope
from config.documents import Entries, Word, children, find, untangle
from config.draft import Draft
from config.model_document import DecayPart, LastPart, LimitPart, RulePart
from config.problems import Path, did_you_mean
from scoring.conditions import Condition
from scoring.rules import (
    ACTIVITY_DETAILS,
    ActivityRule,
    Decay,
    FieldRule,
    HalfLife,
    Limit,
    Range,
    RangeRule,
    RecencyRule,
    Rule,
    Steps,
)

Kind = Literal["when", "on", "last", "ranges"]

_SHARED = {"name", "limit", "say"}
_KEYS: dict[Kind, set[str]] = {
    "when": {"when", "points"},
    "on": {"on", "where", "within", "count", "decay", "points"},
    "last": {"on", "where", "last", "points"},
    "ranges": {"on", "where", "within", "ranges"},
}
_CALLED: dict[Kind, str] = {
    "when": "a rule with `when`",
    "on": "a rule with `on`",
    "last": "a rule with `last`",
    "ranges": "a rule with `ranges`",
}


def read_rule(draft: Draft, path: Path) -> Rule | None:
    """The rule at a path; None if it has a fault, and then the draft says which."""
    tree = draft.node(path)
    if not isinstance(tree, Entries):
        return None
    said = set(tree.entries)
    kind = _kind(draft, path, said)
    types = _types(draft, path) if "on" in said else ()
    when = read_condition(draft, (*path, "when"), lead_scope(draft)) if "when" in said else None
    where = read_condition(draft, (*path, "where"), where_scope(types)) if "where" in said else None
    ranges = _ranges(draft, (*path, "ranges"), "on" in said) if "ranges" in said else ()
    if kind:
        _check_keys(draft, path, kind, said)
    if kind is None or draft.broken(path):
        return None
    part = RulePart.model_validate(untangle(tree))
    return _build(draft, path, kind, part, types, when, where, ranges)


def read_limit(part: LimitPart | None) -> Limit | None:
    """A limit as the scorer takes it."""
    return None if part is None else Limit(part.min, part.max)


def _kind(draft: Draft, path: Path, said: set[str]) -> Kind | None:
    kinds: tuple[Kind, ...] = ("ranges", "last", "when", "on")
    found = next((kind for kind in kinds if kind in said), None)
    if found is None and not draft.broken(path):
        draft.fault(path, "this rule never holds: it has no `when`, `on` or `ranges`", "say when it gives its points")
    return found


def _check_keys(draft: Draft, path: Path, kind: Kind, said: set[str]) -> None:
    every = _SHARED.union(*_KEYS.values())
    for key in sorted((said & every) - _SHARED - _KEYS[kind]):
        if kind == "ranges" and key == "points":
            draft.fault((*path, key), "a rule with `ranges` has its points inside the ranges", "remove `points`")
        elif kind == "last" and key in ("within", "decay", "count"):
            draft.fault((*path, key), f"`{key}` does not go with `last`, which looks at the latest activity only")
        else:
            draft.fault((*path, key), f"`{key}` does not go with {_CALLED[kind]}", _why(kind, key))
    if kind == "last" and "on" not in said:
        draft.fault((*path, "last"), "`last` needs the activities that it looks at", "add `on:`")
    if kind != "ranges" and "points" not in said and not draft.broken((*path, "points")):
        near = any(problem.path[:-1] == path and "did you mean points" in problem.hint for problem in draft.problems)
        if not near:
            draft.fault(path, "`points` is missing", "add `points:`")
    tree = draft.node((*path, "points"))
    if isinstance(tree, Word) and tree.value is None:
        draft.fault((*path, "points"), "`points` must be a whole number, not empty", at_value=True)


def _why(kind: Kind, key: str) -> str:
    if kind == "when":
        if key in ("decay", "count", "within"):
            return "points of a field hold while it holds; ages of a date field go inside `when`"
        return "make two rules of it"
    return "make two rules of it" if key == "when" else ""


def _types(draft: Draft, path: Path) -> tuple[str, ...]:
    tree = draft.node((*path, "on"))
    if tree is None:
        return ()
    listed = [(index, item) for index, item in children(tree)] if not isinstance(tree, Word) else [(None, tree)]
    found: list[str] = []
    for index, item in listed:
        place: Path = (*path, "on") if index is None else (*path, "on", index)
        if not isinstance(item, Word) or not isinstance(item.value, str):
            continue
        name = item.text.strip()
        if name in ACTIVITY_DETAILS or (name.startswith("custom:") and name != "custom:"):
            if name in found:
                draft.fault(place, f"`{name}` stands here twice", at_value=True)
            found.append(name)
        else:
            hint = did_you_mean(name, ACTIVITY_DETAILS) or "an activity of your own is called custom:NAME"
            draft.fault(place, f"there is no activity type `{name}`", hint, at_value=True)
    return tuple(found)


def _ranges(draft: Draft, path: Path, counts: bool) -> tuple[Range, ...]:
    tree = draft.node(path)
    if not isinstance(tree, Entries) or not tree.entries:
        draft.fault(path, "`ranges` is a mapping of ranges to points", "write {2..5: 3, 6..: 6}", at_value=True)
        return ()
    if not counts:
        return _field_ranges(draft, path, tree)
    if "field" in tree.entries:
        draft.fault(
            (*path, "field"), "a rule counts activities or looks at a field, not both", "remove `on` or `field`"
        )
        return ()
    return _steps(draft, path, tree, whole=True)


def _field_ranges(draft: Draft, path: Path, tree: Entries) -> tuple[Range, ...]:
    for key in tree.entries:
        if key not in ("field", "points"):
            hint = (
                did_you_mean(key, ("field", "points"))
                or "write {field: visits, points: {2..5: 3, 6..: 6}}, or add `on:`"
            )
            draft.fault((*path, key), f"`{key}` is not known here", hint)
    name = find(tree, "field")
    if not isinstance(name, Word):
        draft.fault(path, "`ranges` needs the field that it looks at", "add `field:`, or `on:` to count activities")
    elif name.text not in draft.fields:
        hint = did_you_mean(name.text, draft.fields) or "declare it under `fields`"
        draft.fault((*path, "field"), f"there is no field `{name.text}`", hint, at_value=True)
    elif draft.fields[name.text] not in ("number", None):
        said = f"`{name.text}` is of type {draft.fields[name.text]}; ranges look at numbers"
        draft.fault((*path, "field"), said, at_value=True)
    points = find(tree, "points")
    if isinstance(points, Entries) and points.entries:
        return _steps(draft, (*path, "points"), points, whole=False)
    if not draft.broken(path):
        draft.fault(
            path, "`points` inside `ranges` is a mapping of ranges to points", "write points: {2..5: 3, 6..: 6}"
        )
    return ()


def _steps(draft: Draft, path: Path, tree: Entries, *, whole: bool) -> tuple[Range, ...]:
    found: list[tuple[str, Range]] = []
    for key, value in tree.entries.items():
        place = (*path, key)
        if not (isinstance(value, Word) and isinstance(value.value, int) and not isinstance(value.value, bool)):
            draft.fault(place, f"the points of `{key}` must be a whole number", at_value=True)
            continue
        try:
            low, high = notations.number_range(key)
        except ValueError as error:
            draft.fault(place, str(error))
            continue
        ends = [end for end in (low, high) if end is not None]
        if whole and any(end != end.to_integral_value() or end < 0 for end in ends):
            draft.fault(place, f"`{key}` counts activities, so its ends are whole numbers from 0")
            continue
        step = Range(low, high, value.value)
        for other, before in found:
            if _overlap(step, before):
                draft.fault(place, f"`{key}` overlaps `{other}`", "both ends belong to a range")
        found.append((key, step))
    return tuple(step for _, step in found)


def _overlap(one: Range, two: Range) -> bool:
    below = one.high is not None and two.low is not None and one.high < two.low
    above = one.low is not None and two.high is not None and one.low > two.high
    return not (below or above)


def _build(
    draft: Draft,
    path: Path,
    kind: Kind,
    part: RulePart,
    types: tuple[str, ...],
    when: Condition | None,
    where: Condition | None,
    ranges: tuple[Range, ...],
) -> Rule | None:
    limit, points = read_limit(part.limit), part.points or 0
    if part.within == 0:
        draft.fault((*path, "within"), "`within: 0 days` never holds", at_value=True)
        return None
    if kind == "when":
        return None if when is None else FieldRule(part.name, when, points, limit, part.say)
    if kind == "ranges":
        name = find(draft.node(path), "ranges", "field")
        looked_at = name.text if isinstance(name, Word) and not types else None
        return RangeRule(part.name, ranges, looked_at, types, where, part.within, limit, part.say)
    if kind == "last":
        return RecencyRule(part.name, types, _age(part.last), points, where, limit, part.say) if part.last else None
    decay = _decay(part.decay)
    return ActivityRule(part.name, types, points, where, part.within, part.count or "each", decay, limit, part.say)


def _age(last: LastPart) -> tuple[Literal["within", "older_than", "between"], int, int | None]:
    if last.within is not None:
        return "within", last.within, None
    if last.between is not None:
        return "between", last.between[0], last.between[1]
    return "older_than", last.older_than or 0, None


def _decay(part: DecayPart | None) -> Decay | None:
    if part is None:
        return None
    if part.half_life is not None:
        return HalfLife(part.half_life)
    return Steps(part.lose or 0, part.every or 0)
