"""Reads a query: SELECT fields or COUNT() FROM one object, WHERE, ORDER BY, LIMIT and OFFSET.

What Salesforce knows beyond that (child queries, groups, aliases) is refused as malformed, with a word about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from leadscore.sandbox.salesforce.soql.tree import (
    Both,
    Condition,
    Day,
    DaysBack,
    Instant,
    Literal_,
    Malformed,
    Member,
    Not,
    Order,
    Path,
    Query,
    Test,
)

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<instant>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
      | (?P<day>\d{4}-\d{2}-\d{2})
      | (?P<number>[+-]?\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?::\d+)?)
      | (?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LONGEST = 100_000
_DEEPEST = 50


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str

    @property
    def low(self) -> str:
        return self.text.lower()


def parse(text: str) -> Query:
    """Raises Malformed."""
    if len(text) > _LONGEST:
        raise Malformed("SOQL statements cannot be longer than 100000 characters.", "QUERY_TOO_COMPLICATED")
    parser = _Parser(_tokens(text))
    query = parser.query()
    if parser.here is not None:
        raise Malformed(f"unexpected token: '{parser.here.text}'")
    return query


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Malformed(f"unexpected token: '{text[at : at + 20].strip()}'")
        at = match.end()
        found.append(_Token(match.lastgroup or "", match.group(match.lastgroup or 0)))
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def here(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> _Token:
        token = self.here
        if token is None:
            raise Malformed("unexpected token: '<EOF>'")
        self._at += 1
        return token

    def _take(self, *words: str) -> bool:
        """Steps over these words if they stand here."""
        ahead = self._tokens[self._at : self._at + len(words)]
        if [token.low for token in ahead] != list(words) or any(token.kind == "text" for token in ahead):
            return False
        self._at += len(words)
        return True

    def _demand(self, word: str) -> None:
        if not self._take(word):
            raise Malformed(f"expecting '{word}', found '{self.here.text if self.here else '<EOF>'}'")

    def query(self) -> Query:
        self._demand("select")
        count = self._take("count", "(", ")")
        paths = [] if count else [self._selected()]
        while paths and self._take(","):
            paths.append(self._selected())
        self._demand("from")
        name = self._word()
        where = self._condition() if self._take("where") else None
        orders = [self._order()] if self._take("order", "by") else []
        while orders and self._take(","):
            orders.append(self._order())
        limit = self._whole() if self._take("limit") else None
        offset = self._whole() if self._take("offset") else 0
        return Query(tuple(paths), name, where, tuple(orders), limit, offset, count)

    def _selected(self) -> Path:
        if self._take("("):
            raise Malformed("queries of children inside a query are not part of this local Salesforce")
        path = self._path()
        if self._take("("):
            raise Malformed(f"{path}(...): this local Salesforce knows COUNT() alone")
        return path

    def _word(self) -> str:
        token = self._next()
        if token.kind != "word":
            raise Malformed(f"unexpected token: '{token.text}'")
        return token.text

    def _path(self) -> Path:
        return Path(tuple(self._word().split(".")))

    def _whole(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdigit():
            raise Malformed(f"unexpected token: '{token.text}'")
        return int(token.text)

    def _order(self) -> Order:
        path = self._path()
        down = self._take("desc")
        if not down:
            self._take("asc")
        last = self._take("nulls", "last")
        if not last:
            self._take("nulls", "first")
        return Order(path, down, last)

    def _condition(self) -> Condition:
        """`and` and `or` may not stand beside each other without parentheses."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Malformed("the condition is nested too deeply", "QUERY_TOO_COMPLICATED")
        parts = [self._part()]
        joint = next((word for word in ("and", "or") if self._take(word)), None)
        if joint is not None:
            parts.append(self._part())
            while self._take(joint):
                parts.append(self._part())
            if self.here is not None and self.here.low in ("and", "or"):
                raise Malformed(f"unexpected token: '{self.here.text}'")
        self._depth -= 1
        return parts[0] if joint is None else Both("and" if joint == "and" else "or", tuple(parts))

    def _part(self) -> Condition:
        if self._take("not"):
            return Not(self._part())
        if self._take("("):
            inner = self._condition()
            self._demand(")")
            return inner
        path = self._path()
        if self._take("not", "in"):
            return Member(path, "not in", self._members())
        for word in ("in", "includes", "excludes"):
            if self._take(word):
                return Member(path, "in" if word == "in" else _SETS[word], self._members())
        if self._take("like"):
            return Test(path, "like", self._literal())
        token = self._next()
        if token.kind != "sign" or token.text in "(),":
            raise Malformed(f"unexpected token: '{token.text}'")
        return Test(path, "!=" if token.text == "<>" else token.text, self._literal())

    def _members(self) -> tuple[Literal_, ...] | Query:
        self._demand("(")
        if self.here is not None and self.here.low == "select":
            inner = self.query()
            self._demand(")")
            return inner
        found = [self._literal()]
        while self._take(","):
            found.append(self._literal())
        self._demand(")")
        return tuple(found)

    def _literal(self) -> Literal_:
        token = self._next()
        match token.kind:
            case "text":
                return _unescaped(token.text[1:-1])
            case "number":
                return float(token.text) if "." in token.text else int(token.text)
            case "day":
                return Day(token.text)
            case "instant":
                return Instant(_instant(token.text))
            case "word":
                return _named(token)
        raise Malformed(f"unexpected token: '{token.text}'")


_SETS: dict[str, Literal["includes", "excludes"]] = {"includes": "includes", "excludes": "excludes"}


def _named(token: _Token) -> Literal_:
    fixed: dict[str, Literal_] = {
        "true": True,
        "false": False,
        "null": None,
        "today": DaysBack(0, 1),
        "yesterday": DaysBack(1, 1),
    }
    if token.low in fixed:
        return fixed[token.low]
    name, _, number = token.low.partition(":")
    if name == "last_n_days" and number:
        return DaysBack(int(number), int(number) + 1)
    raise Malformed(f"unexpected token: '{token.text}'")


def _unescaped(text: str) -> str:
    """Of `\\%` and `\\_` the backslash stays: they are for LIKE."""
    return re.sub(r"\\([^%_])", lambda match: _ESCAPES.get(match.group(1), match.group(1)), text, flags=re.DOTALL)


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"unexpected token: '{text}'") from None
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
