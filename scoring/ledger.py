"""A score and the lines that add up to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scoring.facts import Instant

Evidence = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Contribution:
    """One line of the ledger; lines with 0 points do not exist.

    `rule`: points of a rule, its own limit inside. `limit`: what a group's (group named) or a score's (group None)
    limit cut; rule is None. `adjustment`: what sales feedback moved; score, group and rule are None.
    Evidence holds values, counts and dates (UTC, ISO 8601), never ages.
    """

    kind: Literal["rule", "limit", "adjustment"]
    score: str | None
    group: str | None
    rule: str | None
    points: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Score:
    """What a model says of one subject at `as_of`.

    `total` is the sum of `contributions` less those of scores with `in_total: false`; each score is the sum of its
    own lines. Lines stand in model order: a group's rules, its limit, then the score's limit, last the adjustment.
    If no model is for this subject, `model`, `total`, `band`, `grade`, `stage` and `reason` are None, `scores` is
    empty.
    `stage` is our word for the stage that a subject without any stage would enter. `next_change_at` is the first
    instant at which anything but as_of, evidence and reason differs if nothing new arrives; None: never.
    `unreadable` names the fields whose text could not be read as their type, in model order.
    """

    model: str | None
    as_of: Instant
    scores: Mapping[str, int]
    adjustment: int
    total: int | None
    band: str | None
    grade: str | None
    stage: str | None
    next_change_at: Instant | None
    contributions: tuple[Contribution, ...]
    unreadable: tuple[str, ...]
    tell: Callable[["Score"], str] = field(repr=False, compare=False)

    @property
    def reason(self) -> str | None:
        """Why, in at most 250 characters, newest intent first. Worked out when asked for: it costs several scorings,
        and most scores are never written."""
        return None if self.model is None else self.tell(self)
