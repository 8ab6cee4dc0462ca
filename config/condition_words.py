"""Reads the conditions of a model file: what stands under `when`, `where`, `for`, `enter` and `exclude`."""

from collections.abc import Mapping
from dataclasses import dataclass

from config.condition_operands import OperandError, operand
from config.documents import Entries, Items, Tree, Word
from config.draft import WORDS_OF_CONDITIONS, Draft
from config.problems import Path, did_you_mean, did_you_mean_or_list
from scoring.conditions import OPERATORS, AllOf, AnyOf, Condition, Not, OnList, Outcome, Submitted, Test
from scoring.rules import ACTIVITY_DETAILS, DETAIL_TYPES

NUMBER_OUTCOMES = OPERATORS["number"] - {"known"}
NAME_OUTCOMES = frozenset({"is", "in", "not_in"})


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may ask: `names` with their types (None: a type that is itself wrong, so nothing is checked).

    `open` are beginnings after which any name is a text (`answer.`; an empty one lets every name through).
    """

    names: Mapping[str, str | None]
    what: str = "field"
    outcomes: bool = False
    open: tuple[str, ...] = ()

    def type_of(self, name: str) -> str | None:
        """The type of a name for which `knows` holds; None: nothing is checked."""
        return self.names[name] if name in self.names else DETAIL_TYPES.get(name, "text")

    def knows(self, name: str) -> bool:
        """Whether a condition may ask for this name."""
        return name in self.names or any(name.startswith(start) and name != start for start in self.open)


def lead_scope(draft: Draft, outcomes: bool = False) -> Scope:
    """What may be asked of a lead; with `outcomes` also of its score."""
    return Scope(draft.fields, outcomes=outcomes)


def where_scope(types: tuple[str, ...]) -> Scope:
    """What may be asked of the details of activities: only what every one of these types has."""
    named = [ACTIVITY_DETAILS[kind] for kind in types if kind in ACTIVITY_DETAILS]
    common = [name for name in (named[0] if named else ()) if all(name in details for details in named)]
    unsure = len(named) + sum(kind.startswith("custom:") for kind in types) < len(types)
    anything = not named or unsure
    if anything:
        common = sorted({name for details in ACTIVITY_DETAILS.values() for name in details})
    answers = not anything and set(types) == {"form_submission"}
    return Scope(
        {name: DETAIL_TYPES.get(name, "text") for name in common},
        what="detail",
        open=("",) if anything else ("answer.",) if answers else (),
    )


def read_condition(draft: Draft, path: Path, scope: Scope) -> Condition | None:
    """The condition at a path; None if it has a fault, and then the draft says which."""
    tree = draft.node(path)
    if isinstance(tree, Items):
        draft.fault(path, "a list alone is no condition", "write {all: [...]} or {any: [...]}", at_value=True)
        return None
    if not isinstance(tree, Entries):
        draft.fault(path, "a condition is a mapping", "write e.g. {title: {words: [ceo]}}", at_value=True)
        return None
    if not tree.entries:
        draft.fault(path, "an empty condition says nothing", at_value=True)
        return None
    return _joined([_part(draft, key, (*path, key), scope) for key in tree.entries])


def _joined(parts: list[Condition | None]) -> Condition | None:
    found = tuple(part for part in parts if part is not None)
    if len(found) < len(parts):
        return None
    return found[0] if len(found) == 1 else AllOf(found)


def _part(draft: Draft, key: str, path: Path, scope: Scope) -> Condition | None:
    if key in ("all", "any"):
        return _several(draft, key, path, scope)
    if key == "not":
        inner = read_condition(draft, path, scope)
        return None if inner is None else Not(inner)
    if scope.what == "field" and key == "list":
        return _list(draft, path)
    if scope.what == "field" and key == "submitted":
        forms = _names(draft, path)
        return None if forms is None else Submitted(forms)
    if key in ("total", "band", "grade", *draft.scores) and key not in scope.names and scope.what == "field":
        return _outcome(draft, key, path, scope)
    if scope.knows(key):
        return _test(draft, key, path, scope)
    draft.fault(path, *_unknown(draft, key, scope))
    return None


def _unknown(draft: Draft, key: str, scope: Scope) -> tuple[str, str]:
    if key in {op for ops in OPERATORS.values() for op in ops} and not did_you_mean(key, scope.names):
        return (
            f"`{key}` needs a {scope.what} before it",
            f"write {{{next(iter(scope.names), 'title')}: {{{key}: ...}}}}",
        )
    if scope.what == "detail":
        if key in draft.fields:
            return (
                f"`{key}` is a field; `where` asks only for details of the activity",
                "put it under another rule's `when`",
            )
        return f"the activity has no detail `{key}`", did_you_mean_or_list(key, scope.names)
    known = [*scope.names, *WORDS_OF_CONDITIONS]
    if scope.outcomes:
        known += ["total", "band", "grade", *draft.scores]
    return f"there is no field `{key}`", did_you_mean(key, known) or "declare it under `fields`"


def _several(draft: Draft, key: str, path: Path, scope: Scope) -> Condition | None:
    tree = draft.node(path)
    if not isinstance(tree, Items) or not tree.items:
        draft.fault(path, f"`{key}` takes a list of conditions", at_value=True)
        return None
    parts = [read_condition(draft, (*path, index), scope) for index in range(len(tree.items))]
    found = tuple(part for part in parts if part is not None)
    if len(found) < len(parts):
        return None
    return AllOf(found) if key == "all" else AnyOf(found)


def _test(draft: Draft, name: str, path: Path, scope: Scope) -> Condition | None:
    kind, tree = scope.type_of(name), draft.node(path)
    if kind == "flag":
        return _flag(draft, name, path, tree)
    if not isinstance(tree, Entries):
        value = tree.text if isinstance(tree, Word) and tree.value is not None else "..."
        draft.fault(path, f"`{name}` needs an operator", f"write {{{name}: {{is: {value}}}}}", at_value=True)
        return None
    if not tree.entries:
        draft.fault(path, f"`{name}` needs an operator", at_value=True)
        return None
    if kind is None:
        return None
    return _joined([_operation(draft, name, kind, op, value, (*path, op), scope) for op, value in tree.entries.items()])


def _flag(draft: Draft, name: str, path: Path, tree: Tree | None) -> Condition | None:
    if isinstance(tree, Word) and isinstance(tree.value, bool):
        return Test(name, "flag", "is", tree.value)
    draft.fault(path, f"`{name}` is a flag", f"write {{{name}: true}} or {{{name}: false}}", at_value=True)
    return None


def _operation(draft: Draft, name: str, kind: str, op: str, tree: Tree, path: Path, scope: Scope) -> Condition | None:
    if op not in OPERATORS[kind]:
        draft.fault(path, *_unknown_operator(op, kind, scope))
        return None
    try:
        return Test(name, kind, op, operand(kind, op, tree))
    except OperandError as error:
        draft.fault((*path, *error.path), str(error), error.hint, at_value=True)
        return None


def _unknown_operator(op: str, kind: str, scope: Scope) -> tuple[str, str]:
    known = sorted(OPERATORS[kind])
    if scope.what == "detail" and op in ("within", "older_than", "in_next"):
        return f"`where` asks for details; `{op}` is an age", "write `within:` beside `on:`"
    owners = sorted(other for other, ops in OPERATORS.items() if op in ops)
    if owners:
        return (
            f"`{op}` does not go with {_article(kind)}",
            f"it goes with {', '.join(owners)}; {kind} has {', '.join(known)}",
        )
    return f"there is no operator `{op}`", did_you_mean_or_list(op, known)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _outcome(draft: Draft, name: str, path: Path, scope: Scope) -> Condition | None:
    if not scope.outcomes:
        draft.fault(path, f"`{name}` is a result of scoring; only `enter` can ask for it", "use a field here")
        return None
    tree = draft.node(path)
    if not isinstance(tree, Entries) or not tree.entries:
        draft.fault(path, f"`{name}` needs an operator", f"write {{{name}: {{at_least: 35}}}}", at_value=True)
        return None
    named = name in ("band", "grade") and name not in draft.scores
    allowed = NAME_OUTCOMES if named else NUMBER_OUTCOMES
    parts: list[Condition | None] = []
    for op, value in tree.entries.items():
        if op not in allowed:
            draft.fault((*path, op), f"`{name}` cannot be asked `{op}`", did_you_mean_or_list(op, sorted(allowed)))
            parts.append(None)
            continue
        parts.append(_outcome_test(draft, name, op, value, (*path, op), "text" if named else "number"))
    return _joined(parts)


def _outcome_test(draft: Draft, name: str, op: str, value: Tree, path: Path, kind: str) -> Condition | None:
    try:
        found = operand(kind, op, value)
    except OperandError as error:
        draft.fault((*path, *error.path), str(error), error.hint, at_value=True)
        return None
    known = {"band": draft.bands, "grade": draft.grades}.get(name, ()) if kind == "text" else ()
    for index, word in enumerate(found if kind == "text" and isinstance(found, tuple) else ()):
        if word not in known:
            place = (*path, index) if isinstance(value, Items) else path
            draft.fault(place, f"there is no {name} `{word}`", did_you_mean_or_list(str(word), known), at_value=True)
            return None
    return Outcome(name, op, found)


def _list(draft: Draft, path: Path) -> Condition | None:
    tree = draft.node(path)
    if not isinstance(tree, Entries) or list(tree.entries) != ["in"]:
        draft.fault(path, "`list` asks for membership", "write {list: {in: [Do not score]}}", at_value=True)
        return None
    names = _names(draft, (*path, "in"))
    return None if names is None else OnList(names)


def _names(draft: Draft, path: Path) -> tuple[str, ...] | None:
    tree = draft.node(path)
    try:
        found = operand("text", "in", tree) if tree is not None else ()
    except OperandError as error:
        message = str(error).replace("`in`", f"`{path[-1]}`")
        draft.fault((*path, *error.path), message, "write a list of names", at_value=True)
        return None
    return tuple(str(name) for name in found) if isinstance(found, tuple) else None
