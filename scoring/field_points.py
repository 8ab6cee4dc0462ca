"""Points that field values give: looked up once for each distinct value, worked out afresh only where time matters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import getitem
from typing import NamedTuple

from scoring.activity_points import NEVER, clamp
from scoring.conditions import AllOf, Condition, Test
from scoring.evaluate import Case, Compiled, Standing, compile_condition
from scoring.ledger import Contribution, Evidence
from scoring.memo import Memo
from scoring.model import Field
from scoring.predicates import inside, predicate
from scoring.rules import FieldRule, RangeRule
from scoring.values import Interval, Read, Tables, Unreadable, reader

_EVIDENCE_LENGTH = 200
_ALWAYS_READABLE = frozenset({"text", "url", "set"})

Line = tuple[float, int, Contribution]
"""The place of a rule in the model (of limits: between two rules), its points, and its line in the ledger. A plain
tuple: millions are made."""


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


class Reading(NamedTuple):
    """What one raw value of one field gives by itself, at any instant. `asks`: rules over several fields that this
    value makes possible. `unreadable`: place and name of the field, if its text cannot be read."""

    lines: tuple[Line, ...]
    asks: tuple[_Whole, ...]
    unreadable: tuple[int, str] | None


_Maker = Callable[[str | None, Read], Line | None]
"""The line of a rule over one field for a raw value, and the same as its type."""


class _Plan:
    """What to do with the values of one field while the rules are compiled."""

    def __init__(self) -> None:
        self.makers: list[_Maker] = []
        self.gates: list[tuple[Compiled, _Whole]] = []


class _Unasked(dict[str, None]):
    """The readings of a field that no rule asks for."""

    def __missing__(self, _raw: str) -> None:
        return None


class _Readings(dict[str, Mapping[str, Reading | None]]):
    """The readings of each field by raw value."""

    _unasked = _Unasked()

    def __missing__(self, _name: str) -> Mapping[str, Reading | None]:
        return self._unasked


class FieldPoints:
    """All rules of a model that read fields, compiled. Holds look-up tables for distinct values, nothing of anybody."""

    def __init__(
        self, fields: Mapping[str, Field], rules: Sequence[tuple[Slot, FieldRule | RangeRule]], tables: Tables
    ):
        plans = {name: _Plan() for name in fields}
        self._joint: list[_Whole] = []
        self._timed: list[_Whole] = []
        for slot, rule in rules:
            if isinstance(rule, RangeRule):
                plans[str(rule.field)].makers.append(_range_line(slot, rule))
            elif clamp(rule.points, rule.limit):
                self._place(rule, line_of(slot, rule.name), plans, tables)
        self._readings = _Readings()
        self._absent: list[tuple[str, Reading]] = []
        for place, (name, field) in enumerate(fields.items()):
            plan = plans[name]
            if plan.makers or plan.gates or field.type not in _ALWAYS_READABLE:
                look = _reading((place, name), field.type, plan, tables)
                self._readings[name] = Memo(look)
                without = look(None)
                if without is not None:
                    self._absent.append((name, without))

    def _place(self, rule: FieldRule, make: Line_, plans: Mapping[str, _Plan], tables: Tables) -> None:
        points = clamp(rule.points, rule.limit)
        compiled = compile_condition(rule.when, tables)
        whole = _Whole(make, points, compiled, sorted(compiled.fields))
        if compiled.timed:
            self._timed.append(whole)
        elif _by_one_field(compiled):
            (name,) = compiled.fields
            plans[name].makers.append(_single_line(name, make, points, _of_one_field(name, rule.when, tables)))
        else:
            parts = rule.when.parts if isinstance(rule.when, AllOf) else ()
            gates = (compile_condition(part, tables, remember=False) for part in parts)
            gate = next(filter(_by_one_field, gates), None)
            if gate is None:
                self._joint.append(whole)
            else:
                # A rule of which all parts must hold is asked of those only of whom its first part does.
                plans[min(gate.fields)].gates.append((gate, whole))

    def lines(self, case: Case) -> tuple[list[Line], tuple[str, ...], int]:
        """The lines that hold, the unreadable fields in model order, and the next instant at which a line differs."""
        raws = case.raws
        lines: list[Line] = []
        asked = self._joint.copy()
        unreadable: list[tuple[int, str]] = []
        # Most values of most people give nothing, so the fields are gone through without any Python of ours.
        found = map(getitem, map(self._readings.__getitem__, raws), raws.values())
        for made, asks, unread in filter(None, found):
            lines += made
            asked += asks
            if unread is not None:
                unreadable.append(unread)
        for name, (made, asks, _) in self._absent:
            if name not in raws:
                lines += made
                asked += asks
        for rule in asked:
            if rule.compiled.truth(case) is True:
                lines.append(rule.line(case))
        next_change = NEVER
        for rule in self._timed:
            holds = rule.compiled.truth(case) is True
            if holds:
                lines.append(rule.line(case))
            next_change = min(next_change, next_flip(rule.compiled, case, holds, next_change))
        return lines, tuple([name for _place, name in sorted(unreadable)]), next_change


def _by_one_field(compiled: Compiled) -> bool:
    return compiled.plain and not compiled.timed and len(compiled.fields) == 1


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


def _reading(place: tuple[int, str], type: str, plan: _Plan, tables: Tables) -> Callable[[str | None], Reading | None]:
    read, name = reader(type, tables), place[1]

    def look(raw: str | None) -> Reading | None:
        value = read(raw)
        lines = tuple([line for make in plan.makers if (line := make(raw, value)) is not None])
        asks: tuple[_Whole, ...] = ()
        if plan.gates:
            case = _case_of(name, raw)
            asks = tuple([whole for gate, whole in plan.gates if gate.truth(case) is True])
        unreadable = place if isinstance(value, Unreadable) else None
        return Reading(lines, asks, unreadable) if lines or asks or unreadable else None

    return look


def _case_of(name: str, raw: str | None) -> Case:
    return Case({} if raw is None else {name: raw}, 0)


_Holds = Callable[[str | None, Read], bool | None]


def _of_one_field(name: str, condition: Condition, tables: Tables) -> _Holds:
    if isinstance(condition, Test):
        holds = predicate(condition, tables)
        return lambda _raw, value: holds(value)
    # The lines are kept by value, so the answers of each test need not be.
    truth = compile_condition(condition, tables, remember=False).truth
    return lambda raw, _value: truth(_case_of(name, raw))


def _single_line(name: str, make: Line_, points: int, holds: _Holds) -> _Maker:
    def line(raw: str | None, value: Read) -> Line | None:
        if holds(raw, value) is not True:
            return None
        return make(points, {} if raw is None else {name: shown(raw)})

    return line


def _range_line(slot: Slot, rule: RangeRule) -> _Maker:
    name, make = str(rule.field), line_of(slot, rule.name)

    def line(raw: str | None, value: Read) -> Line | None:
        if not isinstance(value, Interval):
            return None
        for one in rule.ranges:
            if inside(value, one.low, one.high):
                points = clamp(one.points, rule.limit)
                return make(points, {name: shown(str(raw))}) if points else None
        return None

    return line
