"""What a rule can say: points for a fact, for what somebody did, for how long ago, or by range."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scoring.conditions import Condition

ACTIVITY_DETAILS: Mapping[str, tuple[str, ...]] = {
    "form_submission": ("form", "url"),
    "page_view": ("url", "title", "referrer"),
    "email_open": ("name", "link"),
    "email_click": ("name", "link"),
    "email_reply": ("name",),
    "email_bounce": ("name",),
    "unsubscribe": ("name",),
    "visit": ("url", "referrer"),
    "site_search": ("phrase",),
    "link_click": ("url", "link", "name"),
    "download": ("name", "url"),
    "event_registered": ("name",),
    "event_attended": ("name",),
    "meeting": ("name",),
    "call": ("name",),
    "support_ticket": ("topic",),
    "social": ("name",),
    "product_use": ("name",),
    "campaign_response": ("campaign", "status"),
    "deal_stage": ("stage", "pipeline", "amount"),
    "deal_won": ("stage", "pipeline", "amount"),
    "deal_lost": ("stage", "pipeline", "amount"),
}
"""The activity types and the details that a `where:` may name; `form_submission` also has `answer.ANYTHING`, and
`custom:NAME` has any detail."""

DETAIL_TYPES: Mapping[str, str] = {"url": "url", "referrer": "url", "link": "url", "amount": "number"}
"""The types of details that are not text."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The least and the most that a sum may be; None: no such limit. `min <= 0 <= max`."""

    min: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class HalfLife:
    """Points halve every `ms`."""

    ms: int


@dataclass(frozen=True, slots=True)
class Steps:
    """Points lose `lose` percent of their start every `every` ms, down to nothing."""

    lose: int
    every: int


Decay = HalfLife | Steps
Count = Literal["each", "once", "first", "once_per_form", "once_per_path", "once_per_day"]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """`when:` the points hold exactly while the condition holds."""

    name: str
    when: Condition
    points: int
    limit: Limit | None = None
    say: str | None = None


@dataclass(frozen=True, slots=True)
class ActivityRule:
    """`on:` points for each activity of these types that `where` lets through, inside the window of `within` ms."""

    name: str
    on: tuple[str, ...]
    points: int
    where: Condition | None = None
    within: int | None = None
    count: Count = "each"
    decay: Decay | None = None
    limit: Limit | None = None
    say: str | None = None


@dataclass(frozen=True, slots=True)
class RecencyRule:
    """`last:` points by the age of the latest matching activity, or of the creation where there is none.

    `age` is ("within", ms, None), ("older_than", ms, None) or ("between", ms, ms), with the edges of ages in fields.
    """

    name: str
    on: tuple[str, ...]
    age: tuple[Literal["within", "older_than", "between"], int, int | None]
    points: int
    where: Condition | None = None
    limit: Limit | None = None
    say: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Points between two ends that both belong; None: open."""

    low: Decimal | None
    high: Decimal | None
    points: int


@dataclass(frozen=True, slots=True)
class RangeRule:
    """`ranges:` the points of the one range in which a number field, or the number of matching activities, lies.

    Either `field` is given, or `on` (with `where` and `within`).
    """

    name: str
    ranges: tuple[Range, ...]
    field: str | None = None
    on: tuple[str, ...] = ()
    where: Condition | None = None
    within: int | None = None
    limit: Limit | None = None
    say: str | None = None


Rule = FieldRule | ActivityRule | RecencyRule | RangeRule
