"""Sixty made-up properties of a contact and fifty rules over them, in words that every rule engine can be given."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "flag"]
Op = Literal["is", "in", "contains", "between", "at_least"]
Typed = str | float | bool

INDUSTRIES = tuple(f"industry {n:02}" for n in range(40))
TITLES = ("ceo", "cto", "vp sales", "head of marketing", "sales manager", "engineer", "consultant", "student", "buyer")
NAMES = ("ana", "bo", "cy", "di", "ed", "fa", "gil", "hu", "ina", "jo", "kim", "li", "mo", "nia", "ola", "pat")
DOMAINS = ("gmail.example", "acme.example", "corp.example", "northwind.example", "university.example")


@dataclass(frozen=True, slots=True)
class Property:
    """A property and how its values are drawn: one of `choices`, a number up to `most`, or a flag. `filled` is the
    share of people who have a value."""

    name: str
    kind: Kind
    filled: float
    choices: tuple[str, ...] = ()
    most: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """One operator on one property. Operands: a text or True for `is`, texts for `in`, a text for `contains`, two
    numbers for `between`, a number for `at_least`. All text is lower case, so that folding makes no difference."""

    property: str
    op: Op
    operand: str | bool | int | tuple[str, ...] | tuple[int, int]


@dataclass(frozen=True, slots=True)
class PointsRule:
    """Points if all checks hold, or any of them."""

    name: str
    checks: tuple[Check, ...]
    points: int
    join: Literal["all", "any"] = "all"


def _properties() -> Iterator[Property]:
    yield Property("email", "text", 1.0)
    yield Property("title", "text", 0.8)
    for n in range(24):
        yield Property(f"choice_{n:02}", "text", 0.4 + n % 7 / 10, choices=INDUSTRIES[: 4 + n * 3 % 36])
    for n in range(24):
        yield Property(f"number_{n:02}", "number", 0.3 + n % 8 / 10, most=(10, 100, 1_000, 50_000)[n % 4])
    for n in range(10):
        yield Property(f"flag_{n:02}", "flag", 0.5)


PROPERTIES = tuple(_properties())


def _rules() -> Iterator[PointsRule]:
    draw = random.Random(7)
    choices = [p for p in PROPERTIES if p.choices]
    numbers = [p for p in PROPERTIES if p.kind == "number"]

    def a_choice(n: int) -> Check:
        chosen = choices[n % len(choices)]
        return Check(chosen.name, "in", tuple(draw.sample(chosen.choices, 3)))

    def at_least(n: int) -> Check:
        chosen = numbers[n % len(numbers)]
        return Check(chosen.name, "at_least", chosen.most * draw.choice((4, 6, 8)) // 10)

    def rule(points: int, *checks: Check, join: Literal["all", "any"] = "all") -> PointsRule:
        return PointsRule(f"Rule {next(number):02}", checks, points, join)

    number = iter(range(1, 100))
    for n in range(13):
        yield rule(draw.choice((3, 5, 10, -5)), a_choice(n))
    for n in range(5):
        chosen = choices[13 + n]
        yield rule(draw.choice((4, 8)), Check(chosen.name, "is", draw.choice(chosen.choices)))
    for n in range(4):
        yield rule(draw.choice((5, -10)), Check(f"flag_{n:02}", "is", True))
    for part in ("vp ", "manager", "student"):
        yield rule(6, Check("title", "contains", part))
    for domain in ("@gmail.", "university"):
        yield rule(-7, Check("email", "contains", domain))
    for n in range(9):
        low = numbers[n].most * draw.randrange(1, 6) // 10
        yield rule(draw.choice((2, 7)), Check(numbers[n].name, "between", (low, low + numbers[n].most * 3 // 10)))
    for n in range(7):
        yield rule(draw.choice((3, 9)), at_least(9 + n))
    for n in range(5):
        yield rule(12, a_choice(18 + n), at_least(16 + n))
    yield rule(4, a_choice(23), Check("title", "contains", "head"), join="any")
    yield rule(-4, at_least(22), at_least(23), join="any")


RULES = tuple(_rules())


def typed_values(draw: random.Random) -> dict[str, Typed]:
    """The values of one person; what is empty is missing. E-mail and title are as various as in life."""
    name = f"{draw.choice(NAMES)}.{draw.choice(NAMES)}{draw.randrange(100_000)}"
    title = f"{draw.choice(TITLES)} {draw.choice(('', '', 'emea', 'north', 'it'))}".strip()
    values: dict[str, Typed] = {"email": f"{name}@{draw.choice(DOMAINS)}"}
    for one in PROPERTIES[1:]:
        if draw.random() >= one.filled:
            continue
        if one.name == "title":
            values["title"] = title
        elif one.kind == "text":
            values[one.name] = draw.choice(one.choices)
        elif one.kind == "number":
            values[one.name] = int(one.most * draw.random() ** 2)
        else:
            values[one.name] = draw.random() < 0.3
    return values


def raw_values(values: dict[str, Typed]) -> dict[str, str]:
    """The same values as a CRM sends them: text."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}
