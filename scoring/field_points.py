"""Points that field values give: looked up once for each distinct value, worked out afresh only where time matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from scoring.activity_points import NEVER, clamp
from scoring.evaluate import Case, Compiled, Standing, compile_condition
from scoring.ledger import Contribution, Evidence
from scoring.model import Field
from scoring.predicates import inside
from scoring.rules import FieldRule, RangeRule
from scoring.values import Interval, Tables, Unreadable, reader

_EVIDENCE_LENGTH = 200
K = TypeVar("K")
V = TypeVar("V")


Line = tuple[int, int, Contribution]
"""The place of a rule in the model, its points, and its line in the ledger. A plain tuple: millions are made."""


class Reading(NamedTuple):
    """What one raw value of one field gives by itself, at any instant."""

    lines: tuple[Line, ...]
    unreadable: bool


_MEMO_SIZE = 65_536


class _Memo(dict[K, V]):
    """Answers by distinct value, each worked out once; forgets all when it holds too many. A dict, because nothing
    in Python is looked up faster, and this is looked up for every field of every person."""

    def __init__(self, answer: Callable[[K], V]):
        super().__init__()
        self._answer = answer

    def __missing__(self, key: K) -> V:
        if len(self) >= _MEMO_SIZE:
            self.clear()
        found = self[key] = self._answer(key)
        return found


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
        self._joint: list[tuple[tuple[str, ...], _Memo[tuple[str | None, ...], Line | None]]] = []
        self._timed: list[_Timed] = []
        for slot, rule in rules:
            if isinstance(rule, RangeRule):
                single[str(rule.field)].append(_range_line(slot, rule, tables))
                continue
            compiled = compile_condition(rule.when, tables)
            points = clamp(rule.points, rule.limit)
            if not points:
                continue
            if compiled.timed or not compiled.plain:
                self._timed.append(_Timed(line_of(slot, rule.name), points, compiled))
            elif len(compiled.fields) == 1:
                single[min(compiled.fields)].append(_single_line(line_of(slot, rule.name), points, compiled))
            else:
                names = tuple(sorted(compiled.fields))
                self._joint.append((names, _Memo(_joint_line(line_of(slot, rule.name), points, compiled, names))))
        always_readable = {"text", "url", "set"}
        self._single = [
            (name, _Memo(_reading(field.type, single[name], tables)))
            for name, field in fields.items()
            if single[name] or field.type not in always_readable
        ]

    def lines(self, case: Case) -> tuple[list[Line], tuple[str, ...], int]:
        """The lines that hold, the unreadable fields in model order, and the next instant at which a line differs."""
        raw_of = case.raws.get
        lines: list[Line] = []
        unreadable: list[str] = []
        for name, readings in self._single:
            found = readings[raw_of(name)]
            if found:
                lines += found.lines
                if found.unreadable:
                    unreadable.append(name)
        for names, joint in self._joint:
            line = joint[tuple(map(raw_of, names))]
            if line is not None:
                lines.append(line)
        next_change = NEVER
        for timed in self._timed:
            line, change = timed.line_at(case, next_change)
            if line is not None:
                lines.append(line)
            next_change = min(next_change, change)
        return lines, tuple(unreadable), next_change


class _Timed(NamedTuple):
    """A rule whose truth time alone can change, or that asks for more than fields."""

    make: Line_
    points: int
    compiled: Compiled

    def line_at(self, case: Case, before: int) -> tuple[Line | None, int]:
        compiled = self.compiled
        holds = compiled.truth(case) is True
        change = next_flip(compiled, case, holds, before) if compiled.timed else NEVER
        if not holds:
            return None, change
        return self.make(
            self.points, {n: shown(case.raws[n]) for n in sorted(compiled.fields) if n in case.raws}
        ), change


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
) -> Callable[[str | None], Reading | None]:
    read = reader(type, tables)

    def look(raw: str | None) -> Reading | None:
        made = tuple(line for make in makers if (line := make(raw)) is not None)
        unreadable = isinstance(read(raw), Unreadable)
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


def _joint_line(
    make: Line_, points: int, compiled: Compiled, names: tuple[str, ...]
) -> Callable[[tuple[str | None, ...]], Line | None]:
    def line(values: tuple[str | None, ...]) -> Line | None:
        raws = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if compiled.truth(Case(raws, 0)) is not True:
            return None
        return make(points, {name: shown(raw) for name, raw in raws.items()})

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
