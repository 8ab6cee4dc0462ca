"""Whether a condition holds for one person at one instant, and when that could next be otherwise."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Final, Protocol, cast

from scoring.conditions import AllOf, AnyOf, Condition, Not, OnList, Outcome, Submitted, Test
from scoring.memo import remembered
from scoring.predicates import predicate
from scoring.values import Interval, Read, Tables, fold, reader

AGES: Final = frozenset({"within", "older_than", "between", "in_next"})
_NOTHING: Mapping[str, bool] = MappingProxyType({})


class Standing(Protocol):
    """What `enter` conditions see of a score."""

    @property
    def total(self) -> int | None: ...

    @property
    def band(self) -> str | None: ...

    @property
    def grade(self) -> str | None: ...

    @property
    def scores(self) -> Mapping[str, int]: ...


@dataclass(slots=True)
class Case:
    """One subject at one instant: raw values by field (or by detail), forms submitted (folded names and GUIDs), list
    memberships by folded name, and the score so far where an `enter` asks for it."""

    raws: Mapping[str, str]
    as_of: int
    forms: frozenset[str] = frozenset()
    lists: Mapping[str, bool] = field(default_factory=lambda: _NOTHING)
    standing: Standing | None = None


Truth = Callable[[Case], bool | None]
"""Kleene: None is unknown."""

Edges = Callable[[Case], list[int]]
"""Every instant after `case.as_of` at which the truth could change by time alone, in no order."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition as functions. `fields` are the fields that it reads; `timed`: its truth can change by time alone;
    `plain`: it reads fields only (no lists, forms or scores)."""

    truth: Truth
    edges: Edges
    fields: frozenset[str]
    timed: bool
    plain: bool


def compile_condition(
    condition: Condition, tables: Tables, *, details: bool = False, remember: bool = True
) -> Compiled:
    """A condition as functions over a Case. With `details`, a test of `form` also asks the GUID in `form_id`. Without
    `remember` no answers are kept by value: for a caller who keeps them himself."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            compiled = [compile_condition(part, tables, details=details, remember=remember) for part in parts]
            return _joined(compiled, _all if isinstance(condition, AllOf) else _any)
        case Not(part):
            inner = compile_condition(part, tables, details=details, remember=remember)
            return Compiled(_negated(inner.truth), inner.edges, inner.fields, inner.timed, inner.plain)
        case OnList(lists):
            return _untimed(_on_list([fold(name) for name in lists]))
        case Submitted(forms):
            wanted = frozenset(fold(form) for form in forms)
            return _untimed(lambda case: not wanted.isdisjoint(case.forms))
        case Outcome():
            return _untimed(_outcome(condition, tables))
        case Test(type="date" | "datetime", op=op) if op in AGES:
            return _aged(condition, tables)
        case Test():
            if details and condition.field == "form" and condition.op in ("is", "in", "not_in"):
                return _form(condition)
            return _test(condition, tables, remember=remember)


def _untimed(truth: Truth) -> Compiled:
    return Compiled(truth, _no_edges, frozenset(), timed=False, plain=False)


def _no_edges(_case: Case) -> list[int]:
    return []


def _joined(parts: list[Compiled], join: Callable[[list[Truth]], Truth]) -> Compiled:
    timed = [part.edges for part in parts if part.timed]
    return Compiled(
        join([part.truth for part in parts]),
        (lambda case: [edge for edges in timed for edge in edges(case)]) if timed else _no_edges,
        frozenset(field for part in parts for field in part.fields),
        timed=bool(timed),
        plain=all(part.plain for part in parts),
    )


def _all(truths: list[Truth]) -> Truth:
    def truth(case: Case) -> bool | None:
        result: bool | None = True
        for part in truths:
            holds = part(case)
            if holds is False:
                return False
            if holds is None:
                result = None
        return result

    return truth


def _any(truths: list[Truth]) -> Truth:
    def truth(case: Case) -> bool | None:
        result: bool | None = False
        for part in truths:
            holds = part(case)
            if holds:
                return True
            if holds is None:
                result = None
        return result

    return truth


def _negated(inner: Truth) -> Truth:
    def truth(case: Case) -> bool | None:
        holds = inner(case)
        return None if holds is None else not holds

    return truth


def _on_list(lists: list[str]) -> Truth:
    return _any([lambda case, name=name: case.lists.get(name) for name in lists])  # type: ignore[misc]  # default binds name


def _outcome(test: Outcome, tables: Tables) -> Truth:
    name = test.name
    if name in ("band", "grade"):
        asked = remembered(predicate(Test(name, "text", test.op, test.operand), tables))
    else:
        holds = predicate(Test(name, "number", test.op, test.operand), tables)
        asked = remembered(lambda value: holds(_number(cast("int", value))))
    shown = attrgetter(name) if name in ("total", "band", "grade") else None

    def truth(case: Case) -> bool | None:
        standing = case.standing
        if standing is None:
            return None
        value = standing.scores.get(name) if shown is None else shown(standing)
        return None if value is None else asked(value)

    return truth


def _number(value: int) -> Read:
    return Interval(Decimal(value), Decimal(value))


def _test(test: Test, tables: Tables, *, remember: bool) -> Compiled:
    read, holds, field = reader(test.type, tables), predicate(test, tables), test.field

    def ask(raw: str | None) -> bool | None:
        return holds(read(raw))

    answer = remembered(ask) if remember else ask
    return Compiled(lambda case: answer(case.raws.get(field)), _no_edges, frozenset({field}), timed=False, plain=True)


def _form(test: Test) -> Compiled:
    listed = frozenset(fold(form) for form in cast("tuple[str, ...]", test.operand))
    negative = test.op == "not_in"

    def truth(case: Case) -> bool | None:
        known = [fold(raw) for raw in (case.raws.get("form"), case.raws.get("form_id")) if raw and raw.strip()]
        return (not listed.isdisjoint(known)) != negative if known else None

    return Compiled(truth, _no_edges, frozenset({"form", "form_id"}), timed=False, plain=True)


def _aged(test: Test, tables: Tables) -> Compiled:
    read = remembered(reader(test.type, tables))
    field = test.field
    if test.op == "between":
        low, high = cast("tuple[int, int]", test.operand)
    else:
        low = high = cast("int", test.operand)

    def instant(case: Case) -> int | None:
        value = read(case.raws.get(field))
        return value if isinstance(value, int) else None

    if test.op == "in_next":

        def edges(case: Case) -> list[int]:
            at = instant(case)
            return [] if at is None else [edge for edge in (at - low + 1, at + 1) if edge > case.as_of]

    else:

        def edges(case: Case) -> list[int]:
            at = instant(case)
            return [] if at is None else [edge for edge in (at, at + low, at + high) if edge > case.as_of]

    holds = age_test(test.op, low, high)

    def truth(case: Case) -> bool | None:
        at = instant(case)
        return None if at is None else holds(case.as_of - at)

    return Compiled(truth, edges, frozenset({field}), timed=True, plain=True)


def age_test(op: str, low: int, high: int | None) -> Callable[[int], bool | None]:
    """Whether an age in ms satisfies an operator; a negative one (a future time) is unknown to all but in_next."""
    match op:
        case "within":
            return lambda age: None if age < 0 else age < low
        case "older_than":
            return lambda age: None if age < 0 else age >= low
        case "between":
            end = low if high is None else high
            return lambda age: None if age < 0 else low <= age < end
        case _:
            return lambda age: 0 <= -age < low
