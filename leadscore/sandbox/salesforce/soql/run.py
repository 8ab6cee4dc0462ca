"""Carries a query out over the org's tables, as its user sees them: fields without permission do not exist."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from leadscore.sandbox.salesforce import ids
from leadscore.sandbox.salesforce.fields import Field
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

_MS_A_DAY = 86_400_000
_SIGNS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Sight(Protocol):
    """What the asking user may see."""

    def object_named(self, name: str) -> str | None:
        """The object as it is spelt, in whatever case it was asked for; None: there is none."""

    def field_named(self, object: str, name: str) -> Field | None:
        """The field, if this user may read it."""

    def rows_shown(self, object: str, alias: str, deleted: bool) -> str:
        """The condition in SQL under which a row of the object is shown."""

    def now(self) -> int:
        """Milliseconds since the epoch."""


@dataclass(frozen=True)
class Column:
    """A column of the answer: where its value stands in the tree of the record, and how it is shown."""

    path: tuple[str, ...]
    field: Field


@dataclass
class Statement:
    """`sql` with its `values`; `columns` as the rows have them. `links`: for each object that a row leads to, its path,
    the name of the object, and where the row holds its Id (None: it leads nowhere)."""

    object: str
    sql: str
    values: list[Any]
    columns: list[Column]
    links: list[tuple[tuple[str, ...], str, int]]


def translate(query: Query, sight: Sight, *, deleted: bool = False) -> Statement:
    """Raises Malformed for fields and objects that the user cannot see, and for values that do not fit."""
    return _Translator(query, sight, deleted).statement()


@dataclass
class _Joined:
    alias: str
    object: str


@dataclass
class _Translator:
    query: Query
    sight: Sight
    deleted: bool
    depth: int = 0
    joins: dict[tuple[str, ...], _Joined] = field(default_factory=dict)
    sql_joins: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def statement(self) -> Statement:
        object = self._object()
        columns = [self._column(path) for path in self.query.paths]
        selected = [sql for sql, _ in columns]
        links: list[tuple[tuple[str, ...], str, int]] = []
        for names, joined in list(self.joins.items()):
            if names:
                selected.append(f'{joined.alias}."Id"')
                links.append((names, joined.object, len(selected) - 1))
        selected.append('t0."Id"')
        where, order = self._where(object), self._orders()
        shown = "COUNT(*)" if self.query.count else ", ".join(selected)
        sql = f'SELECT {shown} FROM "o_{object}" t0 {" ".join(self.sql_joins)} WHERE {where}{order}'  # noqa: S608 - known names
        if self.query.limit is not None or self.query.offset:
            sql += f" LIMIT {-1 if self.query.limit is None else self.query.limit} OFFSET {self.query.offset}"
        return Statement(object, sql, self.values, [column for _, column in columns], links)

    def one_field(self) -> str:
        """As a list of values inside another query."""
        object = self._object()
        if len(self.query.paths) != 1:
            raise Malformed("a query inside IN (...) asks for one field")
        sql, _ = self._column(self.query.paths[0])
        where = self._where(object)
        return f'SELECT {sql} FROM "o_{object}" {self._alias(())} {" ".join(self.sql_joins)} WHERE {where}'  # noqa: S608 - known names

    def _alias(self, names: tuple[str, ...]) -> str:
        return self.joins[names].alias

    def _object(self) -> str:
        object = self.sight.object_named(self.query.object)
        if object is None:
            raise Malformed(f"sObject type '{self.query.object}' is not supported.", "INVALID_TYPE")
        self.joins[()] = _Joined(f"t{self.depth}" if not self.depth else f"s{self.depth}", object)
        return object

    def _where(self, object: str) -> str:
        shown = self.sight.rows_shown(object, self._alias(()), self.deleted)
        asked = "" if self.query.where is None else f" AND ({self._condition(self.query.where)})"
        return shown + asked

    def _orders(self) -> str:
        parts = [self._order(one) for one in self.query.orders]
        return (
            f" ORDER BY {', '.join(parts)}" if parts else f' ORDER BY {self._alias(())}."Id"' * (not self.query.count)
        )

    def _order(self, one: Order) -> str:
        sql, _ = self._column(one.path)
        return f"{sql} {'DESC' if one.down else 'ASC'} NULLS {'LAST' if one.nulls_last else 'FIRST'}"

    def _column(self, path: Path) -> tuple[str, Column]:
        *way, last = path.names
        joined, walked = self.joins[()], tuple[str, ...]()
        if way and way[0].lower() == joined.object.lower():
            way = way[1:]
        for relation in way:
            walked, joined = self._join(joined, walked, relation)
        found = self.sight.field_named(joined.object, last)
        if found is None:
            raise no_such_column(last, joined.object)
        return f'{joined.alias}."{found.name}"', Column((*walked, found.name), found)

    def _join(self, joined: _Joined, walked: tuple[str, ...], relation: str) -> tuple[tuple[str, ...], _Joined]:
        reference = self._reference(joined.object, relation)
        names = (*walked, reference.relation or relation)
        if names not in self.joins:
            target = reference.to[0] if len(reference.to) == 1 else "Name"
            made = _Joined(f"{self.joins[()].alias}_{len(self.joins)}", target)
            self.joins[names] = made
            self.sql_joins.append(
                f'LEFT JOIN "o_{target}" {made.alias} ON {made.alias}."Id" = {joined.alias}."{reference.name}"'
            )
        return names, self.joins[names]

    def _reference(self, object: str, relation: str) -> Field:
        names = (f"{relation}Id", relation.removesuffix("__r") + "__c")
        for name in names:
            found = self.sight.field_named(object, name)
            if found is not None and (found.relation or "").lower() == relation.lower() and found.to:
                return found
        raise Malformed(
            f"Didn't understand relationship '{relation}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name.",
            "INVALID_FIELD",
        )

    def _condition(self, condition: Condition) -> str:
        match condition:
            case Both(op, parts):
                return f" {op.upper()} ".join(f"({self._condition(part)})" for part in parts)
            case Not(part):
                # An unknown comparison is false to Salesforce, and so its opposite is true.
                return f"NOT COALESCE(({self._condition(part)}), 0)"
            case Test():
                return self._test(condition)
            case Member():
                return self._member(condition)

    def _test(self, test: Test) -> str:
        sql, column = self._column(test.path)
        _must_filter(column.field, test.path)
        if test.value is None:
            return f"{sql} IS {'NOT ' if test.op == '!=' else ''}NULL"
        if isinstance(test.value, DaysBack):
            return self._days(sql, column.field, test.op, test.value)
        if test.op == "like":
            self.values.append(str(self._value(test.value, column.field, test.path)))
            return f"{sql} LIKE ? ESCAPE '\\'"
        self.values.append(self._value(test.value, column.field, test.path))
        if test.op == "!=":
            return f"({sql} IS NULL OR {sql} <> ?)"
        return f"{sql} {_SIGNS[test.op]} ?"

    def _days(self, sql: str, of: Field, op: str, days: DaysBack) -> str:
        midnight = self.sight.now() // _MS_A_DAY * _MS_A_DAY
        first = midnight - days.back * _MS_A_DAY
        end = first + days.span * _MS_A_DAY
        if of.type not in ("date", "datetime"):
            raise Malformed(f"value of filter criterion for field '{of.name}' must be of type {of.type}")
        low, high = (first, end) if of.type == "datetime" else (day_text(first), day_text(end))
        match op:
            case "=":
                self.values += [low, high]
                return f"({sql} >= ? AND {sql} < ?)"
            case "<" | ">=":
                self.values.append(low)
                return f"{sql} {op} ?"
            case ">" | "<=":
                self.values.append(high)
                return f"{sql} {'>=' if op == '>' else '<'} ?"
        raise Malformed(f"{op} does not stand before a range of days here")

    def _member(self, test: Member) -> str:
        sql, column = self._column(test.path)
        _must_filter(column.field, test.path)
        if isinstance(test.values, Query):
            inner = _Translator(test.values, self.sight, self.deleted, self.depth + 1)
            text = inner.one_field()
            self.values += inner.values
            return f"{sql} {test.op.upper()} ({text})"
        values = [self._value(one, column.field, test.path) for one in test.values]
        if test.op in ("includes", "excludes"):
            return self._parts(sql, test.op, [str(value) for value in values])
        given = [value for value in values if value is not None]
        self.values += given
        inside = f"{sql} IN ({', '.join('?' * len(given))})"
        if len(given) < len(values):
            inside = f"({inside} OR {sql} IS NULL)"
        return inside if test.op == "in" else f"NOT COALESCE({inside}, 0)"

    def _parts(self, sql: str, op: str, values: list[str]) -> str:
        """Of a multi-select: any of the values, where `a;b` in one of them wants both."""
        wanted: list[str] = []
        for value in values:
            parts = [part.strip() for part in value.split(";")]
            wanted.append("(" + " AND ".join(f"instr(';' || {sql} || ';', ?) > 0" for _ in parts) + ")")
            self.values += [f";{part};" for part in parts]
        any_of = "(" + " OR ".join(wanted) + ")"
        return any_of if op == "includes" else f"NOT COALESCE({any_of}, 0)"

    def _value(self, value: Literal_, of: Field, path: Path) -> Any:
        """The value as the column keeps it."""
        match of.type, value:
            case _, None:
                return None
            case "datetime", Instant(at):
                return at
            case "date", Day(text):
                return text
            case "boolean", bool():
                return int(value)
            case (("int" | "double" | "currency" | "percent"), int() | float()) if not isinstance(value, bool):
                return value
            case (("id" | "reference"), str()):
                return ids.full(value) or value
            case (("string" | "textarea" | "email" | "phone" | "url" | "picklist" | "multipicklist"), str()):
                return value
        shown = "dateTime" if of.type == "datetime" else of.type
        raise Malformed(
            f"value of filter criterion for field '{path}' must be of type {shown} and should"
            f"{'' if isinstance(value, str) else ' not'} be enclosed in quotes",
            "INVALID_FIELD",
        )


def no_such_column(name: str, object: str) -> Malformed:
    """The words that Salesforce has for a field that is absent, and for one that this user may not see."""
    return Malformed(
        f"No such column '{name}' on entity '{object}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
        "INVALID_FIELD",
    )


def day_text(at: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).strftime("%Y-%m-%d")


def _must_filter(of: Field, path: Path) -> None:
    if of.type == "textarea":
        raise Malformed(f"field '{path}' can not be filtered in a query call", "INVALID_FIELD")
    if of.name in ("OldValue", "NewValue"):
        raise Malformed(f"field '{path}' can not be filtered in a query call", "INVALID_FIELD")
