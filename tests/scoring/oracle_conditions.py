"""Whether a condition of a model file holds: true, false or unknown (None), read off the plain YAML."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from scoring.facts import Activity, Facts
from scoring.values import Tables
from tests.scoring import oracle_urls
from tests.scoring.oracle_facts import activities_of, member_of, raw_value
from tests.scoring.oracle_values import Interval, Reading, duration, fold, nfkc, read, words

Document = Mapping[str, Any]
Truth = bool | None


@dataclass(frozen=True)
class View:
    """What a condition may look at. `known` holds only facts that are known; `at` may be later than all of them.

    `activity` is given for a `where:`, `outcome` (total, band, grade, scores) for an `enter:`.
    """

    document: Document
    tables: Tables
    known: Facts
    at: int
    activity: Activity | None = None
    outcome: Mapping[str, Any] | None = None


def all_of(parts: Sequence[Truth]) -> Truth:
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def any_of(parts: Sequence[Truth]) -> Truth:
    if any(part is True for part in parts):
        return True
    return None if any(part is None for part in parts) else False


def opposite(part: Truth) -> Truth:
    return None if part is None else not part


def holds(condition: Document, view: View) -> Truth:
    return all_of([_part(key, body, view) for key, body in condition.items()])


def _part(key: str, body: Any, view: View) -> Truth:
    if key == "all":
        return all_of([holds(part, view) for part in body])
    if key == "any":
        return any_of([holds(part, view) for part in body])
    if key == "not":
        return opposite(holds(body, view))
    if key == "list":
        return any_of([member_of(view.known, name) for name in body["in"]])
    if key == "submitted":
        return _submitted(body, view)
    if view.activity is not None:
        return _detail_test(key, body, view, view.activity)
    if view.outcome is not None and key in view.outcome:
        return _outcome_test(view.outcome[key], body, view)
    return _field_test(key, body, view)


def _submitted(forms: Sequence[str], view: View) -> bool:
    wanted = {fold(form) for form in forms}
    for act in activities_of(view.known):
        details = dict(act.kind.details)
        names = {fold(details.get("form", "")), fold(details.get("form_id", ""))} - {""}
        if act.kind.type == "form_submission" and names & wanted:
            return True
    return False


def _field_test(field: str, body: Any, view: View) -> Truth:
    kind = view.document["fields"][field]["type"]
    value = read(kind, raw_value(view.known, field, kind), view.tables)
    if kind == "flag":
        return None if isinstance(value, Reading) else value is body
    return test(kind, value, body, view)


def _outcome_test(value: Any, body: Document, view: View) -> Truth:
    if isinstance(value, int):
        return test("number", (Fraction(value), Fraction(value)), body, view)
    return test("text", Reading.UNKNOWN if value is None else value, body, view)


_DETAIL_TYPES = {"url": "url", "referrer": "url", "link": "url", "amount": "number"}


def _detail_test(name: str, body: Document, view: View, act: Activity) -> Truth:
    details = dict(act.kind.details)
    kind = _DETAIL_TYPES.get(name, "text")
    value = read(kind, details.get(name), view.tables)
    if name != "form" or act.kind.type != "form_submission":
        return test(kind, value, body, view)
    guid = read("text", details.get("form_id"), view.tables)
    return all_of([_form_test(value, guid, operator, operand, view) for operator, operand in body.items()])


def _form_test(name: Any, guid: Any, operator: str, operand: Any, view: View) -> Truth:
    """A form is the one meant if its name or its GUID is; everything but equality looks at the name alone."""
    if operator not in ("is", "in", "not_in"):
        return test("text", name, {operator: operand}, view)
    present = {fold(text) for text in (name, guid) if not isinstance(text, Reading)}
    if not present:
        return None
    found = bool(present & {fold(form) for form in _listed(operand)})
    return not found if operator == "not_in" else found


def test(kind: str, value: Any, body: Document, view: View) -> Truth:
    """The operators of one field or detail on its value; several mean all."""
    return all_of([_operator(kind, value, operator, operand, view) for operator, operand in body.items()])


test.__test__ = False  # type: ignore[attr-defined]  # pytest would collect a function of this name


def _operator(kind: str, value: Any, operator: str, operand: Any, view: View) -> Truth:
    if operator == "known":
        return isinstance(value, Reading) is not operand
    if isinstance(value, Reading):
        return None
    if operator == "not_in":
        return opposite(_operator(kind, value, "in", operand, view))
    if kind == "number":
        return _number_test(value, operator, operand)
    if kind in ("date", "datetime"):
        return _age_test(value, operator, operand, view.at)
    if kind == "set":
        return _set_test(value, operator, operand)
    if kind == "country":
        return value in [view.tables.countries.get(fold(name)) for name in _listed(operand)]
    if operator == "domain":
        return _domain_test(value, operand, view.tables)
    return _text_test(value, operator, operand)


def _listed(operand: Any) -> list[Any]:
    return list(operand) if isinstance(operand, list | tuple) else [operand]


def _number_test(value: Interval, operator: str, operand: Any) -> Truth:
    """True if every number of the interval satisfies, false if none does, else unknown."""
    low, high = value
    if operator == "in":
        return any_of([_number_test(value, "is", one) for one in operand])
    if operator == "is":
        return _number_test(value, "between", [operand, operand])
    if operator == "between":
        least, most = operand
        return all_of([_number_test(value, "at_least", least), _number_test(value, "at_most", most)])
    edge = Fraction(str(operand))
    if operator == "at_least":
        return True if low >= edge else False if high is not None and high < edge else None
    if operator == "above":
        return True if low > edge else False if high is not None and high <= edge else None
    if operator == "at_most":
        return opposite(_number_test(value, "above", operand))
    assert operator == "below", operator
    return opposite(_number_test(value, "at_least", operand))


def _age_test(time: int, operator: str, operand: Any, at: int) -> Truth:
    if operator == "in_next":
        return 0 <= time - at < duration(operand)
    if time > at:
        return None
    return age_holds(at - time, operator, operand)


def age_holds(age: int, operator: str, operand: Any) -> bool:
    if operator == "within":
        return age < duration(operand)
    if operator == "older_than":
        return age >= duration(operand)
    assert operator == "between", operator
    return duration(operand[0]) <= age < duration(operand[1])


def _set_test(value: frozenset[str], operator: str, operand: Any) -> bool:
    wanted = {fold(name) for name in _listed(operand)}
    if operator == "has_all":
        return wanted <= value
    assert operator in ("is", "in", "has_any"), operator
    return bool(wanted & value)


def _domain_test(address: str, operand: Any, tables: Tables) -> bool:
    domain = fold(address.rpartition("@")[2])
    named = {"free": tables.free_domains, "disposable": tables.disposable_domains}
    listed = named[operand] if isinstance(operand, str) and operand in named else _listed(operand)
    return any(domain == fold(one) or domain.endswith("." + fold(one)) for one in listed)


def _text_test(text: str, operator: str, operand: Any) -> bool:
    if operator == "matches":
        return re.search(operand, nfkc(text).strip()) is not None
    if operator == "query":
        pairs = oracle_urls.query(text)
        return all((fold(name), fold(str(value))) in pairs for name, value in operand.items())
    tests: dict[str, Callable[[str], bool]] = {
        "is": lambda term: fold(text) == fold(term),
        "in": lambda term: fold(text) == fold(term),
        "contains": lambda term: fold(term) in fold(text),
        "starts_with": lambda term: fold(text).startswith(fold(term)),
        "words": lambda term: _has_words(words(text), words(term)),
        "path": lambda term: oracle_urls.glob(term, oracle_urls.path(text)),
        "host": lambda term: oracle_urls.host(text) == fold(term),
    }
    return any(tests[operator](term) for term in _listed(operand))


def _has_words(spoken: list[str], wanted: list[str]) -> bool:
    return any(spoken[start : start + len(wanted)] == wanted for start in range(len(spoken) - len(wanted) + 1))
