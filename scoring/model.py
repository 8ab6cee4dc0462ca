"""A scoring model after its file was checked: fields, scores, bands, stages, feedback; and its digest."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scoring.conditions import Condition
from scoring.rules import Limit, Rule


@dataclass(frozen=True, slots=True)
class Field:
    """Our word for a fact: its type, and by CRM (`hubspot`, `salesforce`) the places it is read from, best first.

    A place is a property of the person's record (`jobtitle`), of its company (`company.industry`, `Account.Industry`),
    or a count of deals (`deals.won`, `opportunities.won`; also open, lost, total).
    """

    type: str
    places: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that share a limit."""

    name: str
    rules: tuple[Rule, ...]
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """One named score: its groups, its limit, and whether the total counts it."""

    name: str
    groups: tuple[Group, ...]
    limit: Limit | None = None
    in_total: bool = True


@dataclass(frozen=True, slots=True)
class Ladder:
    """Names with their lower edges, lowest first; the lowest has None and takes all below. An edge is its name's."""

    edges: tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class GradePart:
    """A letter or digit and the score that it grades."""

    of: str
    steps: Ladder


@dataclass(frozen=True, slots=True)
class Grade:
    """Written together: letter, then digit (`A1`). Without a digit, only the letter."""

    letter: GradePart
    digit: GradePart | None = None


@dataclass(frozen=True, slots=True)
class Enter:
    """The stage that a subject enters when a condition holds."""

    stage: str
    when: Condition


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Stages, and when a subject enters one. `stages` maps our word to each CRM's value, in the order of the file,
    lowest first; `enter` is highest first."""

    mode: Literal["observe", "write"]
    field: Mapping[str, str]
    stages: Mapping[str, Mapping[str, str]]
    enter: tuple[Enter, ...]
    otherwise: str | None = None
    down: bool = False
    margin: int = 0
    never_leave: tuple[str, ...] = ()
    exclude: Condition | None = None


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """What a sales answer does. `drop_to` (resolved to a number of the total) pulls the total down to it; `points`
    are constant; `hold` keeps the subject in that stage until a person releases it; none of them: a label only."""

    answer: str
    label: str
    drop_to: int | None = None
    drop_to_stage: str | None = None
    points: int | None = None
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """The field that sales fills in, by CRM, and its answers."""

    field: Mapping[str, str]
    answers: tuple[AnswerSpec, ...]


@dataclass(frozen=True, slots=True)
class Notify:
    """Whom to tell when: `enters` a stage, or `rises_to` a total; by `crm_task` or `webhook`."""

    by: tuple[str, ...]
    text: str
    enters: str | None = None
    rises_to: int | None = None


@dataclass(frozen=True, slots=True)
class GoldenActivity:
    """An activity of a golden lead; `age` in ms before `as_of`."""

    type: str
    details: Mapping[str, str]
    age: int


@dataclass(frozen=True, slots=True)
class Golden:
    """A lead with the answer that the model must give. `expect` holds scores by name and total, band, grade, stage."""

    lead: Mapping[str, str]
    activities: tuple[GoldenActivity, ...]
    expect: Mapping[str, int | str | None]
    created_age: int = 200 * 86_400_000
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """A whole checked model. All names in it exist, all operands fit their types, ranges do not overlap."""

    name: str
    fields: Mapping[str, Field]
    scores: tuple[ScoreSpec, ...]
    description: str = ""
    applies_to: Condition | None = None
    bands: Ladder | None = None
    grade: Grade | None = None
    lifecycle: Lifecycle | None = None
    feedback: Feedback | None = None
    notify: tuple[Notify, ...] = ()
    golden: tuple[Golden, ...] = ()


def digest(model: ScoringModel) -> str:
    """SHA-256 (hex) of what the model means: comments, layout, description and golden leads do not move it."""
    meaning = dataclasses.replace(model, description="", golden=())
    text = json.dumps(_plain(meaning), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(node: object) -> object:
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        fields = {f.name: _plain(getattr(node, f.name)) for f in dataclasses.fields(node)}
        return {"": type(node).__name__, **fields}
    if isinstance(node, Mapping):
        return [[key, _plain(value)] for key, value in node.items()]
    if isinstance(node, tuple):
        return [_plain(item) for item in node]
    return str(node) if isinstance(node, Decimal) else node
