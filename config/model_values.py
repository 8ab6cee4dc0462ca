"""The single values of a model file: texts, durations, percentages, ways to count, places of a field."""

from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, WithJsonSchema

from config import notations
from config.problems import did_you_mean_or_list
from scoring.rules import Count

Json = dict[str, Any]
WORD: Json = {"type": ["string", "number"], "minLength": 1}
WORD_OR_WORDS: Json = {"anyOf": [WORD, {"type": "array", "items": WORD, "minItems": 1}]}
CRMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "hubspot": ("deals", ("won", "lost", "open", "total")),
    "salesforce": ("opportunities", ("won", "lost", "open", "total")),
}


def _text(value: object) -> object:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return value
    text = str(value).strip()
    if not text:
        raise ValueError("an empty text says nothing")
    return text


def _texts(value: object) -> object:
    if isinstance(value, list):
        if not value:
            raise ValueError("an empty list says nothing")
        return tuple(value)
    return (value,)


def _count(value: object) -> object:
    words = [word for word in get_args(Count) if not word.startswith("once_per_")]
    if isinstance(value, str):
        if value not in words:
            raise ValueError(f"`{value}` is no way to count ({_or(value, [*words, 'once_per'])})")
        return value
    if isinstance(value, dict) and list(value) == ["once_per"]:
        kinds = ["form", "path", "day"]
        if value["once_per"] not in kinds:
            shown = value["once_per"]
            raise ValueError(f"`once_per: {shown}` is not known ({_or(str(shown), kinds)})")
        return f"once_per_{value['once_per']}"
    raise ValueError("write each, once, first or {once_per: form|path|day}")


def _or(word: str, known: list[str]) -> str:
    return did_you_mean_or_list(word, known)


def _drop_to(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("write a whole number or one of the stages")
    return value


Text = Annotated[str, BeforeValidator(_text), WithJsonSchema(WORD)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_texts), WithJsonSchema(WORD_OR_WORDS)]
Duration = Annotated[
    int,
    BeforeValidator(notations.duration),
    WithJsonSchema({"type": "string", "pattern": notations.DURATION_PATTERN, "examples": ["30 days"]}),
]
Percent = Annotated[
    int, BeforeValidator(notations.percent), WithJsonSchema({"type": "string", "pattern": notations.PERCENT_PATTERN})
]
CountWord = Annotated[
    Count,
    BeforeValidator(_count),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["each", "once", "first"]},
                {
                    "type": "object",
                    "properties": {"once_per": {"enum": ["form", "path", "day"]}},
                    "required": ["once_per"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
# `x-part` stands for a definition of `model_schema.py`: pydantic refuses references to what it did not make.
When = Annotated[Any, WithJsonSchema({"x-part": "Condition"})]
Ranges = Annotated[Any, WithJsonSchema({"x-part": "Ranges"})]


def _places(crm: str) -> BeforeValidator:
    counted, kinds = CRMS[crm]

    def read(value: object) -> object:
        if value is None:
            raise ValueError("name a property, or leave the key out")
        found = value if isinstance(value, list) else [value]
        if not found:
            raise ValueError("an empty list names no place")
        return tuple(_place(item) for item in found)

    def _place(item: object) -> object:
        if not isinstance(item, dict):
            return item
        if list(item) != [counted] or item[counted] not in kinds:
            said = item.get(counted, next(iter(item), ""))
            hint = _or(str(said), list(kinds) if counted in item else [counted])
            raise ValueError(
                f"a count of {counted} is written {{{counted}: {'|'.join(kinds)}}}" + f" ({hint})" * bool(hint)
            )
        return f"{counted}.{item[counted]}"

    return BeforeValidator(read)


def _place_schema(crm: str) -> WithJsonSchema:
    counted, kinds = CRMS[crm]
    one = {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "properties": {counted: {"enum": list(kinds)}},
                "required": [counted],
                "additionalProperties": False,
            },
        ]
    }
    return WithJsonSchema({"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]})


FieldType = Literal["text", "email", "url", "number", "flag", "date", "datetime", "country", "set"]


Durations = Annotated[tuple[Duration, Duration], BeforeValidator(_texts)]
DropTo = Annotated[int | str, BeforeValidator(_drop_to), WithJsonSchema({"type": ["integer", "string"]})]
Channels = Annotated[
    tuple[Literal["crm_task", "webhook"], ...],
    BeforeValidator(_texts),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": ["crm_task", "webhook"]},
                {"type": "array", "items": {"enum": ["crm_task", "webhook"]}, "minItems": 1},
            ]
        }
    ),
]
HubSpotPlaces = Annotated[tuple[Text, ...], _places("hubspot"), _place_schema("hubspot")]
SalesforcePlaces = Annotated[tuple[Text, ...], _places("salesforce"), _place_schema("salesforce")]
