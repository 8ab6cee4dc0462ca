"""A query after it was read: what is asked of which object, under which condition, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = str | int | float | bool | None


class Malformed(ValueError):
    """The query cannot be carried out; `code` is Salesforce's errorCode for it."""

    def __init__(self, words: str, code: str = "MALFORMED_QUERY") -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Instant:
    """A datetime literal, in milliseconds since the epoch."""

    at: int


@dataclass(frozen=True)
class Day:
    """A date literal, as YYYY-MM-DD."""

    text: str


@dataclass(frozen=True)
class DaysBack:
    """`TODAY`, `YESTERDAY` (1 day back) or `LAST_N_DAYS:n`, resolved against the org's clock. `span`: how many days."""

    back: int
    span: int


Literal_ = Value | Instant | Day | DaysBack


@dataclass(frozen=True)
class Path:
    """A field of the object, or of one that it leads to: `Account.Industry` is ("Account", "Industry")."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Test:
    """`op` is one of = != < <= > >= like."""

    path: Path
    op: str
    value: Literal_


@dataclass(frozen=True)
class Member:
    """`IN` and `NOT IN` a list, or a query of one field; `includes` and `excludes` of a multi-select."""

    path: Path
    op: Literal["in", "not in", "includes", "excludes"]
    values: tuple[Literal_, ...] | Query


@dataclass(frozen=True)
class Both:
    """`op` is and, or."""

    op: Literal["and", "or"]
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    part: Condition


Condition = Test | Member | Both | Not


@dataclass(frozen=True)
class Order:
    path: Path
    down: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    """`count`: `COUNT()` alone, which gives a number and no rows."""

    paths: tuple[Path, ...]
    object: str
    where: Condition | None = None
    orders: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    count: bool = False
