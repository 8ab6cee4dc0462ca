"""What stands behind an operator of a condition: words, numbers, ages, domains, paths, patterns."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import re2

from config import notations
from config.documents import Entries, Items, Tree, Word, children
from config.problems import Path, did_you_mean
from scoring.conditions import Operand

T = TypeVar("T")
AGES = ("date", "datetime")


class OperandError(ValueError):
    """An operand that its operator cannot use; `path` leads from the operator to the wrong part."""

    def __init__(self, message: str, hint: str = "", path: Path = ()) -> None:
        super().__init__(message)
        self.hint = hint
        self.path = path


def operand(field_type: str, op: str, tree: Tree) -> Operand:
    """The checked operand of an operator on a field of this type. Raises OperandError."""
    if op in ("within", "older_than", "in_next"):
        return _age(op, tree)
    if op == "between":
        return _ages(tree) if field_type in AGES else _numbers_between(tree)
    if field_type == "number" and op in ("is", "in", "not_in"):
        return tuple(_each(tree, op, _number))
    return _READERS[op](op, tree)


def _known(op: str, tree: Tree) -> bool:
    if isinstance(tree, Word) and isinstance(tree.value, bool):
        return tree.value
    raise OperandError(f"`{op}` takes true or false")


def _texts(op: str, tree: Tree) -> tuple[str, ...]:
    return tuple(_each(tree, op, _text))


def _words(op: str, tree: Tree) -> tuple[str, ...]:
    return tuple(_each(tree, op, _term))


def _number_word(op: str, tree: Tree) -> Decimal:
    if not isinstance(tree, Word):
        raise OperandError(f"`{op}` takes one number")
    return _number(tree)


def _each(tree: Tree, op: str, read: Callable[[Word], T]) -> list[T]:
    if op == "is" and isinstance(tree, Items):
        raise OperandError("`is` takes one value", "write `in` for a list")
    if isinstance(tree, Word):
        return [read(tree)]
    if isinstance(tree, Entries):
        raise OperandError(f"`{op}` takes a value or a list, not a mapping")
    if not tree.items:
        raise OperandError(f"the list of `{op}` is empty, so it can never hold")
    found = []
    for index, item in enumerate(tree.items):
        if not isinstance(item, Word):
            raise OperandError(f"`{op}` takes a flat list of values", path=(index,))
        try:
            found.append(read(item))
        except OperandError as error:
            raise OperandError(str(error), error.hint, (index,)) from error
    return found


def _text(word: Word) -> str:
    if word.value is None or not word.text.strip():
        raise OperandError("an empty value matches nothing", "write {known: false} to ask for a missing value")
    return word.text


def _term(word: Word) -> str:
    if not any(letter.isalnum() for letter in _text(word)):
        raise OperandError(f"`{word.text}` holds no letter or digit, so it is no word", "use `contains`")
    return word.text


def _number(word: Word) -> Decimal:
    try:
        return notations.number(word.value)
    except ValueError as error:
        raise OperandError(str(error)) from error


def _numbers_between(tree: Tree) -> tuple[Decimal, Decimal]:
    if not isinstance(tree, Items) or len(tree.items) != 2:
        raise OperandError("`between` takes two numbers", "write between: [50, 500]")
    low, high = _each(tree, "between", _number)
    if low > high:
        raise OperandError("`between` runs backwards", f"write between: [{high}, {low}]")
    return low, high


def _duration(word: Word) -> int:
    try:
        return notations.duration(word.value)
    except ValueError as error:
        raise OperandError(str(error)) from error


def _age(op: str, tree: Tree) -> int:
    if not isinstance(tree, Word):
        raise OperandError(f"`{op}` takes one duration", "write e.g. 14 days")
    ms = _duration(tree)
    if ms == 0 and op != "older_than":
        raise OperandError(f"`{op}: {tree.text}` can never hold")
    return ms


def _ages(tree: Tree) -> tuple[int, int]:
    if not isinstance(tree, Items) or len(tree.items) != 2:
        raise OperandError("`between` takes two ages", "write between: [14 days, 60 days]")
    young, old = _each(tree, "between", _duration)
    if young >= old:
        raise OperandError("`between` takes the shorter age first", "write between: [14 days, 60 days]")
    return young, old


def _pattern(op: str, tree: Tree) -> str:
    if not isinstance(tree, Word) or not isinstance(tree.value, str):
        raise OperandError(f"`{op}` takes one pattern as a quoted text")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(tree.value, options)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        raise OperandError(f"this pattern cannot be used: {said}", _pattern_hint(said)) from error
    return tree.value


def _pattern_hint(said: str) -> str:
    if "escape sequence: \\" in said and said[-1].isdigit():
        return "back references are not supported; list the alternatives"
    if "perl operator" in said:
        return "look-ahead and look-behind are not supported; use `not` with a second condition"
    return "patterns follow RE2"


def _domain(op: str, tree: Tree) -> str | tuple[str, ...]:
    if isinstance(tree, Word) and tree.text in ("free", "disposable"):
        return tree.text
    if isinstance(tree, Word) and "." not in tree.text:
        hint = did_you_mean(tree.text, ("free", "disposable")) or "write free, disposable or a list of domains"
        raise OperandError(f"`{tree.text}` is no mail domain", hint)
    return tuple(_each(tree, op, _one_domain))


def _one_domain(word: Word) -> str:
    name = _text(word).strip().casefold().lstrip("@")
    if "." not in name or "@" in name or "/" in name or " " in name or "*" in name:
        raise OperandError(
            f"`{word.text}` is no mail domain", "write e.g. rival.example.com; its subdomains belong to it"
        )
    return name


def _query(op: str, tree: Tree) -> tuple[tuple[str, str], ...]:
    if not isinstance(tree, Entries) or not tree.entries:
        raise OperandError(f"`{op}` takes names and values", "write query: {utm_source: linkedin}")
    pairs = []
    for name, value in children(tree):
        if not isinstance(value, Word) or value.value is None:
            raise OperandError(f"`{name}` takes one value", "join several with `any`", (name,))
        pairs.append((str(name), value.text))
    return tuple(pairs)


_READERS: dict[str, Callable[[str, Tree], Operand]] = {
    "known": _known,
    "matches": _pattern,
    "domain": _domain,
    "query": _query,
    "words": _words,
    **dict.fromkeys(("is", "in", "not_in", "has_any", "has_all", "contains", "starts_with", "path", "host"), _texts),
    **dict.fromkeys(("at_least", "at_most", "above", "below"), _number_word),
}
