"""A score and the lines that add up to it."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

from scoring.facts import Instant

Evidence = Mapping[str, str | int]


class Contribution(NamedTuple):
    """One line of the ledger; lines with 0 points do not exist. A tuple, because millions are made.

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


class Score(NamedTuple):
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
    tell: Callable[["Score"], str]

    @property
    def reason(self) -> str | None:
        """Why, in at most 250 characters, newest intent first. Worked out when asked for: it costs several scorings,
        and most scores are never written."""
        return None if self.model is None else self.tell(self)

    def __eq__(self, other: object) -> bool:
        """Whether all is the same but `tell`, whose words follow from the rest."""
        return isinstance(other, Score) and tuple(self[:-1]) == tuple(other[:-1])

    def __ne__(self, other: object) -> bool:
        return not self == other
