"""Points that field values give: looked up once for each distinct value, worked out afresh only where time matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import NamedTuple

from scoring.activity_points import NEVER, clamp
from scoring.evaluate import Case, Compiled, Standing, compile_condition
from scoring.ledger import Contribution, Evidence
from scoring.memo import Memo
from scoring.model import Field
from scoring.predicates import inside
from scoring.rules import FieldRule, RangeRule
from scoring.values import Interval, Tables, Unreadable, reader

_EVIDENCE_LENGTH = 200
_ALWAYS_READABLE = frozenset({"text", "url", "set"})

Line = tuple[int, int, Contribution]
"""The place of a rule in the model, its points, and its line in the ledger. A plain tuple: millions are made."""


class Reading(NamedTuple):
    """What one raw value of one field gives by itself, at any instant; `unreadable` is the field's name, or None."""

    lines: tuple[Line, ...]
    unreadable: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a rule stands: its place in model order, its score and its group."""

    index: int
    score: str
    group: str


Line_ = Callable[[int, Evidence], Line]


def line_of(slot: Slot, rule: str) -> Line_:
    """Makes the ledger line of a rule from points and evidence."""

    def make(points: int, evidence: Evidence) -> Line:
        return slot.index, points, Contribution("rule", slot.score, slot.group, rule, points, evidence)

    return make


def shown(raw: str) -> str:
    """A raw value as evidence: whole if short."""
    return raw if len(raw) <= _EVIDENCE_LENGTH else raw[: _EVIDENCE_LENGTH - 1] + "…"


class FieldPoints:
    """All rules of a model that read fields, compiled. Holds look-up tables for distinct values, nothing of anybody."""

    def __init__(
        self, fields: Mapping[str, Field], rules: Sequence[tuple[Slot, FieldRule | RangeRule]], tables: Tables
    ):
        single: dict[str, list[Callable[[str | None], Line | None]]] = {name: [] for name in fields}
        self._joint: list[_Whole] = []
        self._timed: list[_Whole] = []
        for slot, rule in rules:
            if isinstance(rule, RangeRule):
                single[str(rule.field)].append(_range_line(slot, rule, tables))
                continue
            points = clamp(rule.points, rule.limit)
            if not points:
                continue
            compiled = compile_condition(rule.when, tables)
            if compiled.plain and not compiled.timed and len(compiled.fields) == 1:
                compiled = compile_condition(rule.when, tables, remember=False)
                single[min(compiled.fields)].append(_single_line(line_of(slot, rule.name), points, compiled))
            else:
                whole = _Whole(line_of(slot, rule.name), points, compiled, sorted(compiled.fields))
                (self._timed if compiled.timed else self._joint).append(whole)
        asked = [name for name, field in fields.items() if single[name] or field.type not in _ALWAYS_READABLE]
        self._names = asked
        self._readings = [Memo(_reading(name, fields[name].type, single[name], tables)) for name in asked]

    def lines(self, case: Case) -> tuple[list[Line], tuple[str, ...], int]:
        """The lines that hold, the unreadable fields in model order, and the next instant at which a line differs."""
        lines: list[Line] = []
        unreadable: list[str] = []
        # Most values of most people give nothing, so the fields are gone through without any Python of ours.
        found = map(getitem, self._readings, map(case.raws.get, self._names))
        for made, unread in filter(None, found):
            lines += made
            if unread:
                unreadable.append(unread)
        for rule in self._joint:
            if rule.compiled.truth(case) is True:
                lines.append(rule.line(case))
        next_change = NEVER
        for rule in self._timed:
            holds = rule.compiled.truth(case) is True
            if holds:
                lines.append(rule.line(case))
            next_change = min(next_change, next_flip(rule.compiled, case, holds, next_change))
        return lines, tuple(unreadable), next_change


class _Whole(NamedTuple):
    """A rule that asks for several fields, for lists or forms, or for the time: asked anew for everybody. `names` are
    its fields in order."""

    make: Line_
    points: int
    compiled: Compiled
    names: list[str]

    def line(self, case: Case) -> Line:
        raws = case.raws
        return self.make(self.points, {name: shown(raws[name]) for name in self.names if name in raws})


def next_flip(compiled: Compiled, case: Case, holds: bool, before: int) -> int:
    """The first instant before `before` at which a condition starts or stops to hold by time alone, else NEVER."""
    for at in sorted(set(compiled.edges(case))):
        if at >= before:
            return NEVER
        if (compiled.truth(at_instant(case, at)) is True) != holds:
            return at
    return NEVER


def at_instant(case: Case, at: int, standing: Standing | None = None) -> Case:
    """The same knowledge, looked at from another instant."""
    return Case(case.raws, at, case.forms, case.lists, standing or case.standing)


def _reading(
    name: str, type: str, makers: Sequence[Callable[[str | None], Line | None]], tables: Tables
) -> Callable[[str | None], Reading | None]:
    read = reader(type, tables)

    def look(raw: str | None) -> Reading | None:
        made = tuple([line for make in makers if (line := make(raw)) is not None])
        unreadable = name if isinstance(read(raw), Unreadable) else None
        return Reading(made, unreadable) if made or unreadable else None

    return look


def _single_line(make: Line_, points: int, compiled: Compiled) -> Callable[[str | None], Line | None]:
    (name,) = compiled.fields

    def line(raw: str | None) -> Line | None:
        case = Case({} if raw is None else {name: raw}, 0)
        if compiled.truth(case) is not True:
            return None
        return make(points, {} if raw is None else {name: shown(raw)})

    return line


def _range_line(slot: Slot, rule: RangeRule, tables: Tables) -> Callable[[str | None], Line | None]:
    read, name, make = reader("number", tables), str(rule.field), line_of(slot, rule.name)

    def line(raw: str | None) -> Line | None:
        value = read(raw)
        if not isinstance(value, Interval):
            return None
        for one in rule.ranges:
            if inside(value, one.low, one.high):
                points = clamp(one.points, rule.limit)
                return make(points, {name: shown(str(raw))}) if points else None
        return None

    return line
