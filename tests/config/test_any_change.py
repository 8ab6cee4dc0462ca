"""Whatever somebody does to a model file, the answer is a model or a list of faults, never a crash."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.model_file import load_model, parse_model
from config.problems import ConfigError
from scoring.linter import lint
from scoring.minimum_profile import stage_paths

EXAMPLE = (Path(__file__).parents[1] / "vectors" / "example_model.yaml").read_text(encoding="utf-8")
DOCUMENT = YAML(typ="safe", pure=True).load(EXAMPLE)
VALUES: tuple[Any, ...] = (None, True, 5, -3, 1.5, 10**30, "x", "", "5 days", "total", "2..5", "{", [], {}, ["a", None])
MAPPINGS: tuple[Any, ...] = ({"a": 1}, [{"a": {}}], {"in": ["x"]}, {"of": "fit"}, {"not": {"not": {}}}, {"2..5": 3})
STRAY = " \t:{}[],&*!|>'\"%@`#-\n\x07é0"


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield (*path, key)
        yield from places(value, (*path, key))


PLACES = tuple(places(DOCUMENT))
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(PLACES), st.sampled_from(("remove", "replace", "add")), st.sampled_from(VALUES + MAPPINGS)
    ),
    min_size=1,
    max_size=4,
)


def change(document: Any, path: tuple[Any, ...], act: str, value: Any) -> None:
    node = document
    for key in path[:-1]:
        node = node[key]
    if act == "remove":
        del node[path[-1]]
    elif act == "replace" or isinstance(node, list):
        node[path[-1]] = copy.deepcopy(value)
    else:
        node[str(value)[:8]] = copy.deepcopy(value)


@settings(max_examples=80, deadline=None)
@given(CHANGES)
def test_a_model_with_parts_changed_is_read_or_refused(changes: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    document = copy.deepcopy(DOCUMENT)
    for path, act, value in changes:
        try:
            change(document, path, act, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took this place away
    try:
        model = load_model(document)
    except ConfigError as error:
        assert all(problem.message for problem in error.problems)
    else:
        lint(model)
        stage_paths(model)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(EXAMPLE) - 1), st.sampled_from(STRAY)), min_size=1, max_size=3))
def test_a_text_with_stray_letters_is_read_or_refused_with_places(strays: list[tuple[int, str]]) -> None:
    letters = list(EXAMPLE)
    for index, letter in strays:
        letters[index] = letter
    try:
        parse_model("".join(letters))
    except ConfigError as error:
        assert all(problem.line > 0 for problem in error.problems)
