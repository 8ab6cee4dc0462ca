"""The JSON Schema of a model file: with it, editors complete its words and underline faults while one types."""

from typing import Any, get_args

from config.draft import RESERVED
from config.model_document import ModelPart
from config.model_values import CRMS, Json
from config.notations import DURATION_PATTERN, RANGE_PATTERN
from scoring.conditions import FIELD_TYPES, OPERATORS
from scoring.rules import ACTIVITY_DETAILS, Count

_WORD: Json = {"type": ["string", "number", "boolean"]}
_WORDS: Json = {"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1}]}
_NUMBER: Json = {"type": "number"}
_DURATION: Json = {"type": "string", "pattern": DURATION_PATTERN, "examples": ["30 days"]}
_OPERANDS: dict[str, Json] = {
    "known": {"type": "boolean"},
    "is": _WORD,
    "matches": {"type": "string", "description": "An RE2 pattern, found anywhere; (?i) ignores case."},
    **dict.fromkeys(("at_least", "at_most", "above", "below"), _NUMBER),
    **dict.fromkeys(("within", "older_than", "in_next"), _DURATION),
    "between": {
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "items": {"anyOf": [{"type": "number"}, _DURATION]},
        "description": "Two numbers, both ends belong; or two ages, the older edge does not.",
    },
    "domain": {"anyOf": [{"enum": ["free", "disposable"]}, _WORDS]},
    "query": {"type": "object", "additionalProperties": _WORD, "minProperties": 1},
}


def model_schema() -> dict[str, Any]:
    """The schema (draft 2020-12). It knows every key; which field takes which operator only `model check` can say."""
    schema = ModelPart.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "leadscore model"
    definitions = schema.setdefault("$defs", {})
    definitions |= {"Condition": _condition(), "Test": _test(), "Ranges": _ranges(), "Points": _points()}
    kinds = [{"enum": sorted(ACTIVITY_DETAILS)}, {"type": "string", "pattern": "^custom:.+"}]
    definitions["ActivityType"] = {"anyOf": kinds}
    on = {"anyOf": [{"$ref": "#/$defs/ActivityType"}, {"type": "array", "items": {"$ref": "#/$defs/ActivityType"}}]}
    definitions["RulePart"]["properties"]["on"] = {**on, "description": "What somebody did: one type or a list."}
    linked: dict[str, Any] = _link(schema)
    return linked


def words_of_the_language() -> frozenset[str]:
    """Every fixed word that a model file may hold: keys, operators, types, ways to count."""
    found = {*FIELD_TYPES, *ACTIVITY_DETAILS, *RESERVED, *CRMS}
    found |= {op for ops in OPERATORS.values() for op in ops} - {"true", "false"}
    return frozenset(found | {word.removeprefix("once_per_") for word in get_args(Count)})


def _condition() -> Json:
    here = {"$ref": "#/$defs/Condition"}
    several = {"type": "array", "items": here, "minItems": 1}
    return {
        "type": "object",
        "minProperties": 1,
        "description": "Several keys must all hold. Each key is a field (in `where` a detail) or one of these words.",
        "properties": {
            "all": {**several, "description": "All of these must hold."},
            "any": {**several, "description": "One of these must hold."},
            "not": {**here, "description": "This must not hold; unknown stays unknown."},
            "list": {
                "anyOf": [{"$ref": "#/$defs/Test"}, {"type": "boolean"}],
                "description": "Membership of CRM lists.",
            },
            "submitted": {"anyOf": [_WORDS, {"$ref": "#/$defs/Test"}], "description": "Forms ever submitted."},
            **{
                name: {"$ref": "#/$defs/Test", "description": f"The {name}; only in `enter`."}
                for name in ("total", "band", "grade")
            },
        },
        "additionalProperties": {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/Test"}]},
    }


def _test() -> Json:
    operators = sorted({op for ops in OPERATORS.values() for op in ops} - {"true", "false"})
    return {
        "type": "object",
        "minProperties": 1,
        "properties": {op: _OPERANDS.get(op, _WORDS) for op in operators},
        "additionalProperties": False,
    }


def _points() -> Json:
    return {
        "type": "object",
        "minProperties": 1,
        "patternProperties": {RANGE_PATTERN: {"type": "integer"}},
        "additionalProperties": False,
        "examples": [{"2..5": 3, "6..": 6}],
    }


def _ranges() -> Json:
    points = {"$ref": "#/$defs/Points"}
    by_field = {
        "type": "object",
        "properties": {"field": {"type": "string"}, "points": points},
        "required": ["field", "points"],
        "additionalProperties": False,
    }
    return {"anyOf": [by_field, points]}


def _link(node: Any) -> Any:
    """Puts references where the skeleton names a part of this file."""
    if isinstance(node, dict):
        linked = {key: _link(value) for key, value in node.items() if key != "x-part"}
        return {"$ref": f"#/$defs/{node['x-part']}", **linked} if "x-part" in node else linked
    if isinstance(node, list):
        return [_link(item) for item in node]
    return node
