"""Turns what pydantic says about a document into sentences with a place: unknown keys, missing keys, wrong kinds."""

import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.documents import Entries, Items, Tree, Word, find, untangle
from config.draft import Draft
from config.problems import Path, did_you_mean, did_you_mean_or_list

_WANTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "a text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def check_shape(draft: Draft, skeleton: type[BaseModel]) -> None:
    """Notes in the draft every key that is unknown or missing and every value of a wrong kind."""
    try:
        skeleton.model_validate(untangle(draft.document.root))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(draft, skeleton, detail)


def _note(draft: Draft, skeleton: type[BaseModel], detail: ErrorDetails) -> None:
    kind, path, context = detail["type"], detail["loc"], detail.get("ctx", {})
    name = next((part for part in reversed(path) if isinstance(part, str)), "model")
    shown = f"`{name}`" if path and isinstance(path[-1], str) else f"an item of `{name}`"
    if kind == "extra_forbidden":
        hint = did_you_mean_or_list(name, known_keys(skeleton, path[:-1]))
        draft.fault(path, f"`{name}` is not known here", hint)
    elif kind == "missing":
        if not _misspelt(draft, skeleton, path):
            draft.fault(path, f"`{name}` is missing", f"add `{name}:`")
    elif kind == "literal_error":
        known = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        said = _shown(_nearest(draft, path))
        draft.fault(path, f"{shown} cannot be {said}", did_you_mean_or_list(said.strip("`"), known), at_value=True)
    elif kind == "value_error":
        draft.fault(path, str(context["error"]), at_value=True)
    elif kind in _WANTED:
        said = _shown(find(draft.document.root, *path))
        draft.fault(path, f"{shown} must be {_WANTED[kind]}, not {said}", at_value=True)
    elif kind in ("less_than_equal", "greater_than_equal"):
        bound = f"at most {context['le']}" if "le" in context else f"at least {context['ge']}"
        draft.fault(path, f"{shown} must be {bound}", at_value=True)
    elif kind in ("too_short", "too_long"):
        draft.fault(path, f"{shown} has too {'few' if kind == 'too_short' else 'many'} items", at_value=True)
    else:
        draft.fault(path, f"{shown}: {detail['msg']}", at_value=True)


def _misspelt(draft: Draft, skeleton: type[BaseModel], path: Path) -> bool:
    """Whether a missing key stands there in another spelling, which has a fault of its own."""
    beside = find(draft.document.root, *path[:-1])
    known = known_keys(skeleton, path[:-1])
    strangers = [key for key in beside.entries if key not in known] if isinstance(beside, Entries) else []
    return bool(did_you_mean(str(path[-1]), strangers))


def _nearest(draft: Draft, path: Path) -> Tree | None:
    """What stands at a path; a single word may stand for a list of one."""
    found = find(draft.document.root, *path)
    return find(draft.document.root, *path[:-1]) if found is None else found


def _shown(tree: Tree | None) -> str:
    if isinstance(tree, Word):
        return "empty" if tree.value is None else f"`{tree.text}`"
    return "a list" if isinstance(tree, Items) else "a mapping"


def known_keys(skeleton: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys that the mapping at a path may have, as far as they are fixed."""
    kinds: list[Any] = [skeleton]
    for part in path:
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    found: list[str] = []
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [field.alias or name for name, field in kind.model_fields.items()]
    return found


def _inside(kind: Any, part: str | int) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == part:
                yield from _plain(field.annotation)
    elif get_origin(kind) is dict:
        yield from _plain(get_args(kind)[1])
    elif get_origin(kind) in (list, tuple):
        yield from _plain(get_args(kind)[0])


def _plain(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (dict, list, tuple) or isinstance(annotation, type):
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _plain(inner)
