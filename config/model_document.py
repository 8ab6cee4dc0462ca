"""The skeleton of a model file: which keys there are, and what kind of value each one takes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.model_values import (
    Channels,
    CountWord,
    DropTo,
    Duration,
    Durations,
    FieldType,
    HubSpotPlaces,
    Percent,
    Ranges,
    SalesforcePlaces,
    Text,
    Texts,
    When,
)


class Part(BaseModel):
    """Any mapping of the file: its keys are fixed, and nothing is turned into another type silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class FieldPart(Part):
    """One field: its type, and where each CRM keeps it, best place first."""

    type: FieldType
    hubspot: HubSpotPlaces = ()
    salesforce: SalesforcePlaces = ()


class LimitPart(Part):
    """The least and the most that a sum may be."""

    min: Annotated[int, Field(le=0)] | None = None
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "LimitPart":
        if self.min is None and self.max is None:
            raise ValueError("a limit needs min, max or both")
        return self


class DecayPart(Part):
    """How points fade: by half-life, or by whole steps."""

    half_life: Duration | None = None
    lose: Percent | None = None
    every: Duration | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "DecayPart":
        steps = (self.lose is not None, self.every is not None)
        if (self.half_life is not None) == all(steps) or any(steps) != all(steps):
            raise ValueError("write {half_life: 90 days} or {lose: 10%, every: 30 days}")
        if 0 in (self.half_life, self.every):
            raise ValueError("a decay takes more than no time")
        return self


class LastPart(Part):
    """How long ago the latest activity must be."""

    within: Duration | None = None
    older_than: Duration | None = None
    between: Durations | None = None

    @model_validator(mode="after")
    def _one_age(self) -> "LastPart":
        if sum(age is not None for age in (self.within, self.older_than, self.between)) != 1:
            raise ValueError("write one of within, older_than or between")
        if self.within == 0:
            raise ValueError("`within: 0 days` never holds")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError("write the shorter age first: between: [14 days, 60 days]")
        return self


class RulePart(Part):
    """One rule. Which keys go together depends on its kind: `when`, `on`, `last` or `ranges`."""

    name: Text
    points: int | None = None
    when: When = None
    on: Texts | None = None
    where: When = None
    within: Duration | None = None
    count: CountWord | None = None
    decay: DecayPart | None = None
    last: LastPart | None = None
    ranges: Ranges = None
    limit: LimitPart | None = None
    say: Text | None = None


class GroupPart(Part):
    """Rules that share a limit."""

    name: Text
    rules: list[RulePart]
    limit: LimitPart | None = None


class ScorePart(Part):
    """One of the scores whose sum is the total."""

    groups: list[GroupPart]
    limit: LimitPart | None = None
    in_total: bool = True


class StepsPart(Part):
    """A letter or digit of the grade: the score that it grades, and the lower edge of each sign."""

    model_config = ConfigDict(extra="allow", strict=True, frozen=True)
    __pydantic_extra__: dict[str, int | None]

    of: Text


class GradePart(Part):
    """The grade: a letter of one score and, if wanted, a digit of another."""

    letter: StepsPart
    digit: StepsPart | None = None


class PlacePart(Part):
    """A property or field by CRM."""

    hubspot: Text | None = None
    salesforce: Text | None = None


class EnterPart(Part):
    """A stage and what leads into it."""

    stage: Text
    when: When


class LifecyclePart(Part):
    """Stages: which there are, who enters one, and what is never touched."""

    mode: Literal["observe", "write"] = "observe"
    field: PlacePart = PlacePart()
    stages: Annotated[dict[str, PlacePart], Field(min_length=1)]
    enter: list[EnterPart]
    otherwise: Text | None = None
    down: bool = False
    margin: Annotated[int, Field(ge=0)] = 0
    never_leave: list[Text] = []
    exclude: When = None


class AnswerPart(Part):
    """One answer of sales: the word for it, the label that they see, and what it does."""

    answer: Text
    label: Text
    drop_to: DropTo | None = None
    points: int | None = None
    hold: Text | None = None


class FeedbackPart(Part):
    """The field that sales fills in, and its answers."""

    field: PlacePart = PlacePart()
    answers: Annotated[list[AnswerPart], Field(min_length=1)]


class OccasionPart(Part):
    """When to tell somebody."""

    enters: Text | None = None
    rises_to: int | None = None

    @model_validator(mode="after")
    def _one_occasion(self) -> "OccasionPart":
        if (self.enters is None) == (self.rises_to is None):
            raise ValueError("write {enters: STAGE} or {rises_to: POINTS}")
        return self


class NotifyPart(Part):
    """Whom to tell, when, and in which words."""

    on: OccasionPart
    by: Channels
    text: Text


class GoldenPart(Part):
    """A lead with the answer that the model must give; ages are counted back from the moment of the test."""

    lead: dict[str, Any]
    activities: list[dict[str, Any]] = []
    expect: Annotated[dict[str, Any], Field(min_length=1)]
    created: Duration = 200 * 86_400_000
    lists: list[Text] = []


class ModelPart(Part):
    """A scoring model."""

    name: Text
    description: str = ""
    applies_to: When = Field(default=None, alias="for")
    fields: dict[str, FieldPart]
    scores: Annotated[dict[str, ScorePart], Field(min_length=1)]
    bands: Annotated[dict[str, int | None], Field(min_length=1)] | None = None
    grade: GradePart | None = None
    lifecycle: LifecyclePart | None = None
    feedback: FeedbackPart | None = None
    notify: list[NotifyPart] = []
    golden: list[GoldenPart] = []
