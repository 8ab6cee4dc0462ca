"""What a `when:`, `where:`, `for:`, `enter:` or `exclude:` can say, as a tree of plain values.

The tree is what a model file means after its words were checked; how it is evaluated is in `evaluate.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

FIELD_TYPES = ("text", "email", "url", "number", "flag", "date", "datetime", "country", "set")

_TEXT = frozenset({"known", "is", "in", "not_in", "contains", "starts_with", "words", "matches"})
_AGES = frozenset({"known", "within", "older_than", "between", "in_next"})

OPERATORS: Mapping[str, frozenset[str]] = {
    "text": _TEXT,
    "email": _TEXT | {"domain"},
    "url": _TEXT | {"path", "query", "host"},
    "number": frozenset({"known", "is", "in", "not_in", "between", "at_least", "at_most", "above", "below"}),
    "flag": frozenset({"true", "false"}),
    "date": _AGES,
    "datetime": _AGES,
    "country": frozenset({"known", "is", "in", "not_in"}),
    "set": frozenset({"known", "is", "in", "not_in", "has_any", "has_all"}),
}
"""The operators that each field type understands, by the words of the model file."""

Operand = (
    bool | str | int | Decimal | tuple[str, ...] | tuple[Decimal, ...] | tuple[int, int] | tuple[tuple[str, str], ...]
)


@dataclass(frozen=True, slots=True)
class AllOf:
    """False if one part is false, true if all are, else unknown. Without parts: true."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True if one part is true, false if all are, else unknown. Without parts: false."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; the opposite of unknown is unknown."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class Test:
    """One operator on one field (or on one detail of an activity, `answer.message` included).

    `type` is the field's type. Operands by operator:
    known: bool · flag: op "is", operand bool · is/in/not_in, has_any/has_all, contains/starts_with/words:
    a tuple of str as written (of Decimal on numbers) · matches: str · between on numbers: (Decimal, Decimal) ·
    at_least/at_most/above/below: Decimal · within/older_than/in_next: int ms · between on ages: (int ms, int ms) ·
    domain: "free", "disposable" or a tuple of domains · path/host: a tuple of str · query: a tuple of (name, value).
    """

    __test__ = False  # no pytest class

    field: str
    type: str
    op: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class OnList:
    """Membership of any of these CRM lists."""

    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submitted:
    """Any of these forms (name or GUID) was ever submitted."""

    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test of the score itself: `name` is total or a score's name (numeric operators of `Test`), band or grade
    (is, in, not_in with a tuple of str). Only in `enter`."""

    name: str
    op: str
    operand: Operand


Condition = AllOf | AnyOf | Not | Test | OnList | Submitted | Outcome


def leaves(condition: Condition | None) -> tuple[Test | OnList | Submitted | Outcome, ...]:
    """The tests of a condition from left to right, however deep."""
    if condition is None:
        return ()
    if isinstance(condition, AllOf | AnyOf):
        return tuple(leaf for part in condition.parts for leaf in leaves(part))
    if isinstance(condition, Not):
        return leaves(condition.part)
    return (condition,)
