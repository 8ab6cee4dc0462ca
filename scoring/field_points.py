"""Points that field values give: looked up once for each distinct value, worked out afresh only where time matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from scoring.activity_points import NEVER, clamp
from scoring.evaluate import Case, Compiled, Standing, compile_condition, remembered
from scoring.ledger import Contribution, Evidence
from scoring.model import Field
from scoring.predicates import inside
from scoring.rules import FieldRule, RangeRule
from scoring.values import Interval, Tables, Unreadable, reader

_EVIDENCE_LENGTH = 200


class Line(NamedTuple):
    """A contribution and the place of its rule in the model."""

    slot: int
    contribution: Contribution


class Reading(NamedTuple):
    """What one raw value of one field gives by itself, at any instant."""

    lines: tuple[Line, ...]
    unreadable: bool


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
        return Line(slot.index, Contribution("rule", slot.score, slot.group, rule, points, evidence))

    return make


def shown(raw: str) -> str:
    """A raw value as evidence: whole if short."""
    return raw if len(raw) <= _EVIDENCE_LENGTH else raw[: _EVIDENCE_LENGTH - 1] + "…"


class FieldPoints:
    """All rules of a model that read fields, compiled. Holds look-up tables for distinct values, nothing of anybody."""

    def __init__(
        self, fields: Mapping[str, Field], rules: Sequence[tuple[Slot, FieldRule | RangeRule]], tables: Tables
    ):
        self._types = {name: field.type for name, field in fields.items()}
        single: dict[str, list[Callable[[str | None], Line | None]]] = {name: [] for name in fields}
        self._mixed: list[_Mixed] = []
        for slot, rule in rules:
            if isinstance(rule, RangeRule):
                single[str(rule.field)].append(_range_line(slot, rule, tables))
                continue
            compiled = compile_condition(rule.when, tables)
            if len(compiled.fields) == 1 and compiled.plain and not compiled.timed:
                (name,) = compiled.fields
                single[name].append(_single_line(slot, rule, name, compiled))
            else:
                self._mixed.append(_Mixed(line_of(slot, rule.name), clamp(rule.points, rule.limit), compiled))
        self._readings = {name: _reading(self._types[name], single[name], tables) for name in fields}
        self._absent = {name: lines for name in fields if (lines := self._readings[name](None).lines)}

    def lines(self, case: Case) -> tuple[list[Line], tuple[str, ...], int]:
        """The lines that hold, the unreadable fields in model order, and the next instant at which a line differs."""
        raws, readings = case.raws, self._readings
        lines: list[Line] = []
        unreadable: list[str] = []
        for name, raw in raws.items():
            read = readings.get(name)
            if read is not None:
                found, bad = read(raw)
                if found:
                    lines += found
                if bad:
                    unreadable.append(name)
        for name, absent in self._absent.items():
            if name not in raws:
                lines += absent
        next_change = NEVER
        for line, points, compiled in self._mixed:
            holds = compiled.truth(case) is True
            if holds and points:
                lines.append(
                    line(points, {name: shown(raws[name]) for name in sorted(compiled.fields) if name in raws})
                )
            if compiled.timed and points:
                next_change = min(next_change, next_flip(compiled, case, holds, next_change))
        if len(unreadable) > 1:
            unreadable = [name for name in self._types if name in unreadable]
        return lines, tuple(unreadable), next_change


class _Mixed(NamedTuple):
    line: Line_
    points: int
    compiled: Compiled


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
    type: str, makers: Sequence[Callable[[str | None], Line | None]], tables: Tables
) -> Callable[[str | None], Reading]:
    read = reader(type, tables)

    def look(raw: str | None) -> Reading:
        made = tuple(line for make in makers if (line := make(raw)) is not None)
        return Reading(made, isinstance(read(raw), Unreadable))

    return remembered(look)


def _single_line(slot: Slot, rule: FieldRule, name: str, compiled: Compiled) -> Callable[[str | None], Line | None]:
    points, make = clamp(rule.points, rule.limit), line_of(slot, rule.name)

    def line(raw: str | None) -> Line | None:
        case = Case({} if raw is None else {name: raw}, 0)
        if not points or compiled.truth(case) is not True:
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
