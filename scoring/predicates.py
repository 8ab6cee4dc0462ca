"""What one operator says of one value: the tests behind `is`, `words`, `between`, `domain`, `path` and the others."""

import re as stdlib_re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import cast

import re2

from scoring.conditions import Test
from scoring.urls import glob, query_values, split_url
from scoring.values import Interval, Read, Tables, Unreadable, domain_of, fold, within_domains, words_of

Predicate = Callable[[Read], bool | None]
"""None: unknown."""

_SURROGATES = stdlib_re.compile("[\ud800-\udfff]")


def predicate(test: Test, tables: Tables) -> Predicate:
    """The test of a typed value (`values.reader`); unknown and unreadable values are unknown to all but `known`."""
    if test.op == "known":
        wanted = test.operand
        return lambda value: (value is not None and not isinstance(value, Unreadable)) == wanted
    holds = _of_type(test, tables)
    return lambda value: None if value is None or isinstance(value, Unreadable) else holds(value)


def _of_type(test: Test, tables: Tables) -> Predicate:
    match test.type:
        case "flag":
            return lambda value: value == test.operand
        case "number":
            return _number(test)
        case "country":
            return _country(test, tables)
        case "set":
            return _set(test)
        case _:
            return _text(test, tables)


def _strings(test: Test) -> tuple[str, ...]:
    return (test.operand,) if isinstance(test.operand, str) else cast("tuple[str, ...]", test.operand)


def _text(test: Test, tables: Tables) -> Predicate:
    match test.op:
        case "is" | "in" | "not_in":
            folded = frozenset(fold(text) for text in _strings(test))
            positive = test.op != "not_in"
            return lambda value: (fold(str(value)) in folded) == positive
        case "contains":
            parts = [fold(text) for text in _strings(test)]
            return lambda value: any(part in fold(str(value)) for part in parts)
        case "starts_with":
            starts = tuple(fold(text) for text in _strings(test))
            return lambda value: fold(str(value)).startswith(starts)
        case "words":
            terms = [term for term in map(words_of, _strings(test)) if term]
            return lambda value: any(term in words_of(str(value)) for term in terms)
        case "matches":
            pattern = re2.compile(str(test.operand))
            return lambda value: pattern.search(_searchable(str(value))) is not None
        case "domain":
            return _domain(_strings(test), isinstance(test.operand, str), tables)
        case _:
            return _url(test)


def _searchable(text: str) -> str:
    # RE2 works on UTF-8, which has no lone surrogates
    return _SURROGATES.sub("\ufffd", unicodedata.normalize("NFKC", text).strip())


def _domain(domains: tuple[str, ...], named: bool, tables: Tables) -> Predicate:
    known = {"free": tables.free_domains, "disposable": tables.disposable_domains}
    listed = known[domains[0]] if named and domains[0] in known else frozenset(fold(domain) for domain in domains)

    def holds(value: Read) -> bool | None:
        domain = domain_of(str(value))
        return None if domain is None else within_domains(domain, listed)

    return holds


def _url(test: Test) -> Predicate:
    match test.op:
        case "path":
            globs = [glob(pattern) for pattern in _strings(test)]

            def on_path(value: Read) -> bool:
                path = split_url(str(value)).path
                return any(matches(path) for matches in globs)

            return on_path
        case "host":
            hosts = frozenset(fold(host) for host in _strings(test))
            return lambda value: split_url(str(value)).host in hosts
        case _:
            wanted = [(fold(name), fold(text)) for name, text in cast("tuple[tuple[str, str], ...]", test.operand)]

            def in_query(value: Read) -> bool:
                found = query_values(split_url(str(value)).query)
                return all(text in found.get(name, ()) for name, text in wanted)

            return in_query


def _country(test: Test, tables: Tables) -> Predicate:
    codes = frozenset(tables.countries.get(fold(name), fold(name)) for name in _strings(test))
    positive = test.op != "not_in"
    return lambda value: (value in codes) == positive


def _set(test: Test) -> Predicate:
    folded = frozenset(fold(text) for text in _strings(test))
    match test.op:
        case "has_all":
            return lambda value: folded <= cast("frozenset[str]", value)
        case "not_in":
            return lambda value: folded.isdisjoint(cast("frozenset[str]", value))
        case _:
            return lambda value: not folded.isdisjoint(cast("frozenset[str]", value))


def _number(test: Test) -> Predicate:
    operand = test.operand
    match test.op:
        case "is" | "in" | "not_in":
            numbers = operand if isinstance(operand, tuple) else (operand,)
            return _one_of([Decimal(str(number)) for number in numbers], positive=test.op != "not_in")
        case "between":
            low, high = cast("tuple[Decimal, Decimal]", operand)
            return lambda value: inside(cast("Interval", value), low, high)
        case "at_least":
            return lambda value: inside(cast("Interval", value), cast("Decimal", operand), None)
        case "at_most":
            return lambda value: inside(cast("Interval", value), None, cast("Decimal", operand))
        case "above":
            return _negated(lambda value: inside(cast("Interval", value), None, cast("Decimal", operand)))
        case _:
            return _negated(lambda value: inside(cast("Interval", value), cast("Decimal", operand), None))


def inside(value: Interval, low: Decimal | None, high: Decimal | None) -> bool | None:
    """Whether all of an interval lies between two ends that both belong (None: open); None: only some of it does."""
    if (low is not None and value.high is not None and value.high < low) or (high is not None and value.low > high):
        return False
    starts = low is None or value.low >= low
    ends = high is None or (value.high is not None and value.high <= high)
    return True if starts and ends else None


def _negated(holds: Callable[[Read], bool | None]) -> Predicate:
    def negated(value: Read) -> bool | None:
        answer = holds(value)
        return None if answer is None else not answer

    return negated


def _one_of(numbers: list[Decimal], *, positive: bool) -> Predicate:
    def holds(value: Read) -> bool | None:
        low, high = cast("Interval", value)
        if low == high:
            return (low in numbers) == positive
        touched = any(number >= low and (high is None or number <= high) for number in numbers)
        return None if touched else not positive

    return holds
