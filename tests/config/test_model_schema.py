"""The JSON Schema for editors knows the words of the language and takes the models that we ship."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.defaults import shipped
from config.documents import read_document, untangle
from config.model_schema import model_schema, words_of_the_language
from scoring.conditions import FIELD_TYPES, OPERATORS
from scoring.rules import ACTIVITY_DETAILS

EXAMPLE = Path(__file__).parents[1] / "vectors" / "example_model.yaml"
SCHEMA = model_schema()


def refusals(schema: dict[str, Any], value: Any, place: str = "model") -> Iterator[str]:
    """A validator of the few keywords that our schema uses."""
    if "$ref" in schema:
        yield from refusals(SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], value, place)
        return
    if "anyOf" in schema:
        tries = [list(refusals(one, value, place)) for one in schema["anyOf"]]
        if all(tries):
            yield min(tries, key=len)[0]
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place}: {value!r} is not one of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{place}: {value!r} is not {schema['const']}"
    if "type" in schema and not any(fits(name, value) for name in listed(schema["type"])):
        yield f"{place}: {value!r} is no {schema['type']}"
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r} does not look like {schema['pattern']}"
    if isinstance(value, dict):
        yield from object_refusals(schema, value, place)
    for index, item in enumerate(value if isinstance(value, list) else []):
        yield from refusals(schema.get("items", {}), item, f"{place}[{index}]")


def object_refusals(schema: dict[str, Any], value: dict[str, Any], place: str) -> Iterator[str]:
    for name in schema.get("required", []):
        if name not in value:
            yield f"{place}: {name} is missing"
    for key, item in value.items():
        matching = [one for pattern, one in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        if key in schema.get("properties", {}):
            yield from refusals(schema["properties"][key], item, f"{place}.{key}")
        elif matching:
            yield from refusals(matching[0], item, f"{place}.{key}")
        elif schema.get("additionalProperties") is False:
            yield f"{place}: {key} is not known"
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from refusals(schema["additionalProperties"], item, f"{place}.{key}")


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def fits(name: str, value: Any) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "object": (dict,),
        "array": (list,),
        "string": (str,),
        "integer": (int,),
        "number": (int, float),
        "null": (type(None),),
        "boolean": (bool,),
    }
    return isinstance(value, kinds[name]) and (name == "boolean" or not isinstance(value, bool))


def as_json(path: Path) -> Any:
    return json.loads(json.dumps(untangle(read_document(path).root), default=float))


@pytest.mark.parametrize("path", [EXAMPLE, shipped("b2b"), shipped("minimal")], ids=lambda path: path.name)
def test_the_schema_takes_our_models(path: Path) -> None:
    assert list(refusals(SCHEMA, as_json(path))) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("wen",), 1),
        (("fields", "title", "type"), "txt"),
        (("scores", "fit", "groups"), {}),
        (("scores", "fit", "groups", 0, "rules", 0, "points"), "5"),
        (("scores", "fit", "groups", 0, "rules", 0, "when", "title"), {"wrds": ["x"]}),
        (("scores", "fit", "groups", 0, "rules", 0, "within"), "3 dayz"),
        (("scores", "fit", "groups", 0, "rules", 0, "on"), "page_vew"),
        (("scores", "fit", "groups", 0, "rules", 0, "count"), "onse"),
        (("scores", "fit", "groups", 0, "rules", 0, "ranges"), {"x": 1}),
        (("bands", "hot"), "5"),
        (("lifecycle", "mode"), "obsrve"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(path: tuple[str | int, ...], value: Any) -> None:
    document = as_json(EXAMPLE)
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert list(refusals(SCHEMA, document))


def test_the_schema_knows_every_word_of_the_language() -> None:
    text = json.dumps(SCHEMA)
    expected = {*FIELD_TYPES, *ACTIVITY_DETAILS, *(op for ops in OPERATORS.values() for op in ops)} - {"true", "false"}
    assert expected <= words_of_the_language()
    assert [word for word in sorted(words_of_the_language()) if f'"{word}"' not in text] == []


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    names = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert names <= set(SCHEMA["$defs"])
    assert SCHEMA["$schema"].endswith("2020-12/schema")
