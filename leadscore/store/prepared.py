"""Statements that are worked out once for each database and then run as they are: that costs a tenth for a few rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, BindParameter, ColumnElement, Connection, LargeBinary, Select, Text, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.types import ARRAY, NULLTYPE, TypeEngine

Values = Mapping[str, object]


class Among(ColumnElement[bool]):
    """Whether a column is one of many keys, which are handed over as one list: any number of them, one statement."""

    inherit_cache = False
    type = NULLTYPE  # type: ignore[assignment]  # as a Boolean it would be compared with 1 on SQLite

    def __init__(self, column: ColumnElement[Any], name: str = "keys") -> None:
        self.column = column
        self.keys: BindParameter[Any] = bindparam(name, type_=ARRAY(array_of(column.type)))


@compiles(Among, "sqlite")
def _sqlite_among(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    column, keys = compiler.process(element.column, **more), compiler.process(element.keys, **more)
    return f"{column} IN (SELECT value FROM json_each({keys}))"  # noqa: S608  # both are the compiler's own text


@compiles(Among, "postgresql")
def _postgres_among(element: Among, compiler: SQLCompiler, **more: Any) -> str:
    return f"{compiler.process(element.column, **more)} = ANY ({compiler.process(element.keys, **more)})"


def given(name: str) -> BindParameter[int]:
    """A number that is told when the statement runs."""
    return bindparam(name, type_=BigInteger())


def told(name: str) -> BindParameter[str]:
    """A text that is told when the statement runs."""
    return bindparam(name, type_=Text())


class Prepared:
    """A statement of SQLAlchemy whose values come later, under the names given to them; a list for `Among`.

    Values go to the driver as they are: numbers, text and bytes only. Reusable, and safe in many threads.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._texts: dict[str, tuple[str, tuple[tuple[str, object], ...]]] = {}

    def rows(self, connection: Connection, **values: object) -> list[Any]:
        """All rows, as the driver's own tuples."""
        text, needed = self._text(connection)
        with _cursor(connection, text) as cursor:
            cursor.execute(text, _handed(connection, needed, values))
            return list(cursor.fetchall())

    def run(self, connection: Connection, **values: object) -> int:
        """How many rows it touched."""
        text, needed = self._text(connection)
        with _cursor(connection, text) as cursor:
            cursor.execute(text, _handed(connection, needed, values))
            return int(cursor.rowcount)

    def run_all(self, connection: Connection, many: Sequence[Values]) -> int:
        """Once for each of these; how many rows that touched."""
        if not many:
            return 0
        text, needed = self._text(connection)
        with _cursor(connection, text) as cursor:
            cursor.executemany(text, [_handed(connection, needed, values) for values in many])
            return int(cursor.rowcount)

    def _text(self, connection: Connection) -> tuple[str, tuple[tuple[str, object], ...]]:
        name = connection.dialect.name
        known = self._texts.get(name)
        if known is None:
            dialect = sqlite.dialect(paramstyle="qmark") if name == "sqlite" else connection.dialect
            compiled = self._statement.compile(dialect=dialect)
            fixed = compiled.params
            order = getattr(compiled, "positiontup", None) or list(fixed)
            known = self._texts[name] = (str(compiled), tuple((one, fixed[one]) for one in order))
        return known


class Lookup:
    """A query for the rows of many ascending ids: of one range where they lie close together (which finds those
    between them too), else of a list of them."""

    def __init__(self, query: Select[Any], column: ColumnElement[int]) -> None:
        self._range = Prepared(query.where(column.between(given("low"), given("high"))))
        self._list = Prepared(query.where(Among(column)))

    def rows(self, connection: Connection, ids: Sequence[int]) -> list[Any]:
        """All rows, as the driver's own tuples."""
        if not ids:
            return []
        if ids[-1] - ids[0] < 4 * len(ids):
            return self._range.rows(connection, low=ids[0], high=ids[-1])
        return self._list.rows(connection, keys=list(ids))


class _cursor:  # noqa: N801  # a context manager by its name; as a generator it would cost a third of a statement
    """The driver's own cursor, whose errors are SQLAlchemy's all the same. What a lost database left behind in the pool
    is thrown away."""

    __slots__ = ("_connection", "_cursor", "_text")

    def __init__(self, connection: Connection, text: str) -> None:
        self._connection = connection
        self._text = text

    def __enter__(self) -> DBAPICursor:
        self._cursor = self._connection.connection.cursor()
        return self._cursor

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._cursor.close()
        dialect = self._connection.dialect
        errors = dialect.loaded_dbapi.Error
        if error is None or not isinstance(error, errors):
            return
        lost = dialect.is_disconnect(error, self._connection.connection.dbapi_connection, self._cursor)
        if lost:
            self._connection.invalidate(error)
            self._connection.engine.dispose()
        told = DBAPIError.instance(
            self._text, None, error, errors, hide_parameters=True, connection_invalidated=lost, dialect=dialect
        )
        raise told from error


def _handed(connection: Connection, needed: Sequence[tuple[str, object]], values: Values) -> Any:
    if connection.dialect.name != "sqlite":
        return {name: values.get(name, fixed) for name, fixed in needed}
    given = (values.get(name, fixed) for name, fixed in needed)
    return tuple([msgspec.json.encode(one).decode() if isinstance(one, list) else one for one in given])


def array_of(column: TypeEngine[Any]) -> type[TypeEngine[Any]]:
    """How PostgreSQL calls the values of a column in an array."""
    if isinstance(column, Text):
        return postgresql.TEXT
    return postgresql.BYTEA if isinstance(column, LargeBinary) else postgresql.BIGINT
